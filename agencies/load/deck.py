"""The packages of a course, built and signed: before it begins, and more of them while it plays.

Those that are missing when the rate is turned up are built by a process of its own
(``python -m agencies.load.deck``), which takes no more of the machine than others leave.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from agencies.keys import make_agency, make_authority
from agencies.load import storage
from agencies.load.course_orders import CourseOrders
from agencies.load.impossible import Impossible
from agencies.load.personas import WRONG, dated, of, spoilt
from agencies.load.plan import STEP_DOCUMENTS_MAX, STEPS_MAX, Step, plan
from agencies.load.spool import Keys, Letter, Spool
from agencies.traffic import Planned
from agencies.words import row_of
from agencies.world import read_key
from schemas.codes import agencies
from schemas.xmldsig import PrivateKey

PACKAGES = "packages"
#: The world that a wrong certificate comes from.
ANOTHER = "another world"
#: The least of the machine that a process can ask for.
_NICE = 19


def fill(
    spool: Spool, orders: CourseOrders, keys: Keys, documents: int, number: int = 0, first: int = 0
) -> list[Letter]:
    """Build and sign so many packages, each as its sender's persona does; their places in the deck
    begin with ``first``. Each ``number`` plans others.
    """
    personas, shape = orders.personas, orders.shape
    step = Step(
        number=number,
        rate=documents / orders.course.seconds,
        documents=documents,
        fanout=shape.base.fanout,
        seed=shape.seed,
    )
    planned = [
        replace(dated(one, personas), index=first + place) for place, one in enumerate(plan(step))
    ]
    keys = {**keys, **{code: _foreign(code) for code in of(personas, WRONG)}}

    def last(one: Planned, raw: bytes) -> bytes:
        return spoilt(one, raw, personas)

    return spool.fill(planned, keys, shape.profile, last)


@dataclass
class Builder:
    """Builds what is missing while a course plays, behind what is in ``spool``."""

    orders: CourseOrders
    spool: Spool
    _times: int = 0

    async def build(self, first: int, documents: int) -> list[Letter]:
        """So many more, whose places begin with ``first``. Raises ``Impossible``."""
        self._require(first, documents)
        self._times += 1
        asked = {"documents": documents, "number": self._times, "first": first}
        argv = ["-m", "agencies.load.deck", self.orders.as_json(), json.dumps(asked)]
        # It ends with the pipe to it, which is also the death of this process.
        process = await asyncio.create_subprocess_exec(
            sys.executable, *argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            told = await process.stdout.read()
            failed = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if failed:
            raise Impossible("the missing packages were not built; run/driver.log says why")
        self.spool.grow()
        return await asyncio.to_thread(_letters, told)

    def _require(self, first: int, documents: int) -> None:
        shape = self.orders.shape
        if first + documents > STEP_DOCUMENTS_MAX:
            raise Impossible(
                f"it would take {first + documents:,} packages, and {STEP_DOCUMENTS_MAX:,} are the "
                "most of one test; a shorter test would do"
            )
        if self._times + 1 >= STEPS_MAX:
            raise Impossible(f"packages were built {self._times} times; a new test would do")
        needed = documents * (2 * storage.package_bytes(shape.profile, shape.seed))
        room = shutil.disk_usage(self.orders.work).free * storage.DISK_SHARE_MAX
        if needed > room:
            raise Impossible(
                f"the missing packages would write {needed / storage.GB:.1f} GB and may take "
                f"{room / storage.GB:.1f} GB of what is free; a smaller change would do"
            )


def main() -> None:
    """Build what is asked for and print the letters, a line each."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(_NICE)
    orders = CourseOrders.from_json(sys.argv[1])
    asked: Mapping[str, int] = json.loads(sys.argv[2])
    keys = {row.code: read_key(orders.home, row.code) for row in agencies()}
    spool = Spool(orders.work / PACKAGES, more=True)
    letters = fill(spool, orders, keys, **asked)
    spool.leave()
    for letter in letters:
        sys.stdout.write(json.dumps(asdict(letter)) + "\n")


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _letters(told: bytes) -> list[Letter]:
    found: list[dict[str, Any]] = [json.loads(line) for line in told.splitlines()]
    return [Letter(**one | {"recipients": tuple(one["recipients"])}) for one in found]


def _foreign(code: str) -> tuple[PrivateKey, bytes]:
    """Key and certificate of an agency in a world that the axis knows nothing of."""
    made = make_agency(make_authority(ANOTHER), code, row_of(code).name_vi)
    key = load_pem_private_key(made.key_pem, None)
    assert isinstance(key, PrivateKey)
    return key, made.certificate_der


if __name__ == "__main__":
    main()
