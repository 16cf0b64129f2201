"""What the pools of these tests are asked to do. Importable by workers however they were started."""

import ctypes
import dataclasses
import os
import pickle
import signal
import sys
import threading
import time
from pathlib import Path

#: Seconds after which a call that waits for a test gives up: longer than any test may wait for it.
LIMIT = 60


def double(x):
    return 2 * x


def square(x):
    return x * x


def add(x, y):
    return x + y


def identity(x):
    return x


def nap(seconds):
    time.sleep(seconds)
    return seconds


def fail(text):
    raise ValueError(text)


def pid():
    return os.getpid()


def pid_after(seconds):
    time.sleep(seconds)
    return os.getpid()


def touch(path):
    """Leave a file as a sign that the call ran."""
    Path(path).touch()


def touch_then_wait(sign, gate):
    """Say that the call runs, then wait until the test opens the gate."""
    touch(sign)
    return wait_for(gate)


def wait_for(gate):
    """Wait for a file, in Python code: other threads and signal handlers run meanwhile."""
    deadline = time.monotonic() + LIMIT
    while not os.path.exists(gate):
        if time.monotonic() > deadline:
            raise TimeoutError(gate)
        time.sleep(0.005)
    return os.getpid()


def hold_the_gil(seconds):
    """Sleep inside C code that keeps the interpreter's lock: no other thread of this process runs, and no signal handler."""
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))
    return os.getpid()


def hold_the_gil_until(sign, fifo):
    """Hold the interpreter's lock in C code until the test writes to a named pipe."""
    fd = os.open(fifo, os.O_RDWR)
    buffer = ctypes.create_string_buffer(1)
    touch(sign)
    ctypes.PyDLL(None).read(fd, buffer, 1)
    os.close(fd)
    return os.getpid()


def clean_up(sign, done):
    """Wait; when interrupted, take some time to leave things in order."""
    touch(sign)
    try:
        time.sleep(LIMIT)
    finally:
        time.sleep(0.3)
        touch(done)


def sum_for_ever(sign):
    """One call of a C function that takes about a quarter of an hour and never lets go of the interpreter's lock."""
    touch(sign)
    return sum(range(10**11))


def exit_at_once(code=3):
    os._exit(code)


def exit_unless(path):
    """Die on the first call, after which there is a file."""
    if not os.path.exists(path):
        touch(path)
        os._exit(5)
    return os.getpid()


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(LIMIT)


def leave_a_child_behind(path):
    """Fork a process that keeps all of this one's descriptors open, say which, then die."""
    child = os.fork()
    if not child:
        time.sleep(LIMIT)
        os._exit(0)
    Path(path).write_text(str(child))
    os.kill(os.getpid(), signal.SIGKILL)


def thread_count():
    return threading.active_count()


def initializer_that_raises():
    raise RuntimeError("the initializer's own words")


def initializer_that_exits(code):
    os._exit(code)


def initializer_that_naps(sign, seconds):
    touch(sign)
    time.sleep(seconds)


def initializer_that_sends(lock, writer):
    with lock:
        writer.send("locked")


def loaded_modules(names):
    return [name for name in names if name in sys.modules]


def double_or_die(x):
    if x == 40:
        kill_self()
    return 2 * x


class Deadly:
    """Unpickling it ends the process."""

    def __reduce__(self):
        return os._exit, (9,)


class DeadlyFunction:
    """A function whose unpickling ends the process."""

    def __call__(self):
        return None

    def __reduce__(self):
        return os._exit, (9,)


class DeadlyWhenFreed:
    """Ends the process in which it is freed, unless that is the one that made it."""

    def __init__(self):
        self.maker = os.getpid()

    def __del__(self):
        if os.getpid() != self.maker:
            os._exit(9)


class MakesDeadly:
    """Nothing to be seen of it here: it becomes something deadly where it arrives."""

    def __reduce__(self):
        return give_deadly, ()


def give_deadly(i=0):
    """A result that ends this process when it is freed."""
    return DeadlyByPid(i)


class DeadlyByPid:
    """Ends the process that made it when that frees it."""

    def __init__(self, i):
        self.i = i
        self.maker = os.getpid()

    def __del__(self):
        if os.getpid() == self.maker:
            os._exit(9)


class DeadlyError(ValueError):
    """An exception that ends the process that raised it when that frees it."""

    def __init__(self, *args):
        super().__init__(*args)
        self.maker = os.getpid()

    def __del__(self):
        if os.getpid() == self.maker:
            os._exit(9)


def raise_deadly(i):
    raise DeadlyError(i)


def first(x, *rest):
    return x


class ComesBackLate:
    """Unpickling it waits for a file."""

    def __init__(self, gate):
        self.gate = gate

    def __reduce__(self):
        return after_the_gate, (self.gate,)


def after_the_gate(gate):
    wait_for(gate)
    return "after the gate"


def result_that_waits_for(gate):
    """Give a result that keeps whoever unpickles it waiting."""
    return ComesBackLate(gate)


def raise_class(what):
    raise what


class FailsToPickle:
    """Its pickling raises."""

    def __init__(self, what=ValueError):
        self.what = what

    def __reduce__(self):
        raise self.what("cannot pickle this")


class FailsToUnpickle:
    """Its unpickling raises; callable, to stand for a function too."""

    def __init__(self, what):
        self.what = what

    def __call__(self):
        return None

    def __reduce__(self):
        return raise_class, (self.what,)


def lock_if_seven(x):
    return threading.Lock() if x == 7 else x


def fails_to_unpickle_if_seven(x):
    return FailsToUnpickle(ValueError) if x == 7 else x


class HoldsLock(Exception):
    """Cannot be pickled."""

    def __init__(self):
        super().__init__("no way back")
        self.lock = threading.Lock()


class TwoArguments(Exception):
    """Pickles, but unpickles only with an argument more than the pickle has."""

    def __init__(self, first="first", second="second"):
        super().__init__(f"{first} and {second}")

    def __reduce__(self):
        return _two_arguments, ("alone",)


def _two_arguments(first, second):
    return TwoArguments(first, second)


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    """Does not let itself be changed."""

    number: int = 3


class Unprintable(Exception):
    """Has no words."""

    def __str__(self):
        raise RuntimeError("no words")

    __repr__ = __str__


class ExitsInStr(Exception):
    """Ends the program when it is printed."""

    def __init__(self, text="exits in str"):
        super().__init__(text)

    def __str__(self):
        sys.exit("from __str__")

    __repr__ = __str__


def raise_it(name):
    raise globals()[name]()


def raise_after(gate):
    wait_for(gate)
    raise ValueError("after the gate")


def nap_or_wait(gate):
    """Sleep for 60 ms, or until there is a file."""
    if gate is None:
        time.sleep(0.06)
    else:
        wait_for(gate)


def ignore_signals_and_wait(sign, gate):
    """Do what stubborn code does: mind no signal that can be ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    touch_then_wait(sign, gate)


def touch_and_nap(sign, seconds=0.05):
    touch(sign)
    time.sleep(seconds)


class Buffers:
    """Holds large buffers and offers them to pickle protocol 5 out of band."""

    def __init__(self, parts):
        self.parts = parts

    def __reduce_ex__(self, protocol):
        return _with_buffers, tuple(pickle.PickleBuffer(part) for part in self.parts)


def _with_buffers(*parts):
    return Buffers(list(parts))


def parts_of(value):
    return value.parts


def kinds_of(value):
    return [(type(part).__name__, len(part)) for part in value.parts]


def fail_or_wait(what):
    """Return nothing at once, fail, or wait for a file."""
    if what == "!":
        raise ValueError("asked to fail")
    return wait_for(what) if what else what


def log_of_normal(x):
    return -0.5 * float((x * x).sum())


def meet(folder, others):
    """Wait until so many processes have come here."""
    touch(folder / str(os.getpid()))
    deadline = time.monotonic() + 30
    while len(list(folder.iterdir())) < others:
        if time.monotonic() > deadline:
            raise TimeoutError("nobody else has come")
        time.sleep(0.01)


def note_and_nap(path, seconds):
    """Add a byte to a file, and take some time."""
    with open(path, "a") as file:
        file.write(".")
    time.sleep(seconds)


def crash_at_exit():
    """Have this process end by a signal when it exits."""
    import atexit

    atexit.register(os.kill, os.getpid(), 9)
    from multiprocessing import util

    util.Finalize(None, os.kill, args=(os.getpid(), 9), exitpriority=100)


def add_in_place(array):
    """Write to an array; the sum of what it holds then."""
    array += 1
    return array.sum()
