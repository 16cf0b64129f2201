"""As with the tests of faults: nothing is left behind."""

from tests.faults.conftest import helpers_of_multiprocessing, nothing_left

__all__ = ["helpers_of_multiprocessing", "nothing_left"]
