"""Run on some of the machine's cores: ``python -m axis.on_cores 0,1 -m axis.leash axis.server``.

It becomes what it is asked to run, under the same process id. Whatever that starts, processes and
threads, inherits the cores.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Keep to the cores of the first argument, and be Python with the others."""
    os.sched_setaffinity(0, {int(core) for core in sys.argv[1].split(",")})
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])  # noqa: S606 - the parent's own words


if __name__ == "__main__":
    main()
