"""Reads danger in what a young person writes; the web, the database and Rasa are unknown here."""

from safeguarding.assessment import Assessment, Course, Signal
from safeguarding.errors import SafeguardingError
from safeguarding.policy import Bubble, Policy, Response
from safeguarding.screen import Screener

__all__ = [
    "Assessment",
    "Bubble",
    "Course",
    "Policy",
    "Response",
    "SafeguardingError",
    "Screener",
    "Signal",
]
