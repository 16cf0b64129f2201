"""Print the path of a Chromium, installing the system's package where there is none.

In this order: the variable POOLVIZ_CHROMIUM, a chromium or a Chrome on the path, `apt-get install chromium` as root or by a sudo that
asks for no password.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = "install Chromium (Debian, Ubuntu: apt-get install chromium) or set POOLVIZ_CHROMIUM to the path of a Chromium or Chrome"


def find() -> str | None:
    """The chosen browser, else the first one on the path."""
    chosen = os.environ.get("POOLVIZ_CHROMIUM")
    return next((found for name in ((chosen,) if chosen else NAMES) if (found := shutil.which(name))), None)


def install(log: Path) -> str | None:
    """Install the system's package; gives None where that cannot be done or fails."""
    apt = shutil.which("apt-get")
    if apt is None:
        return None
    if os.geteuid() == 0:
        prefix: list[str] = []
    elif sudo := shutil.which("sudo"):
        prefix = [sudo, "-n"]
    else:
        return None
    print(f"set-up: installing Chromium (log: {log})", file=sys.stderr, flush=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", apt, *arguments]
            if subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode:
                return None
    return find()


def main() -> None:
    found = find()
    if found is None and os.environ.get("POOLVIZ_CHROMIUM"):
        sys.exit(f"poolviz: POOLVIZ_CHROMIUM is {os.environ['POOLVIZ_CHROMIUM']}, which is not a program that can be run")
    log = Path("build/chromium.log")
    found = found or install(log)
    if found is None:
        sys.exit(f"poolviz: the browser tests need a browser: {ADVICE}" + (f" (log: {log})" if log.is_file() else ""))
    print(found)


if __name__ == "__main__":
    main()
