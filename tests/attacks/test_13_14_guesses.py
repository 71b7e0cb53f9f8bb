"""Rows 13 and 14: guesses at codes and passwords are answered alike, in the same time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count

import httpx
import pytest

from tests.alone import Alone
from tests.attacks.support import LOGINS, alike, change
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

RETURN = "/api/conversations/return"
WRONG = "abacus zoom harbor violin tulip cupcake"
WITHIN_CODES = 0.05
WITHIN_PASSWORDS = 0.15
"""How far the medians of a right and a wrong guess may lie apart, as a share."""


def from_elsewhere(alone: Alone) -> Callable[[str], httpx.Response]:
    """Sends a code, each time from another address: nobody's guesses slow another's."""
    last = count(2)

    def send(code: str) -> httpx.Response:
        transport = httpx.HTTPTransport(local_address=f"127.0.13.{next(last)}")
        with httpx.Client(base_url=alone.url, transport=transport, timeout=60) as client:
            return client.post(RETURN, json={"code": code})

    return send


def test_13_right_and_wrong_codes_take_the_same_time_over_http(alone: Alone) -> None:
    # Given a chat with a code
    send = from_elsewhere(alone)
    with YoungPerson(alone.url) as young:
        code = young.http.post("/api/conversation/return-code").json()["code"]
        # Then a right one and a wrong one are told apart by their answers, not by their time
        assert (send(code).status_code, send(WRONG).status_code) == (201, 404)
        right, wrong = (lambda: send(code)), (lambda: send(WRONG))
        assert alike(right, wrong, within=WITHIN_CODES, times=4)


def test_13_every_wrong_code_gets_one_answer(alone: Alone) -> None:
    send = from_elsewhere(alone)
    with YoungPerson(alone.url) as young:
        code = young.http.post("/api/conversation/return-code").json()["code"]
        words = code.split()
        # When guesses come near: a word changed, one left out, two swapped, an old one, letters
        renewed = young.http.post("/api/conversation/return-code").json()["code"]
        near = renewed.split()
        guesses = [
            WRONG,
            code,
            " ".join([*near[:-1], words[0]]),
            " ".join(near[:-1]),
            " ".join([near[1], near[0], *near[2:]]),
            f"{renewed} x",
            "' OR 1=1 --",
            "é" * 199,
        ]
        answers = {(answer.status_code, answer.content) for answer in map(send, guesses)}
        # Then all are told the same
        assert len(answers) == 1
        assert answers.pop()[0] == 404
        assert send(renewed).status_code == 201


def sign_in(client: httpx.Client, name: str, password: str) -> httpx.Response:
    return client.post("/desk/login", data={"name": name, "password": password})


def test_14_an_unknown_name_takes_as_long_as_a_wrong_password(
    alone: Alone, stranger: httpx.Client
) -> None:
    known, unknown = LOGINS["robin"].name, "nobody-here"
    tries = ["robin\x00", "ROBIN", "", "x" * 5000, "' OR 1=1 --", "ｒobin"]
    # Then each wrong guess is refused in the same words, but for the name that was typed
    answers = {
        sign_in(stranger, name, "a wrong password").text.replace(f'value="{name}"', "")
        for name in (known, unknown)
    }
    assert len(answers) == 1
    assert {sign_in(stranger, name, "wrong").status_code for name in tries} == {401}
    # And after the same time
    assert alike(
        lambda: sign_in(stranger, known, "a wrong password"),
        lambda: sign_in(stranger, unknown, "a wrong password"),
        within=WITHIN_PASSWORDS,
        times=5,
    )


def test_14_who_has_left_is_answered_as_somebody_unknown(
    alone: Alone, stranger: httpx.Client
) -> None:
    # Given somebody who has left, with the right password
    login = LOGINS["kit"]
    assert change(alone.home, "UPDATE staff SET left_at = 1 WHERE name = 'kit'") == 1
    try:
        right = sign_in(stranger, login.name, login.password)
        wrong = sign_in(stranger, login.name, "a wrong password")
        # Then right and wrong are one answer, in the same time
        assert (right.status_code, right.text) == (wrong.status_code, wrong.text)
        assert right.status_code == 401
        assert alike(
            lambda: sign_in(stranger, login.name, login.password),
            lambda: sign_in(stranger, "nobody-here", login.password),
            within=WITHIN_PASSWORDS,
            times=4,
        )
    finally:
        change(alone.home, "UPDATE staff SET left_at = NULL WHERE name = 'kit'")


def refusals(alone: Alone) -> list[tuple[int | None, str | None]]:
    """Every refused sign-in in the audit log: whose account, and what else is written down."""
    query = "SELECT staff, detail FROM audit_entry WHERE action = 'sign in refused'"
    with closing(sqlite3.connect(alone.home / "waymark.db")) as database:
        return database.execute(query).fetchall()


def test_14_guesses_are_written_down_without_what_was_typed(
    alone: Alone, stranger: httpx.Client
) -> None:
    # Given the audit log before
    before = refusals(alone)
    # When a known and an unknown name are guessed at
    sign_in(stranger, LOGINS["robin"].name, "kestrel-password")
    sign_in(stranger, "kestrel-name", "kestrel-password")
    # Then both are in it, the known one by their number, and nothing that was typed
    new = refusals(alone)[len(before) :]
    assert len(new) == 2
    assert new[0][0] is not None
    assert new[1][0] is None
    assert b"kestrel" not in b"".join(file.read_bytes() for file in alone.home.glob("waymark.db*"))


def test_14_many_guesses_at_once_wait_in_line_and_shut_nobody_out(alone: Alone) -> None:
    # When forty guess at the same moment
    def guess(number: int) -> httpx.Response:
        form = {"name": "robin", "password": f"guess {number}"}
        return httpx.post(f"{alone.url}/desk/login", data=form, timeout=60)

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(guess, range(40)))
    # Then those in the line are refused, the others are told when to try again
    assert {answer.status_code for answer in answers} <= {401, 429}
    slowed = [answer for answer in answers if answer.status_code == 429]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in slowed)
    assert len(slowed) >= 5
    # And who knows the password gets in after them
    with Worker(alone.url, LOGINS["robin"]) as robin:
        assert robin.http.get("/desk/queue").status_code == 200
