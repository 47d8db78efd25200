"""Settings of the documentation."""

from importlib.metadata import version as installed

project = "physbias"
author = "The physbias developers"
copyright = "2026, The physbias developers"
version = release = installed("physbias")

# formulas are set by files that lie beside the pages: they need no network
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",
]
html_theme = "furo"
html_title = "physbias"
exclude_patterns = ["_build", "jupyter_execute"]

nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 240
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

# types stand in the docstrings as shapes and units
autodoc_typehints = "none"
nitpick_ignore_regex = [
    (r"py:exc", r"IPython\..*"),
    ("py:.*", r"(torch|collections|jaxtyping|pathlib)\..*"),
    ("py:class", r"Tensor|'shell'"),
]
autodoc_member_order = "bysource"
napoleon_custom_sections = [("Shape", "returns_style"), ("Source", "notes_style")]
napoleon_use_ivar = True
