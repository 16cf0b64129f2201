import pytest

from poolviz.export import bundle


@pytest.fixture
def front_end(tmp_path, monkeypatch):
    """A front end that need not be built: a folder with small files in the place of the real ones."""
    files = {
        "widget.js": "export default {}",
        "widget.css": ".poolviz-timeline {}",
        "output.js": "/*poolviz 9.8.7/6*/(() => {})();",
        "page.js": "(() => {})();",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    bundle.text.cache_clear()
    yield tmp_path
    bundle.text.cache_clear()
