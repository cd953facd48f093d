"""The broker of ``make kafka``: what it needs, how it lives and ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from axis.broker.__main__ import EXIT_FAILED
from axis.broker.jars import Missing, install, lacking
from axis.broker.keeper import EXIT_MISSING, Keeper
from axis.broker.node import NotStarted
from tests.acceptance.conftest import alive
from tests.kafka import Broker, broker, required

pytestmark = pytest.mark.acceptance

needs_broker = pytest.mark.skipif(bool(lacking()) and not required(), reason=lacking())


def _run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "axis.broker", *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_java_it_says_so_in_a_sentence_and_exits_with_3(tmp_path: Path):
    ended = _run(PATH=str(tmp_path), HOME=str(tmp_path))
    assert ended.returncode == EXIT_MISSING == 3
    assert ended.stderr.startswith("Java is missing: ")
    assert ended.stderr.count("\n") == 1


def _program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    path.chmod(0o755)


def test_an_old_java_a_missing_maven_and_one_that_fails_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    cache = tmp_path / "cache"
    _program(tmp_path, "java", """echo 'java version "1.8.0_402"' >&2""")
    with pytest.raises(Missing, match=r"needs Java 17 or newer; .* is 8"):
        install(cache)
    _program(tmp_path, "java", """echo 'openjdk version "17.0.15" 2025-04-15' >&2""")
    with pytest.raises(Missing, match="Maven is missing"):
        install(cache)
    _program(tmp_path, "mvn", "echo '[ERROR] offline'; echo '[ERROR] advice'; exit 1")
    with pytest.raises(Missing, match=r"could not bring the broker's jars: offline$"):
        install(cache)
    assert [path.name for path in cache.iterdir()] == []


def test_maven_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    cache = tmp_path / "cache"
    _program(tmp_path, "java", """echo 'openjdk version "21" 2023-09-19' >&2""")
    copy = 'mkdir -p "${a#*=}" && touch "${a#*=}/b.jar" "${a#*=}/a.jar"'
    _program(tmp_path, "mvn", f"for a; do case $a in -DoutputDirectory=*) {copy};; esac; done")
    jars = install(cache)
    assert [Path(jar).name for jar in jars.classpath.split(":")] == ["a.jar", "b.jar"]
    assert jars.java_version == 21
    (tmp_path / "mvn").unlink()
    assert install(cache) == jars
    assert [path.name for path in cache.iterdir()] == [jars.folder.name]


async def _topics(bootstrap: str, *, make: str = "") -> list[str]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        if make:
            await client.create_topics([NewTopic(make, 6, 1)])
        topics: list[str] = await client.list_topics()
        return topics
    finally:
        await client.close()


@needs_broker
@pytest.mark.long
async def test_it_takes_topics_at_once_and_keeps_them_over_a_stop_and_a_kill(tmp_path: Path):
    with broker(tmp_path / "kafka") as own:
        port = own.port
        assert await _topics(own.bootstrap, make="kept") == ["kept"]
        assert own.stop() == 0
        assert not alive(own.pid)
        own.start()
        assert own.port == port
        assert await _topics(own.bootstrap) == ["kept"]
        own.kill()
        assert own.process is not None
        assert own.process.returncode == EXIT_FAILED
        own.start()
        assert await _topics(own.bootstrap) == ["kept"]
        # A second one on its port, or on its books, does not disturb it.
        taken = _run(f"--folder={tmp_path / 'other'}", f"--port={port}", **os.environ)
        assert taken.returncode == EXIT_FAILED
        assert "is in use" in taken.stderr
        held = _run(f"--folder={tmp_path / 'kafka'}", "--port=0", **os.environ)
        assert held.returncode == EXIT_FAILED
        assert "another broker holds" in held.stderr
        assert await _topics(own.bootstrap) == ["kept"]


@needs_broker
def test_it_ends_with_its_keeper_and_with_its_keepers_parent(tmp_path: Path):
    own = Broker(tmp_path / "kafka")
    own.start()
    try:
        assert own.process is not None
        if sys.platform.startswith("linux"):
            own.process.kill()
            own.process.communicate(timeout=30)
            killed = own.pid
            # The next one waits until the folder is free.
            own.start()
            assert not alive(killed)
        # What a parent leaves behind that is killed: the end of a pipe.
        assert own.process.stdin is not None
        own.process.stdin.close()
        own.process.stdin = None
        assert own.process.wait(timeout=30) == 0
        assert not alive(own.pid)
    finally:
        own.stop()


def test_what_a_keeper_says_before_it_is_there_does_not_hold_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A client that finds nobody says so at each try, and a pipe takes 64 KiB."""
    told = '{"bootstrap": "127.0.0.1:9092", "pid": 1, "version": "4"}'
    chatty = f"head -c 200000 /dev/zero >&2; echo '{told}'; exec cat"
    _program(tmp_path, "chatty", chatty)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "chatty"))
    keeper = Keeper(tmp_path)
    keeper.start()
    assert keeper.version == "4"
    assert keeper.stop() != 0
    _program(tmp_path, "chatty", "head -c 200000 /dev/zero >&2; echo 'no room' >&2; exit 1")
    with pytest.raises(NotStarted, match=r"no room$"):
        keeper.start()
