"""Run the unit tests and CPython's own tests of concurrent.futures on several Pythons, each with an environment of its own under build/.

    python scripts/test_all.py [PYTHON ...]

Without arguments, on each of python3.11 to python3.14 that is on the path.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("python3.11", "python3.12", "python3.13", "python3.14")
TESTS = ("tests/unit", "tests/conformance")
MADE_FROM = ("pyproject.toml", "constraints.txt", "scripts/bootstrap.py")


def version_of(python: str) -> str | None:
    """Its version, such as ``3.13``; None if it cannot be run."""
    command = [python, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"]
    try:
        said = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return said.stdout.strip() or None


def environment(python: str, version: str) -> Path | None:
    """The Python of an up-to-date environment; None if it could not be made (then that has been said)."""
    home = ROOT / "build" / f"python{version}"
    ready = home / ".ready"
    newest = max((ROOT / name).stat().st_mtime for name in MADE_FROM)
    if not ready.is_file() or ready.stat().st_mtime < newest:
        bootstrap = [python, ROOT / "scripts" / "bootstrap.py", home, ROOT / "build" / f"python{version}.log"]
        if subprocess.run(bootstrap).returncode:
            return None
        ready.touch()
    return home / "bin" / "python"


def main(pythons: list[str]) -> None:
    results: dict[str, str] = {}
    for python in pythons or NAMES:
        version = version_of(python)
        if version is None:
            if pythons:
                results[python] = "cannot be run"
            continue
        print(f"== {python}", flush=True)
        made = environment(python, version)
        if made is None:
            results[python] = "has no environment"
        else:
            failed = subprocess.run([made, "-m", "pytest", *TESTS], cwd=ROOT).returncode
            results[python] = "failed" if failed else "passed"
    if not results:
        sys.exit(f"poolviz: none of {', '.join(NAMES)} is on the path: name some with PYTHONS=")
    print("\n".join(f"{python}: {result}" for python, result in results.items()))
    sys.exit(any(result != "passed" for result in results.values()))


if __name__ == "__main__":
    main(sys.argv[1:])
