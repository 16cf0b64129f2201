"""What is measured, in the order of the table."""

from benchmarks.cases import by_value, cold_start, imports, large, mapping, memory, round_trip, straggler, submit, threads

CASES = (
    submit.CASE,
    mapping.AS_IT_COMES,
    mapping.CHUNKS,
    round_trip.CASE,
    large.CASE,
    straggler.CASE,
    cold_start.CASE,
    threads.SUBMIT,
    threads.MAP,
    threads.ROUND_TRIP,
    imports.CASE,
    by_value.CASE,
    memory.CASE,
)
