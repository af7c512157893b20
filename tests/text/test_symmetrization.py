import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skxling.text import one_to_one_links, symmetrize_links
from skxling.text._symmetrization import METHODS

# Each case: forward, reverse, and what each method makes of them
CASES = {
    # (1, 2) is beside (1, 1), and target 2 is free
    "beside": (
        [(0, 0), (1, 1), (1, 2)],
        [(0, 0), (1, 1)],
        {
            "intersection": [(0, 0), (1, 1)],
            "union": [(0, 0), (1, 1), (1, 2)],
            "grow-diag": [(0, 0), (1, 1), (1, 2)],
            "grow-diag-final": [(0, 0), (1, 1), (1, 2)],
            "grow-diag-final-and": [(0, 0), (1, 1), (1, 2)],
        },
    ),
    # nothing is near (0, 0): (3, 3) has two free tokens; afterwards (3, 5) has one only
    "far": (
        [(0, 0), (3, 3), (3, 5)],
        [(0, 0)],
        {
            "intersection": [(0, 0)],
            "union": [(0, 0), (3, 3), (3, 5)],
            "grow-diag": [(0, 0)],
            "grow-diag-final": [(0, 0), (3, 3), (3, 5)],
            "grow-diag-final-and": [(0, 0), (3, 3)],
        },
    ),
    # a chain: (1, 1) is added beside (0, 0), then (2, 2) beside it, one after the other
    "chain": (
        [(0, 0), (1, 1), (2, 2)],
        [(0, 0)],
        {"intersection": [(0, 0)], "grow-diag": [(0, 0), (1, 1), (2, 2)]},
    ),
    # the chain runs against the order of visits, so that a second round is needed
    "chain backwards": (
        [(0, 0), (1, 1), (2, 2)],
        [(2, 2)],
        {"intersection": [(2, 2)], "grow-diag": [(0, 0), (1, 1), (2, 2)]},
    ),
    # (0, 1) is beside (0, 0) and (1, 1), but both of its tokens have links
    "corner": (
        [(0, 0), (1, 1), (0, 1)],
        [(0, 0), (1, 1)],
        {
            "union": [(0, 0), (0, 1), (1, 1)],
            "grow-diag": [(0, 0), (1, 1)],
            "grow-diag-final": [(0, 0), (1, 1)],
        },
    ),
    # beside goes before diagonal: of source 1 and target 1, both free, (1, 0) and (0, 1) are
    # added first, and then (1, 1) has no free token
    "beside before diagonal": (
        [(0, 0), (1, 1), (0, 1)],
        [(0, 0), (1, 0)],
        {"grow-diag": [(0, 0), (0, 1), (1, 0)]},
    ),
    # source 5 and targets 7 and 8 are free: the forward link is taken first
    "forward first": (
        [(0, 0), (5, 7)],
        [(0, 0), (5, 8)],
        {
            "grow-diag-final-and": [(0, 0), (5, 7)],
            "grow-diag-final": [(0, 0), (5, 7), (5, 8)],
        },
    ),
    "no intersection": (
        [(0, 0), (1, 1)],
        [(0, 1)],
        {
            "intersection": [],
            "grow-diag": [],
            "grow-diag-final": [(0, 0), (1, 1)],
            "grow-diag-final-and": [(0, 0), (1, 1)],
        },
    ),
    "empty": ([], [], {method: [] for method in METHODS}),
}


def as_tuples(links):
    return [list(map(tuple, of_pair.tolist())) for of_pair in links]


@pytest.mark.parametrize(
    ("case", "method"), [(case, method) for case in CASES for method in CASES[case][2]]
)
def test_hand_made_cases(case, method):
    forward, reverse, expected = CASES[case]
    assert as_tuples(symmetrize_links([forward], [reverse], method)) == [expected[method]]


def test_pairs_do_not_touch_each_other():
    forward, reverse = ([case[i] for case in CASES.values()] for i in (0, 1))
    for method in METHODS:
        together = as_tuples(symmetrize_links(forward, reverse, method))
        for f, r, found in zip(forward, reverse, together, strict=True):
            assert as_tuples(symmetrize_links([f], [r], method)) == [found]


def reference(forward, reverse, method):
    """The pseudocode of Koehn et al. (2005), cell by cell; e is the target, f the source."""
    forward, reverse = set(forward), set(reverse)
    union, linked = forward | reverse, forward & reverse
    if method in ("intersection", "union"):
        return sorted(linked if method == "intersection" else union)

    def is_free(f, e, how=any):
        return how([all(e != link[1] for link in linked), all(f != link[0] for link in linked)])

    cells = [(f, e) for e in range(9) for f in range(9)]
    steps = [(-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)]
    grown = True
    while grown:
        grown = False
        for f, e in cells:
            if (f, e) in linked:
                for de, df in steps:
                    new = f + df, e + de
                    if new in union - linked and is_free(*new):
                        linked.add(new)
                        grown = True
    if method != "grow-diag":
        how = all if method == "grow-diag-final-and" else any
        for direction in (forward, reverse):
            for cell in cells:
                if cell in direction - linked and is_free(*cell, how):
                    linked.add(cell)
    return sorted(linked)


link_sets = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=14)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(link_sets, link_sets), max_size=4), st.sampled_from(METHODS))
def test_all_methods_equal_the_pseudocode(pairs, method):
    found = symmetrize_links([f for f, _ in pairs], [r for _, r in pairs], method)
    assert as_tuples(found) == [reference(f, r, method) for f, r in pairs]
    assert all(of_pair.shape[1] == 2 and of_pair.dtype == np.int64 for of_pair in found)


@settings(deadline=None, max_examples=60)
@given(st.lists(link_sets, max_size=4))
def test_one_to_one(links):
    for found, of_pair in zip(as_tuples(one_to_one_links(links)), links, strict=True):
        distinct = sorted(set(of_pair))
        sources, targets = zip(*distinct, strict=True) if distinct else ((), ())
        expected = [(s, t) for s, t in distinct if sources.count(s) == targets.count(t) == 1]
        assert found == expected


def test_errors():
    with pytest.raises(ValueError, match=r"`method` must be one of .* Got 'grow'"):
        symmetrize_links([], [], "grow")
    with pytest.raises(ValueError, match="of 1 sentence pairs and `reverse` of 2"):
        symmetrize_links([[]], [[], []])
    for wrong in ([(0, 1, 2)], [(0, -1)], [(0.5, 1.0)], [0, 1]):
        with pytest.raises(ValueError, match=r"`reverse\[1\]` must hold .* Got \[.*\]"):
            symmetrize_links([[], []], [[], wrong])
