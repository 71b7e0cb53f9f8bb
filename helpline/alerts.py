"""Whom an alert reaches outside the desk, as helpline.toml names them; sends nothing."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Alert(BaseModel):
    """Who is alerted when a level 4 waits, and by which address of apprise (it may hold secrets).

    `on_call` is the lead who is called when nobody is at the desk; `supervisors` hear of a level 4
    that nobody took.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    reaches: Literal["on_call", "supervisors"]
    address: str = Field(repr=False)

    @field_validator("address")
    @classmethod
    def _known(cls, value: str) -> str:
        from helpline.messenger import understood  # noqa: PLC0415 — slow, and few name an address

        if not understood(value):
            raise ValueError("not an address of apprise")
        return value
