"""The command line: what is asked for, and one line for what is wrong with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from poolviz.console.script import run
from poolviz.export.native import LoadError, load
from poolviz.tracing.saving import FORMATS


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says.

    Args:
        arguments: without the program's name; None for those of this process.

    Raises:
        SystemExit: with 2 when the command line is wrong, with 1 when a file cannot be read or written, and as the script says.
    """
    asked = _parser().parse_args(arguments)
    asked.do(asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m poolviz", description="See what pools of concurrent.futures do.")
    commands = parser.add_subparsers(required=True, metavar="run|show")
    running = commands.add_parser(
        "run",
        usage="python -m poolviz run [--save FILE] script.py [arguments]",
        help="run a script with its pools recorded, then print the summary",
        description="Runs a script as Python would, with its concurrent.futures pools recorded, and prints the summary to standard error.",
    )
    running.add_argument("--save", metavar="FILE", type=_target, help=f"also save the trace: {', '.join(FORMATS)}")
    running.add_argument("script", type=_script, help="the script")
    running.add_argument("arguments", nargs=argparse.REMAINDER, help="the script's arguments")
    running.set_defaults(do=_run)
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


def _script(name: str) -> str:
    if not Path(name).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {name!r}")
    return name


def _run(asked: argparse.Namespace) -> None:
    # `python -m poolviz run script.py -- x` hands over the dashes too, as `python script.py -- x` does.
    run(asked.script, asked.arguments, asked.save)


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
