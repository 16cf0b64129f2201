"""A call's traceback as text: bounded in size and in the work it takes, without our own frames, and with lines that only the parent has.

    worker:  text_of(error) --> text, in which marks stand for source lines that this process cannot find, and the frames of the marks
                 |
    parent:  complete(text, frames) --> text with the lines: a cell's source is in the parent's linecache alone

What is rendered, and how, is the standard library's: this module builds its `TracebackException` objects, no more of them and no larger
ones than somebody would read. Nothing here alters the exception.
"""

import os
import re
import sys
from collections.abc import Generator, Iterator
from inspect import getattr_static
from itertools import groupby
from traceback import FrameSummary, StackSummary, TracebackException
from types import ModuleType, TracebackType
from typing import Any

from poolviz.wording import cut, said, words_of

#: Whether frames of poolviz are hidden: in texts, and in tracebacks of a notebook, which obey this name in a frame.
HIDE = not os.environ.get("POOLVIZ_DEBUG")

#: Characters of a traceback, of what one exception in it says, of one of its notes, and of one frame.
TEXT, SAID, NOTE, FRAME = 20_000, 5_000, 1_000, 1_000
#: Notes of an exception, frames of a stack, exceptions of a chain, and exceptions in all.
NOTES, FRAMES, CHAIN, EXCEPTIONS = 10, 60, 10, 60
#: How deep exception groups are shown, and how many members of one: as many as the standard library shows.
_limits: Any = TracebackException(Exception, Exception(), None)
DEPTH, WIDTH = _limits.max_group_depth, _limits.max_group_width

Missing = list[tuple[str, int, int, int | None, int | None, str]]
"""Frames whose lines were not found: file, first and last line, first and last column, function."""

_OURS = os.path.dirname(__file__) + os.sep
_MARK = re.compile(r"^(.*?)    \0(\d{1,4})\0\n", re.MULTILINE)
# Past what a class of somebody's may have put in their place.
_cause, _context, _suppresses, _traceback = map(
    vars(BaseException).__getitem__, ("__cause__", "__context__", "__suppress_context__", "__traceback__")
)
_members: Any = vars(BaseExceptionGroup)["exceptions"]

#: What the standard library reads of exceptions that it has more to say about: suggestions, and the line of a syntax error.
_READS: tuple[tuple[type[BaseException], tuple[str, ...]], ...] = (
    (SyntaxError, ("filename", "lineno", "end_lineno", "text", "offset", "end_offset", "msg")),
    (ImportError, ("name", "name_from", "path")),
    (NameError, ("name",)),
    (AttributeError, ("name", "obj")),
)


def text_of(error: BaseException, missing: Missing | None = None) -> str:
    """The traceback of an exception, with its causes; never raises.

    Args:
        error: the exception.
        missing: takes the frames whose lines another process must find; None where this one is the last to look.
    """
    try:
        return cut("".join(_Tree(missing).of(error).format()), TEXT)
    except BaseException:  # code of somebody's: a metaclass, a property, a __dir__
        return f"{words_of(error)}\n"


def complete(text: str, missing: Missing) -> str:
    """A text of another process, with the lines that this one has."""
    if not missing:
        return text

    def lines(mark: re.Match[str]) -> str:
        number = int(mark[2])
        if number >= len(missing):
            return ""
        filename, lineno, end_lineno, colno, end_colno, name = missing[number]
        frame = FrameSummary(filename, lineno, name, end_lineno=end_lineno, colno=colno, end_colno=end_colno)
        _, *found = _Stack([frame], None).format_frame_summary(frame).splitlines(keepends=True)
        return "".join(mark[1] + line for line in found)

    return cut(_MARK.sub(lines, text).replace("\0", ""), TEXT)


def without_ours(error: BaseException) -> None:
    """Take our frames out of the traceback of an exception that was caught here; never raises."""
    first, links = _traceback.__get__(error), []
    traceback = first
    while traceback is not None:
        if not _is_ours(traceback):
            links.append(traceback)
        traceback = traceback.tb_next
    for link in reversed(links):
        traceback = TracebackType(traceback, link.tb_frame, link.tb_lasti, link.tb_lineno)
    _traceback.__set__(error, traceback)


def _is_ours(traceback: TracebackType) -> bool:
    return HIDE and traceback.tb_frame.f_code.co_filename.startswith(_OURS)


class _Stack(StackSummary):
    """The frames of one exception. Strings among them stand for what is left out."""

    def __init__(self, frames: list[Any], missing: Missing | None) -> None:
        super().__init__(frames)
        self._missing = missing

    def format_frame_summary(self, frame_summary: FrameSummary, **how: Any) -> str:
        frame = frame_summary
        text = _unmarked(super().format_frame_summary(frame, **how))
        if len(text) > FRAME:
            head, _, rest = text.partition("\n")
            text = f"{cut(head, FRAME)}\n    {cut(rest.strip().partition(chr(10))[0], FRAME)}\n"
        if frame.line or self._missing is None or frame.lineno is None:
            return text
        found = (frame.filename, frame.lineno, frame.end_lineno or frame.lineno, frame.colno, frame.end_colno, frame.name)
        if found not in self._missing:
            self._missing.append(found)
        return f"{text}    \0{self._missing.index(found)}\0\n"

    def format(self, **how: Any) -> list[str]:
        entries: Iterator[Any] = iter(self)
        return [entry if isinstance(entry, str) else self.format_frame_summary(entry, **how) for entry in entries]


class _Omitted(TracebackException):
    """Stands for exceptions of a chain, or of a group, that are too many."""

    def __init__(self, words: str) -> None:
        super().__init__(Exception, Exception(), None)
        self._words = words

    def format_exception_only(self, **how: Any) -> Generator[str, None, None]:
        yield f"[{self._words}]\n"


class _Tree:
    """Builds what is rendered."""

    def __init__(self, missing: Missing | None) -> None:
        self._missing = missing
        self._seen: set[int] = set()
        self._left = EXCEPTIONS

    def of(self, error: BaseException, depth: int = 0) -> TracebackException:
        """An exception with its chain."""
        chain = self._chain(error)
        n, shown = len(chain), max(2, min(CHAIN, self._left))
        gap = range(shown - shown // 2, n - shown // 2) if n > shown else range(0)
        first = last = self._alone(error, depth)
        for at in range(1, n):
            if at in gap:
                if at > gap[0]:
                    continue
                found: TracebackException = _Omitted(f"{len(gap):,} more exceptions of this chain are left out")
            else:
                found = self._alone(chain[at], depth)
            is_cause = _cause.__get__(chain[at - 1]) is not None
            last.__cause__, last.__context__ = (found, None) if is_cause else (None, found)
            last = found
        return first

    def _chain(self, error: BaseException) -> list[BaseException]:
        chain: list[BaseException] = []
        following: BaseException | None = error
        while following is not None and id(following) not in self._seen:
            self._seen.add(id(following))
            chain.append(following)
            cause = _cause.__get__(following)
            following = cause if cause is not None or _suppresses.__get__(following) else _context.__get__(following)
        return chain

    def _alone(self, error: BaseException, depth: int) -> TracebackException:
        self._left -= 1
        traceback = _traceback.__get__(error)
        found = TracebackException(type(error), _twin(error), traceback, limit=0)
        found.stack = _Stack(_frames(traceback), self._missing)
        found.__notes__ = _notes(error)
        if isinstance(error, BaseExceptionGroup):
            members: tuple[BaseException, ...] = _members.__get__(error)
            shown = members[:WIDTH] if depth <= DEPTH else ()
            # Of the others only the number is looked at.
            found.exceptions = [self._member(member, depth + 1) for member in shown] + [found] * (len(members) - len(shown))
        return found

    def _member(self, error: BaseException, depth: int) -> TracebackException:
        return self.of(error, depth) if self._left > 0 else _Omitted("left out: there are too many exceptions")


def _twin(error: BaseException) -> BaseException:
    """An exception that says the same, as far as the standard library reads it, without cause, context and members."""
    words = _unmarked(cut(said(error), SAID))
    for kind, names in _READS:
        if isinstance(error, kind):
            twin = kind(words)
            for name in names if _may_suggest(error) else ():
                value = getattr(error, name, None)
                setattr(twin, name, _unmarked(cut(value, FRAME)) if type(value) is str else value)
            return twin
    return Exception(words)


def _unmarked(text: str) -> str:
    """Text of somebody's, in which nothing passes for a mark."""
    return text.replace("\0", "\\x00")


def _may_suggest(error: BaseException) -> bool:
    """Whether the standard library's search for a name that was meant runs no code of anybody's, which may take any time."""
    if isinstance(error, AttributeError):
        return _lists_its_names(error.obj)
    if isinstance(error, ImportError):
        return _lists_its_names(sys.modules.get(str(error.name)))
    if isinstance(error, NameError):
        traceback = _traceback.__get__(error)
        while traceback is not None and traceback.tb_next is not None:
            traceback = traceback.tb_next
        # It asks `self` of the innermost frame for the name.
        owner = type(traceback.tb_frame.f_locals.get("self")) if traceback is not None else object
        looks_up = owner.__getattribute__ is object.__getattribute__ and not hasattr(owner, "__getattr__")
        return looks_up and not isinstance(getattr_static(owner, str(error.name), None), property)
    return True


def _lists_its_names(obj: object) -> bool:
    if type(obj) is ModuleType:
        return "__dir__" not in vars(obj)
    return type(obj).__dir__ is (type.__dir__ if isinstance(obj, type) else object.__dir__)


def _notes(error: BaseException) -> list[str] | None:
    notes = getattr(error, "__notes__", None)
    if notes is None:
        return None
    if not isinstance(notes, list | tuple):
        return [f"<__notes__ is no list but {type(notes).__qualname__}>"]
    shown = [
        _unmarked(cut(note, NOTE)) if type(note) is str else f"<a note that is no str but {type(note).__qualname__}>"
        for note in notes[:NOTES]
    ]
    return shown + ([f"[{len(notes) - NOTES:,} more notes are left out]"] if len(notes) > NOTES else [])


def _frames(traceback: TracebackType | None) -> list[Any]:
    """The frames to be shown, outermost first: of those that repeat themselves some, of too many the ends."""
    links: list[TracebackType] = []
    while traceback is not None:
        if not _is_ours(traceback):
            links.append(traceback)
        traceback = traceback.tb_next
    entries: list[tuple[Any, int]] = []
    for _, same in groupby(links, lambda link: (link.tb_frame.f_code, link.tb_lineno)):
        first, *rest = same
        entries += [(link, 1) for link in (first, *rest[:2])]
        if rest[2:]:
            entries.append((f"  [Previous line repeated {len(rest) - 2} more time{'s' if len(rest) > 3 else ''}]\n", len(rest) - 2))
    if len(entries) > FRAMES:
        gap = entries[FRAMES // 2 : -FRAMES // 2]
        entries[FRAMES // 2 : -FRAMES // 2] = [(f"  [{sum(frames for _, frames in gap):,} more frames are left out]\n", 0)]
    return [entry if isinstance(entry, str) else _summary(entry) for entry, _ in entries]


def _summary(link: TracebackType) -> FrameSummary:
    # This way it has its columns, for which there is no public function.
    return TracebackException(Exception, Exception(), link, limit=1).stack[0]
