"""A world of the run's own: its processes and its networks end with it, however it ends.

The run starts itself once more, as the first process of a new process namespace on a network
namespace without any link. When that process ends, by ``kill -9`` too, the kernel ends everything
that was started in it, stopped or not, and forgets its networks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

#: Starts a command as the first process of a world of its own.
UNSHARE = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
#: What tells the second start that it is one.
_INSIDE = "AXIS_NEMESIS_APART"
#: A try with everything that a run needs: links between namespaces, and rules that drop.
_TRY = (
    "ip link add try0 type veth peer name try1 && ip rule add from 198.18.0.1 to 198.18.0.2 blackhole "
    "&& echo 1 > /proc/sys/net/ipv4/ip_forward"
)


class Required(RuntimeError):
    """CI may not do without networks of its own; the message says what is missing."""


def lacking() -> str:
    """What keeps a run from having networks of its own here; "" for nothing."""
    if not sys.platform.startswith("linux"):
        return "network namespaces are Linux's"
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [name for name in ("unshare", "ip", "sh") if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} not found"
    done = subprocess.run([*UNSHARE, "sh", "-c", _TRY], capture_output=True, check=False)
    return "" if done.returncode == 0 else done.stderr.decode().strip() or "unshare failed"


def inside() -> bool:
    """Whether this process is the first of a world of its own."""
    return _INSIDE in os.environ


def enter(arguments: Sequence[str]) -> str:
    """Become a run in a world of its own, and do not return; or say why that cannot be.

    Raises ``Required`` where CI would have to do without.
    """
    why = lacking()
    if not why:
        argv = [*UNSHARE, sys.executable, "-m", "tests.nemesis", *arguments]
        os.execvpe(argv[0], argv, {**os.environ, _INSIDE: "1"})
    if os.environ.get("CI") == "true":
        raise Required(f"no networks of its own ({why}), and CI may not leave out cutting them")
    return why
