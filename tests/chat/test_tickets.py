"""A start page's ticket: one conversation each, nothing after a quick exit."""

from hypothesis import given
from hypothesis import strategies as st

from helpline.chat.tickets import LIFETIME_S, Ticket, Tickets


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_fresh_ticket_may_start_a_conversation() -> None:
    tickets = Tickets(Clock())
    assert tickets.look(tickets.issue()) == Ticket(valid=True, token=None)


def test_a_spent_ticket_leads_to_its_conversation_only() -> None:
    # Given two tickets, one spent
    tickets = Tickets(Clock())
    spent, fresh = tickets.issue(), tickets.issue()
    tickets.spend(spent, "token")
    # Then each is worth what it should be
    assert tickets.look(spent).token == "token"
    assert tickets.look(fresh).token is None


def test_a_ticket_is_void_when_it_is_old_or_the_service_was_started_again() -> None:
    # Given a ticket
    clock = Clock()
    tickets = Tickets(clock)
    ticket = tickets.issue()
    # Then another process does not take it
    assert not Tickets(clock).look(ticket).valid
    # And nor does this one after its time
    clock.now += LIFETIME_S + 2
    assert not tickets.look(ticket).valid


def test_the_token_is_not_held_in_the_open() -> None:
    # Given a spent ticket
    tickets = Tickets(Clock())
    tickets.spend(tickets.issue(), "a-token-that-opens-a-chat")
    # Then what is held does not contain it
    assert b"a-token-that-opens-a-chat" not in repr(vars(tickets)).encode()


@given(st.text(max_size=200))
def test_a_forged_ticket_is_worth_nothing(forged: str) -> None:
    assert not Tickets(Clock()).look(forged).valid
