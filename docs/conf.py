"""The documentation: `make docs` builds it into build/docs, with warnings as errors.

The notebooks are the tutorial. They lie in notebooks/, and Sphinx wants all that it reads below this folder: so they are copied here
first, with their outputs. Nothing is executed.
"""

import shutil
import sys
from pathlib import Path

import nbformat

import poolviz

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from scripts import course  # noqa: E402  # found there

COURSE = HERE / "course"


def copy_course() -> None:
    """Bring docs/course in step with notebooks/."""
    shutil.rmtree(COURSE, ignore_errors=True)
    COURSE.mkdir()
    for path in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
        # The copies lie one folder nearer to the pages that they link to.
        text = nbformat.writes(course.read(path)).replace("](../docs/", "](../")
        (COURSE / path.name).write_text(text, encoding="utf-8")


copy_course()

project = "poolviz"
author = "the poolviz developers"
release = version = poolviz.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["**/.ipynb_checkpoints", "outputs"]
# Docstrings write code between single backticks.
default_role = "code"

nb_execution_mode = "off"
nb_merge_streams = True
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "poolviz"
html_static_path = ["theme"]
html_css_files = ["course.css"]
html_show_sourcelink = False
html_show_copyright = False
