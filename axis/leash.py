"""Run a module until the parent is gone: ``python -m axis.leash axis.server``.

The parent holds the other end of stdin and writes nothing. When the pipe ends, since the parent
closed it or died by whatever signal, this process gets the SIGTERM that its parent can no longer
send, so that nothing is left running behind a killed ``axis demo`` or ``axis serve``.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading

from axis.loading import about_to_load

#: Seconds until it ends at once. Longer than an axis takes, and than their parent gives each of
#: several workers (``axis.workers``), so that none outlives it for want of a moment.
GRACE_S = 15.0


def main() -> None:
    """Run the module named by the first argument as ``__main__``."""
    threading.Thread(target=_watch, name="leash", daemon=True).start()
    module = sys.argv.pop(1)
    about_to_load()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    if not threading.Event().wait(GRACE_S):
        os._exit(1)


if __name__ == "__main__":
    main()
