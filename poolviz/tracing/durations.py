"""Lengths of time as people read them.

The page has the same in ``js/src/base/format.ts``; ``tests/vectors/durations.json`` holds for both.
"""

_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"))

#: What rounds to a thousand of a unit is told in the next: 999.6 ms is 1.00 s.
_ROUNDS_UP = 0.9995


def duration(ns: int) -> str:
    """A length of time in words, such as ``1.25 s``, ``340 µs`` or ``2 h 20 min``.

    Args:
        ns: nanoseconds, 0 or more.
    """
    if ns >= 99_950_000_000:
        return _long((ns + 500_000_000) // 1_000_000_000)
    for size, unit in _UNITS:
        if ns >= size * _ROUNDS_UP:
            value = ns / size
            return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f} {unit}"
    return f"{ns} ns"


def _long(seconds: int) -> str:
    minutes, hours = seconds // 60, seconds // 3600
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s"
