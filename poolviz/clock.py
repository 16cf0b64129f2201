"""The one clock of a run: monotonic nanoseconds that parent and workers share.

`time.perf_counter_ns` reads CLOCK_MONOTONIC on Linux, mach_absolute_time on macOS and QueryPerformanceCounter on Windows. All three
count from the machine's boot, so stamps of two processes on one machine can be compared as they are.
"""

import time

#: Nanoseconds on the shared clock.
now = time.perf_counter_ns


def wall_anchor() -> tuple[int, int]:
    """Read both clocks at one moment.

    Returns:
        ``(clock, unix)``: this clock's nanoseconds, and nanoseconds since 1970-01-01 UTC.
    """
    before = now()
    unix = time.time_ns()
    return (before + now()) // 2, unix
