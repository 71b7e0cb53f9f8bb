"""What a helper answered on a form: read from a page, checked, and written out to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from helpline.conversation.errors import Invalid
from helpline.conversation.forms import Forms, Question, Section

Answers = dict[str, str | list[str]]
"""By id of the field: words, the one choice, or the choices in the form's order."""

Written = list[tuple[str, list[tuple[str, list[str]]]]]
"""Title of each section with its labels and the answers in words; what was not answered is out."""


def read(forms: Forms, sections: Iterable[Section], posted: Mapping[str, Sequence[str]]) -> Answers:
    """The answers that a page sent, by name of its fields; what it did not send is not answered.

    Raises Invalid for a choice that the form does not have, or more characters than it takes.
    """
    answers: Answers = {}
    for section in sections:
        for question in section.fields:
            sent = [value for value in posted.get(question.id, ()) if value.strip()]
            if sent:
                answers[question.id] = _answer(forms, question, sent)
    return answers


def _answer(forms: Forms, question: Question, sent: list[str]) -> str | list[str]:
    if question.written:
        text = sent[0].replace("\r\n", "\n").strip()
        if len(text) > question.at_most:
            raise Invalid(f"{question.label}: at most {question.at_most} characters.")
        return text
    known = [choice.id for choice in forms.choices_of(question)]
    if any(value not in known for value in sent):
        raise Invalid("This form has changed. Reload it to go on.")
    return [one for one in known if one in sent] if question.several else sent[0]


def missing(sections: Iterable[Section], answers: Answers) -> list[Question]:
    """The required fields that are not answered; none others once a `short` choice is."""
    listed = list(sections)
    needed = [q for section in listed for q in section.fields if q.required]
    if any(
        choice.short and choice.id == answers.get(question.id)
        for section in listed
        for question in section.fields
        for choice in question.choices
    ):
        return []
    return [question for question in needed if not answers.get(question.id)]


def write_out(forms: Forms, sections: Iterable[Section], answers: Answers) -> Written:
    """The answers in the words of today's form, so that they are read the same years later."""
    told: Written = []
    for section in sections:
        lines = [
            (question.label, _in_words(forms, question, answers[question.id]))
            for question in section.fields
            if answers.get(question.id)
        ]
        if lines:
            told.append((section.title, lines))
    return told


def _in_words(forms: Forms, question: Question, answer: str | list[str]) -> list[str]:
    if question.written:
        return [str(answer)]
    chosen = [answer] if isinstance(answer, str) else answer
    return [forms.label_of(question, one) for one in chosen]
