"""Sphinx: `python -m sphinx -W docs build/docs`."""

import imfilter

project = "imfilter"
author = "The imfilter developers"
release = imfilter.__version__
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["images/*.py"]
myst_heading_anchors = 2  # links to sections of a page
html_theme = "alabaster"
autosummary_generate = True
numpydoc_show_class_members = False
# Public names load on first use; autodoc reads them where they are re-exported.
autodoc_typehints = "none"
