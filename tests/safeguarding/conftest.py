"""The real screener and policy, loaded once."""

from pathlib import Path

import pytest

from safeguarding import Policy, Screener

FOLDER = Path(__file__).parents[2] / "data" / "safeguarding"


@pytest.fixture(scope="session")
def folder():
    return FOLDER


@pytest.fixture(scope="session")
def screener():
    return Screener.load(FOLDER)


@pytest.fixture(scope="session")
def policy():
    return Policy.load(FOLDER)
