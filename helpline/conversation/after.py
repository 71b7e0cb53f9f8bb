"""What is said on coming back and asked at the end, from data/service/after.yml."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from helpline.conversation.wording import WordingBroken

QUESTIONS: Final = ("rights", "someone", "choice", "listened")
ANSWERS: Final = ("yes", "a_bit", "no")


@dataclass(frozen=True)
class AfterWords:
    """One text for each thing; `questions` and `answers` by the names that are counted."""

    back_assistant: str
    back_in_line: str
    back_with_helper: str
    code_keep: str
    code_until: str
    thanks: str
    why_ask: str
    questions: Mapping[str, str]
    answers: Mapping[str, str]

    @classmethod
    def load(cls, path: Path) -> "AfterWords":
        """Reads the file; raises WordingBroken naming the file and what is wrong."""
        try:
            words = cls(**yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader))
            words.code_until.format(alone="", together="")
        except (OSError, yaml.YAMLError, TypeError, KeyError, IndexError, ValueError) as error:
            raise WordingBroken(f"{path}: {type(error).__name__}: {error}") from error
        for given, names in ((words.questions, QUESTIONS), (words.answers, ANSWERS)):
            if not isinstance(given, dict) or tuple(given) != names:
                raise WordingBroken(f"{path}: there must be exactly {', '.join(names)}.")
        return words
