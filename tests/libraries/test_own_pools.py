"""Libraries that bring pools of their own go on working while `concurrent.futures` is covered, and nothing of them is drawn."""

import pytest

from tests.faults.helpers import LIMIT

PROGRAM = """
import sys
from poolviz import observe
from poolviz.stdlib import Cover

cover = Cover()
cover.put_on()
from joblib import Parallel, delayed  # as a user does: with the cover on

from tests.faults import tasks

if __name__ == "__main__":
    with Parallel(n_jobs=2, backend=sys.argv[1]) as parallel:
        print(parallel(delayed(tasks.double)(i) for i in range(20)))
    if sys.argv[1] == "loky":
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)
    print("pools of ours:", len(observe.journals))
    cover.take_off()
"""


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib(run_program, backend):
    code, out, err = run_program(PROGRAM, backend).end(2 * LIMIT)
    assert code == 0, err
    assert out.splitlines() == [str([2 * i for i in range(20)]), "pools of ours: 0"]
