"""What is said around the end of a chat can be read by a tired ten-year-old."""

import re

import pytest

from content.bubbles import GRADE, LONGEST_SENTENCE, MOST_WORDS, reading_grade, sentences
from helpline.chat.render import TEMPLATES
from tests.chat.words import AFTER

_TAGS = re.compile(r"\{[{%#].*?[}%#]\}|<[^>]+>")


def said() -> list[str]:
    """Every text of the words file, and every paragraph and heading of the steps."""
    words = AFTER.words
    texts = [text for text in vars(words).values() if isinstance(text, str)]
    texts = [text for text in texts if text != words.code_until]
    filled = [AFTER.until, *words.questions.values(), *words.answers.values()]
    template = (TEMPLATES / "_after.html").read_text("utf-8").replace("{{ after.together }}", "90")
    steps = (_TAGS.sub("", part) for part in re.findall(r"<(?:p|h2).*?</(?:p|h2)>", template))
    return [*texts, *filled, *(part.strip() for part in steps if part.strip())]


@pytest.mark.parametrize("text", said())
def test_it_is_short_and_plain(text: str) -> None:
    assert reading_grade(text) <= GRADE or len(text.split()) <= 6
    assert max(len(sentence.split()) for sentence in sentences(text)) <= LONGEST_SENTENCE
    assert len(text.split()) <= MOST_WORDS
    assert not re.search(r"\{\w+\}", text)
