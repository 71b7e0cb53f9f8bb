"""What is said and done at each level, worded by response.yml; sending is left to callers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from safeguarding.assessment import Assessment
from safeguarding.errors import SafeguardingError
from safeguarding.languages import CODES, Language
from safeguarding.signals import CARDS, load_signals
from safeguarding.written import load_words

TALK = "/talk_to_a_person"
NOT_NOW = "/not_now"
_SAID_OF_NOBODY = ("offer_concern", "not_read", "not_read_beside")
_NEEDED = {
    *(f"card_{card}" for card in CARDS),
    *("recent_calls", "open_now", "helper_may_see", "asking_helper", "nobody_until"),
    *("nobody_here", "offer", "offer_until", "offer_nobody", "offer_concern", "failed"),
    *("not_read", "nobody_came", "talk", "talk_person", "not_now"),
    *("asking_again", "asking_still", "nobody_until_again", "nobody_until_still"),
    *("nobody_here_again", "nobody_here_still", "offer_again", "offer_still"),
    *("offer_until_again", "offer_until_still", "offer_nobody_again", "offer_nobody_still"),
    *("offer_concern_again", "failed_again", "not_read_again"),
    *("not_read_beside", "not_read_beside_again"),
    *(f"{name}_{when}" for name in _SAID_OF_NOBODY for when in ("until", "nobody")),
    *(f"{name}_{when}_again" for name in _SAID_OF_NOBODY for when in ("until", "nobody")),
}
_WITH_TIME = (
    *("nobody_until", "nobody_until_again", "nobody_until_still"),
    *("offer_until", "offer_until_again", "offer_until_still"),
    *(f"{name}_until" for name in _SAID_OF_NOBODY),
    *(f"{name}_until_again" for name in _SAID_OF_NOBODY),
)


@dataclass(frozen=True)
class Bubble:
    """One bubble; ``card`` names the kind of emergency card; buttons are (title, payload)."""

    text: str
    card: str | None
    buttons: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Response:
    """What follows a message: bubbles in order, whether the assistant answers too, and whether the
    excerpt is sealed for the team and queued (``alert``)."""

    bubbles: tuple[Bubble, ...]
    ask_assistant: bool
    alert: bool


@dataclass(frozen=True)
class Policy:
    """Design.md, "What each level does"."""

    words: dict[str, str]
    cards: dict[str, str]
    languages: dict[str, dict[str, str]]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Loads data/safeguarding. Raises ``SafeguardingError`` naming the file."""
        file = folder / "response.yml"
        words = load_words(file)
        for name in sorted(_NEEDED ^ words.keys()):
            problem = "is missing" if name in _NEEDED else "is not used by the policy"
            raise SafeguardingError.at(file, None, f"{name} {problem}")
        for name in _WITH_TIME:
            if "{opens}" not in words[name]:
                raise SafeguardingError.at(file, None, f"{name} lacks {{opens}}")
        kinds = load_signals(folder / "signals.yml")
        levels = {kind.id: kind.level for kind in kinds.values()}
        languages = {
            code: dict(Language.load(folder / "languages" / f"{code}.yml", levels).wording)
            for code in CODES
        }
        for code, said in languages.items():
            if "{button}" not in said["tap"]:
                file = folder / "languages" / f"{code}.yml"
                raise SafeguardingError.at(file, None, "tap lacks {button}")
        return cls(words, {kind.id: kind.card for kind in kinds.values()}, languages)

    @property
    def recent_calls(self) -> str:
        """The note under the numbers of a card."""
        return self.words["recent_calls"]

    def card(self, kind: str) -> str:
        """The words of an emergency card: hurt, medical, suicide or missing."""
        return self.words[f"card_{kind}"]

    def respond(
        self, assessment: Assessment, *, helper_here: bool, opens: str | None, form_active: bool
    ) -> Response:
        """What to say and do; ``opens`` is such as "9am", None when unknown.

        What a conversation was told in full is said shorter when its level comes again, and in
        turn in two ways: the same sentence never comes twice running. Only a card never changes.
        """
        at_2, at_3, at_4 = assessment.course.answered
        if assessment.level >= 4:
            return Response(
                self._emergency(assessment, helper_here, opens, at_4),
                ask_assistant=False,
                alert=helper_here,
            )
        if assessment.level == 3:
            offers = self._offers(assessment, helper_here, opens, at_3)
            return Response(offers, ask_assistant=not form_active, alert=False)
        if assessment.level == 2:
            offer = self._in_turn("offer_concern", helper_here, opens, at_2)
            return Response((offer,), ask_assistant=True, alert=False)
        return Response((), ask_assistant=True, alert=False)

    def nobody_came(self) -> Bubble:
        """After 120 s in the queue."""
        return Bubble(self._with_lines("nobody_came"), None, ())

    def _emergency(
        self, assessment: Assessment, helper_here: bool, opens: str | None, times: int
    ) -> tuple[Bubble, ...]:
        worst = [signal.id for signal in assessment.signals if signal.level >= 4]
        kind = self.cards.get(worst[0], "hurt") if worst else "hurt"
        button = self.words["talk"] if helper_here else None
        theirs = self._in_their_words(assessment, button, times)
        card = (Bubble(self.card(kind), kind, ()), *theirs)
        if helper_here and times > 1:
            name = _shorter("asking", times)
            return *card, Bubble(self.words[name], None, self._buttons("talk"))
        if helper_here:
            return (
                *card,
                Bubble(self.words["helper_may_see"], None, ()),
                Bubble(self.words["asking_helper"], None, self._buttons("talk")),
            )
        name = _shorter("nobody_here" if opens is None else "nobody_until", times)
        return *card, Bubble(self._with_lines(name, opens), None, ())

    def _in_their_words(
        self, assessment: Assessment, button: str | None, times: int
    ) -> tuple[Bubble, ...]:
        """What is said in their language; ``button`` is its title, None where there is none."""
        said = self.languages.get(assessment.language)
        if said is None or assessment.read:
            return ()
        first = times % 2 or times == 0
        parts = [said["not_read" if first else "not_read_again"]]
        if button is not None:
            parts.append(said["tap"].replace("{button}", button))
        if first or button is None:
            parts.append(said["lines"])
        return (Bubble(" ".join(parts), None, ()),)

    def _offers(
        self, assessment: Assessment, helper_here: bool, opens: str | None, times: int
    ) -> tuple[Bubble, ...]:
        button = self.words["talk_person"] if helper_here else None
        theirs = () if assessment.failed else self._in_their_words(assessment, button, times)
        return *theirs, self._offer(assessment, helper_here, opens, times, beside=bool(theirs))

    def _offer(
        self,
        assessment: Assessment,
        helper_here: bool,
        opens: str | None,
        times: int,
        *,
        beside: bool,
    ) -> Bubble:
        buttons = self._buttons("talk_person")
        if assessment.failed and helper_here:
            return Bubble(self._with_lines(_in_turn("failed", times)), None, buttons)
        if not assessment.read:
            name = "not_read_beside" if beside else "not_read"
            return self._in_turn(name, helper_here, opens, times)
        if helper_here:
            return Bubble(self.words[_shorter("offer", times)], None, buttons)
        name = _shorter("offer_nobody" if opens is None else "offer_until", times)
        return Bubble(self._with_lines(name, opens), None, ())

    def _in_turn(self, name: str, helper_here: bool, opens: str | None, times: int) -> Bubble:
        """A person is offered; or it is said that nobody is here, and nothing is offered."""
        if helper_here:
            return Bubble(self.words[_in_turn(name, times)], None, self._buttons("talk_person"))
        nobody = f"{name}_nobody" if opens is None else f"{name}_until"
        return Bubble(self._with_lines(_in_turn(nobody, times), opens), None, ())

    def _buttons(self, talk: str) -> tuple[tuple[str, str], ...]:
        return (self.words[talk], TALK), (self.words["not_now"], NOT_NOW)

    def _with_lines(self, name: str, opens: str | None = None) -> str:
        text = self.words[name].replace("{open_now}", self.words["open_now"])
        return text.replace("{opens}", opens or "")


def _shorter(name: str, times: int) -> str:
    """The full wording the first time, then two short ones in turn."""
    if times <= 1:
        return name
    return f"{name}_again" if times % 2 == 0 else f"{name}_still"


def _in_turn(name: str, times: int) -> str:
    """Two wordings in turn, each whole in itself."""
    return name if times % 2 or times == 0 else f"{name}_again"
