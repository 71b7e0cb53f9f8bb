"""What `hypothesis` makes up for these tests: any text, odd letters, any JSON."""

from __future__ import annotations

import json
import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

NIGHTLY = int(os.environ.get("ATTACKS_NIGHTLY", "1"))
"""How many times as many examples are tried."""
FEW = settings(max_examples=100 * NIGHTLY, deadline=None)
OVER_HTTP = settings(
    max_examples=120 * NIGHTLY,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ANY = st.text(st.characters(), max_size=300)
"""Any text, halves of letters too."""
WHOLE = st.text(st.characters(codec="utf-8"), max_size=300)
ODD = st.sampled_from(
    [
        "\x00",
        "\u202e",
        "\u200b" * 9,
        "e" + "\u0301" * 90,
        "👩‍👩‍👧‍👦",
        "{{7*7}}",
        "' OR 1=1",
        "%s{0}",
        "\r\n",
        "<b>",
    ]
)
TEXT = st.one_of(WHOLE, ODD, st.builds(str.__add__, ODD, WHOLE))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def body_of(value: object) -> bytes:
    return json.dumps(value).encode()
