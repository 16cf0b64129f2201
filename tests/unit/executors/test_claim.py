"""What a worker's slot says of the chunk that it has claimed."""

import os
import threading
from types import SimpleNamespace

from poolviz.executors.slots import CLAIMED, DONE, ITEM, ITEM_STARTED, RING, Slot
from poolviz.executors.worker import Worker


def test_a_chunk_begins_with_its_first_item():
    """Else a worker that dies before it has begun an item would be taken to have died of one of the chunk before."""
    reader, writer = os.pipe()
    slot = Slot(memoryview(bytearray(64 + RING)), lambda: None)
    slot.clear()
    worker = Worker(SimpleNamespace(slot=slot, lock=threading.Lock(), outlet=writer, streams=[]), False)
    first = worker.claim(0)
    slot.words[ITEM], slot.words[ITEM_STARTED] = 7, first + 100
    slot.words[DONE] = 0
    second = worker.claim(1)
    assert second and slot.words[CLAIMED] == 1
    assert slot.current() == (1, second, 0, second)
    os.close(reader)
    os.close(writer)
