"""A Python with others' libraries, in an environment of its own under build/: they shall not change ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

#: What is compared with, and the oldest Python that has it.
PACKAGES = {"anytimeline": ("anytimeline==0.3.0", (3, 12)), "bokeh": ("bokeh==3.9.2", (3, 10))}


def _pythons() -> Iterator[str]:
    """This one, those on the path, and those of pyenv."""
    yield sys.executable
    yield from filter(None, (shutil.which(f"python3.{minor}") for minor in (12, 13, 14)))
    pyenv = shutil.which("pyenv")
    if pyenv is not None:
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True).stdout.strip()
        yield from map(str, sorted(Path(root, "versions").glob("3.*/bin/python")))


def _is_at_least(python: str, version: tuple[int, int]) -> bool:
    code = f"import sys; sys.exit(sys.version_info < {version})"
    return subprocess.run([python, "-c", code], capture_output=True).returncode == 0


def find(name: str) -> str | None:
    """A Python on this machine that is new enough for a package; None if there is none."""
    return next((python for python in _pythons() if _is_at_least(python, PACKAGES[name][1])), None)


def prepare(name: str, folder: Path) -> tuple[Path | None, str]:
    """Have an environment with a package.

    Args:
        name: one of `PACKAGES`.
        folder: where environments are made, and found again.

    Returns:
        Its Python, and a line that says what it is; or None, and why there is none.
    """
    package, least = PACKAGES[name]
    home = folder / package
    inside = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (home / ".ready").is_file():
        python = find(name)
        if python is None:
            return None, f"{package} needs Python {'.'.join(map(str, least))} or newer, and there is none on this machine"
        if python == sys.executable:
            venv.create(home, with_pip=True, clear=True)
        else:
            subprocess.run([python, "-m", "venv", "--clear", home], check=True)
        install = [inside, "-m", "pip", "install", "-q", "--disable-pip-version-check", package]
        done = subprocess.run(install, capture_output=True, text=True)
        if done.returncode:
            return None, f"{package} cannot be installed: {(done.stderr.strip() or 'pip said nothing').splitlines()[-1]}"
        (home / ".ready").touch()
    return inside, package.replace("==", " ")
