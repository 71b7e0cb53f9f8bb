"""Reads what a page sends as a message; decides nothing about it."""

import json
from dataclasses import dataclass
from uuid import UUID

from helpline.conversation.errors import Invalid, NotJson, TooLong

LONGEST = 2000
LONGEST_BODY = 64 * 1024


@dataclass(frozen=True)
class Incoming:
    """A message on its way in: its client-made id, and a text or the id of a button."""

    id: UUID
    text: str | None = None
    button: str | None = None

    @classmethod
    def parse(cls, body: bytes) -> "Incoming":
        """Reads a JSON body; raises NotJson, Invalid or TooLong (contract.md)."""
        if len(body) > LONGEST_BODY:
            raise TooLong
        try:
            data = json.loads(body.decode("utf-8"))
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise NotJson from error
        if not isinstance(data, dict) or not set(data) <= {"id", "text", "button"}:
            raise Invalid
        return cls.make(data.get("id"), data.get("text"), data.get("button"))

    @classmethod
    def make(cls, message_id: object, text: object = None, button: object = None) -> "Incoming":
        """Checks the parts of a message; raises Invalid or TooLong.

        Lone surrogates cannot be stored as UTF-8 and become question marks.
        """
        if not isinstance(message_id, str) or (text is None) == (button is None):
            raise Invalid
        try:
            identity = UUID(message_id)
        except ValueError as error:
            raise Invalid from error
        if button is not None:
            if not isinstance(button, str) or not button:
                raise Invalid
            return cls(identity, button=button)
        if not isinstance(text, str) or not text.strip():
            raise Invalid
        if len(text) > LONGEST:
            raise TooLong
        return cls(identity, text=text.encode("utf-8", "replace").decode("utf-8"))
