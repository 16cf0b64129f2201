import contextvars
import threading

from poolviz import observe
from poolviz.timeline.publisher import Publisher
from tests.steps import strike_at_each

asked_by = contextvars.ContextVar("asked_by")


class Counting:
    """Says how often it was published, and in which context, until it has had enough."""

    def __init__(self, rounds):
        self.context = contextvars.copy_context()
        self.left = rounds
        self.seen = []
        self.done = threading.Event()

    def publish(self):
        self.seen.append(asked_by.get(None))
        self.left -= 1
        if self.left == 0:
            self.done.set()
        return self.left > 0


class Failing(Counting):
    def publish(self):
        super().publish()
        raise RuntimeError("no page")


def test_each_is_published_in_its_own_context_until_it_has_ended():
    publisher = Publisher()
    asked_by.set("cell 1")
    one = Counting(3)
    asked_by.set("cell 2")
    two = Counting(2)
    publisher.add(one)
    publisher.add(two)
    assert one.done.wait(30) and two.done.wait(30)
    last = Counting(2)
    publisher.add(last)
    assert last.done.wait(30), "a parked publisher wakes up"
    assert one.seen == ["cell 1"] * 3
    assert two.seen == ["cell 2"] * 2


def test_one_that_raises_is_logged_and_taken_out(caplog):
    publisher = Publisher()
    failing = Failing(5)
    publisher.add(failing)
    after = Counting(3)
    publisher.add(after)
    assert after.done.wait(30), "the others go on"
    assert len(failing.seen) == 1
    assert "no page" in caplog.text


class Leaving(Counting):
    def publish(self):
        super().publish()
        raise SystemExit("an observer of the user's")


def test_nothing_ends_the_thread(caplog, monkeypatch):
    """Whatever a timeline, a flush or a log handler raises: the others are published as before, by the same thread."""
    publisher = Publisher()
    before = Counting(10**9)
    publisher.add(before)
    thread = publisher._thread
    leaving = Leaving(5)
    publisher.add(leaving)
    for wrong in (RuntimeError("dictionary changed size during iteration"), SystemExit(), MemoryError()):
        failed = threading.Event()

        def flush_all(wrong=wrong, failed=failed):
            failed.set()
            raise wrong

        with monkeypatch.context() as context:
            context.setattr(observe, "flush_all", flush_all)
            assert failed.wait(30)
        after = Counting(2)
        publisher.add(after)
        assert after.done.wait(30)
    assert len(leaving.seen) == 1
    assert publisher._thread is thread and thread.is_alive()
    publisher.discard(before)


def test_a_discarded_one_is_published_no_more():
    publisher = Publisher()
    one, other = Counting(10**9), Counting(4)
    publisher.add(one)
    publisher.discard(one)
    publisher.discard(one)
    seen = len(one.seen)
    publisher.add(other)
    assert other.done.wait(30)
    assert len(one.seen) <= seen + 1


def test_a_handler_that_raises_leaves_no_lock_behind():
    publisher = Publisher()

    def after():
        one = Counting(1)
        publisher.add(one)
        assert one.done.wait(30)

    after()
    assert strike_at_each(lambda: publisher.add(Counting(1)), after) > 5
    assert strike_at_each(lambda: publisher.discard(None), after) > 5
