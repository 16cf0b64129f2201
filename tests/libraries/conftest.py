"""As with the tests of faults: nothing is left behind."""

from tests.faults.conftest import helpers_of_multiprocessing, new_pool, nothing_left, run_program

__all__ = ["helpers_of_multiprocessing", "new_pool", "nothing_left", "run_program"]
