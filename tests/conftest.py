"""For all tests."""

import signal

import pytest
from hypothesis import settings

# A test never depends on how fast the machine is.
settings.register_profile("poolviz", deadline=None)
settings.load_profile("poolviz")


@pytest.fixture(autouse=True, scope="session")
def ctrl_c():
    """Take Ctrl-C as a program in a terminal does: what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
