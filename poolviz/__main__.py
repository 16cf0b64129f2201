"""``python -m poolviz``: see `poolviz.console.command`."""

from poolviz.console.command import main

if __name__ == "__main__":
    main()
