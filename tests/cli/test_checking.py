"""``axis check``: the verdict on the form, offline."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from axis.flows.statuses import STATUS_BYTES_MAX
from tests.api.world import status
from tests.cli.conftest import Axis

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
MALFORMED = {"vnpt-sdk/edoc.edxml", "vnpt-sdk/edoc_jmeter_template.edxml"}
NAMED = sorted(SAMPLES.rglob("*.edxml")) if SAMPLES.is_dir() else []


def _packed(axis: Axis, *more: str) -> Path:
    result = axis("pack", "--to", "G22", "--subject", "V/v thử", "-o", "a.edxml", *more)
    assert result.exit_code == 0, result.output
    return Path("a.edxml")


def _report(axis: Axis, *arguments: object) -> tuple[int, dict[str, Any]]:
    result = axis("check", "--json", *arguments)
    (report,) = json.loads(result.stdout)["files"]
    return result.exit_code, report


@pytest.mark.skipif(not NAMED, reason="the sample packages are not on this machine")
@pytest.mark.parametrize("sample", NAMED, ids=lambda p: p.relative_to(SAMPLES).as_posix())
def test_well_formed_samples_are_accepted_and_malformed_ones_refused(
    axis: Axis, sample: Path
) -> None:
    malformed = sample.relative_to(SAMPLES).as_posix() in MALFORMED
    code, report = _report(axis, sample)
    assert report["well_formed"] is not malformed
    assert report["verdict"] == ("refused" if malformed else "accepted")
    assert code == (1 if malformed else 0)
    if malformed:
        assert {p["code"] for p in report["problems"]} == {"edxml.not_xml"}
        assert all(p["place"].startswith("line ") for p in report["problems"])


def test_a_package_of_ours_is_accepted_strictly_too(axis: Axis, keys: Path) -> None:
    result = axis("check", "--strict", _packed(axis))
    assert result.exit_code == 0
    assert "a.edxml: accepted" in result.stdout
    assert "Unaltered since it was signed by" in result.stdout
    assert "sender and recipients are in the directory of 95" in result.stdout


def test_the_certificate_of_the_sender_proves_origin(axis: Axis, keys: Path) -> None:
    path = _packed(axis)
    own, other = (keys / code / "certificate.pem" for code in ("000.00.00.H37", "000.00.00.G22"))
    code, report = _report(axis, path, "--certificate", own)
    assert (code, report["signature"]["verdict"]) == (0, "valid")
    code, report = _report(axis, path, "--certificate", other)
    assert (code, report["signature"]["verdict"]) == (1, "untrusted")
    assert [p["code"] for p in report["problems"]] == ["signature.untrusted"]


def test_an_altered_package_is_refused_without_any_certificate(axis: Axis, keys: Path) -> None:
    path = _packed(axis)
    path.write_bytes(path.read_bytes().replace("V/v thử".encode(), "V/v bịa".encode()))
    code, report = _report(axis, path)
    assert (code, report["verdict"]) == (1, "refused")
    assert report["problems"][0]["place"] == "edXMLHeader/Signature"
    assert report["problems"][0]["code"] == "signature.broken"
    assert "Chữ ký" in report["problems"][0]["detail_vi"]
    told = "Chữ ký không hợp lệ: gói tin không còn như khi được ký."
    assert report["signature"]["detail_vi"] == told


def test_a_certificate_that_cannot_be_read_breaks_the_signature(axis: Axis, keys: Path) -> None:
    path = _packed(axis)
    raw = path.read_bytes()
    start = raw.index(b"<X509Certificate>") + len(b"<X509Certificate>")
    text = raw[start : raw.index(b"</X509Certificate>")]
    der = b64decode(text)
    at = der.index(b"\xa0\x03\x02\x01\x02") + 4  # Its version: 2 is the third.
    path.write_bytes(raw.replace(text, b64encode(der[:at] + b"\x41" + der[at + 1 :])))
    code, report = _report(axis, path)
    assert (code, report["signature"]["verdict"]) == (1, "broken")


def test_an_unsigned_package_is_accepted_and_said_to_be_unsigned(axis: Axis) -> None:
    code, report = _report(axis, _packed(axis, "--unsigned"))
    assert (code, report["signature"]["verdict"]) == (0, "absent")


def test_a_package_marked_secret_is_refused(axis: Axis) -> None:
    code, report = _report(axis, _packed(axis, "--unsigned", "--secret"))
    assert code == 1
    assert [p["code"] for p in report["problems"]] == ["document.secret"]


def test_a_status_package_is_refused_where_every_axis_finds_it_too_large(axis: Axis) -> None:
    raw = status("01", "7").replace(b"</edXML>", b"<AttachmentEncoded/></edXML>")
    path = Path("status.edxml")
    for size, verdict in ((STATUS_BYTES_MAX, "accepted"), (STATUS_BYTES_MAX + 1, "refused")):
        path.write_bytes(raw.ljust(size))
        code, report = _report(axis, path)
        assert (code, report["verdict"]) == (int(verdict == "refused"), verdict)
    assert report["problems"][-1]["code"] == "package.too_large"
    assert report["problems"][-1]["detail"] == "The package has 65537 bytes; 65536 are allowed."


def test_an_unknown_recipient_is_told_and_changes_no_verdict(axis: Axis) -> None:
    code, report = _report(axis, _packed(axis, "--unsigned", "--to", "X99"))
    assert (code, report["verdict"]) == (0, "accepted")
    assert report["routing"] == {"routable": False, "not_in_directory": ["000.00.00.X99"]}


def test_every_problem_is_told_with_its_place_in_two_languages(axis: Axis) -> None:
    path = _packed(axis, "--unsigned")
    text = path.read_text("utf-8")
    text = text.replace("<edXML:Subject>V/v thử</edXML:Subject>", "")
    path.write_text(text.replace("<edXML:Priority>0<", "<edXML:Priority>9<"), "utf-8")
    code, report = _report(axis, path)
    assert code == 1
    told = {p["code"]: p for p in report["problems"]}
    assert told["edxml.missing"]["place"] == "edXMLHeader/MessageHeader/Subject"
    assert told["edxml.missing"]["detail_vi"] == "Thiếu Subject hoặc để trống."
    assert told["edxml.priority"]["severity"] == "warning"


def test_the_strict_schema_is_asked_only_when_it_is_wanted(axis: Axis) -> None:
    path = _packed(axis, "--unsigned")
    text = path.read_text("utf-8")
    path.write_text(text.replace("<edXML:Priority>0</edXML:Priority>", "<edXML:Odd/>"), "utf-8")
    assert axis("check", path).exit_code == 0
    code, report = _report(axis, path, "--strict")
    assert code == 1
    assert "edxml.schema" in {p["code"] for p in report["problems"]}


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("<edXML>", "refused: it is not well-formed"),
        ("<!DOCTYPE a><a/>", "refused before it was read"),
        ("<a/>", "refused: it is well-formed, but no package of the format"),
    ],
)
def test_what_is_no_package_is_refused_in_the_right_words(
    axis: Axis, var: Path, text: str, headline: str
) -> None:
    Path("b.edxml").write_text(text, "utf-8")
    result = axis("check", "b.edxml")
    assert result.exit_code == 1
    assert result.stdout.startswith(f"b.edxml: {headline}\n")


def test_a_file_that_cannot_be_read_ends_with_2(axis: Axis) -> None:
    result = axis("check", _packed(axis, "--unsigned"), "missing.edxml")
    assert result.exit_code == 2
    assert "a.edxml: accepted" in result.stdout
    assert "missing.edxml: cannot be read" in result.stdout
