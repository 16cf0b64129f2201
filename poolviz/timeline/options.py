"""How timelines of this session are shown, unless one is made with settings of its own."""

from dataclasses import dataclass


@dataclass
class Options:
    """Settings of a session."""

    height: int = 0
    """Pixels; 0 lets the number of workers decide."""
    theme: str = "auto"
    """``auto`` follows the host, else ``light`` or ``dark``."""
    save: bool = True
    """Whether the notebook keeps the calls of what is shown, to be explored, or the picture alone."""


options = Options()
