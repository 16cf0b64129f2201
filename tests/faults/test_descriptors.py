"""How many descriptors a pool takes in the program that made it. A program may have 1024 by default, and a library makes many pools."""

import os
import sys

import pytest

from poolviz.executors.slots import CLAIMED, DONE, Slots
from tests.faults import tasks
from tests.faults.helpers import LIMIT, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no pidfds and eventfds")
#: As the standard library's for four workers.
MOST = 14


def descriptors():
    listed = os.listdir("/proc/self/fd")
    return {fd for fd in map(int, listed) if os.path.islink(f"/proc/self/fd/{fd}")}  # not the one that listed them


def test_four_workers_take_no_more_than_the_standard_library_s(new_pool):
    before = descriptors()
    pool = new_pool("spawn", 4)
    futures = [pool.submit(tasks.nap, 0.5) for _ in range(4)]
    until(lambda: len(pool._processes) == 4)
    for future in futures:
        future.result(LIMIT)
    assert len(descriptors() - before) <= MOST
    pool.shutdown()


def test_workers_that_follow_one_another_take_no_more(new_pool):
    """Slots, pipes and all else are given back, also by workers that end late."""
    pool = new_pool("spawn", 2, max_tasks_per_child=1)
    before = descriptors()
    for _ in range(3):
        assert [future.result(LIMIT) for future in [pool.submit(tasks.double, i) for i in range(6)]] == [0, 2, 4, 6, 8, 10]
    pool.shutdown()
    assert until(lambda: not descriptors() - before)


def test_slots_are_used_again_and_begin_anew():
    slots = Slots(2)
    before = descriptors()
    for _ in range(3):
        taken = [slots.take() for _ in range(5)]  # more than there was room for
        assert len({(fd, at) for _, fd, at in taken}) == 5
        for i, (slot, _, _) in enumerate(taken):
            assert [slot.words[k] for k in (CLAIMED, DONE)] == [-1, -1] and not any(slot.revoked)
            slot.words[CLAIMED] = i
            slot.revoked[:] = bytes([1]) * len(slot.revoked)
        assert [slot.words[CLAIMED] for slot, _, _ in taken] == [*range(5)]
        taken[0][0].close()
        again, _, _ = slots.take()
        assert again.words[CLAIMED] == -1 and not any(again.revoked)
        for slot in [again, *(slot for slot, _, _ in taken[1:])]:
            slot.close()
        assert descriptors() == before
