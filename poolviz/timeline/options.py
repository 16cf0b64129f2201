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
    """Whether what is shown is kept with the notebook."""


options = Options()
