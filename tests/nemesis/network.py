"""Hosts on networks of their own, and the ways between them cut and mended.

Every host is a network namespace that lives as long as this process holds it open, with one link
to the namespace of this process, which forwards between them. A cut is a rule there that drops
what goes from one host to another without a word, as a lost route does: nobody is told, what was
sent is sent again, and both ends find out by themselves or wait. Addresses are of 198.18.0.0/15,
which is set aside for tests (RFC 2544); no namespace has a link to anywhere else.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_CLONE_NEWNET = 0x40000000


class Failed(OSError):
    """A namespace could not be made or entered."""


@dataclass(frozen=True, slots=True)
class Host:
    """Where processes run. Without a ``namespace`` (a descriptor) it is this machine's loopback."""

    name: str
    address: str = "127.0.0.1"
    namespace: int | None = None

    @property
    def apart(self) -> bool:
        """Whether it is on a network of its own."""
        return self.namespace is not None

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Whatever this thread starts in the block runs on this host."""
        if self.namespace is None:
            yield
            return
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(self.namespace)
            try:
                yield
            finally:
                _enter(home)
        finally:
            os.close(home)


@dataclass
class Network:
    """All hosts of a run; this process is the router between them."""

    _hosts: dict[str, Host] = field(default_factory=dict)

    def start(self) -> None:
        """Forward between the links to come."""
        _ip("link", "set", "lo", "up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n", encoding="ascii")

    def host(self, name: str) -> Host:
        """A new host, reachable from every other."""
        number = len(self._hosts) + 1
        gateway, address = f"198.18.{number}.1", f"198.18.{number}.2"
        # Its first process only waits until the namespace is held open and linked.
        waiting = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        try:
            namespace = _namespace_of(waiting)
            host = self._hosts[name] = Host(name, address, namespace)
            link = f"host{number}"
            _ip(
                "link",
                "add",
                link,
                "type",
                "veth",
                "peer",
                "name",
                "up0",
                "netns",
                f"{waiting.pid}",
            )
            _ip("address", "add", f"{gateway}/30", "dev", link)
            _ip("link", "set", link, "up")
            with host.inside():
                _ip("link", "set", "lo", "up")
                _ip("address", "add", f"{address}/30", "dev", "up0")
                _ip("link", "set", "up0", "up")
                _ip("route", "add", "default", "via", gateway)
        finally:
            waiting.communicate()
        return host

    def cut(self, one: Host, other: Host, *, one_way: bool) -> None:
        """Drop what ``one`` sends to ``other``, and unless ``one_way`` the other direction too."""
        for source, target in _ways(one, other, one_way=one_way):
            _ip("rule", "add", "from", source, "to", target, "blackhole")

    def mend(self, one: Host, other: Host, *, one_way: bool) -> None:
        """Undo a cut."""
        for source, target in _ways(one, other, one_way=one_way):
            _ip("rule", "del", "from", source, "to", target, "blackhole")


def _ways(one: Host, other: Host, *, one_way: bool) -> list[tuple[str, str]]:
    there, back = (one.address, other.address), (other.address, one.address)
    return [there] if one_way else [there, back]


def _namespace_of(process: subprocess.Popen[bytes]) -> int:
    """A descriptor of the namespace that a process has moved to."""
    own = os.stat("/proc/thread-self/ns/net").st_ino
    while process.poll() is None:
        held = os.open(f"/proc/{process.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        if os.fstat(held).st_ino != own:
            return held
        os.close(held)
    raise Failed("no network namespace was made")


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET) != 0:
        raise Failed(ctypes.get_errno(), "setns")


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        raise Failed(f"ip {' '.join(arguments)}: {done.stderr.decode().strip()}")
