"""Switch an agency's simulated software off and on: a marker file in its folder.

Whoever switches it off makes the file; the software writes into it once it has seen that, for a
poll under way may still bring a package. Then nothing is taken and nothing said until the file is
gone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: How often a switched-off agency looks whether it is on again.
STOPPED_LOOK_S = 0.5

_SEEN = "seen\n"


@dataclass(frozen=True, slots=True)
class Switch:
    """The switch of the agency whose folder this is."""

    folder: Path

    @property
    def _file(self) -> Path:
        return self.folder / "stopped"

    @property
    def off(self) -> bool:
        """Whether the agency is to take nothing and say nothing."""
        return self._file.exists()

    @property
    def seen(self) -> bool:
        """Whether the software has seen that it is off."""
        try:
            return self._file.read_text(encoding="ascii") == _SEEN
        except FileNotFoundError:
            return False

    def turn_off(self) -> None:
        """Switch the agency off; ``seen`` tells when it is."""
        self._file.write_text("", encoding="ascii")

    def turn_on(self) -> None:
        """Switch the agency on again."""
        self._file.unlink(missing_ok=True)

    def acknowledge(self) -> None:
        """Say that it has been seen, in the file that is there: it may be gone at any moment, and
        who makes it anew has the agency off for good.
        """
        with suppress(FileNotFoundError), self._file.open("r+", encoding="ascii") as file:
            if file.read() != _SEEN:
                file.seek(0)
                file.write(_SEEN)
