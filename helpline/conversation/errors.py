"""Every error that a caller of the service may see, with its HTTP status and code."""

from typing import Any


class WaymarkError(Exception):
    """A refusal with one clear sentence; never holds what anybody wrote."""

    status = 500
    code = "error"
    message = "Something went wrong."

    def __init__(self, message: str | None = None) -> None:
        self.message = message or type(self).message
        super().__init__(self.code)

    def public(self) -> dict[str, Any]:
        """The body of the error as contract.md describes it."""
        return {"error": {"code": self.code, "message": self.message}}


class NotJson(WaymarkError):
    status, code, message = 400, "not_json", "Send JSON in UTF-8."


class UnknownToken(WaymarkError):
    status, code, message = 401, "unknown_token", "This chat is not open."


class NotSignedIn(WaymarkError):
    status, code, message = 401, "not_signed_in", "Sign in first."


class SignInRefused(WaymarkError):
    status, code, message = 401, "sign_in_refused", "Name, password or code is not right."


class NotAllowed(WaymarkError):
    status, code, message = 403, "not_allowed", "You may not do this."


class CredentialsRefused(WaymarkError):
    status, code = 403, "credentials_refused"
    message = "The present password or the code is not right; each code works once."


class NotOpen(WaymarkError):
    status, code, message = 403, "not_open", "The young person has not tapped Talk."


class UnknownButton(WaymarkError):
    status, code, message = 404, "unknown_button", "This button is not in this chat."


class UnknownCode(WaymarkError):
    status, code = 404, "unknown_code"
    message = "These words open no chat. Check each one, and their order."


class UnknownConversation(WaymarkError):
    status, code, message = 404, "unknown_conversation", "This chat is not on the desk."


class UnknownStaff(WaymarkError):
    status, code, message = 404, "unknown_staff", "Nobody of that name is on the staff."


class UnknownSession(WaymarkError):
    status, code, message = 404, "unknown_session", "This session has ended already."


class UnknownRecord(WaymarkError):
    status, code, message = 404, "unknown_record", "There is no such record."


class RecordFinished(WaymarkError):
    status, code, message = 409, "record_finished", "This record is finished."


class ChangedElsewhere(WaymarkError):
    status, code = 409, "changed_elsewhere"
    message = "This was changed in another window. Reload it to go on."


class ConversationEnded(WaymarkError):
    status, code, message = 409, "ended", "This chat has ended."


class NotAsked(WaymarkError):
    status, code, message = 409, "not_asked", "No questions are asked in this chat."


class IdUsed(WaymarkError):
    status, code, message = 409, "id_used", "This id was used for another message."


class AlreadyTaken(WaymarkError):
    status, code, message = 409, "already_taken", "Another helper has taken this chat."


class HoldsOthers(WaymarkError):
    status, code = 409, "holds_others"
    message = "You hold as many chats as you take at once. Pass one on, or end one, first."


class PassedOn(WaymarkError):
    status, code = 409, "passed_on"
    message = "This chat was passed to another helper. Anybody can take it after a minute."


class NotYours(WaymarkError):
    status, code, message = 409, "not_yours", "You do not hold this chat."


class NotConnected(WaymarkError):
    status, code = 409, "not_connected"
    message = "Their page is closed, so the rest of the chat cannot be opened."


class TooLong(WaymarkError):
    status, code, message = 413, "too_long", "A message has at most 2,000 characters."


class Invalid(WaymarkError):
    status, code, message = 422, "invalid", "Send an id and either a text or a button."


class PasswordWeak(WaymarkError):
    status, code, message = 422, "password_weak", "This password is too easy to guess."


class RecoveryRefused(WaymarkError):
    status, code = 422, "recovery_refused"
    message = "This is not the recovery key of this helpline."


class DoesNotOpen(WaymarkError):
    status, code = 500, "does_not_open"
    message = "This does not open: it was changed or moved. Tell whoever runs this service."


class SlowDown(WaymarkError):
    status, code, message = 429, "slow_down", "Too many tries. Wait a little."

    def __init__(self, retry_after: int) -> None:
        """`retry_after` in seconds."""
        self.retry_after = retry_after
        super().__init__()


class PartDown(WaymarkError):
    status, code, message = 503, "part_down", "This part is not working right now. Try again soon."
