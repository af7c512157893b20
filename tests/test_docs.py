"""The documentation keeps up with the code: names, nouns, and the code of the README."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
INTERNAL = {"utils"}  # shared helpers, not part of what users call
FOLDERS = sorted(
    path.parent.name
    for path in (ROOT / "skxling").glob("*/__init__.py")
    if path.parent.name not in INTERNAL
)


def _read(*parts):
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def _listed_names(page):
    """Names under the autosummary directives of an API page."""
    tables = re.findall(r"\.\. autosummary::\n(?:   :.*\n)*\n((?:   \S.*\n)+)", page)
    return [name for table in tables for name in table.split()]


@pytest.mark.parametrize("folder", FOLDERS)
def test_reference_lists_every_public_name_once(folder):
    public = importlib.import_module(f"skxling.{folder}").__all__
    assert sorted(_listed_names(_read("docs", "api", f"{folder}.rst"))) == sorted(public)


@pytest.mark.parametrize("folder", FOLDERS)
def test_public_names_exist_and_are_documented(folder):
    module = importlib.import_module(f"skxling.{folder}")
    for name in module.__all__:
        assert getattr(module, name).__doc__, f"skxling.{folder}.{name} has no docstring"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_noun_has_its_chapter_and_its_tests(folder):
    assert (ROOT / "docs" / f"{folder}.rst").is_file()
    assert list((ROOT / "tests" / folder).glob("test_*.py"))
    assert f"   {folder}\n" in _read("docs", "user_guide.rst")
    assert f"   {folder}\n" in _read("docs", "api", "index.rst")


@pytest.mark.parametrize("folder", FOLDERS)
def test_whats_new_names_every_class(folder):
    module = importlib.import_module(f"skxling.{folder}")
    estimators = [name for name in module.__all__ if hasattr(getattr(module, name), "fit")]
    news = _read("docs", "whats_new.rst")
    for name in estimators:
        if not name.startswith("Base"):
            assert f"skxling.{folder}.{name}`" in news


def test_top_level_names_are_those_of_the_folders():
    skxling = importlib.import_module("skxling")
    homes = [importlib.import_module(f"skxling.{folder}") for folder in FOLDERS]
    for name in skxling.__all__:
        if name.startswith("__"):
            continue
        assert any(getattr(home, name, None) is getattr(skxling, name) for home in homes), name


def test_readme_is_short():
    assert len(_read("README.md").splitlines()) <= 150


def test_readme_code_runs(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", _read("README.md"), flags=re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= 12
    exec(compile(code, "README.md", "exec"), {})
    score = float(capsys.readouterr().out.splitlines()[-1])
    assert 0.2 < score <= 1.0
