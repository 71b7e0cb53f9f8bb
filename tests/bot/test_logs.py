"""No word of a conversation reaches a log, whatever goes wrong and however much is logged."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow

MARKER = "quetzalmarker"


def holds_marker(content: bytes) -> bool:
    """Whether the marker stands in ``content``, plain, as UTF-16 or base64 (at any offset)."""
    forms = [MARKER.encode(), MARKER.encode("utf-16-le"), MARKER.encode("utf-16-be")]
    for offset in range(3):
        whole = base64.b64encode(b"x" * offset + MARKER.encode())
        forms.append(whole[4 if offset else 0 : -4])
    return any(form.lower() in content.lower() for form in forms)


def test_the_scan_finds_a_planted_marker() -> None:
    for planted in (
        f"text={MARKER}!".encode(),
        MARKER.upper().encode("utf-16-le"),
        base64.b64encode(f"{{'text': '{MARKER}'}}".encode()),
    ):
        assert holds_marker(b"2026 DEBUG " + planted)
    assert not holds_marker(b"2026 DEBUG nothing")


def test_a_log_at_debug_holds_no_word_of_a_conversation(start: Callable[..., Any]) -> None:
    # Given a bot that logs all it can, and whose action server is down
    bot = start("--log-level", "DEBUG", actions_url="http://127.0.0.1:1/webhook")
    # When a marker reaches it in every way that a word can
    answer = bot.turn([], text=f"{MARKER} what are my rights").json()
    slot = f'/inform_nation{{"nation":"{MARKER}"}}'
    answer = bot.turn(answer["state"], payload=slot).json()
    failed = bot.turn(answer["state"], payload="/find_a_service").json()
    bot.turn([], text=f"/{MARKER}")
    bot.turn([], payload=f"/{MARKER}")
    bot.turn([], payload=f"/deny{{{MARKER}}}")
    bot.turn([], payload=f'/deny{{"{MARKER}":"{MARKER}"}}')
    bot.turn([], text=f"[{MARKER}](nation){MARKER * 300}")
    bot.turn([{"event": MARKER}], text="hi")
    bot.turn([{"event": "slot", "name": MARKER, "value": MARKER}], text=MARKER)
    bot.turn([{"event": "user", "parse_data": {"intent": MARKER}}], text=MARKER)
    bot.turn([{"event": "active_loop", "name": MARKER}], text=MARKER)
    bot.turn([{"event": "action", "name": MARKER}, {"event": "followup", "name": MARKER}], text="a")
    bot.post("/webhooks/turn/turn", content=f'{{"text": "{MARKER}'.encode())
    bot.post(f"/{MARKER}?{MARKER}", content=json.dumps({"message": MARKER}).encode())
    # Then what failed gave no reply, which the service takes for an outage
    assert failed["replies"] == []
    bot.process.terminate()
    rest = bot.process.stdout.read()
    logged = bot.log.read_bytes()
    # And the log is full, but not of words
    assert logged.count(b"DEBUG") > 50
    assert b"ERROR" in logged
    assert not holds_marker(logged + rest.encode())
