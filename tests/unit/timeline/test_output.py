"""The HTML that a timeline leaves in a notebook."""

import json
import re
from pathlib import Path

import poolviz
from poolviz.timeline import output
from poolviz.timeline.output import Place
from poolviz.wire.codec import pack
from poolviz.wire.feed import Feed

PLACE = Place(model="abc", output="def", height=120, theme="dark")


def snapshot():
    with poolviz.ThreadPoolExecutor(1) as pool:
        pool.submit(abs, -1)
    return Feed(pool.trace).snapshot()


def test_what_is_kept_is_read_again(front_end):
    message = snapshot()
    html = output.kept(PLACE, output.contents(message, explorable=True))
    assert output.read(html) == pack(message)
    assert 'data-model="abc" data-output="def" data-height="120" data-theme="dark"' in html
    assert html.count('class="poolviz-still"') == 1
    assert html.count("<script") == html.count("</script>") == 3


def test_the_picture_alone(front_end):
    html = output.kept(PLACE, output.contents(snapshot(), explorable=False))
    assert output.read(html) is None
    assert html.count("<script") == 1
    assert "<img" in html


def test_a_line_while_it_is_live(front_end):
    html = output.live(PLACE, "Timeline('</div><script>')")
    assert "Timeline(&#x27;&lt;/div&gt;&lt;script&gt;&#x27;)" in html
    assert output.read(html) is None


def test_hosts_that_need_a_view(monkeypatch):
    for name in [name for name in __import__("os").environ if name.startswith("VSCODE_")]:
        monkeypatch.delenv(name)
    assert not output.needs_view()
    monkeypatch.setenv("VSCODE_PID", "1")
    assert output.needs_view()


def test_nothing_in_it_is_typeset_and_each_part_ends_where_it_should(front_end):
    (front_end / "output.js").write_text("let here = 1;\n")
    html = output.kept(PLACE, output.contents(snapshot(), explorable=True))
    assert re.match(r'<div class="poolviz-output tex2jax_ignore mathjax_ignore" ', html)
    assert html.endswith("<script>let here = 1;</script></div>")


def test_an_output_names_the_version_of_the_front_end_that_serves_it(front_end):
    assert output.version() == "9.8.7/6"
    assert 'data-version="9.8.7/6"' in output.live(PLACE, "")


def test_the_front_end_bears_the_version_of_the_package():
    package = Path(__file__).parents[3] / "js" / "package.json"
    assert json.loads(package.read_text(encoding="utf-8"))["version"] == poolviz.__version__
