"""A real Jupyter server on this machine, with folders of its own, ended by process id when it is no longer needed."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

TOKEN = "browser-tests"

#: For each host: its module, the option that makes its application reachable from a test, and the address of a notebook.
HOSTS = {
    "lab": ("jupyterlab", "--LabApp.expose_app_in_browser=True", "lab/tree/{name}?reset&token={token}"),
    "notebook": ("notebook", "--JupyterNotebookApp.expose_app_in_browser=True", "notebooks/{name}?token={token}"),
}


@dataclass
class Server:
    """A server that runs."""

    host: str
    """``lab`` or ``notebook``."""
    url: str
    root: Path
    """The folder that holds its notebooks."""

    def address(self, name: str) -> str:
        """Where the browser finds a notebook."""
        return self.url + HOSTS[self.host][2].format(name=name, token=TOKEN)

    def request(self, method: str, path: str) -> Any:
        """Call the server's REST interface."""
        headers = {"Authorization": f"token {TOKEN}"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, method=method, headers=headers), timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def end_kernels(self) -> None:
        """Shut every kernel down."""
        for kernel in self.request("GET", "api/kernels"):
            self.request("DELETE", f"api/kernels/{kernel['id']}")


def _started(process: "subprocess.Popen[bytes]", runtime: Path, log: Path, seconds: float = 60) -> str:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        for found in runtime.glob("jpserver-*.json"):
            text = found.read_text()
            if text.endswith("}"):  # else it is being written
                return str(json.loads(text)["url"])
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"the Jupyter server did not start\n{log.read_text()}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a server and check that nothing stays behind."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    process.terminate()
    _, alive = psutil.wait_procs(family, timeout=20)
    for left in alive:
        left.kill()
    assert [f"{left.pid} {left.name()}" for left in alive if left.is_running()] == [], "processes were left over"


@contextmanager
def serve(host: str, folder: Path) -> Iterator[Server]:
    """Run a server for as long as the `with` lasts.

    Args:
        host: ``lab`` or ``notebook``.
        folder: an empty one, for notebooks, settings and the log.
    """
    module, expose, _ = HOSTS[host]
    places = {name: folder / name.lower() for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    root, log = folder / "root", folder / "server.log"
    root.mkdir()
    settings = places["JUPYTER_CONFIG_DIR"] / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    # Or it asks the network for news, and the reader whether it may.
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", expose]
    options += [f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={TOKEN}"]
    environment = {**os.environ, **{name: str(place) for name, place in places.items()}}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = _started(process, places["JUPYTER_RUNTIME_DIR"], log)
        server = Server(host, url, root)
        yield server
        server.end_kernels()
    finally:
        if process.poll() is None:
            _end(process)
