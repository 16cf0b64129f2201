"""`python -m poolviz`: what a script can see is as under plain Python; the summary comes at the end."""

import os
import re
import subprocess
import sys

import pytest

import poolviz

SCRIPT = '''\
import atexit
import sys
import __main__
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed


def square(n):
    """Squares."""
    return n * n


print(sys.argv, __name__, __file__, __doc__, sys.path[0], __main__.square is square)
atexit.register(print, "the script's own exit function")


def main():
    with ThreadPoolExecutor(2) as pool:
        print(sorted(f.result() for f in as_completed([pool.submit(square, n) for n in range(3)])))
    with ProcessPoolExecutor(2) as pool:
        print(list(pool.map(square, range(3))))
    print("and this on standard error", file=sys.stderr)
    match sys.argv[1:]:
        case ["raise"]:
            try:
                {}["missing"]
            except KeyError:
                raise ValueError("two\\nlines") from None
        case ["chain"]:
            try:
                1 / 0
            except ZeroDivisionError as error:
                raise RuntimeError("after it") from error
        case ["exit", code]:
            sys.exit(int(code))
        case ["words"]:
            sys.exit("words instead of a code")
        case ["interrupt"]:
            raise KeyboardInterrupt
        case ["hook"]:
            sys.excepthook = lambda kind, value, traceback: print("hooked", value, traceback.tb_frame.f_code.co_name)
            raise OSError("mine")
        case ["in a call"]:
            ThreadPoolExecutor(1).submit(divmod, 1, 0).result()


if __name__ == "__main__":
    main()
'''


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def python(*arguments, cwd):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (os.getcwd(), os.environ.get("PYTHONPATH"))))}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, cwd=cwd, env=environment)


def without_lines_of_the_pool(text):
    """Frames of our pools stand where those of the standard library's stood."""
    return re.sub(r'  File "[^"]*(poolviz|concurrent)[^"]*", line.*\n(    .*\n)*', "", text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["raise"],
        ["chain"],
        ["exit", "0"],
        ["exit", "7"],
        ["words"],
        ["interrupt"],
        ["hook"],
        ["in a call"],
        ["--save", "x", "--", "-h"],
        ["--", "--", "-m"],
    ],
)
def test_what_the_script_says_and_how_it_ends_is_unchanged(script, arguments):
    plain = python("script.py", *arguments, cwd=script.parent)
    traced = python("-m", "poolviz", "run", "script.py", *arguments, cwd=script.parent)
    assert traced.returncode == plain.returncode
    assert traced.stdout == plain.stdout
    said, _, summary = traced.stderr.rpartition("\nscript.py: ")
    assert without_lines_of_the_pool(said) == without_lines_of_the_pool(plain.stderr)
    assert re.match(r"[67] total, 6 finished", summary) and "makespan" in summary


@pytest.fixture
def package(script):
    folder = script.parent / "package"
    (folder / "whole").mkdir(parents=True)
    (folder / "__init__.py").write_text("import sys\nprint('imported with', sys.argv)\n")
    (folder / "module.py").write_text("from . import helper\n" + SCRIPT.partition("import sys\n")[0] + SCRIPT)
    (folder / "helper.py").write_text("")
    (folder / "broken.py").write_text("import absent\n")
    (folder / "whole" / "__init__.py").write_text("")
    (folder / "whole" / "__main__.py").write_text("print(__spec__.name, __package__, sorted(globals()))\n")
    (script.parent / "fails").mkdir()
    (script.parent / "fails" / "__init__.py").write_text("import absent\n")
    return script.parent


@pytest.mark.parametrize(
    "arguments",
    [
        ["package.module"],
        ["package.module", "raise"],
        ["package.module", "exit", "7"],
        ["package.module", "--", "-h", "-m", "--save"],
        ["script", "-x"],
        ["package.whole", "-m"],
        ["package"],
        ["package.absent"],
        ["package.broken"],
        ["package.module.deeper"],
        ["fails.inside"],
        ["absent"],
        ["absent.inside"],
        [".package"],
        ["sys"],
        ["script.py"],
    ],
)
def test_a_module_is_run_as_python_runs_it(package, arguments):
    plain = python("-m", *arguments, cwd=package)
    traced = python("-m", "poolviz", "run", "-m", *arguments, cwd=package)
    assert traced.returncode == plain.returncode
    assert traced.stdout == plain.stdout
    said, summary, _ = traced.stderr.partition(f"\n{arguments[0]}: ")
    frames = re.sub(r'  File "<frozen runpy>", line .*\n', "", plain.stderr)
    assert without_lines_of_the_pool(said) == without_lines_of_the_pool(frames)
    # What is not found has run nothing, and gets no summary.
    assert bool(summary) is not frames.startswith(f"{sys.executable}: ")


def test_calls_that_are_left_behind_are_in_the_summary(tmp_path):
    (tmp_path / "late.py").write_text(
        "import time\nfrom concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n"
        "for _ in range(3): pool.submit(time.sleep, 0.05)\npool.shutdown(wait=False)\nprint('main is done')\n"
    )
    done = python("-m", "poolviz", "run", "late.py", cwd=tmp_path)
    assert done.stdout == "main is done\n"
    assert "late.py: 3 total, 3 finished" in done.stderr


def test_a_script_that_cannot_be_compiled(tmp_path):
    (tmp_path / "wrong.py").write_text("def f(:\n")
    plain, traced = python("wrong.py", cwd=tmp_path), python("-m", "poolviz", "run", "wrong.py", cwd=tmp_path)
    assert traced.returncode == plain.returncode == 1
    assert traced.stderr.startswith(plain.stderr)


@pytest.mark.parametrize("suffix", ["poolviz", "json", "csv"])
def test_a_run_is_saved_and_shown(script, suffix):
    target = script.parent / f"run.{suffix}"
    traced = python("-m", "poolviz", "run", "--save", str(target), "script.py", "raise", cwd=script.parent)
    assert traced.returncode == 1 and traced.stderr.rstrip().endswith(str(target))
    assert target.stat().st_size > 300
    if suffix == "poolviz":
        assert repr(poolviz.load(target)) == "Trace('script.py': 6 calls, 6 finished)"
        shown = python("-m", "poolviz", "show", str(target), cwd=script.parent)
        assert shown.returncode == 0 and shown.stdout.startswith("script.py: 6 total, 6 finished\n") and shown.stderr == ""
        assert shown.stdout == f"{poolviz.load(target).summary()}\n"


def test_a_script_that_goes_elsewhere_is_saved_where_it_was_asked_for(tmp_path):
    (tmp_path / "goes.py").write_text("import os, concurrent.futures as c\nos.chdir('/')\nc.ThreadPoolExecutor(1).submit(abs, 1)\n")
    assert python("-m", "poolviz", "run", "--save", "here.csv", "goes.py", cwd=tmp_path).returncode == 0
    assert (tmp_path / "here.csv").read_text().count("\n") == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "--save", "run.doc", "script.py"], 2, "known suffixes are .html, .poolviz, .json, .csv"),
        (["run", "--save", "no/where/run.csv", "script.py"], 2, "there is no folder"),
        (["run", "absent.py"], 2, "there is no file 'absent.py'"),
        (["run"], 2, "usage: python -m poolviz run [--save FILE] (script.py | -m module) [arguments]"),
        (["run", "-m"], 2, "required: script"),
        ([], 2, "usage: python -m poolviz"),
        (["show", "absent.poolviz"], 1, "No such file"),
        (["show", "script.py"], 1, "poolviz: 'script.py': this is no .poolviz file"),
    ],
)
def test_what_is_wrong_is_said_in_words(script, arguments, code, words):
    done = python("-m", "poolviz", *arguments, cwd=script.parent)
    assert done.returncode == code
    assert words in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_page_is_written(script, front_end, capsys):
    from poolviz.console.command import main

    with poolviz.trace("a run") as trace, poolviz.ThreadPoolExecutor(1) as pool:
        pool.submit(abs, 1)
    saved, page = trace.save(script.parent / "run.poolviz"), script.parent / "page.html"
    main(["show", str(saved), "--html", str(page)])
    assert page.read_text().startswith("<!doctype html>")
    assert str(page) in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"should end with \.html"):
        main(["show", str(saved), "--html", "page.doc"])
