"""The demo says what is wrong with its arguments before any work, and runs on small files."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from skxling.datasets import make_bilingual_corpus

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def demo():
    pytest.importorskip("matplotlib")
    sys.path.insert(0, str(EXAMPLES))
    try:
        spec = importlib.util.spec_from_file_location("demo", EXAMPLES / "demo.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(EXAMPLES))
    return module


@pytest.fixture
def files(tmp_path):
    """Arguments of a run on files that are all right."""
    data = make_bilingual_corpus(
        2_000, n_concepts=120, n_skewed=4, n_balanced=4, n_train=100, n_test=60, random_state=0
    )
    paths = {}
    for name in ("source", "target"):
        paths[name] = tmp_path / f"{name}.txt"
        paths[name].write_text("\n".join(data[f"{name}_corpus"]), encoding="utf-8")
    for name, lexicon in (("lexicon", data.train_lexicon), ("test", data.test_lexicon)):
        paths[name] = tmp_path / f"{name}.tsv"
        pairs = zip(lexicon.source, lexicon.target, strict=True)
        paths[name].write_text("\n".join(map("\t".join, pairs)), encoding="utf-8")
    return {**paths, "output": tmp_path / "demo.png"}


def run(demo, monkeypatch, arguments):
    command = [part for name, value in arguments.items() for part in (f"--{name}", str(value))]
    monkeypatch.setattr(sys, "argv", ["demo.py", *command])
    demo.main()


def test_runs_on_files(demo, files, monkeypatch, capsys):
    run(demo, monkeypatch, {**files, "dimension": 10, "epochs": 1})
    printed = capsys.readouterr().out
    for row in (
        "Copy the word",
        "Joint training only",
        "Alignment only, Procrustes",
        "Joint-Align, Procrustes",
        "Joint-Align, RCSLS",
        "lower-cased",
    ):
        assert row in printed
    assert files["output"].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("source", None, "--source: there is no file"),
        ("target", "", "holds no word"),
        ("lexicon", "", "is empty"),
        ("lexicon", "word\n", "Line 1 .* has 1 column"),
        ("test", "no\tsuch\nwords\there\n", "the wrong way round"),
        ("test", b"\xff\xfe\x00", "not UTF-8 in line 1"),
    ],
)
def test_bad_files(demo, files, monkeypatch, capsys, name, content, message):
    if content is None:
        files[name].unlink()
    else:
        files[name].write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SystemExit) as stopped:
        run(demo, monkeypatch, files)
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert any(re.search(message, line) for line in printed.err.splitlines())
    assert "Learning" not in printed.out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test": None}, "give all four files or none; missing: --test"),
        ({"output": "picture.xyz"}, "the ending must be one of"),
        ({"output": "/nowhere/picture.png"}, "there is no folder /nowhere"),
        ({"epochs": 0}, "--epochs must be at least 1"),
        ({"sample": 2}, "--sample must be between 0 and 1"),
    ],
)
def test_bad_arguments(demo, files, monkeypatch, capsys, changes, message):
    arguments = {name: v for name, v in (files | changes).items() if v is not None}
    with pytest.raises(SystemExit) as stopped:
        run(demo, monkeypatch, arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_same_file_twice(demo, files, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(demo, monkeypatch, files | {"target": files["source"]})
    assert "are the same file" in capsys.readouterr().err
