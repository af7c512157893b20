import ast
from pathlib import Path

import skxling
from skxling.utils import _sklearn


def test_every_name_is_reexported():
    for name in _sklearn.__all__:
        assert getattr(_sklearn, name) is not None


def test_private_names_of_scikit_learn_are_imported_here_only():
    package = Path(skxling.__file__).parent
    for path in package.rglob("*.py"):
        if path.name == "_sklearn.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
                names = [*node.module.split("."), *(alias.name for alias in node.names)]
                private = [name for name in names if name.startswith("_") or name == "callback"]
                assert not private, f"{path.name} imports {private} from {node.module}"
