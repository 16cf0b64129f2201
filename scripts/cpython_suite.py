"""Print the folder to put in front of `sys.path` so that `test.test_concurrent_futures` can be imported, fetching it where it is missing.

    python scripts/cpython_suite.py build/conformance

Many Pythons come without their larger test packages. In this order: the `test` package of the Python that runs this (then the printed
folder is empty), what was fetched before, Debian's package of the suite for this version, unpacked into the folder: nothing is installed.
Where the system's packages know none for this version, it prints ``none``.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "{}.{}".format(*sys.version_info)
PACKAGE = f"libpython{VERSION}-testsuite"
NAME = "test_concurrent_futures"
ADVICE = f"use a Python that has it, or fetch Debian's {PACKAGE} where apt-get works"

#: The package `test` of the fetched suite: what it lacks, such as `test.support`, is the interpreter's own.
JOINT = 'import sysconfig\n\n__path__.append(sysconfig.get_path("stdlib") + "/test")\n'


def fail(line: str) -> None:
    """End with one line."""
    sys.exit(f"poolviz: this Python has no test.{NAME}, and it cannot be fetched: {line}: {ADVICE}")


def download(folder: Path, log: Path) -> Path | None:
    """Fetch the package file.

    Returns:
        Its path; None if there is no such package.
    """
    apt = shutil.which("apt-get")
    if apt is None or shutil.which("dpkg-deb") is None:
        fail("there is no apt-get")
    assert apt is not None
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    with log.open("w") as output:

        def run(*command: str) -> bool:
            return not subprocess.run(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode

        # The lists of packages are often missing in containers; to fetch them takes root, to download a package does not.
        if not run(apt, "download", PACKAGE):
            if sudo and not shutil.which("sudo"):
                fail("apt-get update takes root")
            if not run(*sudo, apt, "update"):
                fail(f"apt-get update failed (all of it: {log})")
            if not run("apt-cache", "show", PACKAGE):
                return None
            if not run(apt, "download", PACKAGE):
                fail(f"apt-get download failed (all of it: {log})")
    return next(folder.glob(f"{PACKAGE}_*.deb"))


def unpack(package: Path, folder: Path) -> None:
    """Take the suite out of the package."""
    unpacked = folder / "unpacked"
    subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
    found = list(unpacked.glob(f"usr/lib/python{VERSION}/test/{NAME}*"))
    if not found:
        fail(f"{package.name} does not hold it")
    home = folder / "test"
    home.mkdir(exist_ok=True)
    for path in found:
        path.rename(home / path.name)
    # Written last: a suite that is there is complete.
    (home / "__init__.py").write_text(JOINT)
    shutil.rmtree(unpacked)
    package.unlink()


def main(home: Path) -> None:
    try:
        own = importlib.util.find_spec(f"test.{NAME}")
        support = importlib.util.find_spec("test.support")
    except ModuleNotFoundError:
        own = support = None
    if own is not None:
        print()
        return
    if support is None:
        sys.exit("poolviz: this Python has no package test.support: use one that has it (Debian: libpython3-stdlib)")
    folder = home.resolve() / VERSION
    if not (folder / "test" / "__init__.py").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(f"set-up: fetching {PACKAGE}", file=sys.stderr, flush=True)
        package = download(folder, folder / "apt.log")
        if package is None:
            print("none")
            return
        unpack(package, folder)
    print(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
