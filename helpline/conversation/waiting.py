"""What is said to who waits: how long it may take, when somebody is here, who answers meanwhile."""

import re
from datetime import datetime, time
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from helpline.conversation.handoff import HERE_S
from helpline.conversation.heart import Heart
from helpline.facts import Fact, Facts, is_fresh
from helpline.store import waiting
from helpline.store.queue import QueueEntry

DAY_S = 24 * 3600
DAYS_FROM_H = 72
FEWEST_CHATS = 8
"""No estimate from fewer finished chats than this."""
MINUTES = (
    (7, "about 5 minutes"),
    (12, "about 10 minutes"),
    (17, "about 15 minutes"),
    (25, "about 20 minutes"),
    (38, "about half an hour"),
    (52, "about 45 minutes"),
    (75, "about an hour"),
)
"""Up to so many minutes an estimate is said in these words."""
LONGER = "more than an hour"

UNITED_KINGDOM = ZoneInfo("Europe/London")
"""The hours of the services in data/facts are those of the clocks there."""
KINDS = ("young_people", "crisis")
NATIONS = 4
ALWAYS = "24 hours, every day"
_BETWEEN = re.compile(r"(\d\d?)(am|pm) to (?:(\d\d?)(am|pm)|(midnight)), every day")


def estimate(connection: Connection, position: int, now: float) -> str | None:
    """How long the wait at a place of the queue may be ("about 10 minutes"), None where unknown.

    The middle of the times for which the last 20 finished chats were held, times the place,
    divided by the helpers who take chats now. None with fewer than 8 finished chats, with no
    helper, and for who comes next to a helper with no chat: they need not wait for one to end.
    """
    held = waiting.held_times(connection)
    here = waiting.attending(connection, now - HERE_S)
    behind = position - len(here - waiting.holders(connection))
    if len(held) < FEWEST_CHATS or not here or behind <= 0:
        return None
    minutes = median(held) * behind / len(here) / 60
    return next((words for most, words in MINUTES if minutes <= most), LONGER)


def keep_held_time(connection: Connection, owner: str, entry: QueueEntry, now: float) -> None:
    """Keeps for estimates how long a worker held a chat that they end, if they talked (`owner`)."""
    if owner == "worker" and entry.taken_at is not None:
        waiting.add_finished(connection, int(now // DAY_S), max(0, int(now - entry.taken_at)))


def place_in_line(
    connection: Connection, template: str, entry: QueueEntry | None, heart: Heart
) -> str:
    """A sentence of the wording with the place in the queue and, where known, the estimate."""
    position = entry.position if entry and entry.position else None
    wait = estimate(connection, position, heart.now()) if position else None
    said = f" {heart.wording.handoff_wait.format(estimate=wait)}" if wait else ""
    return template.format(position=position, wait=said)


def nobody_here(heart: Heart) -> str:
    """When somebody is here, who answers now, and how to come back."""
    words, opens = heart.wording, heart.opens(heart.clock())
    template = words.handoff_nobody if opens is None else words.handoff_closed
    hours = heart.chats_kept_hours
    kept = f"{hours} hours" if hours < DAYS_FROM_H else f"{hours // 24} days"
    return template.format(opens=opens, open_now=open_now(heart), kept=kept)


def still_nobody(heart: Heart) -> str:
    """What is said to who is in the queue while no helper is here."""
    return heart.wording.handoff_waiting_nobody.format(open_now=open_now(heart))


def open_now(heart: Heart) -> str:
    """The lines that are open now: from data/facts, else those that the policy names."""
    lines = lines_open(heart.facts, heart.clock())
    return " ".join(lines) if lines else heart.policy.words["open_now"]


def lines_open(facts: Facts, now: datetime) -> list[str]:
    """How to reach each line for young people all over the country that is open now.

    One with hours counts only while somebody has checked them in the last 90 days; that a line is
    open day and night is a claim of its own, which stands once it is verified.
    """
    here = now.astimezone(UNITED_KINGDOM)
    return [
        _reach(fact)
        for fact in facts.by_id.values()
        if fact.section == "services"
        and fact.status == "verified"
        and fact.fields.get("kind") in KINDS
        and len(fact.nations) == NATIONS
        and not fact.fields.get("about")
        and (fact.fields.get("phone") or fact.fields.get("text"))
        and _open(fact, here)
    ]


def _open(fact: Fact, here: datetime) -> bool:
    value = (fact.fields.get("hours") or {}).get("value") or ""
    if value == ALWAYS:
        return True
    hours = _BETWEEN.fullmatch(value)
    if hours is None or fact.checked is None or not is_fresh(fact.checked, here.date()):
        return False
    start, midnight = time(_hour(hours[1], hours[2])), hours[5] is not None
    return start <= here.time() and (midnight or here.time() < time(_hour(hours[3], hours[4])))


def _hour(number: str, half: str) -> int:
    return int(number) % 12 + (12 if half == "pm" else 0)


def _reach(fact: Fact) -> str:
    name = re.sub(r" \(.*\)", "", str(fact.fields["name"]))
    phone, text = fact.fields.get("phone"), fact.fields.get("text")
    if not phone:
        return f"Text {text}."
    return f"{name} {phone}, call or text." if phone == text else f"{name} {phone}."
