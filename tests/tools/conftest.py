"""The desk's tools as they stand, read once for all tests."""

from datetime import date

import pytest

from helpline.facts import Facts, values_of
from helpline.tools import Tools
from tests.conftest import ROOT

TODAY = date(2026, 11, 29)


@pytest.fixture(scope="session")
def facts() -> Facts:
    return Facts.load(ROOT / "data" / "facts", values_of())


@pytest.fixture(scope="session")
def tools(facts: Facts) -> Tools:
    return Tools.load(ROOT / "data", facts)
