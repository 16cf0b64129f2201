"""The command line: what is asked for, and one line for what is wrong with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from poolviz.console.script import NotFoundError, run
from poolviz.export.native import LoadError, load
from poolviz.tracing.saving import FORMATS


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says.

    Args:
        arguments: without the program's name; None for those of this process.

    Raises:
        SystemExit: with 2 when the command line is wrong, with 1 when a file cannot be read or written, and as the script says.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    ours, scripts = _divided(given)
    asked = _parser().parse_args(ours)
    asked.arguments = scripts
    asked.do(asked)


def _divided(given: list[str]) -> tuple[list[str], list[str]]:
    """What is ours, and what follows the name of a script: that is the script's to the letter, and argparse would take a ``--`` from it."""
    if given[:1] != ["run"]:
        return given, []
    at = 1
    while at < len(given) and given[at].startswith("-"):
        at += 2 if given[at] == "--save" else 1
    return given[: at + 1], given[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m poolviz", description="See what pools of concurrent.futures do.")
    commands = parser.add_subparsers(required=True, metavar="run|show")
    running = commands.add_parser(
        "run",
        usage="python -m poolviz run [--save FILE] (script.py | -m module) [arguments]",
        help="run a script or a module with its pools recorded, then print the summary",
        description="Runs a script or a module as Python would, with its concurrent.futures pools recorded, and prints the summary to "
        "standard error.",
        allow_abbrev=False,
    )
    running.add_argument("--save", metavar="FILE", type=_target, help=f"also save the trace: {', '.join(FORMATS)}")
    running.add_argument("-m", dest="is_module", action="store_true", help="the script is named as a module, as after python -m")
    running.add_argument("script", help="the script, or the module")
    running.set_defaults(do=_run, error=running.error)
    showing = commands.add_parser("show", help="print the summary of a saved trace", description="Prints the summary of a .poolviz file.")
    showing.add_argument("file", help="a file that was saved as .poolviz")
    showing.add_argument("--html", metavar="PAGE", help="also write its timeline as a page")
    showing.set_defaults(do=_show)
    return parser


def _target(name: str) -> Path:
    path = Path(name)
    if path.suffix.lower() not in FORMATS:
        raise argparse.ArgumentTypeError(f"{name!r} cannot be written: the known suffixes are {', '.join(FORMATS)}")
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{name!r} cannot be written: there is no folder {path.absolute().parent}")
    # The script may go to another folder.
    return path.absolute()


def _run(asked: argparse.Namespace) -> None:
    if not asked.is_module and not Path(asked.script).is_file():
        asked.error(f"argument script: there is no file {asked.script!r}")
    try:
        run(asked.script, asked.arguments, asked.save, is_module=asked.is_module)
    except NotFoundError as error:
        sys.exit(f"{sys.executable}: {error}")


def _show(asked: argparse.Namespace) -> None:
    try:
        trace = load(asked.file)
        print(trace.summary())
        if asked.html:
            page = Path(asked.html)
            if page.suffix.lower() != ".html":
                raise ValueError(f"{asked.html!r} is no name for a page: it should end with .html")
            print(f"\n{trace.save(page)}")
    except (LoadError, OSError, ValueError, RuntimeError) as error:
        sys.exit(f"poolviz: {error}")
