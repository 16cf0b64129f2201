"""Which loops were left by KeyboardInterrupt: told apart from breaks, other exceptions, and interrupts that somebody caught."""

import gc
import threading
import weakref
from contextlib import closing, suppress

import pytest

from poolviz.executors import leaving


class Pool:
    """What a map's iterator needs of one."""

    def __init__(self):
        self.interrupts = 0

    def interrupt(self):
        self.interrupts += 1

    def map(self, n=10):
        before = leaving.handled()
        try:
            yield from range(n)
        except GeneratorExit as end:
            leaving.note(end, before, self.interrupt)
            raise


def work(error=KeyboardInterrupt):
    raise error


def handed_on(items):
    for item in items:
        with suppress(ValueError):
            yield item


def in_the_body(pool):
    for _ in pool.map():
        work()


def in_an_inner_loop(pool):
    for _ in range(3):
        for _ in pool.map():
            work()


def in_the_body_of_a_try(pool):
    try:
        for _ in pool.map():
            work()
    finally:
        pool.interrupts += 0


def and_raised_again(pool):
    try:
        for _ in pool.map():
            work()
    except KeyboardInterrupt:
        pool.interrupts += 0
        raise


def through_enumerate_and_zip(pool):
    for _ in enumerate(zip(pool.map(), "abc", strict=False)):
        work()


def through_generators(pool):
    for _ in handed_on(item for item in handed_on(pool.map())):
        work()


def with_closing(pool):
    with closing(pool.map()) as results:
        for _ in results:
            work()


def after_a_break(pool):
    for _ in pool.map():
        break
    work()


def after_a_break_in_a_loop(pool):
    for i in range(3):
        for _ in pool.map():
            if i < 2:
                break
        else:
            work()


def after_a_break_in_a_generator(pool):
    def first():
        for _ in pool.map():
            break
        yield 0

    for _ in first():
        work()


def after_another_exception(pool):
    with suppress(ValueError):
        for _ in pool.map():
            work(ValueError)
    work()


def caught_in_the_body(pool):
    for item in pool.map():
        with suppress(KeyboardInterrupt):
            work()
        if item == 2:
            break
    work()


def in_a_handler(pool):
    try:
        work()
    except KeyboardInterrupt:
        for _ in pool.map():
            break
        raise


def while_the_iterator_is_kept(pool):
    pool.kept = pool.map()
    for _ in pool.kept:
        work()


LEFT = [
    in_the_body,
    in_an_inner_loop,
    in_the_body_of_a_try,
    and_raised_again,
    through_enumerate_and_zip,
    through_generators,
    with_closing,
]
NOT_LEFT = [
    after_a_break,
    after_a_break_in_a_loop,
    after_a_break_in_a_generator,
    after_another_exception,
    caught_in_the_body,
    in_a_handler,
    while_the_iterator_is_kept,
]


@pytest.fixture(autouse=True)
def nothing_noted():
    leaving.ended_by(None)
    yield
    leaving.ended_by(None)


@pytest.mark.parametrize("loop", LEFT + NOT_LEFT, ids=lambda loop: loop.__name__)
def test_left_by_ctrl_c(loop):
    pool, other = Pool(), Pool()
    for _ in other.map():
        break
    with pytest.raises(KeyboardInterrupt) as caught:
        loop(pool)
    leaving.ended_by(caught.value)
    leaving.ended_by(caught.value)
    assert (pool.interrupts, other.interrupts) == (int(loop in LEFT), 0)


def test_a_loop_that_was_left_holds_no_pool():
    pool = Pool()
    for _ in pool.map():
        break
    assert len(leaving._left) == 1, "the loop is noted"
    gone = weakref.ref(pool)
    del pool
    gc.collect()
    assert gone() is None
    leaving.ended_by(KeyboardInterrupt())


def test_another_exception_interrupts_nothing():
    pool = Pool()
    with pytest.raises(ValueError) as caught:
        for _ in pool.map():
            work(ValueError)
    leaving.ended_by(caught.value)
    assert pool.interrupts == 0


def test_loops_of_other_threads_are_their_own():
    pool = Pool()
    errors = []

    def loop():
        try:
            in_the_body(pool)
        except KeyboardInterrupt as error:
            errors.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    thread.join(10)
    leaving.ended_by(errors[0])
    assert pool.interrupts == 0
