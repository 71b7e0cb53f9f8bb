"""What each level of danger does, as a young person and a worker see it in real browsers."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from safeguarding.policy import Policy
from tests.chat.test_page import mine, write
from tests.conftest import ROOT, Service
from tests.desk.support import DESKTOP, PHONE, open_desk, take_first
from tests.worker import Worker
from tests.young_person import YoungPerson

pytestmark = pytest.mark.slow

HURT = "he is hitting me right now and i am locked in the bathroom"
HURT_TRIGGER = "he is hitting me"
DANGERS = {
    "hurt": HURT,
    "medical": "i took loads of tablets an hour ago and i feel sick",
    "suicide": "i am going to kill myself tonight i have the pills here",
    "missing": "ive run away and im on the streets tonight with nowhere to go",
}
HIGH = "someone is threatening to share my pictures"
CONCERN = "they bully me at school every day"
OTHER_CONCERN = "he gave me another phone to use"  # of which the assistant knows nothing
HARMLESS = {
    "a question of rights": "what are my rights",
    "thanks": "thank you",
    "a question of age": "can i leave home at 16",
}
POLISH = "nie wiem co mam robić, mój ojciec jest zły i boję się"
SPEAKERS = """() => [...document.querySelectorAll("#log > .mine, #log > .entry")].map((one) =>
  one.matches(".mine") ? "You" : one.querySelector(".card") ? "Card"
    : one.querySelector(".theirs .unseen").textContent.trim().replace(":", ""))"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The words of every level, as the content team wrote them."""
    return Policy.load(ROOT / "data" / "safeguarding")


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A page in a fresh browser profile; closed when the test ends."""
    contexts = []

    def new(viewport: dict[str, int]) -> Page:
        contexts.append(browser.new_context(viewport=viewport))
        contexts[-1].set_default_timeout(30_000)
        return contexts[-1].new_page()

    yield new
    for context in contexts:
        context.close()


@pytest.fixture
def desk(service: Service, opened: Callable[..., Page]) -> Page:
    """A worker's open desk, with nobody waiting or held: all tests share one running service."""
    with Worker(service.url, service.worker) as worker:
        worker.clear_the_desk()
    page = opened(DESKTOP)
    open_desk(page, service.url, service)
    expect(rows(page)).to_have_count(0)
    expect(page.locator("[data-mine]")).to_have_count(0)
    return page


@pytest.fixture
def page(desk: Page, service: Service, opened: Callable[..., Page]) -> Page:
    """A young person's page on a phone, while a worker is on shift."""
    del desk
    page = opened(PHONE)
    page.goto(service.url)
    return page


def rows(desk: Page) -> Locator:
    """The chats that wait, in the order the desk shows them."""
    return desk.locator("[data-waiting-row]")


def told(page: Page, who: str, text: str = "") -> Locator:
    """What was said since the young person's last message by "Computer" or by "Chat"."""
    bubbles = page.locator(".mine").last.locator("~ .entry .theirs")
    bubbles = bubbles.filter(has=page.locator(".unseen", has_text=f"{who}:"))
    return bubbles.filter(has_text=text) if text else bubbles


def choice(page: Page, title: str) -> Locator:
    """A button that can be tapped now."""
    offered = page.locator(".mine").last.locator("~ .entry .choices button:enabled")
    return offered.filter(has_text=title).first


def offered(desk: Page) -> int:
    """How many have been offered a helper and have not answered, as the desk says it now."""
    line = desk.locator(".offered")
    return int(line.inner_text().split()[0]) if line.count() else 0


def wait_until_offered(desk: Page, count: int) -> None:
    """The desk, without a reload, says this number in a plain line; no line at 0."""
    line = desk.locator(".offered")
    if count:
        people = "1 young person has" if count == 1 else f"{count} young people have"
        expect(line).to_have_text(f"{people} been offered a helper.")
    else:
        expect(line).to_have_count(0)


def expect_told_nothing(desk: Page, text: str) -> None:
    """The desk, loaded anew after the answer was kept, shows no chat and none of the words."""
    desk.reload()
    expect(desk.locator("#connection")).to_have_text("Live")
    expect(rows(desk)).to_have_count(0)
    assert text not in desk.content()


@pytest.mark.parametrize("kind", DANGERS)
def test_the_emergency_card_comes_first_for_what_it_is(
    page: Page, policy: Policy, kind: str
) -> None:
    # When a young person writes of immediate danger
    write(page, DANGERS[kind])
    # Then the first thing they see is the card for it: the number first, 25 words at most
    card = page.locator(".mine ~ .entry").first.locator(".card")
    expect(card.locator(".text")).to_have_text(policy.card(kind))
    assert policy.card(kind).startswith("999")
    assert len(card.locator(".text").inner_text().split()) <= 25
    expect(card.get_by_role("link", name="Call 999")).to_be_in_viewport()
    # And then that a helper is being asked, and what that helper can see
    expect(told(page, "Chat", policy.words["helper_may_see"])).to_be_visible()
    expect(told(page, "Chat", policy.words["asking_helper"])).to_be_visible()
    expect(choice(page, policy.words["talk"])).to_be_visible()


def test_immediate_danger_is_on_top_of_the_desk_with_its_last_three_messages(
    desk: Page, page: Page, service: Service
) -> None:
    # Given somebody who has waited longer, and a young person who has written three times
    with YoungPerson(service.url) as other:
        assert other.http.post("/api/conversation/handoff").is_success
        expect(rows(desk)).to_have_count(1)
        for text in ("marker kestrel", "marker dipper", "marker wren"):
            write(page, text)
            expect(mine(page, text)).to_contain_text("Sent")
        # When they write of immediate danger
        write(page, HURT)
        # Then theirs is the first in the queue, with the words that raised it
        expect(rows(desk)).to_have_count(2)
        expect(rows(desk).first).to_contain_text("Immediate danger")
        expect(rows(desk).first.locator(".trigger")).to_contain_text(HURT_TRIGGER)
        expect(desk.locator("#summary")).to_contain_text("1 in immediate danger")
        # And the worker who takes it reads that message and the two before it, and no more
        take_first(desk)
        lines = desk.locator("#messages .from-young_person")
        expect(lines.locator(".said")).to_have_text(["marker dipper", "marker wren", HURT])
        assert "kestrel" not in desk.content()
        expect(desk.get_by_label("Your message")).to_be_disabled()


def test_in_immediate_danger_the_assistant_is_not_asked(page: Page) -> None:
    # Given a question it could answer, asked together with words of immediate danger
    write(page, f"what are my rights? {HURT}")
    expect(page.locator(".card")).to_be_visible()
    # When the young person asks the same alone
    write(page, "what are my rights")
    expect(told(page, "Computer").first).to_be_visible()
    # Then it has answered the second message, and not the first
    spoke = page.evaluate(SPEAKERS)
    second = spoke.index("You", 1)
    assert spoke[:2] == ["You", "Card"]
    assert set(spoke[2:second]) == {"Chat"}


def test_the_card_folds_on_a_tap_and_never_disappears(page: Page) -> None:
    # Given the emergency card
    write(page, HURT)
    card, call = page.locator(".card"), page.locator(".card .call")
    expect(call).to_be_visible()
    # When it is tapped
    card.locator(".small").click()
    # Then one word is left of it, and a tap on that word brings it back
    expect(call).to_be_hidden()
    assert card.inner_text().strip() == "Numbers"
    card.get_by_text("Numbers").click()
    expect(call).to_be_visible()
    # And it folds after a no, and is there after a reload
    choice(page, "Not now").click()
    expect(mine(page, "Not now")).to_contain_text("Sent")
    expect(card).to_be_visible()
    expect(call).to_be_hidden()
    page.reload()
    expect(mine(page, HURT)).to_be_visible()
    expect(card).to_have_count(1)
    expect(card).to_be_visible()


def test_jk_takes_nothing_back(desk: Page, page: Page) -> None:
    # Given danger that the desk knows of
    write(page, HURT)
    expect(page.locator(".card")).to_be_visible()
    expect(rows(desk)).to_have_count(1)
    # When the young person takes it back, and that is answered
    write(page, "jk")
    expect(told(page, "Computer").first).to_be_visible()
    # Then the card stays, and a helper is still asked
    expect(page.locator(".card .call")).to_be_attached()
    expect(page.get_by_text("A helper is being asked.")).to_be_visible()
    # And the desk, loaded anew, shows the same danger
    desk.reload()
    expect(rows(desk).first).to_contain_text("Immediate danger")
    expect(rows(desk).first.locator(".trigger")).to_contain_text(HURT_TRIGGER)


def test_high_risk_is_answered_and_a_person_is_one_tap_away(
    desk: Page, page: Page, policy: Policy
) -> None:
    # Given a desk that counts who was offered a helper: other tests may have left some
    before = offered(desk)
    # When a young person writes of high risk
    write(page, HIGH)
    # Then a person is offered, what was asked is answered, and no card is shown
    expect(told(page, "Chat", policy.words["offer"])).to_be_visible()
    expect(told(page, "Computer").first).to_be_visible()
    expect(page.locator(".card")).to_have_count(0)
    # And the open desk counts one more, and knows nothing else of it
    wait_until_offered(desk, before + 1)
    expect_told_nothing(desk, HIGH)
    # When they tap once
    choice(page, policy.words["talk_person"]).click()
    # Then they are in line and counted no more, and who takes the chat can read and write
    expect(page.get_by_text("You are number 1 in line.").first).to_be_visible()
    expect(rows(desk)).to_have_count(1)
    wait_until_offered(desk, before)
    expect(rows(desk).first).to_contain_text("High risk")
    take_first(desk)
    expect(desk.locator("#messages .from-young_person").first).to_contain_text(HIGH)
    expect(desk.get_by_label("Your message")).to_be_enabled()


def test_a_concern_is_answered_with_the_offer_inside(
    desk: Page, page: Page, policy: Policy
) -> None:
    # When a young person writes of something that is a concern
    write(page, CONCERN)
    # Then they are answered, and the answer ends with the offer of a person
    expect(told(page, "Chat", policy.words["offer_concern"])).to_be_visible()
    spoke = page.evaluate(SPEAKERS)
    assert spoke[0] == "You"
    assert set(spoke[1:-1]) == {"Computer"}
    assert spoke[-1] == "Chat"
    expect(choice(page, policy.words["talk_person"])).to_be_visible()
    # And the desk knows nothing of it
    expect_told_nothing(desk, CONCERN)


def test_a_concern_without_an_answer_is_offered_one_person_once(page: Page, policy: Policy) -> None:
    # When a young person writes of a concern that the assistant knows nothing of
    write(page, OTHER_CONCERN)
    # Then the offer of a person is all that is said, and there is one button for it
    expect(told(page, "Chat", policy.words["offer_concern"])).to_be_visible()
    assert page.evaluate(SPEAKERS) == ["You", "Chat"]
    expect(page.locator(".mine ~ .entry .choices button", has_text="Talk")).to_have_count(1)


@pytest.mark.parametrize("what", HARMLESS)
def test_below_concern_there_is_just_the_answer(desk: Page, page: Page, what: str) -> None:
    # When a young person writes of no danger, twice: an offer would stand before the next answer
    for _ in range(2):
        write(page, HARMLESS[what])
        expect(told(page, "Computer").first).to_be_visible()
    # Then only the computer answers: no card, and no offer of the helpline's own
    assert set(page.evaluate(SPEAKERS)) == {"You", "Computer"}
    # And the desk knows nothing of it
    expect_told_nothing(desk, HARMLESS[what])


def test_two_different_concerns_bring_the_offer_of_high_risk(
    desk: Page, page: Page, policy: Policy
) -> None:
    # Given a concern
    write(page, CONCERN)
    expect(told(page, "Chat", policy.words["offer_concern"])).to_be_visible()
    # When a different one comes
    write(page, OTHER_CONCERN)
    # Then a person is offered as plainly as at high risk, and the desk still knows nothing
    expect(told(page, "Chat", policy.words["offer"])).to_be_visible()
    expect(choice(page, policy.words["talk_person"])).to_be_visible()
    expect_told_nothing(desk, OTHER_CONCERN)


def test_who_writes_in_polish_is_told_of_999_and_offered_a_person(
    desk: Page, page: Page, policy: Policy
) -> None:
    # When a young person writes in a language that is not read
    write(page, POLISH)
    # Then they are told of 999 in Polish, and a person is one tap away
    in_polish = policy.languages["pl"]["not_read"].split(".")[0]
    expect(told(page, "Chat").first).to_contain_text(in_polish)
    expect(told(page, "Chat").first).to_contain_text("999")
    expect(choice(page, policy.words["talk_person"])).to_be_visible()
    # And the desk knows nothing until they tap
    expect_told_nothing(desk, POLISH)
    choice(page, policy.words["talk_person"]).click()
    expect(rows(desk).first).to_contain_text("High risk")


def test_danger_in_the_middle_of_a_long_message_raises_the_card(
    desk: Page, page: Page, policy: Policy
) -> None:
    # Given 2,000 characters about nothing much, with danger in the middle of them
    chatter = "we had pasta for lunch, then maths, then my friend told me about her cat. " * 30
    half = (2000 - len(HURT) - 2) // 2
    text = f"{chatter[:half]} {HURT} {chatter[half : 2 * half]}".ljust(2000, ".")
    assert len(text) == 2000
    # When it is sent
    write(page, text)
    # Then the card is shown, and the desk has the words that raised it
    card = page.locator(".mine ~ .entry").first.locator(".card .text")
    expect(card).to_have_text(policy.card("hurt"))
    expect(rows(desk).first.locator(".trigger")).to_contain_text(HURT_TRIGGER)
