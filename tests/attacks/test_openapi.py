"""The description at /docs/openapi.json, tried by schemathesis: what it allows is answered as it
says, what it does not allow is refused, and nothing is ever a 500."""

import ipaddress
import json
from collections.abc import Iterator
from itertools import count
from typing import Any, Final
from uuid import uuid4

import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from helpline.limits.table import YOUNG_PERSON
from tests.alone import Alone, service_in

pytestmark = pytest.mark.slow

SECRET: Final = "a-secret-that-only-the-proxy-knows-8"
EXAMPLES: Final = 12
FEW: Final = 4
DESCRIBED: Final = {(method, path) for method, path in YOUNG_PERSON if path.startswith("/api/")}
SLOW_TO_MAKE: Final = {"/api/conversation/return-code", "/api/conversations/return"}
"""Each of these hashes six words with Argon2id."""
ADDRESSES: Final = count(1)

load_all_checks()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    home = tmp_path_factory.mktemp("openapi")
    with service_in(home, staff=False, forwarded_secret=SECRET) as running:
        yield running
    assert " ERROR " not in (home / "service.log").read_text("utf-8", "replace")


@pytest.fixture(scope="module")
def description(service: Alone) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{service.url}/docs/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def api(service: Alone, description: dict[str, Any]) -> Any:
    """What schemathesis makes of the description."""
    schema = schemathesis.openapi.from_dict(description)
    schema.config.update(base_url=service.url)
    schema.config.generation.update(allow_extra_parameters=False)  # unknown ones are ignored
    return schema


def someone(service: Alone) -> dict[str, str]:
    """The headers of a young person in a chat of their own, at an address of their own: guesses
    at codes are slowed by address."""
    address = ipaddress.ip_address("10.0.0.0") + next(ADDRESSES)
    token = httpx.post(f"{service.url}/api/conversations").json()["token"]
    return {
        "Authorization": f"Bearer {token}",
        "Forwarded": f"for={address};secret={SECRET}",
        "Accept": "application/json",
    }


def test_every_call_of_the_interface_is_described_with_all_its_answers(
    description: dict[str, Any],
) -> None:
    described = {
        (method.upper(), path): call
        for path, calls in description["paths"].items()
        for method, call in calls.items()
    }
    assert set(described) == DESCRIBED
    for (method, path), call in described.items():
        answers = set(call["responses"])
        assert {"413", "429", "503"} <= answers, path
        assert answers & {"200", "201", "204"}, path
        bearer = "/api/conversations" not in path
        assert ("401" in answers) is bearer, (method, path)
        assert (call.get("security") == [{"token": []}]) is bearer, (method, path)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("route", sorted(DESCRIBED), ids=" ".join)
def test_whatever_is_sent_is_answered_as_described(
    api: Any, service: Alone, route: tuple[str, str], mode: GenerationMode
) -> None:
    method, path = route

    @settings(
        max_examples=FEW if path in SLOW_TO_MAKE else EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api[path][method].as_strategy(generation_mode=mode))
    def try_one(case: Any) -> None:
        case.call_and_validate(headers=someone(service), checks=CHECKS.get_all(), timeout=30)

    try:
        try_one()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # it takes nothing that could be wrong


def test_a_call_that_answers_otherwise_is_noticed(
    service: Alone, description: dict[str, Any]
) -> None:
    # Given a description in which a call has other answers than it gives
    wrong = json.loads(json.dumps(description))
    wrong["paths"]["/api/conversation/feedback"]["get"]["responses"] = {
        "200": {"description": "", "content": {"application/json": {"schema": {"type": "array"}}}}
    }
    planted = schemathesis.openapi.from_dict(wrong)
    planted.config.update(base_url=service.url)
    case = planted["/api/conversation/feedback"]["GET"].Case()
    # Then the check fails
    with pytest.raises(FailureGroup) as told:
        case.call_and_validate(headers=someone(service), checks=CHECKS.get_all())
    assert any("schema" in str(each).lower() for each in told.value.exceptions)


def test_every_event_on_the_stream_is_as_described(
    service: Alone, description: dict[str, Any]
) -> None:
    # Given a chat in which something dangerous was said
    headers = {**someone(service), "Accept": "text/event-stream"}
    sent = httpx.post(
        f"{service.url}/api/conversation/messages",
        headers=headers,
        json={"id": str(uuid4()), "text": "he wont let me leave, the door is locked"},
    )
    assert sent.status_code == 201
    listed = description["paths"]["/api/conversation/events"]["get"]["responses"]["200"]
    event = listed["content"]["application/json"]["schema"]["properties"]["events"]["items"]
    seen = []
    # When the stream is read until its warning
    with httpx.stream("GET", f"{service.url}/api/conversation/events", headers=headers) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line[6:]))
                if seen[-1].get("card"):
                    break
    # Then each of its events is one of those described
    numbered = [each for each in seen if "number" in each]
    assert len(numbered) > 3
    validator = jsonschema_rs.validator_for(_nullable(event))
    assert [error.message for each in numbered for error in validator.iter_errors(each)] == []


def _nullable(schema: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema says a second type."""
    if isinstance(schema, list):
        return [_nullable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: _nullable(each) for name, each in schema.items() if name != "nullable"}
    if schema.get("nullable"):
        changed["type"] = [schema["type"], "null"]
    return changed
