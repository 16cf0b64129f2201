"""What a global stands for is found out at each submit: exactly, and without pickling it anew where that can be known otherwise."""

import random
import sys
import warnings

import pytest

from poolviz.executors import costs, definitions
from poolviz.executors.costs import Cost
from poolviz.executors.definitions import Namespace

MAIN = sys.modules["__main__"].__dict__


@pytest.fixture
def pickled(monkeypatch):
    """The values that were pickled."""
    seen = []
    dump = definitions.dump_definition
    monkeypatch.setattr(definitions, "dump_definition", lambda value, rules: (seen.append(value), dump(value, rules))[1])
    return seen


@pytest.fixture
def definition(monkeypatch):
    """Gives the bytes of the global `thing` in one pool."""
    namespace = Namespace()

    def of(value):
        monkeypatch.setitem(MAIN, "thing", value)
        return namespace.snapshot({"thing"}, print).definitions["thing"].data

    return of


def fresh(value, monkeypatch):
    monkeypatch.setitem(MAIN, "thing", value)
    return Namespace().snapshot({"thing"}, print).definitions["thing"].data


STRINGS = [f"string {i}" for i in range(1000)]


@pytest.mark.parametrize(
    "value",
    [
        tuple(range(1000)),
        (1, ("a", frozenset([(2.5, None)] * 3), ((),)) * 200),
        frozenset(range(1000)),
        STRINGS,
        [1, True, None, 2.5, "text", b"bytes"] * 100,
        dict.fromkeys(STRINGS, 1),
        {i: str(i) for i in range(1000)},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_not_changed_is_not_pickled_again(definition, pickled, value):
    first = definition(value)
    assert all(definition(value) is first for _ in range(3))
    assert len(pickled) == 1


@pytest.mark.parametrize("value", [list(range(10)), {1: [2]}, [["a"]], (["a"],), [STRINGS], {"a": {1}}], ids=repr)
def test_others_are(definition, pickled, value):
    definition(value)
    definition(value)
    assert len(pickled) == 2


CHANGES = [
    lambda data: data.__setitem__(1, True),
    lambda data: data.__setitem__(1, 1.0),
    lambda data: data.__setitem__(2, -0.0),
    lambda data: data.__setitem__(3, float("nan")),
    lambda data: data.__setitem__(0, "other"),
    lambda data: data.__setitem__(0, [1]),
    lambda data: data.__setitem__(0, type("Text", (str,), {"__module__": "builtins"})("text")),
    lambda data: data.append(5) if isinstance(data, list) else data.update(new=5),
    lambda data: data.pop() if isinstance(data, list) else data.popitem(),
    lambda data: data.reverse() if isinstance(data, list) else data.update({0: data.pop(0)}),
]


@pytest.mark.parametrize("make", [lambda: ["text", 1, 0.0, None, "end"], lambda: {0: "text", 1: 1, 2: 0.0, 3: None, "end": 4}])
@pytest.mark.parametrize("change", range(len(CHANGES)))
def test_every_change_is_seen(definition, monkeypatch, make, change):
    """Also one to what is equal: True, 1 and 1.0 are, and 0.0 and -0.0."""
    value = make()
    before = definition(value)
    CHANGES[change](value)
    try:
        expected = fresh(value, monkeypatch)
    except TypeError as unsendable:
        with pytest.raises(type(unsendable)):
            definition(value)
        return
    assert definition(value) == expected != before


def test_random_changes_are_seen(definition, monkeypatch):
    chance = random.Random(1)
    values = ["a", "b", 0, 1, True, 0.0, -0.0, 1.0, None, b"c", 10**30, [], ("x",)]
    data, table = ["a", 1], {"a": 1}
    for _ in range(600):
        for thing in (data, table):
            assert definition(thing) == fresh(thing, monkeypatch)
        if chance.random() < 0.4:
            continue
        if data and chance.random() < 0.7:
            data[chance.randrange(len(data))] = chance.choice(values)
        elif chance.random() < 0.5:
            data.insert(chance.randrange(len(data) + 1), chance.choice(values))
        elif data:
            data.pop(chance.randrange(len(data)))
        table[chance.choice(["a", "b", 0, None])] = chance.choice(values)
        table.pop(chance.choice(["a", "b", 1]), None)


@pytest.fixture
def warned(monkeypatch):
    monkeypatch.setattr(costs, "_warned", set())
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield found


def test_a_global_that_costs_much_is_named_once(definition, warned, monkeypatch):
    """Each look at it seems to take 60 ms here, and nothing else takes any time."""
    ticks = iter(range(10**6))
    monkeypatch.setattr(definitions, "perf_counter", lambda: 100 + 0.06 * next(ticks))
    for _ in range(5):
        definition([1, 2, 3])
    assert not warned
    for _ in range(20):
        definition([1, 2, 3])
    (warning,) = warned
    words = str(warning.message)
    assert words.startswith("the global `thing` (0.0 MB) is looked at") and "0.30 s for 5 calls" in words and "initializer=" in words
    assert warning.filename == __file__
    for _ in range(20):
        definition("what never changes")
    assert len(warned) == 1


@pytest.mark.parametrize("gap, warns", [(0.0, True), (0.05, True), (0.12, False), (0.9, False)])
def test_a_cost_is_much_when_it_is_a_tenth_of_the_time(warned, gap, warns):
    cost, at = Cost(), 100.0
    for _ in range(100):
        cost.add("thing", 5, at, at + 0.01)
        at += 0.01 + gap
    assert bool(warned) == warns


def test_pauses_do_not_hide_a_cost(warned):
    """Cells that are run hours apart: each submits for a second, and most of that is spent on the global."""
    cost, at = Cost(), 100.0
    for _ in range(5):
        for _ in range(6):
            cost.add("thing", 5, at, at + 0.1)
            at += 0.12
        at += 3600
    assert len(warned) == 1
