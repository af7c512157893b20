"""How the documentation is built: ``make docs``."""

import re
import sys
from pathlib import Path

import skxling

sys.path.append(str(Path(__file__).parent / "_ext"))

project = "skxling"
author = "The skxling developers"
copyright = "2026, The skxling developers"
release = skxling.__version__
version = ".".join(release.split(".")[:2])

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "mathml",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
nitpicky = False
default_role = "literal"

# Reference pages, one per public name
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_validation_checks = {"PR02", "PR03"}  # documented parameters are the signature's

# Every import in an example's code links to its reference page, and back.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"plot_\w+\.py",
    "ignore_pattern": r"demo\w*\.py",
    "doc_module": ("skxling",),
    "reference_url": {"skxling": None},
    "backreferences_dir": "auto_examples/backreferences",
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "download_all_examples": False,
    "show_memory": False,
    "remove_config_comments": True,
    "plot_gallery": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "skxling"
html_static_path = ["_static"]
html_css_files = ["skxling.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "skxling"},
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_nav_level": 1,
    "navigation_with_keys": False,
}
html_sidebars = {"whats_new": [], "references": [], "install": []}


def _mend_docstring(app, what, name, obj, options, lines):
    """Rewrite what reStructuredText would misread, after numpydoc is through."""
    inherited = getattr(obj, "__module__", "").startswith("sklearn.")
    for i, line in enumerate(lines):
        if inherited:  # refers to scikit-learn's own pages
            line = re.sub(r":(?:ref|term|class|func):`~?([^`<]+?)(?: *<[^`]+>)?`", r"\1", line)
        # in "of shape (n_iter_,)" the underscore is no mark of a link
        lines[i] = re.sub(r"(?<=[ (])([a-z]\w*)_(?=[,) ]|$)", r"\1\\_", line)


def setup(app):
    """Connect the hook."""
    app.connect("autodoc-process-docstring", _mend_docstring, priority=900)
