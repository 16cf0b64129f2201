"""Pipes of workers are larger than usual, but they leave most of the user's allowance to other programs."""

import fcntl
import multiprocessing
import os
import sys

import pytest

from poolviz.executors import transport
from poolviz.executors.frames import PIPE
from poolviz.executors.slots import Slots
from poolviz.executors.transport import Link

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems' pipes have the size that they have")
ALLOWANCE = transport._allowance()


def size_of(fd):
    return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)


def usual():
    reader, writer = os.pipe()
    try:
        return size_of(reader)
    finally:
        os.close(reader)
        os.close(writer)


def sizes(links):
    return [size_of(fd) for link in links for fd in (link.writer, link.reader)]


def links(n):
    context = multiprocessing.get_context("spawn")
    slots = Slots(n)
    return [Link(context, False, slots) for _ in range(n)]


def close(links):
    for link in links:
        link.close()


def test_those_of_few_workers_are_large():
    for _ in range(3):  # what was closed is given back
        made = links(8)
        try:
            assert set(sizes(made)) == {PIPE}
        finally:
            close(made)


def test_those_of_many_workers_take_an_eighth_of_the_allowance_beyond_the_usual():
    made = links(60)
    try:
        found = sizes(made)
        assert set(found) == {PIPE, usual()}
        assert sum(size - usual() for size in found) <= ALLOWANCE // 8
    finally:
        close(made)
    made = links(1)
    try:
        assert set(sizes(made)) == {PIPE}
    finally:
        close(made)


def _size_beside_many_workers(sender):
    if not os.getuid():
        os.setuid(65_534)  # root has no limit
    made = links(100)
    sender.send(usual())
    close(made)


def test_others_get_pipes_of_the_usual_size():
    """A hundred workers of a user that is not root. Once the allowance is used up, a new pipe has two pages."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    with receiver, sender:
        process = context.Process(target=_size_beside_many_workers, args=(sender,))
        process.start()
        try:
            assert receiver.poll(30) and receiver.recv() == usual()
        finally:
            process.join(30)
            process.close()
