"""Speed and memory of the pools, side by side with others in one run: ``python -m benchmarks`` or ``make bench``."""
