"""Every test of this folder leaves nothing behind, whatever went wrong in it."""

import multiprocessing
from multiprocessing import forkserver, resource_tracker

import pytest

from tests.faults.helpers import Belongings, Program, make_pool, until


@pytest.fixture(scope="session", autouse=True)
def helpers_of_multiprocessing():
    """Start what multiprocessing keeps for the whole life of a process, so that no test is blamed for it."""
    resource_tracker.ensure_running()
    forkserver.ensure_running()
    process = multiprocessing.get_context("forkserver").Process(target=int)
    process.start()
    process.join()
    process.close()


@pytest.fixture(autouse=True)
def nothing_left(helpers_of_multiprocessing):
    before = Belongings()
    yield
    left = {}

    def clean():
        nonlocal left
        left = Belongings().more_than(before)
        return not left

    try:
        until(clean, 10)
    except AssertionError:
        raise AssertionError(f"left behind: {left}") from None


@pytest.fixture
def new_pool(nothing_left):
    """Makes pools; those that a failing test left open are ended."""
    pools = []

    def make(kind, workers=2, **settings):
        pools.append(make_pool(kind, workers, **settings))
        return pools[-1]

    yield make
    for pool in pools:
        if hasattr(pool, "kill_workers"):
            pool.kill_workers()
        pool.shutdown(wait=True, cancel_futures=True)
    pools.clear()  # what the test was given may outlive this fixture


@pytest.fixture
def run_program(tmp_path, nothing_left):
    """Runs Python source as a program, see `Program`."""
    programs = []

    def run(source, *arguments):
        programs.append(Program(tmp_path / f"program{len(programs)}.py", source, *arguments))
        return programs[-1]

    yield run
    for program in programs:
        program.clear()
