"""Sphinx: `python -m sphinx -W docs build/docs`."""

import gc
import os
import sys
import warnings
from pathlib import Path

import imfilter

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]  # extensions; benchmarks/

# Pages are trees of many objects, and garbage is searched for among all of them. With Python's own threshold
# of 700 objects, reading and writing the pages took 35 s of a processor, and takes 30 s.
gc.set_threshold(20_000)

project = "imfilter"
author = "The imfilter developers"
release = imfilter.__version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
    "pictures",
    "plots",
]
templates_path = ["_templates"]
exclude_patterns = ["images/*.py", "gallery/**", "_build"]
default_role = "code"

html_theme = "pydata_sphinx_theme"
html_title = "imfilter"
html_static_path = ["_static"]
html_css_files = ["imfilter.css"]
html_copy_source = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc", "sg_download_links"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "install": [], "benchmarks": [], "develop": []}

# Headings are targets of links: `page.md#heading`.
myst_heading_anchors = 3

autosummary_generate = True
numpydoc_show_class_members = False
# Public names load on first use; autodoc reads them where they are re-exported.
autodoc_typehints = "none"

#: The folders of the gallery, in their order on the page.
FAMILIES = (
    *("smoothing", "sharpening", "denoising", "edge_preserving", "edges", "corners", "ridges", "threshold"),
    *("morphology", "contrast", "frequency", "restoration", "windows", "missing", "resampling", "color"),
    *("volumes", "series", "layers", "show", "engine"),
)

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "filename_pattern": r"/plot_",
    "subsection_order": [f"gallery/{name}" for name in FAMILIES] + ["*"],
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "generated/backreferences",
    "minigallery_sort_order": "pictures.as_given",
    "doc_module": ("imfilter",),
    "inspect_global_variables": False,  # a name counts only where the code calls it
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "nested_sections": True,
    "min_reported_time": 60,
    "download_all_examples": False,
    "matplotlib_animations": False,
    "image_scrapers": ("matplotlib",),
    "image_srcset": ["1x"],
    "plot_gallery": "True",
    "abort_on_example_error": True,
    # The examples run in turn. Each filter uses every core.
    "parallel": False,
}
# An example fails at a warning of the package, as the tests do. Sphinx and its extensions are not ours.
warnings.filterwarnings("error", module=r"imfilter")
os.environ.setdefault("MPLBACKEND", "agg")
