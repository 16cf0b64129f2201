"""What an engineer takes from a trace: a data frame, the host, the transfer times."""

import builtins
import platform
import sys
import threading

import pytest

import poolviz


@pytest.fixture(scope="module")
def trace():
    with poolviz.trace("run") as trace, poolviz.ThreadPoolExecutor(1) as pool:
        poolviz.wait([pool.submit(abs, -1), pool.submit(divmod, 1, 0)])
        list(pool.map(abs, range(3)))
        gate, second = threading.Event(), None
        first = pool.submit(gate.wait, 60)
        second = pool.submit(abs, 1)
        second.cancel()
        gate.set()
        first.result(60)
    return trace


def test_a_data_frame(trace):
    frame, calls = trace.to_pandas(), trace.calls
    assert list(frame.columns) == list(calls) and len(frame) == len(trace) == 7
    assert frame["name"].tolist() == calls["name"]
    assert frame["outcome"].tolist() == ["returned", "raised", "returned", "returned", "returned", "returned", "cancelled"]
    assert frame["started"].isna().tolist() == [False] * 6 + [True]
    assert (frame["finished"] - frame["started"]).min() >= 0
    assert frame["submitted"].tolist() == list(calls["submitted"])
    assert frame.groupby("outcome", observed=True).size().to_dict() == {"returned": 5, "raised": 1, "cancelled": 1}


def test_without_pandas_it_says_what_to_do(trace, monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ModuleNotFoundError, match="needs pandas, which is not installed: pip install pandas"):
        trace.to_pandas()


def test_the_host(trace):
    host = trace.host
    assert host["python"] == platform.python_version()
    assert host["versions"]["poolviz"] == poolviz.__version__
    assert host["start_methods"] == [] and host["cpus"] >= host["usable_cpus"] >= 1
    assert platform.node() not in str(host)
    with poolviz.ProcessPoolExecutor(1) as pool:
        pool.submit(abs, 1).result(60)
    assert pool.trace.host["start_methods"] == ["spawn"]


def test_transfer_is_of_process_pools_and_not_longer_than_the_wait(trace):
    assert trace.summary().transfer == (0, 0, 0)
    with poolviz.ProcessPoolExecutor(1) as pool:
        list(pool.map(abs, range(20)))
    summary = pool.trace.summary()
    assert 0 < summary.transfer.max <= summary.queue_wait.max
    assert "transfer" in repr(summary) and "transfer" in summary._repr_html_()
