"""Hosts reach each other until their way is cut, and no other host notices."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.nemesis.apart import UNSHARE
from tests.nemesis.member import ROOT
from tests.nemesis.test_apart import need_networks

#: Run in a world of its own, for it changes the network of its process.
_SCRIPT = """
import subprocess, sys
from tests.nemesis.network import Network

SERVER = "import socket; s = socket.create_server((sys.argv[1], 9000)); print(flush=True)"
network = Network()
network.start()
one, other, third = map(network.host, ("one", "other", "third"))
with other.inside():
    server = subprocess.Popen(
        [sys.executable, "-c", "import sys;" + SERVER + "; sys.stdin.read()", other.address],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
server.stdout.readline()

def reaches(host):
    ask = f"import socket; socket.create_connection(({other.address!r}, 9000), 1)"
    with host.inside():
        return subprocess.run([sys.executable, "-c", ask], stderr=subprocess.DEVNULL).returncode == 0

assert reaches(one) and reaches(third)
for source, target, one_way in ((one, other, False), (one, other, True), (other, one, True)):
    network.cut(source, target, one_way=one_way)
    assert not reaches(one)
    assert reaches(third)
    network.mend(source, target, one_way=one_way)
    assert reaches(one)
server.communicate()
print("cut and mended")
"""


@pytest.mark.acceptance
def test_a_way_is_cut_and_mended() -> None:
    need_networks()
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-c", _SCRIPT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "cut and mended\n", done.stderr
