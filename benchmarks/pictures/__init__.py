"""Pictures of runs, ours and others', side by side in a browser: `python -m benchmarks.pictures`."""
