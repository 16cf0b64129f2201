"""A real run, saved as a page, for tests that need no Jupyter."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import time
from poolviz import ThreadPoolExecutor

def work(item):
    time.sleep(0.01)
    if item % 10 == 7:
        raise ValueError(f"no luck with {item}")
    return item

with ThreadPoolExecutor(2) as pool:
    futures = [pool.submit(work, item) for item in range(60)]
    futures[-1].cancel()
    for future in futures[:20]:
        future.exception()
pool.trace.save("run.html")
"""


def save_run(folder: Path) -> str:
    """Run 60 calls of which some raise and one is cancelled, and give the address of the page."""
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=folder, check=True, timeout=60)
    return (folder / "run.html").as_uri()
