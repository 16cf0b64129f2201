"""The course names everything that a text on `concurrent.futures` has to name, what the newest Python added included."""

import re

import nbformat
import pytest

from tests.notebooks.course import NOTEBOOKS

NAMES = """
Executor ThreadPoolExecutor ProcessPoolExecutor max_workers thread_name_prefix initializer initargs mp_context max_tasks_per_child
submit map timeout chunksize buffersize shutdown wait=True wait=False cancel_futures terminate_workers kill_workers
cancel cancelled running done result exception add_done_callback
wait done not_done DoneAndNotDoneFutures FIRST_COMPLETED FIRST_EXCEPTION ALL_COMPLETED as_completed
TimeoutError CancelledError BrokenExecutor BrokenThreadPool BrokenProcessPool InvalidStateError
__main__
"""

CODE = re.compile(r"`([^`\n]+)`")


@pytest.fixture(scope="module")
def code() -> str:
    """All code of the course: its cells, and what is code in its prose."""
    cells = [cell for path in NOTEBOOKS for cell in nbformat.read(path, as_version=4).cells]
    return "\n".join(cell.source if cell.cell_type == "code" else "\n".join(CODE.findall(cell.source)) for cell in cells)


@pytest.mark.parametrize("name", sorted(set(NAMES.split())))
def test_the_name_is_taught(name: str, code: str) -> None:
    assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code)
