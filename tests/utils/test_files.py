import pytest

from skxling.utils import replacing


def test_appears_when_complete(tmp_path):
    path = tmp_path / "found.txt"
    path.write_text("old", encoding="utf-8")
    with replacing(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert temporary.parent == tmp_path  # so that the move stays in one file system
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_stays_as_it_was_after_an_error(tmp_path):
    path = tmp_path / "found.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError, match="no more"), replacing(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise RuntimeError("no more")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_do_not_meet(tmp_path):
    path = tmp_path / "found.txt"
    with replacing(str(path)) as one, replacing(path) as other:
        assert one != other
        one.write_text("one", encoding="utf-8")
        other.write_text("other", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "one"  # the outer block ends last
    assert list(tmp_path.iterdir()) == [path]
