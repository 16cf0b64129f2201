import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

import poolviz
from poolviz import observe
from poolviz.events import Printed
from poolviz.export import bundle, html
from poolviz.wire.codec import decode, unpack


@pytest.fixture
def trace():
    with poolviz.trace('</title><script>alert(1)</script> & "quotes"') as trace, poolviz.ThreadPoolExecutor(2) as pool:
        list(pool.map(abs, range(4)))
    observe.emit(Printed(trace.calls["call"][2], 1, "<b>hello</b>\n", 1))
    return trace


class Elements(HTMLParser):
    """The elements of a page and their text."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        self.found.append(("", {}, []))

    def handle_data(self, data):
        if self.found:
            self.found[-1][2].append(data)

    def all(self, tag):
        return [(attrs, "".join(text)) for name, attrs, text in self.found if name == tag]


def test_the_page_holds_the_run_and_asks_for_nothing(trace, front_end):
    page = html.render(trace).decode()
    elements = Elements(page)
    (data, code) = elements.all("script")
    assert data[0] == {"type": "application/x-poolviz", "id": "poolviz-snapshot"}
    message = unpack(base64.b64decode(data[1]))
    assert message.header["state"] == "static"
    assert message.header["counts"] == trace.counts()
    assert sum(decode(message)["calls"]["count"]) == 4
    assert message.header["prints"] == [[2, "<b>hello</b>\n", 1]]
    assert code[1] == bundle.text("page.js")
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import""", page.replace(data[1], ""))
    assert len(elements.all("title")) == 1
    assert "alert(1)" in elements.all("title")[0][1], "shown as text"


def test_the_policy_allows_the_one_script(trace, front_end):
    elements = Elements(html.render(trace).decode())
    [policy] = [attrs["content"] for attrs, _ in elements.all("meta") if attrs.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(elements.all("script")[1][1].encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        f"script-src 'sha256-{digest}'",
        "img-src data: blob:",
    ]


@pytest.mark.parametrize(
    ("name", "text"), [("page.js", 'x = "</Script>"'), ("page.js", "x = '<!--'"), ("widget.css", "a::after {content: '</style>'}")]
)
def test_a_bundle_that_would_end_its_element_is_refused(trace, front_end, name, text):
    (front_end / name).write_text(text)
    with pytest.raises(ValueError, match=name):
        html.render(trace)


def test_a_missing_front_end_says_how_to_build_it(trace, front_end):
    (front_end / "page.js").unlink()
    with pytest.raises(bundle.NotBuiltError, match="run `make build`"):
        html.render(trace)
