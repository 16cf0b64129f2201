"""`%load_ext poolviz` in a real kernel: what is displayed under which cell, and what is live."""

import subprocess
import sys

import pytest

from poolviz.timeline import output
from poolviz.wire.codec import unpack
from tests.kernel.conftest import idle

SETUP = """
%load_ext poolviz
import time, threading
from poolviz import ProcessPoolExecutor, ThreadPoolExecutor

def work(seconds):
    time.sleep(seconds)
    return seconds
"""
PLACE = "poolviz-output"


def shown(messages):
    """The titles of the timelines that were displayed."""
    displayed = [m["content"]["data"] for m in messages if m["msg_type"] == "display_data"]
    return [data["text/plain"] for data in displayed if PLACE in data.get("text/html", "")]


def told(messages):
    """The headers of what timelines sent to their pages, with the cell whose message it is."""
    return [
        (m["content"]["data"]["content"], m["parent_header"]["msg_id"])
        for m in messages
        if m["msg_type"] == "comm_msg" and m["content"]["data"]["method"] == "custom"
    ]


def kept(messages):
    """What the notebook keeps: for each output that was replaced, its snapshot, or None where it has none."""
    replaced = [m["content"]["data"]["text/html"] for m in messages if m["msg_type"] == "update_display_data"]
    blobs = [output.read(html) for html in replaced]
    return [unpack(blob).header if blob else None for blob in blobs]


@pytest.mark.parametrize("pool", ["ThreadPoolExecutor", "ProcessPoolExecutor"])
def test_a_blocking_cell_is_live(kernel, pool):
    kernel.run(SETUP)
    kernel.run("release = threading.Event()")
    cell = kernel.start(f"with {pool}(2) as pool:\n    results = list(pool.map(work, [0.4] * 6))")
    messages = kernel.until(lambda message: idle(message, cell))
    headers = told(messages)
    assert shown(messages) == ["Timeline('cell 3')"]
    assert {parent for _, parent in headers} == {cell}
    assert any(header["counts"]["running"] == 2 and header["state"] == "live" for header, _ in headers)
    finished = [header["counts"]["finished"] for header, _ in headers]
    assert finished == sorted(finished) and len(set(finished)) > 2, "the counts move while the cell runs"
    assert [header["seq"] for header, _ in headers] == list(range(-1, len(headers) - 1))
    last = headers[-1][0]
    assert last["state"] == "done"
    assert last["counts"] == {"total": 6, "pending": 0, "running": 0, "finished": 6, "failed": 0, "cancelled": 0}
    [saved] = kept(messages)
    assert (saved["state"], saved["counts"]) == ("done", last["counts"])
    assert [header["kind"] for header, _ in headers] == ["snapshot"] + ["delta"] * (len(headers) - 1)


def test_which_cells_show_one(kernel):
    assert shown(kernel.run(SETUP)) == []
    assert shown(kernel.run("pool = ThreadPoolExecutor(2)")) == [], "a pool without calls"
    assert shown(kernel.run("pool.submit(work, 0).result()")) == ["Timeline('cell 3')"]
    assert shown(kernel.run("1 + 1")) == []
    assert shown(kernel.run("other = ThreadPoolExecutor(2)\nlist(pool.map(work, [0, 0]))\nother.submit(work, 0).result()")) == [
        "Timeline('cell 5')"
    ], "one for all pools of the cell, earlier ones included"
    background = "thread = threading.Thread(target=lambda: pool.submit(work, 0).result())\nthread.start()\nthread.join()"
    assert shown(kernel.run(background)) == [], "calls of a background thread"
    assert shown(kernel.run("import poolviz\nwith poolviz.trace('mine') as t:\n    pool.submit(work, 0).result()\nassert len(t) == 1")) == [
        "Timeline('cell 7')"
    ]
    kernel.run("%poolviz auto off")
    assert shown(kernel.run("pool.submit(work, 0).result()")) == []
    kernel.run("%poolviz auto on")
    kernel.run("%load_ext poolviz\n%reload_ext poolviz")
    assert len(shown(kernel.run("pool.submit(work, 0).result()"))) == 1, "loading again is loading once"
    kernel.run("%unload_ext poolviz")
    assert shown(kernel.run("pool.submit(work, 0).result()")) == []


def test_the_cell_that_loads_shows_its_calls_too(kernel):
    messages = kernel.run(SETUP + "\nwith ThreadPoolExecutor(1) as pool:\n    pool.submit(work, 0)")
    assert shown(messages) == ["Timeline('cell 1')"]
    assert told(messages)[-1][0]["state"] == "done"
    assert shown(kernel.run("ThreadPoolExecutor(1).submit(work, 0).result()")) == ["Timeline('cell 2')"]


def test_a_cell_that_raises_is_settled(kernel):
    kernel.run(SETUP)
    cell = kernel.start("with ThreadPoolExecutor(1) as pool:\n    pool.submit(work, 'x').result()")
    messages = kernel.until(lambda message: idle(message, cell))
    assert "error" in [message["msg_type"] for message in messages]
    last = told(messages)[-1][0]
    assert (last["state"], last["counts"]["failed"]) == ("done", 1)
    [error] = [error for header, _ in told(messages) for error in header.get("errors", [])]
    assert error[0] == 0 and error[1].startswith("TypeError")


def test_calls_that_outlive_their_cell_stay_live_and_settle_again(kernel):
    kernel.run(SETUP)
    messages = kernel.run("gate = threading.Event()\npool = ThreadPoolExecutor(1)\nfuture = pool.submit(gate.wait, 60)")
    assert [saved["state"] for saved in kept(messages)] == ["live"]
    assert told(messages)[-1][0]["state"] == "live"
    cell = kernel.start("gate.set()\nfuture.result(60)\nthreading.Event().wait(0.5)")
    messages = kernel.until(lambda message: idle(message, cell))
    done = [header for header, _ in told(messages) if header["state"] == "done"]
    assert len(done) == 1 and done[0]["counts"]["finished"] == 1
    own = kept([m for m in messages if m["parent_header"]["msg_id"] == cell])
    assert [saved["state"] for saved in own] == ["done"], "replaced on behalf of the cell that runs"


def test_a_page_is_answered(kernel):
    kernel.run(SETUP)
    messages = kernel.run("pool = ThreadPoolExecutor(1)\ntimeline = pool.timeline()\nlist(pool.map(work, [0] * 3))")
    [opened] = [
        m for m in messages if m["msg_type"] == "comm_open" and "AnyModel" in str(m["content"]["data"]["state"].get("_model_name"))
    ][:1]
    kernel.say(opened["content"]["comm_id"], {"kind": "resync", "have": 0})
    answer = kernel.until(lambda message: message["msg_type"] == "comm_msg" and told([message]))[-1]
    assert told([answer])[0][0]["kind"] == "snapshot"


def test_a_page_is_answered_while_a_cell_blocks(kernel):
    kernel.run(SETUP)
    messages = kernel.run("pool = ThreadPoolExecutor(1)\ntimeline = pool.timeline()\nlist(pool.map(work, [0] * 3))")
    [opened] = [
        m for m in messages if m["msg_type"] == "comm_open" and "AnyModel" in str(m["content"]["data"]["state"].get("_model_name"))
    ][:1]
    subshell = kernel.subshell()
    # It ends when the test lets it; the publisher sends from the main shell meanwhile, which is what draws answers there.
    cell = kernel.start(
        "gate = threading.Event()\npool.submit(gate.wait, 60)\ntimeline.on_msg(lambda *_: gate.set())\nassert gate.wait(20)"
    )
    kernel.until(lambda message: any(header["counts"]["running"] for header, _ in told([message])))
    kernel.say(opened["content"]["comm_id"], {"kind": "resync", "have": 0}, subshell)
    messages = kernel.until(lambda message: idle(message, cell))
    assert "error" not in [message["msg_type"] for message in messages], "the answer came only after the cell"
    assert "snapshot" in [header["kind"] for header, _ in told(messages)]


def test_a_cell_that_runs_again_gives_up_what_it_showed(kernel):
    kernel.run(SETUP)
    kernel.run("pool = ThreadPoolExecutor(1)")
    kernel.run("pool.submit(work, 0).result()", cell_id="one")
    kernel.run("pool.submit(work, 0).result()", cell_id="two")
    messages = kernel.run("pool.submit(work, 0).result()", cell_id="one")
    assert shown(messages) == ["Timeline('cell 5')"]
    assert len([m for m in messages if m["msg_type"] == "comm_close"]) == 1


TERMINAL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
for line in (
    "%load_ext poolviz",
    "%poolviz",
    "from poolviz import ThreadPoolExecutor",
    "with ThreadPoolExecutor(1) as pool: print(pool.submit(abs, -5).result())",
    "print(pool.trace)",
    "%unload_ext poolviz",
):
    shell.run_cell(line).raise_error()
"""


def test_a_terminal_shows_nothing_and_complains_of_nothing():
    done = subprocess.run([sys.executable, "-c", TERMINAL], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "auto   on     the first call of a cell shows a timeline under it",
        "stdlib on     pools of concurrent.futures that your code makes are drawn too",
        "height auto   of a timeline in pixels; auto: by the number of workers",
        "theme  auto   of a timeline; auto: the notebook's",
        "save   on     timelines are kept with the notebook; off: only their pictures",
        "This is no notebook: calls are recorded, and there is nothing to draw in.",
        "5",
        "Trace('ThreadPoolExecutor': 1 call, 1 finished)",
    ]
    assert done.stderr == ""
