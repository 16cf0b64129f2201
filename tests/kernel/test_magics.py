"""`%poolviz` and `%%poolviz` in a real kernel."""

import pytest

from tests.kernel.conftest import idle
from tests.kernel.test_extension import PLACE, SETUP, kept, shown, told
from tests.kernel.test_stdlib import printed


def complaint(kernel, code):
    """What a cell that is wrong says on its error output."""
    cell = kernel.start(code)
    messages = kernel.until(lambda message: idle(message, cell))
    return "".join(m["content"].get("text", "") for m in messages if m["msg_type"] == "stream" and m["content"]["name"] == "stderr")


def test_it_says_what_is_on_and_sets_it(kernel):
    kernel.run(SETUP)
    words = [line.split()[:2] for line in printed(kernel.run("%poolviz")).splitlines()]
    assert words == [["auto", "on"], ["stdlib", "on"], ["height", "auto"], ["theme", "auto"], ["save", "on"]]
    kernel.run("%poolviz auto off\n%poolviz stdlib off\n%poolviz height 300\n%poolviz theme dark\n%poolviz save off")
    words = [line.split()[:2] for line in printed(kernel.run("%poolviz")).splitlines()]
    assert words == [["auto", "off"], ["stdlib", "off"], ["height", "300"], ["theme", "dark"], ["save", "off"]]
    kernel.run("pool = ThreadPoolExecutor(1)\nassert pool.submit(work, 0).result() == 0")
    messages = kernel.run("timeline = pool.timeline()\nassert (timeline.height, timeline.theme) == (300, 'dark')\ntimeline")
    assert kept(messages) == [None], "the picture alone is saved"
    kernel.run("assert timeline.snapshot == b''")
    kernel.run("%poolviz save on")
    messages = kernel.run("timeline = pool.timeline(theme='light')\nassert timeline.theme == 'light'\ntimeline")
    assert [saved["counts"]["finished"] for saved in kept(messages)] == [1]


@pytest.mark.parametrize(
    ("code", "known"),
    [
        (
            "%poolviz upside down",
            "'upside'; it knows: auto on|off; stdlib on|off; height auto|PIXELS; theme auto|light|dark; save on|off; last",
        ),
        ("%poolviz auto maybe", "'maybe'; it knows: on, off"),
        ("%poolviz stdlib", "''; it knows: on, off"),
        ("%poolviz theme pink", "'pink'; it knows: auto, light, dark"),
        ("%poolviz height -3", "'-3'; it knows: auto, or a number of pixels"),
        ("%poolviz last one", "'one'"),
        ("%poolviz last", "no cell has submitted a call"),
    ],
)
def test_unknown_words_get_the_known_ones(kernel, code, known):
    kernel.run(SETUP)
    assert known in complaint(kernel, code)


def test_the_newest_run_again(kernel):
    kernel.run(SETUP + "%poolviz auto off")
    assert shown(kernel.run("with ThreadPoolExecutor(1) as pool: list(pool.map(work, [0] * 3))")) == []
    kernel.run("1 + 1")
    assert shown(kernel.run("%poolviz last")) == ["Timeline('cell 2': 3 calls, 3 finished)"]


def test_one_cell_as_one_trace_also_when_auto_is_off(kernel):
    kernel.run(SETUP + "%poolviz auto off")
    code = """%%poolviz two pools
a, b = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
thread = threading.Thread(target=lambda: b.submit(work, 0).result())
thread.start()
thread.join()
list(a.map(work, [0, 0]))
"""
    messages = kernel.run(code)
    assert shown(messages) == ["Timeline('two pools')"]
    assert [m["content"]["data"]["text/plain"] for m in messages if m["msg_type"] == "execute_result"] == ["[0, 0]"]
    assert told(messages)[-1][0]["counts"]["finished"] == 3, "calls of all threads"
    assert shown(kernel.run("a.submit(work, 0).result()")) == []
    assert shown(kernel.run("%%poolviz\na.submit(work, 0).result()")) == ["Timeline('cell 4')"]
    kernel.run("%poolviz auto on")
    assert shown(kernel.run("%%poolviz named\na.submit(work, 0).result()")) == ["Timeline('named')"], "one, not two"
    assert shown(kernel.run("%%time\n%%poolviz timed\na.submit(work, 0).result()")) == ["Timeline('timed')"]
    assert shown(kernel.run("%%poolviz timed\n%%time\na.submit(work, 0).result()")) == ["Timeline('timed')"]
    assert shown(kernel.run("get_ipython().run_cell_magic('poolviz', 'called', 'a.submit(work, 0).result()')")) == ["Timeline('called')"]
    awaiting = "%%poolviz awaited\nimport asyncio\nawait asyncio.get_running_loop().run_in_executor(a, work, 0)"
    assert shown(kernel.run(awaiting)) == ["Timeline('awaited')"]


def test_an_error_in_a_traced_cell_is_the_cells(kernel):
    kernel.run(SETUP)
    cell = kernel.start("%%poolviz\nThreadPoolExecutor(1).submit(work, 0).result()\n1 / 0")
    messages = kernel.until(lambda message: idle(message, cell))
    [error] = [m for m in messages if m["msg_type"] == "error"]
    assert error["content"]["ename"] == "ZeroDivisionError"
    assert "line 3" in "".join(error["content"]["traceback"]) and "poolviz/" not in "".join(error["content"]["traceback"])


def left(messages):
    """The timelines that stand under a cell when it has ended: outputs, with what replaced them."""
    outputs = {}
    for m in messages:
        key = m["content"].get("transient", {}).get("display_id") or m["header"]["msg_id"]
        if m["msg_type"] in ("display_data", "execute_result") or (m["msg_type"] == "update_display_data" and key in outputs):
            outputs[key] = m["content"]["data"]
    return [data["text/plain"] for data in outputs.values() if PLACE in data.get("text/html", "")]


def test_a_cell_that_shows_its_own_timeline_shows_no_second_one(kernel):
    kernel.run(SETUP)
    after = kernel.run("with ThreadPoolExecutor(1) as pool:\n    list(pool.map(work, [0] * 3))\npool.timeline()")
    assert left(after) == ["Timeline('ThreadPoolExecutor': 3 calls, 3 finished)"]
    before = kernel.run("with ThreadPoolExecutor(1) as pool:\n    display(pool.timeline())\n    list(pool.map(work, [0] * 3))")
    assert left(before) == ["Timeline('ThreadPoolExecutor': 3 calls, 3 finished)"]
    other = kernel.run("mine = ThreadPoolExecutor(1)\ndisplay(mine.timeline())\nThreadPoolExecutor(1).submit(work, 0).result()")
    assert left(other) == ["Timeline('ThreadPoolExecutor')", "Timeline('cell 4': 1 call, 1 finished)"], "calls that it does not show"
    traced = kernel.run("import poolviz\nwith poolviz.trace('all') as t:\n    mine.submit(work, 0).result()\npoolviz.Timeline(t)")
    assert left(traced) == ["Timeline('all': 1 call, 1 finished)"]


def test_a_cell_in_a_cell_shows_one(kernel):
    kernel.run(SETUP)
    assert shown(kernel.run("get_ipython().run_cell('ThreadPoolExecutor(1).submit(work, 0).result()');")) == ["Timeline('cell 2')"]


def test_completions(kernel):
    kernel.run(SETUP)
    for text, expected in (("%poolviz ", {"auto", "stdlib", "last"}), ("%poolviz th", {"theme"}), ("%poolviz theme ", {"light", "dark"})):
        found = kernel.run(f"print(get_ipython().Completer.complete(line_buffer={text!r}, cursor_pos={len(text)})[1])")
        assert expected <= set(eval(printed(found))), text


def test_unloading_takes_the_magics_away(kernel):
    kernel.run("""
shell = get_ipython()
def look():
    manager = shell.magics_manager.magics
    hooks = shell.strdispatchers.get("complete_command")
    return (
        sorted(manager["line"]), sorted(manager["cell"]), list(shell.input_transformers_cleanup), sorted(hooks.strs) if hooks else [],
        {name: list(functions) for name, functions in shell.events.callbacks.items()},
    )
before = look()
""")
    kernel.run("%load_ext poolviz")
    kernel.run("assert look() != before")
    kernel.run("%unload_ext poolviz")
    kernel.run("assert look() == before, (look(), before)")
