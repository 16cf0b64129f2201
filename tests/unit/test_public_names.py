import concurrent.futures
import inspect
import json
import subprocess
import sys

import pytest

import poolviz


def modules_after(statement):
    """The modules that a fresh interpreter has loaded after a statement and had not before."""
    code = f"import sys, json; before = set(sys.modules); {statement}; print(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(done.stdout))


def test_importing_the_package_imports_nothing_else():
    new = modules_after("import poolviz")
    assert "poolviz" in new
    assert {name for name in new if name.startswith("poolviz.")} == set()
    assert not {"concurrent.futures", "cloudpickle", "IPython", "traitlets", "anywidget", "multiprocessing", "threading"} & new


def test_pools_and_traces_load_nothing_of_jupyter():
    new = modules_after("import poolviz; poolviz.ThreadPoolExecutor; poolviz.trace; poolviz.Trace; poolviz.as_completed")
    assert "poolviz.pools" in new
    assert not {"IPython", "traitlets", "anywidget", "ipywidgets", "poolviz.timeline", "poolviz.export"} & new


@pytest.mark.parametrize("name", poolviz.__all__)
def test_each_public_name_is_there_and_described(name):
    value = getattr(poolviz, name)
    assert name in dir(poolviz)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Pool'"):
        poolviz.Pool  # noqa: B018


def test_what_is_the_standard_librarys_own():
    for name in ("CancelledError", "TimeoutError", "InvalidStateError", "BrokenExecutor", "FIRST_COMPLETED", "ALL_COMPLETED"):
        assert getattr(poolviz, name) is getattr(concurrent.futures, name)
    assert issubclass(poolviz.ThreadPoolExecutor, concurrent.futures.ThreadPoolExecutor)
    assert issubclass(poolviz.ProcessPoolExecutor, concurrent.futures.ProcessPoolExecutor)
    assert issubclass(poolviz.Future, concurrent.futures.Future)


def test_the_constructors_keep_their_signatures():
    for name in ("ThreadPoolExecutor", "ProcessPoolExecutor"):
        ours = inspect.signature(getattr(poolviz, name)).parameters
        theirs = inspect.signature(getattr(concurrent.futures, name)).parameters
        assert list(ours)[: len([p for p in theirs.values() if p.kind is not p.KEYWORD_ONLY and p.kind is not p.VAR_KEYWORD])] == [
            p.name for p in theirs.values() if p.kind is not p.KEYWORD_ONLY and p.kind is not p.VAR_KEYWORD
        ]
