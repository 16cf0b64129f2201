import sys

# Workers that the standard library spawns import this module again: guarded, they get nothing more than these lines.
if __name__ == "__main__":
    from benchmarks.command import main

    sys.exit(main())
