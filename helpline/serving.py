"""The facts that settings decide, such as how long a chat is kept, in words."""

from helpline.settings import Settings


def values_of(settings: Settings | None = None) -> dict[str, str]:
    """Fact id → value as it is said: W06 for chats with the assistant, W13 for those with a helper.

    Without settings, those of a fresh installation.
    """
    chosen = settings or Settings()
    return {
        "W06": _amount(chosen.assistant_chats_kept_hours, "hour"),
        "W13": _amount(chosen.handed_off_chats_kept_days, "day"),
    }


def _amount(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
