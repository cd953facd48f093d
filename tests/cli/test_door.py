"""How commands end when the axis refuses in its own way, in none, or is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from axis.cli.door import Door
from tests.cli.conftest import Axis

CHAIR = "000.00.00.H37"


class _Proxy(BaseHTTPRequestHandler):
    """Gives out a token, and answers everything else as a proxy whose axis is gone."""

    #: How long a token lives, and how many there were.
    life_s = 900
    given = 0

    def do_POST(self) -> None:
        type(self).given += 1
        token = {"access_token": f"t{self.given}", "expires_in": self.life_s}
        self._answer(200, json.dumps(token).encode())

    def do_GET(self) -> None:
        self._answer(502, b"<html>Bad Gateway</html>")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        pass


class _Axis(_Proxy):
    """Says of each request which token it came with."""

    def do_GET(self) -> None:
        self._answer(200, json.dumps(self.headers["Authorization"]).encode())


@contextmanager
def _served(kind: type[_Proxy], life_s: int = 900) -> Iterator[str]:
    class Fresh(kind):  # type: ignore[misc, valid-type]
        given = 0

    Fresh.life_s = life_s
    with ThreadingHTTPServer(("127.0.0.1", 0), Fresh) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def proxy() -> Iterator[str]:
    with _served(_Proxy) as url:
        yield url


@pytest.fixture
def secret(keys: Path) -> Path:
    path = keys / CHAIR / "secret"
    path.write_text("s\n", "ascii")
    return path


def test_an_answer_that_is_no_problem_object_is_told_by_its_status(
    axis: Axis, secret: Path, proxy: str
) -> None:
    result = axis("inbox", "--url", proxy)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "  error  http.502",
        "    The server answered 502 without saying why.",
        "    Máy chủ trả lời 502 mà không nêu lý do.",
    ]


def test_a_token_is_printed_alone(axis: Axis, secret: Path, proxy: str) -> None:
    assert axis("token", "H37", "--url", proxy).stdout == "t1\n"


@pytest.mark.parametrize(("life_s", "tokens"), [(900, ["t1", "t1"]), (0, ["t1", "t2"])])
def test_a_token_that_ends_while_a_command_goes_on_is_followed_by_another(
    life_s: int, tokens: list[str]
) -> None:
    with _served(_Axis, life_s) as url, Door(url, CHAIR, "s") as door:
        said = [door.get("/v1/inbox").json for _ in tokens]
    assert said == [f"Bearer {token}" for token in tokens]


def test_where_nobody_listens_a_sentence_says_how_to_start_one(axis: Axis, secret: Path) -> None:
    # Port 9 (discard) is closed on every machine that runs this.
    result = axis("inbox", "--url", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert result.stderr.startswith("No axis answers at http://127.0.0.1:9: ")
    assert "axis serve" in result.stderr


def test_a_run_without_an_axis_says_the_same(axis: Axis, secret: Path) -> None:
    result = axis("inbox")
    assert result.exit_code == 1
    assert result.stderr.startswith("No axis runs in the run 'live'. Start one: axis serve")


def test_a_chair_without_a_secret_is_a_usage_error(axis: Axis, keys: Path) -> None:
    assert axis("inbox", "--as", "G22", "--url", "http://127.0.0.1:9").exit_code == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ("confirm",),
        ("confirm", "doc_1.000.00.00.H37", "--up-to", "0:1"),
        ("confirm", "--up-to", "0"),
        ("say", "doc_1", "03"),
        ("show",),
        ("show", "doc_1", "--document-id", "a"),
        ("take", "doc_1.000.00.00.H37", "--all"),
        ("counts", "--from", "15.1.2020"),
        ("lock", "H37"),
        ("reset", "doc_1"),
        ("nonsense",),
    ],
)
def test_what_cannot_be_meant_ends_with_2(axis: Axis, wrong: tuple[str, ...]) -> None:
    assert axis(*wrong).exit_code == 2


@pytest.mark.parametrize(
    "command", [("find", "--text", "\udcff"), ("show", "\udcff", "--as", CHAIR)]
)
def test_what_is_no_text_is_not_left_out(
    axis: Axis, var: Path, secret: Path, proxy: str, command: tuple[str, ...]
) -> None:
    (var / "operator").mkdir()
    (var / "operator" / "secret").write_bytes(secret.read_bytes())
    result = axis(*command, "--url", proxy)
    assert result.exit_code == 2
    assert "is no UTF-8" in result.stderr
