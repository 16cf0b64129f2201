"""Choose the versions that a fresh clone installs: the newest that go together, as pip finds them under this Python.

    constraints.txt           all of the development environment
    binder/requirements.txt   what a reader on Binder gets, poolviz itself left out

Both hold for every supported Python: no package is pinned to a build for one of them. Packages that only other platforms need are not in
the lists and stay free.
"""

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

CONSTRAINTS = """\
# The versions of the development environment. Made by `make lock`; not to be edited.
"""

#: ipykernel 7.4.0 answers a page's messages after the running cell only. The widget mends that where it can; Binder need not rely on it.
BINDER_KERNEL = "ipykernel>=7.0,<7.4"

BINDER = """\
# What a reader on Binder gets. Made by `make lock`; not to be edited. poolviz itself is installed by postBuild.
# ipykernel stays below 7.4 and not below 7.0, so that a button in a timeline works while the cell runs: 7.0 to 7.3 hand a page's messages
# to a thread of their own, 7.4.0 hands them to the main thread, which the cell keeps busy.
"""


def freeze(requirements: list[str]) -> list[str]:
    """Install into an empty environment and list what came.

    Args:
        requirements: as pip takes them.

    Raises:
        subprocess.CalledProcessError: pip failed.
    """
    with tempfile.TemporaryDirectory() as directory:
        venv.create(directory, with_pip=True)
        pip = [Path(directory) / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "-qq", "--only-binary", ":all:", *requirements], check=True)
        return subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout.splitlines()


def own(project: dict[str, Any], *extras: str) -> list[str]:
    """The project's requirements with some extras', those of the project to itself resolved.

    Args:
        project: the table of that name in pyproject.toml.
        extras: names of optional dependencies.
    """
    found: list[str] = list(project["dependencies"])
    for extra in extras:
        for requirement in project["optional-dependencies"][extra]:
            if requirement.startswith("poolviz["):
                found += own(project, *requirement[len("poolviz[") : -1].split(","))
            else:
                found.append(requirement)
    return found


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    print(f"choosing versions under Python {sys.version.split()[0]}", flush=True)
    development = freeze(own(project, "dev", "peers"))
    binder = freeze([*own(project, "lab"), BINDER_KERNEL])
    (ROOT / "constraints.txt").write_text(CONSTRAINTS + "\n".join(development) + "\n")
    (ROOT / "binder" / "requirements.txt").write_text(BINDER + "\n".join(binder) + "\n")


if __name__ == "__main__":
    main()
