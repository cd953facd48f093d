"""Which revisions of the tables this axis knows, and the way to the newest of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from axis.books import UnfitBooks

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
#: The file of each step begins with its revision.
KNOWN: Final = frozenset(step.name[:4] for step in _MIGRATIONS.glob("versions/[0-9]*.py"))


def require_known(revision: str, where: str) -> None:
    """Refuse books whose tables may mean what nobody here knows. Raises ``UnfitBooks``."""
    if revision not in KNOWN:
        raise UnfitBooks(
            f"The books in {where} are of a newer axis (revision {revision}) than this one, which "
            f"knows them up to {max(KNOWN)}; they are left as they are."
        )


def upgrade(connection: Connection, revision: str, where: str) -> None:
    """Bring the tables to ``revision`` within the transaction that is open on ``connection``.

    Raises ``UnfitBooks``.
    """
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None:
        require_known(found, where)
    if found == max(KNOWN) and revision == "head":
        return
    steps = _steps()
    config = Config(attributes={"connection": connection})
    # What ``alembic.command.upgrade`` does, but for reading the steps from their files each time.
    with EnvironmentContext(
        config,
        steps,
        fn=lambda at, _: steps._upgrade_revs(revision, at),  # noqa: SLF001 - as alembic has it
        destination_rev=revision,
    ):
        steps.run_env()


@cache
def _steps() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return ScriptDirectory.from_config(config)
