"""The threads that call pools, numbered from 1 on through the whole process.

A thread's own identifier is used again as soon as it has ended: by it, what one thread waited for would pass for another's.
"""

import threading
from itertools import count
from threading import get_ident

#: Names that are remembered; the oldest go first.
MANY = 10_000

#: The names of the newest callers, by their numbers.
names: dict[int, str] = {}

_numbers = count(1)


class _Here(threading.local):
    """What is the calling thread's own; made when a thread first looks."""

    def __init__(self) -> None:
        self.number = next(_numbers)
        """The number of the calling thread, which no other thread ever gets."""
        # Not current_thread(): for a thread that Python's `threading` has not started it would invent a record that stays. And not
        # enumerate(): it takes a lock, which this very thread may have when a finalizer comes here.
        thread = threading._active.get(get_ident())  # type: ignore[attr-defined]  # not in the stubs
        names[self.number] = "a thread" if thread is None else thread.name
        oldest = self.number - MANY
        if names.get(oldest) != threading.main_thread().name:  # which is there as long as the process
            names.pop(oldest, None)


#: `here.number` is that of the calling thread; an attribute, as it is read for each result that is taken.
here = _Here()
