"""A Vietnamese sentence has no English word of ours in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from axis.core.errors import Fault
from axis.core.lifecycle import Business, Transport
from axis.core.trust import ALTERED, Distrust
from axis.core.words_vi import in_vietnamese

SCHEMAS = Path(__file__).parents[2] / "schemas"


def violations() -> Iterator[str]:
    """What may be said of a signature, with 7 where something is quoted."""
    for path in SCHEMAS.glob("xmldsig*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Violation":
                (said,) = node.args
                if isinstance(said, ast.Constant):
                    yield str(said.value)
                else:
                    assert isinstance(said, ast.JoinedStr)
                    parts = [
                        str(getattr(part, "value", "")) if isinstance(part, ast.Constant) else "7"
                        for part in said.values
                    ]
                    yield "".join(parts)


FAULTS = [
    *(Fault("lifecycle.ended", "", {"code": "15", "state": b.name.lower()}) for b in Business),
    *(Fault("delivery.not_parked", "", {"state": t.name.lower()}) for t in Transport),
    *(Fault("status.not_yours", "", {"code": "13", "speaker": s}) for s in ("sender", "recipient")),
    Fault("package.kind", "", {"expected": "document", "found": "status"}),
    *(Fault("signature.untrusted", "", {"reason": word}) for word in get_args(Distrust)),
    *(Fault("signature.broken", "", {"reason": said}) for said in (ALTERED, *violations())),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f.code} {[*f.detail.values()][-1]}")
def test_what_an_error_chooses_is_said_in_vietnamese(fault: Fault) -> None:
    name, text = [*fault.detail.items()][-1]
    said = in_vietnamese(fault.code, name, text)
    assert said != text
    assert said in fault.sentence("vi")
    assert text in fault.sentence()


def test_what_a_caller_wrote_is_quoted_as_it_is() -> None:
    detail = {"element": "Priority", "found": "document", "expected": "0"}
    assert "'document'" in Fault("edxml.value", "", detail).sentence("vi")
