"""What the workers run. It imports little: every worker of every pool imports it."""

import os
import time
from typing import TypeVar

T = TypeVar("T")


def nothing() -> None:
    """The call itself costs nothing, so that all that is measured is the pool."""


def same(value: T) -> T:
    """There and back."""
    return value


def process_after(seconds: float) -> int:
    """The worker's process, late enough that the other worker is asked as well."""
    time.sleep(seconds)
    return os.getpid()
