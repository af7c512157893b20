"""The import rule: a folder imports from folders of lower rank or from itself, and nothing else.

Every ``import`` statement of the package is read with `ast`, those inside functions included, and
so are ``import_module("...")`` and ``__import__("...")`` with a literal name.
"""

import ast
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "skxling"

RANKS = {
    "utils": 0,
    "functional": 1,
    "text": 1,
    "embedding": 2,
    "alignment": 2,
    "metrics": 2,
    "translation": 3,
    "contextual": 3,
    "tagging": 3,
    "combine": 4,
    "datasets": 5,
}

# What a folder may not import from outside the package.
FORBIDDEN = {
    "functional": {"numpy", "scipy", "sklearn", "joblib"},
    "text": {"torch"},
}

# Imported inside the function that needs them: optional, or slow to load.
LAZY = {
    "faiss",
    "gensim",
    "matplotlib",
    "pandas",
    "polars",
    "pooch",
    "safetensors",
    "transformers",
    "triton",
}

# The one file that may reach for what scikit-learn does not promise to keep.
SKLEARN_PRIVATE_FILE = "utils/_sklearn.py"
SKLEARN_UNSTABLE = ("sklearn.callback", "sklearn.experimental")


class Import(NamedTuple):
    """One imported name, dotted and absolute."""

    name: str
    line: int
    in_function: bool


class _ImportVisitor(ast.NodeVisitor):
    """Collect the imports of one module, relative ones made absolute."""

    def __init__(self, path):
        self.folder = ("skxling", *Path(path).parts[:-1])
        self.imports = []
        self.depth = 0

    def _add(self, name, node):
        self.imports.append(Import(name, node.lineno, self.depth > 0))

    def visit_FunctionDef(self, node):
        for outside in [*node.decorator_list, *node.args.defaults]:
            self.visit(outside)
        self.depth += 1
        for inside in node.body:
            self.visit(inside)
        self.depth -= 1

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Import(self, node):
        for alias in node.names:
            self._add(alias.name, node)

    def visit_ImportFrom(self, node):
        # level 1 is the module's own folder, each further dot is one folder up
        base = self.folder[: len(self.folder) - node.level + 1] if node.level else ()
        base = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            self._add(f"{base}.{alias.name}", node)

    def visit_Call(self, node):
        called = getattr(node.func, "attr", getattr(node.func, "id", None))
        literal = node.args and isinstance(node.args[0], ast.Constant)
        if called in ("import_module", "__import__") and literal:
            self._add(str(node.args[0].value), node)
        self.generic_visit(node)


def _starts_with(name, module):
    return name == module or name.startswith(f"{module}.")


def _is_private(name):
    return any(part.startswith("_") and not part.startswith("__") for part in name.split("."))


def _violations_within(name, folder):
    """Broken rules about the package's own folders."""
    parts = name.split(".")
    if len(parts) < 2 or parts[1] not in RANKS:
        yield f"imports {name}: name the folder, the top level would close a cycle"
        return
    other = parts[1]
    if other != folder and RANKS[other] >= RANKS[folder]:
        yield (
            f"imports {name}: {folder} has rank {RANKS[folder]} and {other} has rank "
            f"{RANKS[other]}, only lower ranks may be imported"
        )
    if folder == "functional" and _starts_with(name, "skxling.utils._sklearn"):
        yield f"imports {name}: functional knows no scikit-learn"


def _violations_outside(name, folder, path, in_function):
    """Broken rules about other packages."""
    root = name.split(".")[0]
    if root in FORBIDDEN.get(folder, ()):
        yield f"imports {name}: {folder} may not use {root}"
    if root in LAZY and not in_function:
        yield f"imports {name} at module level: import it inside the function that needs it"
    if root == "sklearn" and path != SKLEARN_PRIVATE_FILE:
        unstable = any(_starts_with(name, module) for module in SKLEARN_UNSTABLE)
        if unstable or _is_private(name):
            yield f"imports {name}: only {SKLEARN_PRIVATE_FILE} may"


def find_violations(source, path):
    """List the broken import rules of one file.

    Parameters
    ----------
    source : str
        Python code.

    path : str
        Where it stands, relative to the package: "alignment/_base.py".

    Returns
    -------
    list of str
    """
    visitor = _ImportVisitor(path)
    visitor.visit(ast.parse(source))
    parts = Path(path).parts
    folder = parts[0] if len(parts) > 1 else None
    if folder is not None and folder not in RANKS:
        return [f"skxling/{path}: folder {folder!r} has no rank, give it one in {Path(__file__)}"]

    found = []
    for name, line, in_function in visitor.imports:
        if not _starts_with(name, "skxling"):
            broken = _violations_outside(name, folder, path, in_function)
        elif folder is not None:
            broken = _violations_within(name, folder)
        else:  # the top level gathers public names from every folder
            broken = ()
        found += [f"skxling/{path}:{line} {message}" for message in broken]
    return found


def _package_files():
    return sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def test_package_is_found():
    files = _package_files()
    assert "__init__.py" in files
    assert {path.split("/")[0] for path in files if "/" in path} <= set(RANKS)


@pytest.mark.parametrize("path", _package_files())
def test_imports_follow_the_layers(path):
    violations = find_violations((PACKAGE / path).read_text(encoding="utf-8"), path)
    assert not violations, "\n" + "\n".join(violations)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        # ranks: upwards, sideways, by every way of writing it
        ("functional/procrustes.py", "from skxling.alignment import ProcrustesAligner"),
        ("functional/procrustes.py", "from ..text import Vocabulary"),
        ("alignment/_base.py", "import skxling.embedding"),
        ("alignment/_base.py", "from ..metrics._bli import precision_at_k_score"),
        ("alignment/_base.py", "from .. import metrics"),
        ("metrics/_plot/_csls.py", "from ...translation import WordTranslator"),
        ("utils/_device.py", "def f():\n    from skxling.functional import neighbors"),
        ("utils/_device.py", "class A:\n    def f(self):\n        import skxling.text"),
        ("utils/_device.py", "async def f():\n    from ..text import Vocabulary"),
        ("utils/_device.py", "if True:\n    from ..text import Vocabulary"),
        ("text/_corpus.py", "import_module('skxling.datasets')"),
        ("text/_corpus.py", "def f():\n    importlib.import_module('skxling.datasets')"),
        ("text/_corpus.py", "__import__('skxling.datasets')"),
        ("combine/_joint_align.py", "from skxling.datasets import make_bilingual_corpus"),
        # the top level of the package is above every folder
        ("alignment/_base.py", "import skxling"),
        ("alignment/_base.py", "from skxling import JointSkipGram"),
        ("alignment/_base.py", "from .. import JointSkipGram"),
        # folders without a rank
        ("novelties/_one.py", "import os"),
        # packages that a folder may not know
        ("functional/neighbors.py", "import numpy as np"),
        ("functional/neighbors.py", "def f():\n    import numpy.linalg"),
        ("functional/neighbors.py", "from sklearn.base import BaseEstimator"),
        ("functional/neighbors.py", "from ..utils._sklearn import Interval"),
        ("text/_vocabulary.py", "import torch"),
        ("text/_vocabulary.py", "from torch.nn import functional"),
        # optional packages at module level
        ("metrics/_plot/_csls.py", "import matplotlib.pyplot as plt"),
        ("embedding/_io.py", "from safetensors.numpy import load_file"),
        ("embedding/_io.py", "try:\n    import gensim\nexcept ImportError:\n    pass"),
        ("functional/neighbors.py", "class A:\n    import faiss"),
        ("functional/neighbors.py", "def f(a=__import__('faiss')):\n    pass"),
        ("datasets/_fetch.py", "import pooch"),
        ("__init__.py", "import transformers"),
        # what scikit-learn keeps for itself
        ("alignment/_base.py", "from sklearn.utils._param_validation import Interval"),
        ("alignment/_base.py", "from sklearn.base import _fit_context"),
        ("alignment/_base.py", "import sklearn.utils._metadata_requests"),
        ("alignment/_base.py", "from sklearn import callback"),
        ("alignment/_base.py", "def f():\n    from sklearn.callback import ProgressBar"),
        ("alignment/_base.py", "from sklearn.experimental import enable_halving_search_cv"),
        ("utils/_vectors.py", "from sklearn.base import _fit_context"),
    ],
)
def test_violation_is_caught(path, source):
    assert len(find_violations(source, path)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("__init__.py", "from .alignment import ProcrustesAligner\nfrom .datasets import x"),
        ("utils/_sklearn.py", "from sklearn.utils._param_validation import Interval"),
        ("utils/_sklearn.py", "from sklearn.callback import with_callbacks"),
        ("utils/_blocks.py", "from ._device import resolve_device\nfrom . import _random"),
        ("functional/neighbors.py", "import torch\nfrom ..utils._blocks import gen_blocks"),
        ("functional/neighbors.py", "from .normalization import unit\nimport math"),
        ("text/_corpus.py", "import numpy as np\nfrom sklearn.base import BaseEstimator"),
        ("alignment/_base.py", "from sklearn import __version__"),
        ("metrics/_plot/_csls.py", "from .._bli import precision_at_k_score"),
        ("metrics/_plot/_csls.py", "def plot():\n    import matplotlib.pyplot as plt"),
        ("embedding/_io.py", "class A:\n    def f(self):\n        import gensim"),
        ("combine/_joint_align.py", "from skxling.translation import WordTranslator"),
        ("datasets/_generators.py", "from ..utils import check_generator"),
        # a package whose name only begins like another's
        ("functional/neighbors.py", "import numpydoc"),
        ("alignment/_base.py", "import skxlingual"),
    ],
)
def test_allowed_import_passes(path, source):
    assert find_violations(source, path) == []
