import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skxling.text import read_pharaoh, write_pharaoh


def as_lists(links):
    return [of_pair.tolist() for of_pair in links]


link_sets = st.sets(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=8)


@settings(deadline=None, max_examples=60)
@given(links=st.lists(link_sets.map(sorted), max_size=6))
@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz"])
def test_round_trip(tmp_path_factory, links, suffix):
    path = tmp_path_factory.mktemp("links") / f"links.txt{suffix}"
    write_pharaoh(links, path)
    found = read_pharaoh(path)
    assert as_lists(found) == [list(map(list, of_pair)) for of_pair in links]
    assert all(of_pair.shape[1:] == (2,) and of_pair.dtype == np.int64 for of_pair in found)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_other_tools_files(tmp_path):
    path = tmp_path / "links.txt"
    path.write_bytes(b"2-1 0-0  0-0\t1-1 \r\n\n  3-4")
    assert as_lists(read_pharaoh(path)) == [[[0, 0], [1, 1], [2, 1]], [], [[3, 4]]]


@pytest.mark.parametrize("field", ["3p4", "1", "1-", "-1-2", "1-2-3", "a-b", "1-2,3-4", "1.5-2"])
def test_what_is_no_link(tmp_path, field):
    path = tmp_path / "links.txt"
    path.write_text(f"0-0\n1-1 {field} 2-2\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"links\.txt', line 2: .* is no link") as error:
        read_pharaoh(path)
    assert repr(field) in str(error.value)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "links.txt.gz"
    write_pharaoh([[(0, 0)]], path)
    with pytest.raises(ValueError, match=r"`links\[0\]` must hold"):
        write_pharaoh([[(0, "x")]], path)
    with gzip.open(path, "rt") as file:
        assert file.read() == "0-0\n"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "links.txt.gz"
    path.write_bytes(gzip.compress(b"0-0 1-1\n" * 1000)[:-9])
    with pytest.raises(ValueError, match=r"links\.txt\.gz' cannot be decompressed"):
        read_pharaoh(path)
    path = tmp_path / "links.txt"
    path.write_bytes(b"0-0\n\xff\n")
    with pytest.raises(ValueError, match=r"links\.txt' is not UTF-8"):
        read_pharaoh(path)
