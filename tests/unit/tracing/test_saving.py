import os

import pytest

import poolviz
from poolviz.tracing import saving


@pytest.fixture
def trace():
    with poolviz.trace("saved") as trace, poolviz.ThreadPoolExecutor(1) as pool:
        pool.submit(abs, -1).result(30)
    return trace


def test_an_unknown_suffix_names_the_known_ones(trace, tmp_path):
    for name in ("run.doc", "run", ".html.gz"):
        with pytest.raises(ValueError, match=r"known suffixes are \.html, \.poolviz, \.json, \.csv$"):
            trace.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_save_returns_the_path_and_takes_any_case(trace, tmp_path, front_end):
    assert trace.save(str(tmp_path / "run.HTML")) == tmp_path / "run.HTML"
    assert (tmp_path / "run.HTML").read_bytes().startswith(b"<!doctype html>")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "run.html"
    target.write_text("old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        saving.write(target, b"new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["run.html"]


def test_a_new_file_has_ordinary_permissions(tmp_path):
    saving.write(tmp_path / "a", b"x")
    (tmp_path / "b").write_bytes(b"x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_each_format_can_be_found():
    from importlib import import_module

    for entry in saving.FORMATS.values():
        module, _, function = entry.partition(":")
        assert callable(getattr(import_module(module), function))
