"""What is in git, in the sdist and in the wheel, and what is not."""

import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = {f"poolviz/timeline/static/{name}" for name in ("widget.js", "widget.css", "output.js", "page.js")}

pytestmark = pytest.mark.timeout(600)  # the first of them builds


def test_wheel_holds_the_bundle_and_the_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    assert sizes.keys() >= BUNDLE | {"poolviz/py.typed", "poolviz/wire/schema.json"}
    assert all(sizes[name] > 0 for name in BUNDLE)


def test_wheel_is_for_any_machine_and_holds_nothing_but_the_package(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"poolviz", wheel.name.split("-py3")[0] + ".dist-info"}
    assert [name for name in names if name.endswith((".ts", ".map", "package.json")) or "node_modules" in name] == []
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_sdist_holds_sources_and_lock_and_nothing_built(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert names >= {"js/package.json", "js/package-lock.json", "js/src/widget.ts", "hatch_build.py", "constraints.txt", "LICENSE"}
    assert [name for name in names if "node_modules" in name or "/static/" in name] == []


def test_git_tracks_no_built_file() -> None:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = done.stdout.split("\n")
    assert "pyproject.toml" in tracked
    assert [name for name in tracked if name in BUNDLE or "/static/" in name or "node_modules" in name] == []
