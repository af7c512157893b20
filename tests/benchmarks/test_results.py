"""The commands and tables that benchmarks write down."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "results.py"


@pytest.fixture
def results(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("results", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "results.py"))
    return module


@pytest.mark.parametrize("data", [["--data", "/some/where/"], ["--data=/some/where"]])
def test_a_command_names_no_folder_of_this_machine(results, monkeypatch, data):
    argv = ["/some/benchmarks/skipgram.py", "--save", "--folds", "5", *data, "--only", "a b"]
    monkeypatch.setattr(sys, "argv", argv)
    expected = "python benchmarks/skipgram.py --folds 5 --data $SKXLING_DATA --only 'a b'"
    assert results.command() == expected


def test_a_table_comes_under_its_heading(results, tmp_path):
    path = tmp_path / "RESULTS.md"
    path.write_text("# Results\n\n## Old\n\nold\n\n## Older\n", encoding="utf-8")
    results.add_result("## Old", ["caption", "", "| new |"])
    results.add_result("## New", ["| other |"])
    expected = (
        "# Results\n\n## Old\n\ncaption\n\n| new |\n\nold\n\n## Older\n\n## New\n\n| other |\n"
    )
    assert path.read_text(encoding="utf-8") == expected
    assert [file.name for file in tmp_path.iterdir()] == ["RESULTS.md"]
