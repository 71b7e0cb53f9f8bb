"""The limits as the running service keeps them: sizes, addresses behind a proxy, guesses, pages."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Final
from uuid import uuid4

import httpx
import pytest

from helpline.limits.paces import WRITING
from helpline.limits.table import TABLE
from tests.alone import Alone, service_in

pytestmark = pytest.mark.slow

SECRET: Final = "a-secret-that-only-the-proxy-knows-7"
WRONG_CODE: Final = {"code": "one two three four five six"}
WRONG_LOGIN: Final = {"name": "demo-worker", "password": "not the password", "code": ""}
PUBLIC: Final = "chat.example"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """The service behind a proxy that shares a secret with it."""
    with service_in(tmp_path_factory.mktemp("limits"), forwarded_secret=SECRET) as running:
        yield running


@pytest.fixture
async def http(service: Alone) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=service.url, timeout=60, limits=httpx.Limits(max_connections=None)
    ) as client:
        yield client


def proxied(address: str, **more: str) -> dict[str, str]:
    """The header by which the proxy says who asks."""
    parts = [f"for={address}", *(f"{name}={value}" for name, value in more.items())]
    return {"Forwarded": ";".join([*parts, f"secret={SECRET}"])}


async def slowed(
    http: httpx.AsyncClient, path: str, headers: list[dict[str, str]], **body: object
) -> bool:
    """Whether one of these, sent at the same moment, is told to wait; the rest is let go then."""
    posts = [asyncio.ensure_future(http.post(path, headers=each, **body)) for each in headers]
    try:
        for post in asyncio.as_completed(posts):
            if (await post).status_code == 429:
                return True
        return False
    finally:
        for post in posts:
            post.cancel()
        await asyncio.gather(*posts, return_exceptions=True)


@pytest.mark.parametrize(
    "route", [route for route in TABLE if route[0] in {"POST", "DELETE"}], ids=" ".join
)
async def test_more_than_a_routes_size_is_refused(
    http: httpx.AsyncClient, route: tuple[str, str]
) -> None:
    method, path = route
    # When one byte more than the table allows is sent, by somebody who shows nothing
    body = b"a" * (TABLE[route].largest + 1)
    answer = await http.request(method, re.sub(r"<\w+>", "1", path), content=body)
    # Then it is refused for its size, before anything else is looked at
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_long"


async def test_who_guesses_codes_is_slowed_by_the_address_that_the_proxy_names(
    http: httpx.AsyncClient,
) -> None:
    path = "/api/conversations/return"
    # When many guesses come from one address, then some are told to wait
    assert await slowed(http, path, [proxied("198.51.100.7")] * 20, json=WRONG_CODE)
    # And as many from different ones, behind the same proxy, are not
    many = [proxied(f"203.0.113.{n}") for n in range(10)]
    assert not await slowed(http, path, many, json=WRONG_CODE)


@pytest.mark.parametrize(
    "forged",
    [
        "for={};secret=another-secret-of-the-same-length-12",
        "for={}",
        f"for={{}};by={SECRET}x",
        f"for={{}};secret=, secret={SECRET}x",
    ],
)
async def test_a_forged_forwarded_header_makes_nobody_somebody_else(
    http: httpx.AsyncClient, forged: str
) -> None:
    # When one guesser names a new address in each guess, without the secret: they count as one
    headers = [{"Forwarded": forged.format(f"198.51.100.{n}")} for n in range(10)]
    assert await slowed(http, "/api/conversations/return", headers, json=WRONG_CODE)


async def test_other_headers_that_name_an_address_count_for_nothing(
    http: httpx.AsyncClient,
) -> None:
    names = ("X-Forwarded-For", "X-Real-IP", "Client-IP", "True-Client-IP", "CF-Connecting-IP")
    headers = [dict.fromkeys(names, f"198.51.100.{n}") for n in range(10)]
    assert await slowed(http, "/api/conversations/return", headers, json=WRONG_CODE)


async def test_only_the_proxy_can_say_that_the_way_was_https(http: httpx.AsyncClient) -> None:
    async def sign_in(**headers: str) -> int:
        answer = await http.post(
            "/desk/login", data=WRONG_LOGIN, headers={"Host": PUBLIC, **headers}
        )
        return answer.status_code

    assert await sign_in() == 403
    assert await sign_in(Forwarded="for=198.51.100.20;proto=https") == 403
    assert await sign_in(**{"X-Forwarded-Proto": "https", "X-Scheme": "https"}) == 403
    assert await sign_in(**proxied("198.51.100.20", proto="https")) == 401


async def test_who_guesses_passwords_locks_no_worker_out(
    http: httpx.AsyncClient, service: Alone
) -> None:
    # Given somebody who tries forty passwords at the same moment
    tries = [proxied("198.51.100.30")] * 40
    assert await slowed(http, "/desk/login", tries, data=WRONG_LOGIN)
    flood = asyncio.ensure_future(slowed(http, "/desk/login", tries, data=WRONG_LOGIN))
    # When a worker signs in from elsewhere meanwhile, then they are in
    login = {"name": service.worker.name, "password": service.worker.password}
    answer = await http.post("/desk/login", data=login, headers=proxied("203.0.113.31"))
    assert answer.status_code == 303
    assert await flood


async def test_a_form_that_is_slowed_comes_back_whole_to_be_sent_again(
    http: httpx.AsyncClient,
) -> None:
    # Given a chat that has sent as much as it may at once
    token = (await http.post("/api/conversations")).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}

    path = "/api/conversation/messages"

    full = asyncio.Event()

    async def flood() -> None:
        while True:
            body = {"id": str(uuid4()), "text": "hello"}
            answer = await http.post(path, headers=bearer, json=body)
            if answer.status_code == 429:
                full.set()

    many = 2 * int(WRITING.per_second * WRITING.longest)
    floods = [asyncio.ensure_future(flood()) for _ in range(many)]
    async with asyncio.timeout(60):
        await full.wait()
    # When its form without script is sent just then
    fields = {"token": token, "id": str(uuid4()), "text": 'he said "wait"\r\n& <b>i am</b> here'}
    for _ in range(5):
        async with http.stream("POST", "/say", data=fields) as answer:
            status = answer.status_code
            page = (await answer.aread()).decode() if status == 429 else ""
        if status == 429:
            break
    for one in floods:
        one.cancel()
    await asyncio.gather(*floods, return_exceptions=True)
    # Then the page keeps what was written, the way out and the numbers
    assert status == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "text/html" in answer.headers["Content-Type"]
    assert "he said &#34;wait&#34;\n&amp; &lt;b&gt;i am&lt;/b&gt; here" in page
    assert page.count(f'value="{token}"') == 2
    assert "Send again" in page
    assert "Leave this page" in page
    assert "tel:999" in page
