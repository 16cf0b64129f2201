"""Binder's steps, from Binder's own files, in an empty environment; there the landing notebook is executed, and JupyterLab opens on it.

What is left out is the image: there is no container engine in the tests' environment.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from tests.packaging.conftest import ROOT, run, tree  # noqa: F401  # a fixture

LANDING = "notebooks/00-start-here.ipynb"

pytestmark = pytest.mark.timeout(900)  # the first of them installs


@pytest.fixture(scope="module")
def binder(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811  # the fixture above
    """An environment made as repo2docker makes it: the requirements, then postBuild in the repository's folder."""
    home = tmp_path_factory.mktemp("binder")
    run(sys.executable, "-m", "venv", home, cwd=home)
    run(home / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "-r", tree / "binder" / "requirements.txt", cwd=tree)
    assert os.access(tree / "binder" / "postBuild", os.X_OK)
    run(tree / "binder" / "postBuild", cwd=tree, env=environment(home))
    return home


def environment(home: Path) -> dict[str, str]:
    """The variables of a process in that environment, with settings of its own for Jupyter."""
    places = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return {**kept, **places, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def test_every_version_is_pinned() -> None:
    lines = [line for line in (ROOT / "binder" / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[^\s]+", line)] == []
    pins = dict(line.split("==") for line in lines)
    assert (7, 0) <= tuple(map(int, pins["ipykernel"].split(".")[:2])) < (7, 4)


def test_what_is_installed_is_small(binder: Path, tree: Path) -> None:  # noqa: F811
    megabytes = sum(path.lstat().st_size for path in binder.rglob("*")) / 1e6
    assert megabytes < 400, "a server with a large image takes long to start, and the reader waits"
    assert not (tree / "js" / "node_modules").exists()


def test_the_landing_notebook_runs(binder: Path, tree: Path, tmp_path: Path) -> None:  # noqa: F811
    executed = tmp_path / "executed.ipynb"
    run(binder / "bin" / "jupyter", "execute", tree / LANDING, f"--output={executed}", cwd=tree, env=environment(binder))
    notebook = nbformat.read(executed, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert "calls that ended well: 4\n" in [output.text for output in outputs if output.output_type == "stream"]
    assert any("poolviz-output" in output.get("data", {}).get("text/html", "") for output in outputs)


@pytest.mark.parametrize("command", ["lab", "notebook"])
def test_jupyter_opens_on_the_landing_notebook(binder: Path, tree: Path, tmp_path: Path, command: str) -> None:  # noqa: F811
    variables = {**environment(binder), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", "--IdentityProvider.token=binder"]
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen([binder / "bin" / "jupyter", command, *options], cwd=tree, env=variables, stdout=log, stderr=log)
    try:
        home = address(server, tmp_path)
        status, url, _ = answer(f"{home}?token=binder")
        assert status == 200
        assert url.partition("?")[0].endswith(f"/lab/tree/{LANDING}")
        for plugin, chosen in json.loads((tree / "binder" / "overrides.json").read_text()).items():
            known = json.loads(answer(f"{home}lab/api/settings/{plugin}?token=binder")[2])["schema"]["properties"]
            assert {name: known[name]["default"] for name in chosen} == chosen
    finally:
        server.terminate()
        server.wait(60)


def answer(url: str) -> tuple[int, str, bytes]:
    """The status of a page, where it was found, and what it says. A server writes down its address a moment before it answers."""
    limit = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as page:
                return page.status, page.url, page.read()
        except OSError:  # refused, or too slow
            if time.monotonic() > limit:
                raise
            time.sleep(0.2)


def address(server: "subprocess.Popen[bytes]", runtime: Path) -> str:
    """Where a server listens, as soon as it does."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit and server.poll() is None:
        for found in runtime.glob("jpserver-*.json"):
            if (text := found.read_text()).endswith("}"):  # else it is being written
                return str(json.loads(text)["url"])
        time.sleep(0.1)
    raise AssertionError(f"the server did not start\n{(runtime / 'server.log').read_text()}")
