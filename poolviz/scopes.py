"""Which trace a call belongs to besides its pool's: the cell that runs, or the `with poolviz.trace()` around it.

    a block (`with poolviz.trace()`)   is entered in a context, as `contextvars` has it: a thread's own, or an asyncio task's
    a cell of a notebook               is entered in a thread

A call keeps the number of one scope. A scope knows those around it, so a trace of the outer one includes the calls of the inner one. Which
scope a call gets is decided at its submission, by the first of these that gives one:

1. The innermost open block that the submitting code's context has entered, unless the thread's cell is newer.
2. In a worker thread, or in a done-callback: the block of the call that runs, or that the callback is for.
3. The block in which the call's pool was made, while it is open; for a thread with a cell, one that was entered in that cell.
4. For a thread without a cell: all open blocks; of those that are nested the innermost. For a thread with a cell: the open blocks that were
   entered in it, or else the cell; and those that were open when the cell began, and are. Where that is more than one, the call gets a
   scope that lies inside each of them.
5. Nothing: `ROOT`.

So two servers whose threads or tasks have blocks of their own are apart, and a thread that was started before a block is not forgotten. A
block lies inside the one that its context, or the call that enters it, has; or else inside the thread's cell; and not inside those of
other threads.

Invariants
- No lock. Each change is one atomic step on a dictionary or an attribute: a generator with a block in it may be closed by the garbage
  collector, anywhere.
- A scope that was left is given to no further call, whoever still has it in a context: the nearest one around it that is open is. (A scope
  inside it that is still open goes on, and its calls belong to both.)
- `_version` is replaced after each change of `_open`. What was derived from `_open` holds the version that it was made for.
"""

from collections.abc import Callable, Collection, Iterator
from contextvars import ContextVar
from itertools import count
from threading import get_ident

_numbers = count(1)

#: For the number of each scope those of the scopes around it. Kept beyond the scope's end, as calls may outlive their scope: see `forget`.
parents: dict[int, tuple[int, ...]] = {}

#: Scopes that are kept anyway: a call may be on its way that was submitted in one of the newest.
NEWEST = 1000


class Scope:
    """A span of a program's life whose calls belong together.

    Args:
        around: the scopes that it lies inside.
        on_first: called once, in the thread that submits the scope's first call, just before that call is submitted.
        cell: whether it is entered for one thread.
        beside: of a cell, the blocks that were open when it began.
    """

    def __init__(
        self,
        around: tuple["Scope", ...] = (),
        on_first: Callable[[], None] | None = None,
        *,
        cell: bool = False,
        beside: tuple["Scope", ...] = (),
    ) -> None:
        self.id = next(_numbers) if around else 0
        self.around = around
        self._on_first = on_first
        self.waiting: bool = on_first is not None or any(scope.waiting for scope in around)
        """Whether `touch` has something to do: the one thing that the hot path looks at."""
        self.open = True
        self.cell = cell
        self.beside = beside
        self.block: Scope | None = self if around and not cell else None
        """The block that its calls hand on to what they submit themselves."""
        self.inside: tuple[object, Scope] = (None, self)
        """The version for which it was derived, and the scope of a call that has this one and no block: see `_gather`."""
        if around:
            parents[self.id] = tuple(scope.id for scope in around)

    def touch(self) -> None:
        """Run `on_first` of this scope and of those around it, once each."""
        for scope in (self, *_all_around(self)):
            scope.waiting = False
            first, scope._on_first = scope._on_first, None
            if first is not None:
                first()


#: The scope outside of all others: number 0.
ROOT = Scope()
_block: ContextVar[Scope | None] = ContextVar("poolviz_block", default=None)
_cells: dict[int, Scope] = {}
"""The innermost cell of each thread that has one. Written by that thread alone."""
_open: dict[int, Scope] = {}
_version = object()


def is_within(scope: int, outer: int) -> bool:
    """Whether the scope numbered `scope` is the one numbered `outer` or lies inside it."""
    if scope == outer or not outer:
        return True
    look, seen = [scope], set()
    while look:
        for number in parents.get(look.pop(), ()):
            if number == outer:
                return True
            # Whatever lies around a scope was there before it, and has a lower number.
            if number > outer and number not in seen:
                seen.add(number)
                look.append(number)
    return False


def lineage(scope: int) -> set[int]:
    """The numbers of a scope, of those that it lies inside, and 0."""
    look, found = [scope], {scope, 0}
    while look:
        for number in parents.get(look.pop(), ()):
            if number not in found:
                found.add(number)
                look.append(number)
    return found


def _all_around(scope: Scope) -> Iterator[Scope]:
    """The scopes that `scope` lies inside, from the inside out."""
    look, seen = [*scope.around], set()
    while look:
        found = look.pop(0)
        if found.id not in seen:
            seen.add(found.id)
            look += found.around
            yield found


def current(home: Scope | None = None) -> Scope:
    """The scope of a call that the calling code submits now.

    Args:
        home: the block in which the call's pool was made, if any.
    """
    base, block = _cells.get(get_ident(), ROOT), _block.get()
    if block is None:
        if (home is None or not home.open) and base.open:
            version, scope = base.inside
            return scope if version is _version else _gather(base)
    elif block.open and block.id > base.id:
        return block
    return _choose(home)


def _choose(home: Scope | None) -> Scope:
    base, block = _own_cell(), block_here()
    if block is not None and not (block.id < base.id and block in base.beside):
        return block
    if block is None and home is not None and home.open and is_within(home.id, base.id):
        return home
    version, scope = base.inside
    return scope if version is _version else _gather(base)


def _gather(base: Scope) -> Scope:
    """The scope of a call that has no block, in a thread whose cell is `base`, or that has none."""
    version = _version
    inside = _open_inside(base)
    blocks = (*inside, *(block for block in base.beside if block.open))
    outer = {around.id for block in blocks for around in _all_around(block)}
    innermost = tuple(block for block in blocks if block.id not in outer)
    parts = innermost if inside else (base, *innermost)
    found = parts[0]
    if len(parts) > 1:
        found = Scope(parts)
        found.block = innermost[0] if len(innermost) == 1 else None
    base.inside = (version, found)
    return found


def _open_inside(cell: Scope) -> tuple[Scope, ...]:
    """The open blocks that were entered in a cell; all, for `ROOT`."""
    return tuple(scope for scope in list(_open.values()) if not scope.cell and is_within(scope.id, cell.id))


def _own_cell() -> Scope:
    """The innermost cell of the calling thread that is open; ROOT when it has none."""
    cell = _cells.get(get_ident(), ROOT)
    if cell.open:
        return cell
    # It was left by another thread.
    found = next((scope for scope in _all_around(cell) if scope.open and scope.cell), ROOT)
    if found is ROOT:
        _cells.pop(get_ident(), None)
    else:
        _cells[get_ident()] = found
    return found


def block_here() -> Scope | None:
    """The innermost open block of the calling code's context, or of the call that runs in this thread."""
    block = _block.get()
    if block is not None and not block.open:
        block = next((scope for scope in _all_around(block) if scope.open and scope.block is scope), None)
        _block.set(block)
    return block


def hand_on(block: Scope | None) -> None:
    """Let what the calling thread does from here on belong to `block`: it runs a call, or a callback, that does."""
    _block.set(block)


def enter(on_first: Callable[[], None] | None = None, *, thread_only: bool) -> Scope:
    """Open a scope inside the current one.

    Args:
        on_first: see `Scope`.
        thread_only: it is a cell, of the calling thread; else a block, of the calling code's context.
    """
    global _version
    cell, block = _own_cell(), block_here()
    beside = tuple(other for other in cell.beside if other.open)
    if thread_only:
        scope = Scope((cell,), on_first, cell=True, beside=(*_open_inside(cell), *beside))
        _cells[get_ident()] = scope
    else:
        own = block is not None and block not in beside
        scope = Scope((block,) if own and block is not None else (cell, *beside), on_first)
        _block.set(scope)
    _open[scope.id] = scope
    _version = object()
    return scope


def leave(scope: Scope) -> None:
    """Close a scope, whichever thread opened it and whatever was opened since."""
    global _version
    scope.open = False
    _open.pop(scope.id, None)
    _version = object()
    if scope._on_first is not None:
        parents.pop(scope.id, None)  # nobody submitted a call in it
    _own_cell()
    block_here()


def forget(wanted: Collection[int]) -> None:
    """Keep no scopes but these, those around them, those that are open, and the newest. Waits until there are many.

    Args:
        wanted: the numbers of those whose calls can still be asked for.
    """
    known = list(parents)
    if len(known) < 2 * NEWEST:
        return
    stay: set[int] = set()
    for scope in (*wanted, *list(_open), *known[-NEWEST:]):
        if scope not in stay:
            stay |= lineage(scope)
    for number in known:
        if number not in stay:
            parents.pop(number, None)
