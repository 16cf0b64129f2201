"""The set-up says in one line what is missing, and does nothing twice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hatch_build import BUNDLE, BundleError, make_bundle

ROOT = Path(__file__).resolve().parents[2]

#: A port of this machine where nobody listens (it is the old discard service's, below those that programs are given).
NOWHERE = "http://127.0.0.1:9/"


def complaint(*command: str | Path, **variables: str) -> str:
    """Run a command that has to fail, and give the one line that it says."""
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, timeout=100)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("poolviz: ")
    return line


def test_no_python_at_all(tmp_path: Path) -> None:
    assert "no Python >= 3.11 was found" in complaint("/bin/sh", ROOT / "scripts" / "find_python.sh", PATH=str(tmp_path))


def test_python_that_is_too_old_or_none(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for chosen in (old, tmp_path / "missing"):
        assert f"{chosen} is not a Python >= 3.11" in complaint("/bin/sh", ROOT / "scripts" / "find_python.sh", chosen)


def test_python_of_this_environment_is_found() -> None:
    done = subprocess.run(["/bin/sh", ROOT / "scripts" / "find_python.sh", sys.executable], capture_output=True, text=True, check=True)
    assert done.stdout == f"{sys.executable}\n"


def test_python_without_venv(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    said = complaint(sys.executable, ROOT / "scripts" / "bootstrap.py", tmp_path / "home", tmp_path / "setup.log", PYTHONPATH=str(tmp_path))
    assert f"apt-get install python{sys.version_info.major}.{sys.version_info.minor}-venv" in said


def test_no_package_index(tmp_path: Path) -> None:
    # Only the index counts: neither this machine's settings nor its folders of wheels.
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "PIP_INDEX_URL": NOWHERE, "PIP_RETRIES": "1"}
    said = complaint(sys.executable, ROOT / "scripts" / "bootstrap.py", tmp_path / "home", tmp_path / "setup.log", **pip)
    assert "the package index cannot be reached" in said
    assert str(tmp_path / "setup.log") in said


def test_no_browser(tmp_path: Path) -> None:
    assert "install Chromium" in complaint(sys.executable, ROOT / "scripts" / "chromium.py", PATH=str(tmp_path), POOLVIZ_CHROMIUM="")
    assert "not a program" in complaint(sys.executable, ROOT / "scripts" / "chromium.py", POOLVIZ_CHROMIUM=str(tmp_path / "missing"))


def test_no_npm_registry(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copytree(tree, tmp_path / "tree")
    monkeypatch.setenv("npm_config_registry", NOWHERE)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(BundleError, match=r"^the npm registry cannot be reached"):
        make_bundle(copy)


def test_bundle_is_made_again_only_when_a_source_has_changed(tree: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tree, tmp_path / "tree")
    (copy / "js" / "node_modules").symlink_to(ROOT / "js" / "node_modules")
    static = copy / "poolviz" / "timeline" / "static"
    assert make_bundle(copy)
    assert not make_bundle(copy)
    with (copy / "js" / "src" / "widget.css").open("a") as style:
        style.write("\n.poolviz-timeline .is-new { color: red }\n")
    assert make_bundle(copy)
    assert ".is-new" in (static / "widget.css").read_text()
    for name in BUNDLE:
        (static / name).unlink()
        assert make_bundle(copy)
        assert (static / name).stat().st_size > 0
