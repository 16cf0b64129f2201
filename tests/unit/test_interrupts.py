import signal
import threading

import pytest

import poolviz
from poolviz import interrupts, observe


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
