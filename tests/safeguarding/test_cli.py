"""``./waymark screen``: contract.md, Commands."""

import io
import json

import pytest

from safeguarding.cli import run


def screened(text):
    out, err = io.StringIO(), io.StringIO()
    code = run(io.BytesIO(text.encode() if isinstance(text, str) else text), out, err)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def test_each_line_gets_its_verdict_in_order():
    # Given a message, a conversation and a message in another language
    lines = [
        {"id": 1, "text": "hes hitting me rn"},
        {"id": "b", "turns": ["hi", "they wont let me leave", "nvm"]},
        {"id": 3, "text": "помогите мне пожалуйста"},
    ]

    # When they are screened
    code, verdicts, errors = screened("\n".join(map(json.dumps, lines)))

    # Then each verdict stands in its place and says what the contract names
    assert (code, errors) == (0, "")
    assert [v["id"] for v in verdicts] == [1, "b", 3]
    assert verdicts[0]["level"] == 4
    assert verdicts[0]["signals"][0]["evidence"] == "hes hitting me"
    assert verdicts[1]["levels"] == [0, 4, 4]
    assert verdicts[1]["level"] == 4
    assert verdicts[2]["read"] is False
    assert all(v["ms"] >= 0 for v in verdicts)


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff\xfe",
        b"secretword",
        b"[1]",
        b'{"id": 1}',
        b'{"text": "secretword"}',
        b'{"id": 1, "text": 5}',
        b'{"id": 1, "turns": []}',
        b'{"id": 1, "turns": ["secretword", 2]}',
        b'{"id": 1, "text": "secretword", "turns": ["secretword"]}',
    ],
)
def test_a_bad_line_is_one_sentence_without_its_text(bad):
    code, verdicts, errors = screened(b'{"id": 0, "text": "hi"}\n' + bad)
    assert code == 2
    assert len(verdicts) == 1
    assert errors.startswith("Line 2: ")
    assert errors.count("\n") == 1
    assert "secretword" not in errors
