import functools
import os
import signal
import sys
import threading
import traceback

import pytest

import poolviz
from poolviz import interrupts, observe
from tests.steps import Steps


def test_an_interrupt_waits_for_the_end_of_the_block():
    before, done = signal.getsignal(signal.SIGINT), []
    with pytest.raises(KeyboardInterrupt), interrupts.put_off():
        signal.raise_signal(signal.SIGINT)
        with interrupts.put_off():
            signal.raise_signal(signal.SIGINT)
        done.append("the rest")
    assert done == ["the rest"]
    assert signal.getsignal(signal.SIGINT) is before


def test_without_an_interrupt_nothing_is_raised_and_another_handler_is_asked():
    calls = []
    before = signal.signal(signal.SIGINT, lambda number, frame: calls.append(number))
    try:
        with interrupts.put_off():
            pass
        assert calls == []
        with interrupts.put_off():
            signal.raise_signal(signal.SIGINT)
            assert calls == []
        assert calls == [signal.SIGINT]
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with interrupts.put_off():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_leaves_the_handler_alone():
    seen = []

    def look():
        with interrupts.put_off():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


class Interrupter:
    """An observer in whose middle Ctrl-C is pressed."""

    def __init__(self):
        self.batches = 0

    def on_batch(self, batch, /):
        self.batches += 1
        signal.raise_signal(signal.SIGINT)


def test_an_interrupted_flush_counts_each_call_once():
    interrupter = Interrupter()
    with poolviz.ThreadPoolExecutor(1) as pool:
        trace = pool.trace
        for _ in range(3):
            list(pool.map(abs, range(10)))
            observe.add_observer(interrupter)
            try:
                with pytest.raises(KeyboardInterrupt):
                    observe.flush_all()
            finally:
                observe.remove_observer(interrupter)
    assert interrupter.batches > 3, "the flush went on to its end"
    assert trace.counts() == {"total": 30, "pending": 0, "running": 0, "finished": 30, "failed": 0, "cancelled": 0}


# A handler that raises, at every step at which the interpreter may call it.


class Alarm(Exception):
    """What a handler raises."""


def in_a_child(test):
    """Run a test in a forked process.

    An exception that a trace function lets through may stay the interpreter's current one, and every later exception has it as its context.
    """

    @functools.wraps(test)
    def run(**arguments):
        child = os.fork()
        if not child:
            try:
                test(**arguments)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    return run


def run_block(at):
    """Run a block while signals come.

    Args:
        at: the signals, by the steps at which they come.

    Returns:
        How many of the block's two halves were run, what was raised, and the number of steps.
    """
    steps = Steps((interrupts.__file__,), at.get, without=("__call__", "_is_interrupt"))
    done, error = [], None
    try:
        with steps, interrupts.put_off():
            done.append(1)
            done.append(2)
    except (Alarm, KeyboardInterrupt) as raised:
        error = raised
    return len(done), error, steps.n


@pytest.fixture
def alarms():
    """The handlers of SIGUSR1, which raises, and of SIGINT."""

    def handler(number, frame):
        raise Alarm

    before = signal.signal(signal.SIGUSR1, handler)
    interrupt = signal.getsignal(signal.SIGINT)
    yield handler, interrupt
    signal.signal(signal.SIGUSR1, before)
    signal.signal(signal.SIGINT, interrupt)


def steps_of_a_block(cold):
    """How many steps a block has; more when the handlers have changed since the last one."""
    if cold:
        interrupts._handlers = interrupts._UNKNOWN
    return run_block({})[2]


@pytest.mark.parametrize("cold", [False, True])
@in_a_child
def test_a_handler_that_raises_at_any_step_leaves_everything_as_it_was(alarms, cold):
    handler, interrupt = alarms
    steps_of_a_block(True)
    n = steps_of_a_block(cold)
    whole = 0
    for step in range(1, n + 1):
        if cold:
            interrupts._handlers = interrupts._UNKNOWN
        done, error, _ = run_block({step: signal.SIGUSR1})
        assert done in (0, 2), step
        assert isinstance(error, Alarm), step
        assert signal.getsignal(signal.SIGINT) is interrupt, step
        assert signal.getsignal(signal.SIGUSR1) is handler, step
        assert interrupts._open is None, step
        whole += done == 2
    assert 0 < whole < n


@in_a_child
def test_two_handlers_that_raise_at_any_two_steps(alarms):
    handler, interrupt = alarms
    n = steps_of_a_block(True)
    for first in range(1, n + 1):
        for second in range(first + 1, n + 10, 3):
            for pair in ((signal.SIGUSR1, signal.SIGINT), (signal.SIGINT, signal.SIGUSR1)):
                done, _, _ = run_block(dict(zip((first, second), pair, strict=True)))
                assert done in (0, 2)
                assert interrupts._open is None
                assert signal.getsignal(signal.SIGINT) is interrupt, (first, second, pair)
                # A note that two handlers have left behind between them does what its handler does, and goes.
                with pytest.raises(Alarm):
                    signal.raise_signal(signal.SIGUSR1)
                assert signal.getsignal(signal.SIGUSR1) is handler


def test_signals_that_come_in_a_block_are_all_handled_after_it(alarms):
    handled = []
    signal.signal(signal.SIGUSR1, lambda number, frame: handled.append(number))
    with pytest.raises(KeyboardInterrupt), interrupts.put_off():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGUSR1)
        assert handled == []
    assert handled == [signal.SIGUSR1]


def test_a_handler_that_is_set_for_a_real_time_signal_is_put_off_once_it_was_seen(alarms):
    number = signal.SIGRTMIN + 5
    before = signal.signal(number, alarms[0])
    try:
        poolviz.ThreadPoolExecutor(1).shutdown()
        done = []
        with pytest.raises(Alarm), interrupts.put_off():
            signal.raise_signal(number)
            done.append(1)
        assert done == [1]
    finally:
        signal.signal(number, before)


def test_a_child_that_is_forked_in_a_block_has_the_handlers(alarms):
    read, write = os.pipe()
    forked = threading.Event()

    def fork():
        if os.fork() == 0:
            same = signal.getsignal(signal.SIGINT) is alarms[1] and interrupts._open is None
            with interrupts.put_off():
                """What came in the parent is the parent's."""
            os.write(write, b"y" if same else b"n")
            os._exit(0)
        os.wait()
        forked.set()

    with pytest.raises(Alarm), interrupts.put_off():
        signal.raise_signal(signal.SIGUSR1)
        thread = threading.Thread(target=fork)
        thread.start()
        assert forked.wait(30)
    thread.join()
    assert os.read(read, 1) == b"y"
    os.close(read)
    os.close(write)


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_a_handler_raised_is_known(alarms, wrapped):
    def raised():
        try:
            signal.raise_signal(signal.SIGUSR1)
        except Alarm as error:
            return error

    error = raised()
    caught = error
    if wrapped:
        caught = ValueError("cannot be pickled")
        caught.__cause__ = error
    assert interrupts.from_handler(caught) is error
    assert interrupts.from_handler(ValueError()) is None
