"""Outputs on one page of which one is damaged, or was written by another version: JupyterLab and Notebook 7, without any widget."""

from pathlib import Path

import pytest

from tests.browser.lab import Lab
from tests.browser.test_kept import PICTURES

GOLDEN = Path(__file__).resolve().parents[1] / "golden"

#: Cells that leave outputs as a saved notebook has them: nothing but HTML, and no model on the page.
PREPARE = """
import re, zlib
from base64 import b64encode
from IPython.display import HTML
from poolviz import ThreadPoolExecutor
from poolviz.timeline import output
from poolviz.wire.feed import Feed

def kept(name, calls):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(abs, range(calls)))
    place = output.Place(model=name, output=name, height=0, theme="auto")
    return output.kept(place, output.contents(Feed(pool.trace).snapshot(), explorable=True))

def with_part(html, name, change):
    pattern = re.compile(f'(<script type="application/x-poolviz.{name}">)(.*?)(</script>)', re.DOTALL)
    changed, count = pattern.subn(lambda found: found[1] + change(found[2]) + found[3], html)
    assert count == 1
    return changed

def packed(data):
    return b64encode(zlib.compress(data)).decode()

def of_version(html, version):
    changed, count = re.subn('data-version="[^"]*"', f'data-version="{version}"', html)
    assert count == 1
    return changed
"""
SECOND = "HTML(kept('second', 7))"

FIRST = {
    "a front end that is cut short": "HTML(with_part(kept('first', 5), 'front', lambda data: data[:2000]))",
    "a front end that is not base64": "HTML(with_part(kept('first', 5), 'front', lambda data: '%%%' + data))",
    "a front end that throws": "HTML(with_part(kept('first', 5), 'front', lambda data: packed(b'\\0throw new Error(1)')))",
    "a trace that is cut short": "HTML(with_part(kept('first', 5), 'trace', lambda data: data[:40]))",
    "a trace of a newer wire": """
HTML(with_part(kept('first', 5), 'trace', lambda data: packed(
    zlib.decompress(__import__('base64').b64decode(data)).replace(b'"v":3,"needs":3', b'"v":9,"needs":9'))))
""",
    "an older version that cannot start": """
HTML(of_version(with_part(kept('first', 5), 'front', lambda data: packed(b'\\0throw 1')), '0.0.1/2'))
""",
    "an older version that reads all": """
HTML(of_version(with_part(kept('first', 5), 'front', lambda data: packed(
    b"\\0const map = globalThis[Symbol.for('poolviz.outputs.2')]; map.get('0.0.1/2').mount = (output) => { output.title = 'served'; }"
)), '0.0.1/2'))
""",
    "an older wire": f"""
older = open({str(GOLDEN / "v2" / "map_run.bin")!r}, 'rb').read()
HTML(of_version(with_part(kept('first', 5), 'trace', lambda data: packed(older)), '0.0.1/2'))
""",
}
#: How many calls the first one's timeline has; None where its picture stays.
SHOWN = {
    "a trace that is cut short": None,
    "a trace of a newer wire": None,
    "an older version that reads all": None,
    "an older wire": 1000,
}


@pytest.mark.parametrize("first", FIRST)
def test_one_bad_output_leaves_the_others_alone(lab: Lab, first: str) -> None:
    lab.open_notebook(PREPARE, FIRST[first], SECOND, "HTML(kept('third', 9))")
    for index in (0, 1, 2, 3):
        lab.run_through(index)
    for index, calls in ((2, 7), (3, 9)):
        lab.timeline(index, lambda seen, calls=calls: seen.total == calls and seen.state == "static" and seen.visible, 15)
        assert lab.page.evaluate(PICTURES, index) == []
    assert lab.page.locator(".pv-canvas").last.evaluate("(node) => getComputedStyle(node).position") == "absolute", "it has its style"
    calls = SHOWN.get(first, 5)
    if calls is not None:
        lab.timeline(1, lambda seen: seen.total == calls and seen.visible, 15)
    else:
        assert lab.timelines(1) == []
        assert len(lab.page.evaluate(PICTURES, 1)) == 1
        title = lab.page.locator(".poolviz-output").first.get_attribute("title")
        assert title, "the reader is told why"
    lab.screenshot(f"versions-{list(FIRST).index(first)}")
