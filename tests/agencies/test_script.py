"""The line in the Content that tells a counterpart what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.script import (
    CODES,
    DELAY_S_MAX,
    REASON,
    SLOW_S,
    STEPS_MAX,
    USUAL,
    WITH_REASON,
    NotUnderstood,
    Script,
    Step,
    parse,
)

CASES = {
    "sim: 01 after 1s, 02 reason='sai thẩm quyền'": Script(
        "steps", 0, (Step("01", 1.0), Step("02", 0, "sai thẩm quyền"))
    ),
    "SIM: 01 AFTER 1M": Script("steps", 0, (Step("01", 60.0),)),
    "sim: slow 5s": Script(slow_s=5.0),
    "sim: slow": Script(slow_s=SLOW_S),
    "SIM: Slow 2S, 01, 03 after 3s, 06 after 1m": Script(
        "steps", 2.0, (Step("01"), Step("03", 3.0), Step("06", 60.0))
    ),
    "sim: fail reason='đĩa đầy'": Script("fail", reason="đĩa đầy"),
    'sim: fail reason="it\'s full, 01"': Script("fail", reason="it's full, 01"),
    "sim: fail": Script("fail", reason=REASON),
    "sim: slow 1s, fail": Script("fail", 1.0, reason=REASON),
    "sim: silent": Script("silent"),
    "sim: slow 0.5s, silent": Script("silent", 0.5),
    "sim: 02": Script("steps", 0, (Step("02", 0, REASON),)),
    "sim: 16 reason=' '": Script("steps", 0, (Step("16", 0, REASON),)),
    "sim: 02 reason='\u200b'": Script("steps", 0, (Step("02", 0, REASON),)),
    "sim: fail reason='\u00ad\u2060'": Script("fail", reason=REASON),
    "sim: fail reason='" + "\u200b" * 1000 + "x'": Script("fail", reason=REASON),
    "sim: 01 after 99m": Script("steps", 0, (Step("01", DELAY_S_MAX),)),
    "Kính gửi quý cơ quan.\n  sim:03\nTrân trọng.": Script("steps", 0, (Step("03"),)),
    "sim: silent\nsim: fail": Script("silent"),
    "": USUAL,
    "Đề nghị trả lời; sim: 01 giữa dòng không phải lệnh": USUAL,
}


@pytest.mark.parametrize(("content", "script"), CASES.items(), ids=lambda value: repr(value)[:40])
def test_a_line_of_the_grammar_is_read(content: str, script: Script) -> None:
    assert parse(content) == script


@pytest.mark.parametrize(
    "line",
    [
        "sim:",
        "sim: ,",
        "sim: 01,",
        "sim: 01 02",
        "sim: 1",
        "sim: 99",
        "sim: 13",
        "sim: 01 after",
        "sim: 01 after 5",
        "sim: 01 after 5h",
        "sim: 01 after -5s",
        "sim: 02 reason=bad",
        "sim: 02 reason='open",
        "sim: silent, 01",
        "sim: 01, silent",
        "sim: fail, fail",
        "sim: 01, fail",
        "sim: 01, slow",
        "sim: slow, slow",
        "sim: silent reason='x'",
        "sim: slow 5s reason='x'",
        "sim: dance",
        "sim: " + ", ".join(["01"] * (STEPS_MAX + 1)),
    ],
)
def test_a_line_outside_the_grammar_is_not_understood(line: str) -> None:
    with pytest.raises(NotUnderstood):
        parse(line)


@given(st.text())
def test_any_text_is_a_script_or_not_understood(text: str) -> None:
    for content in (text, f"sim: {text}"):
        try:
            script = parse(content)
        except NotUnderstood:
            continue
        assert all(step.code in CODES for step in script.steps)
        assert all(step.reason for step in script.steps if step.code in WITH_REASON)
        assert 0 <= script.slow_s <= DELAY_S_MAX


words = st.text(
    st.characters(exclude_characters="'\n\r", exclude_categories=("C", "Z")), min_size=1
)
steps = st.builds(
    Step,
    code=st.sampled_from(sorted(CODES)),
    after_s=st.integers(0, 3600).map(float),
    reason=words,
)


@given(st.integers(0, 3600), st.lists(steps, min_size=1, max_size=8))
def test_what_is_written_by_the_grammar_is_read_back(slow_s: int, said: list[Step]) -> None:
    parts = [f"{s.code} after {s.after_s:g}s reason='{s.reason}'" for s in said]
    line = f"sim: slow {slow_s}s, {', '.join(parts)}"
    assert parse(line) == Script("steps", float(slow_s), tuple(said))
