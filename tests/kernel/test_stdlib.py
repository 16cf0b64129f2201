"""Code that imports `concurrent.futures`, in a real kernel: what is covered, what is left alone, what is restored."""

from tests.kernel.test_extension import shown, told

NAMES = """
import concurrent.futures, concurrent.futures.thread, concurrent.futures.process, json
modules = (concurrent.futures, concurrent.futures.thread, concurrent.futures.process, concurrent.futures._base)
def look():
    return [{name: id(value) for name, value in vars(module).items()} for module in modules]
"""


def printed(messages):
    return "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream" and m["content"]["name"] == "stdout")


def test_loading_unloading_and_reloading_leave_everything_as_it_was(kernel):
    kernel.run(NAMES + "before = look()")
    for change in ("%load_ext poolviz", "%reload_ext poolviz", "%poolviz stdlib off\n%poolviz stdlib on", "%load_ext poolviz"):
        kernel.run(change)
        assert printed(
            kernel.run("import poolviz\nprint(issubclass(concurrent.futures.ThreadPoolExecutor, poolviz.ThreadPoolExecutor))")
        ) == ("True\n")
    kernel.run("%poolviz stdlib off")
    assert printed(kernel.run("print(look() == before)")) == "True\n"
    kernel.run("%poolviz stdlib on\n%unload_ext poolviz")
    assert printed(kernel.run("print(look() == before)")) == "True\n"


def test_a_name_that_nobody_had_asked_for_is_taken_away_again(kernel):
    # The package finds its classes when they are first asked for.
    kernel.run("import concurrent.futures as package\nvars(package).pop('ProcessPoolExecutor', None)\nbefore = set(vars(package))")
    kernel.run("%load_ext poolviz")
    kernel.run("assert 'ProcessPoolExecutor' in vars(package)\n%unload_ext poolviz")
    kernel.run("assert set(vars(package)) - before <= {'thread', 'process'}, 'modules that were imported stay imported'")
    assert printed(kernel.run("print(package.ProcessPoolExecutor.__init__.__module__)")) == "concurrent.futures.process\n"


def test_names_that_cells_imported_before_and_after(kernel):
    kernel.run(
        "from concurrent.futures import ThreadPoolExecutor, wait, as_completed as done\nimport concurrent.futures\nold = ThreadPoolExecutor"
    )
    kernel.run("theirs = ThreadPoolExecutor(1)\n%load_ext poolviz\nfrom concurrent.futures import ProcessPoolExecutor")
    assert shown(kernel.run("with ThreadPoolExecutor(1) as pool: pool.submit(abs, 1)")) == ["Timeline('cell 3')"]
    assert shown(kernel.run("with concurrent.futures.ThreadPoolExecutor(1) as pool: pool.submit(abs, 1)")) == ["Timeline('cell 4')"]
    assert shown(kernel.run("theirs.submit(abs, 1).result()")) == [], "a pool that was there before"
    kernel.run("import poolviz\nmine = poolviz.ThreadPoolExecutor")
    kernel.run("%unload_ext poolviz")
    kernel.run("""
for name in (ThreadPoolExecutor, old, ProcessPoolExecutor):
    assert not issubclass(name, poolviz.Executor)
for name in (wait, done):
    assert "poolviz" not in name.__code__.co_filename
assert ProcessPoolExecutor is concurrent.futures.process.ProcessPoolExecutor
assert mine is poolviz.ThreadPoolExecutor
""")


def test_pools_of_the_kernel_and_of_libraries_are_not_drawn(kernel):
    kernel.run("%load_ext poolviz\nimport asyncio, concurrent.futures")
    assert shown(kernel.run("assert await asyncio.to_thread(abs, -3) == 3")) == []
    assert shown(kernel.run("loop = asyncio.get_running_loop()\nassert await loop.run_in_executor(None, abs, -3) == 3")) == []
    kernel.run("assert type(loop._default_executor).__init__.__module__ == 'concurrent.futures.thread'")
    assert shown(
        kernel.run("with concurrent.futures.ThreadPoolExecutor(1) as pool:\n    assert await loop.run_in_executor(pool, abs, -3) == 3")
    ) == ["Timeline('cell 5')"], "a pool that the cell made"
    kernel.run("loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1))")
    assert shown(kernel.run("assert await asyncio.to_thread(abs, -3) == 3")) == ["Timeline('cell 7')"], "the user's own choice"


def test_modules_that_were_imported_before(kernel, tmp_path):
    (tmp_path / "survey.py").write_text(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def run():\n    with ThreadPoolExecutor(1) as pool:\n        return pool.submit(abs, -2).result()\n"
    )
    kernel.run(f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport survey\ntheirs = survey.ThreadPoolExecutor")
    kernel.run("%load_ext poolviz")
    assert shown(kernel.run("assert survey.run() == 2")) == ["Timeline('cell 3')"]
    kernel.run("%unload_ext poolviz")
    assert shown(kernel.run("assert survey.run() == 2 and survey.ThreadPoolExecutor is theirs")) == []


def test_classes_and_instances_of_both_kinds_are_taken_for_each_other(kernel):
    kernel.run("import concurrent.futures, poolviz, inspect, pickle\ntheirs = concurrent.futures.ThreadPoolExecutor(1)")
    kernel.run("%load_ext poolviz")
    kernel.run("""
old = type(theirs)
new = concurrent.futures.ThreadPoolExecutor
assert new is not old
assert isinstance(theirs, new) and isinstance(poolviz.ThreadPoolExecutor(1), new) and isinstance(new(1), old)
assert issubclass(old, new) and issubclass(new, old) and issubclass(poolviz.ThreadPoolExecutor, new)
assert not isinstance(concurrent.futures.ProcessPoolExecutor(1), new)
class Mine(new):
    def __init__(self, n):
        super().__init__(n)
assert not isinstance(theirs, Mine) and isinstance(Mine(2), Mine) and not issubclass(old, Mine)
assert Mine(2).submit(abs, -1).result() == 1
assert list(inspect.signature(new).parameters)[:4] == ["max_workers", "thread_name_prefix", "initializer", "initargs"]
assert pickle.loads(pickle.dumps(new)) is new
assert repr(new) == repr(old)
""")


def test_waiting_with_the_standard_librarys_functions_is_noted(kernel):
    kernel.run("from concurrent.futures import ThreadPoolExecutor, as_completed, wait\n%load_ext poolviz\nimport time")
    kernel.run("""
with ThreadPoolExecutor(2) as pool:
    futures = [pool.submit(time.sleep, 0.05) for _ in range(4)]
    assert wait(futures, return_when="FIRST_COMPLETED").done
    assert len(list(as_completed(futures))) == 4
assert len([time for time in pool.trace.calls["consumed"] if time > 0]) == 4
kinds = set(pool.trace.store.everything(pool.trace.view).waits["kind"])
assert {3, 4} <= kinds, kinds
""")


def test_a_process_pool_of_pasted_code(kernel):
    kernel.run("%load_ext poolviz")
    messages = kernel.run("""
import concurrent.futures
def square(n):
    return n * n
def main():
    with concurrent.futures.ProcessPoolExecutor() as executor:
        for number, result in zip(range(4), executor.map(square, range(4))):
            print(number, result)
if __name__ == '__main__':
    main()
""")
    assert shown(messages) == ["Timeline('cell 2')"]
    assert printed(messages) == "0 0\n1 1\n2 4\n3 9\n"
    assert told(messages)[-1][0]["counts"]["finished"] == 4


def test_a_worker_has_the_standard_librarys_pools(kernel):
    kernel.run("%load_ext poolviz\nfrom concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor")
    messages = kernel.run("""
def nested(n):
    with ThreadPoolExecutor(2) as pool:
        return type(pool).__init__.__module__, sum(pool.map(abs, range(-n, 0)))
with ProcessPoolExecutor(1) as pool:
    print(*pool.submit(nested, 3).result())
""")
    assert shown(messages) == ["Timeline('cell 2')"]
    assert printed(messages) == "concurrent.futures.thread 6\n"
