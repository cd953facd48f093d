"""The command line against a real axis: every command of a seat and of an operator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from typer.testing import CliRunner

from axis.cli import app
from tests.acceptance.axis_process import address, running_axis

pytestmark = pytest.mark.acceptance

H37, G22, H07, H08 = (f"000.00.00.{code}" for code in ("H37", "G22", "H07", "H08"))

Run = Callable[..., str]


def _invoke(*arguments: object, exit_code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == exit_code, result.output + repr(result.exception)
    return result.output


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A world with a running axis; the command line is told of it by the environment alone."""
    var = tmp_path_factory.mktemp("world") / "var"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AXIS_RUN", "AXIS_AS", "AXIS_HOST", "AXIS_PORT"):
            patch.delenv(name, raising=False)
        patch.setenv("AXIS_VAR", str(var))
        assert "is made" in _invoke("init")
        assert "was there already" in _invoke("init")
        with running_axis(var):
            yield var


@pytest.fixture
def axis(var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return _invoke


def _json(*arguments: object, exit_code: int = 0) -> Any:
    return json.loads(_invoke(*arguments, "--json", exit_code=exit_code))


def _sent(axis: Run, *more: object, to: str = "G22") -> str:
    """Send a document; its id."""
    axis("pack", "--to", to, "--subject", "V/v thử", "-o", "a.edxml", *more)
    return axis("send", "--quiet", "a.edxml").strip()


def test_a_document_goes_from_seat_to_seat_and_its_statuses_come_back(axis: Run) -> None:
    Path("phu-luc.txt").write_text("Phụ lục", "utf-8")
    doc = _sent(axis, "--attach", "phu-luc.txt")
    delivery = f"{doc}.{G22}"
    assert delivery in axis("inbox", "--as", "G22")
    taken = _json("take", delivery, "--as", "G22", "-o", "in")["taken"][0]
    assert (taken["digest"], taken["signature"]) == ("matches", "valid")
    assert Path(taken["files"][0]).read_text("utf-8") == "Phụ lục"
    assert Path(taken["package"]).read_bytes() == Path("a.edxml").read_bytes()
    assert axis("confirm", delivery, "--as", "G22") == f"{delivery} done\n1 changed\n"
    assert "(as before)" in axis("confirm", delivery, "--as", "G22")
    axis("say", delivery, "01", "--as", "G22")
    axis("say", delivery, "03", "--as", "G22")
    heard = axis("statuses", "--of", doc, "--until", "03", "--wait", 10)
    assert [line.split()[3:5] for line in heard.splitlines()[1:]] == [
        ["01", "arrived"],
        ["03", "accepted"],
    ]
    shown = axis("show", doc)
    assert "package: valid; document: not examined yet" in shown
    assert "accepted" in axis("show", delivery, "--as", "G22")
    assert axis("say", delivery, "02", "--reason", "x", "--as", "G22", exit_code=1).startswith(
        "  error  lifecycle.backwards\n"
    )


def test_the_same_package_again_brings_the_same_receipt(axis: Run) -> None:
    doc = _sent(axis)
    again = axis("send", "a.edxml")
    assert again.startswith(f"a.edxml: accepted as {doc} before; the same receipt again")


def test_what_was_sent_is_told_though_the_next_package_has_nobodys_seat(axis: Run) -> None:
    axis("pack", "--to", "G22", "--subject", "một", "-o", "1.edxml")
    axis("pack", "--as", "X99", "--unsigned", "--to", "G22", "--subject", "hai", "-o", "2.edxml")
    result = CliRunner().invoke(app, ["send", "1.edxml", "2.edxml"])
    assert result.exit_code == 2
    assert "000.00.00.X99 has no secret in this run" in " ".join(result.stderr.split())
    assert result.stdout.startswith("1.edxml: accepted as doc_")
    result = CliRunner().invoke(app, ["send", "--json", "1.edxml", "2.edxml"])
    assert [one["file"] for one in json.loads(result.stdout)["answers"]] == ["1.edxml"]


def test_another_document_under_the_same_id_is_a_conflict(axis: Run) -> None:
    named = ("--number", 9, "--notation", "BC-UBND", "--date", "2026-01-15")
    doc = _sent(axis, *named)
    axis("pack", "--to", "G22", "--subject", "Khác", "-o", "b.edxml", *named)
    refused = axis("send", "b.edxml", exit_code=1)
    assert "document.conflict" in refused
    assert doc in refused
    told = axis("show", "--document-id", f"{H37},2026/01/15,9/BC-UBND")
    assert doc in told


def test_an_altered_package_is_refused_with_its_place(axis: Run) -> None:
    axis("pack", "--to", "G22", "--subject", "V/v thử", "-o", "a.edxml")
    raw = Path("a.edxml").read_bytes()
    Path("a.edxml").write_bytes(raw.replace("V/v thử".encode(), "V/v bịa".encode()))
    answer = _json("send", "a.edxml", exit_code=1)["answers"][0]
    assert (answer["code"], answer["place"]) == ("signature.broken", "edXMLHeader/Signature")
    assert "signature.broken" in axis("refusals")


def test_everything_that_waits_is_taken_in_one_go_and_confirmed_by_its_lane(axis: Run) -> None:
    axis("pack", "--as", "H01", "--to", "H02", "--subject", "một", "-o", "1.edxml")
    axis("pack", "--as", "H01", "--to", "H02", "--subject", "hai", "-o", "2.edxml")
    axis("pack", "--as", "H01", "--to", "H02", "--subject", "ba", "--urgency", 3, "-o", "3.edxml")
    axis("send", "1.edxml", "2.edxml", "3.edxml")
    taken = _json("take", "--all", "--as", "H02", "-o", "in")["taken"]
    assert [one["subject"] for one in taken] == ["ba", "một", "hai"]
    assert "2 changed" in axis("confirm", "--up-to", "0:2", "--as", "H02")
    assert "1 changed" in axis("confirm", "--up-to", "3:1", "--as", "H02")
    assert axis("inbox", "--as", "H02") == "Nothing waits.\n"
    assert axis("take", "--as", "H02") == "Nothing waits.\n"
    assert len(_json("inbox", "--as", "H02", "--state", "done")["deliveries"]) == 3


def test_what_is_recalled_is_linked_and_said_to_be_not_acted_upon(axis: Run) -> None:
    doc = _sent(axis)
    axis("pack", "--to", "G22", "--subject", "Thu hồi", "--recalls", "a.edxml", "-o", "r.edxml")
    recall = axis("send", "-q", "r.edxml").strip()
    assert f"recalls it  {recall} (not acted upon yet)" in axis("show", doc)


def test_a_failed_delivery_is_parked_and_put_back_by_an_operator(axis: Run) -> None:
    doc = _sent(axis, "--subject", "V/v đĩa đầy", to="H07")
    delivery = f"{doc}.{H07}"
    axis("confirm", delivery, "--fail", "--reason", "đĩa đầy", "--as", "H07")
    told = axis("statuses", "--of", doc).splitlines()[1].split()
    assert told[3:] == ["parked", H07, doc, "đĩa", "đầy"]
    (waiting,) = [a for a in _json("waiting")["agencies"] if a["agency"] == H07]
    assert waiting["parked"] == 1
    found = axis("find", "--to", "H07", "--state", "parked", "--text", "đĩa đầy")
    assert delivery in found
    assert "reason.missing" in axis("reset", delivery, exit_code=1)
    assert axis("reset", delivery, "--why", "đã sửa") == f"{delivery} waiting\n"
    assert "delivery.not_parked" in axis("reset", delivery, "--why", "lại", exit_code=1)
    assert "đã sửa" in axis("audit-log")


def test_a_locked_agency_gets_nothing_until_it_is_unlocked(axis: Run) -> None:
    axis("pack", "--to", "H03", "--subject", "a", "-o", "a.edxml")
    axis("send", "a.edxml")
    locked = axis("lock", "H03", "--why", "bảo trì")
    assert locked == "000.00.00.H03 is locked; deliveries parked: 1\n"
    axis("pack", "--to", "H03", "--subject", "b", "-o", "b.edxml")
    assert "recipient.locked" in axis("send", "b.edxml", exit_code=1)
    unlocked = axis("unlock", "H03", "--why", "xong")
    assert unlocked == "000.00.00.H03 is open; deliveries waiting again: 1\n"
    axis("send", "b.edxml")


def test_a_revoked_certificate_signs_no_more(axis: Run) -> None:
    axis("pack", "--as", "H05", "--to", "H06", "--subject", "a", "-o", "a.edxml")
    axis("send", "a.edxml")
    told = _json("revoke", "H05", "--why", "mất khóa")
    (revoked,) = told["certificates"]
    assert (told["changed"], revoked["agency"]) == (1, "000.00.00.H05")
    axis("pack", "--as", "H05", "--to", "H06", "--subject", "b", "-o", "b.edxml")
    assert "signature.untrusted" in axis("send", "b.edxml", exit_code=1)
    again = axis("revoke", revoked["fingerprint"], "--why", "lần nữa")
    assert again.startswith(f"000.00.00.H05 {revoked['fingerprint']} is revoked since ")
    assert again.endswith("\n0 changed\n")


def test_an_agency_that_is_added_comes_in_and_signs(axis: Run) -> None:
    why = ("--why", "theo công văn 12/VPCP")
    assert axis("register", "H99", "--name", "Tỉnh Mới", *why) == (
        "000.00.00.H99 Tỉnh Mới is in the directory\n"
    )
    axis("pack", "--to", "H99", "--subject", "a", "-o", "a.edxml")
    axis("send", "a.edxml")
    told = _json("secret", "H99", "--save", *why)
    assert told["client_id"] == "000.00.00.H99"
    (delivery,) = _json("inbox", "--as", "H99")["deliveries"]
    assert delivery["sender"] == "000.00.00.H37"
    made = axis("agencies", "certify", "H99")
    certificate = made.splitlines()[1].split()[1]
    axis("pack", "--as", "H99", "--to", "G22", "--subject", "b", "-o", "b.edxml")
    assert "signature.untrusted" in axis("send", "b.edxml", exit_code=1)
    trusted = axis("trust", "H99", certificate, *why)
    assert trusted.startswith("000.00.00.H99 ")
    assert " is trusted until " in trusted
    axis("send", "b.edxml")
    (line,) = _json("certificates", "H99")["certificates"]
    assert line["fingerprint"] in axis("certificates")
    assert "certificate.exists" in axis("trust", "H99", certificate, *why, exit_code=1)


def test_an_agency_has_its_documents_back(axis: Run) -> None:
    doc = _sent(axis)
    delivery = f"{doc}.{G22}"
    axis("confirm", delivery, "--as", "G22")
    before = _json("counts")
    own = ("--as", "G22", "--reason", "khôi phục")
    planned = axis("replay", "plan", "--deliver-again", "--id", delivery, *own)
    job = planned.splitlines()[0].split()[1]
    assert planned.endswith(f"Run it: axis replay run {job} --as {G22}\n")
    assert "replay.not_found" in axis("replay", "show", job, "--as", "H37", exit_code=1)
    ran = axis("replay", "run", job, "--as", "G22", "--wait")
    assert "handed over  1 of 1" in ran
    (row,) = [r for r in _json("inbox", "--as", "G22")["deliveries"] if r["id"] == delivery]
    assert row["redelivery"]["job"] == job
    assert "given back" in axis("inbox", "--as", "G22")
    taken = _json("take", delivery, "--as", "G22", "-o", "again")["taken"][0]
    assert taken["digest"] == "matches"
    assert Path(taken["package"]).read_bytes() == Path("a.edxml").read_bytes()
    assert "(as before)" in axis("confirm", delivery, "--fail", "--reason", "đã có", "--as", "G22")
    shown = axis("replay", "show", job, "--as", "G22", "--deliveries")
    assert [line.split()[-1] for line in shown.splitlines()[4:10]] == ["1", "1", "0", "0", "1", "0"]
    assert "already had" in shown.splitlines()[-1]
    assert job in axis("replay", "list", "--as", "G22")
    assert f"{job}  {G22}" in axis("replay", "list")
    assert _json("counts") == before
    assert axis("audit").startswith("The books are true: ")


def test_what_failed_for_a_cause_is_put_back_as_a_job(axis: Run) -> None:
    deliveries = [f"{_sent(axis, '--subject', f'V/v {n}', to='H08')}.{H08}" for n in range(2)]
    axis("confirm", *deliveries, "--fail", "--reason", "mạng chậm", "--as", "H08")
    asked = ("--redrive", "--to", "H08", "--cause", "mạng chậm", "--reason", "đã sửa")
    job = _json("replay", "plan", *asked, "--rate", 1)["id"]
    assert "running" in axis("replay", "run", job)
    assert "paused" in axis("replay", "pause", job)
    assert "running" in axis("replay", "resume", job)
    assert "aborted" in axis("replay", "abort", job, "--why", "thôi")
    assert "replay.stage" in axis("replay", "run", job, exit_code=1)
    assert "thôi" in axis("audit-log")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--to", "G22"),
        ("--deliver-again", "--redrive", "--to", "G22"),
        ("--deliver-again", "--to", "H01", "--as", "G22"),
        ("--deliver-again", "--to", "G22", "--rate", 0),
        ("--deliver-again", "--to", "G22", "--type", "letter"),
    ],
)
def test_a_plan_that_cannot_be_meant_ends_with_2(axis: Run, wrong: tuple[object, ...]) -> None:
    axis("replay", "plan", "--reason", "x", "--since", "2026-01-01", *wrong, exit_code=2)


def test_an_agency_has_no_say_in_an_operators_matters(axis: Run, var: Path) -> None:
    doc = _sent(axis)
    assert "document.not_found" in axis("show", doc, "--as", "H04", exit_code=1)
    assert "document.not_found" in axis("take", f"{doc}.000.00.00.H04", "--as", "H04", exit_code=1)
    assert doc in axis("show", doc, "--as", "operator")


def test_the_books_are_true(axis: Run) -> None:
    told = _json("counts", "--by", "agency")
    assert told["sent"] == sum(row["sent"] for row in told["rows"])
    assert [line["difference"] for line in told["balances"]] == [0, 0]
    assert axis("audit").startswith("The books are true: ")


def test_a_token_opens_the_door_to_curl(axis: Run, var: Path) -> None:
    token = axis("token", "H37")
    assert token.count("\n") == 1
    headers = {"Authorization": f"Bearer {token.strip()}"}
    with urlopen(Request(f"{address(var)}/v1/inbox", headers=headers)) as answer:
        assert answer.status == 200
