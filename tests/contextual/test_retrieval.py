import numpy as np
import pytest

from skxling.contextual import contextual_retrieval_score


def planted(noise, seed=0):
    """Vectors of 30 sentence pairs whose words are in one order, and links of most of them."""
    rng = np.random.default_rng(seed)
    source = [rng.normal(size=(n, 8)) for n in rng.integers(1, 12, size=30)]
    target = [side + noise * rng.normal(size=side.shape) for side in source]
    links = [[(i, i) for i in range(len(side)) if rng.random() < 0.7] for side in source]
    return source, target, links


def reference(source, target, links, k):
    """P@1 by CSLS, written down as its formula."""
    X, Y = np.concatenate(source), np.concatenate(target)
    X, Y = (side / np.linalg.norm(side, axis=1)[:, None] for side in (X, Y))
    cosines = X @ Y.T
    r_source = np.sort(cosines, axis=1)[:, -k:].mean(axis=1)
    r_target = np.sort(cosines, axis=0)[-k:].mean(axis=0)
    best = (2 * cosines - r_source[:, None] - r_target).argmax(axis=1)
    right, first = {}, 0
    for vectors, found in zip(source, links, strict=True):
        for i, j in found:
            right.setdefault(first + i, set()).add(first + j)
        first += len(vectors)
    return np.mean([best[i] in golds for i, golds in right.items()])


@pytest.mark.parametrize("noise", [0.3, 0.8, 2.0])
@pytest.mark.parametrize("k", [1, 10])
def test_equals_reference(noise, k):
    data = planted(noise)
    expected = reference(*data, k)
    assert 0.02 < expected < 1
    assert contextual_retrieval_score(*data, n_neighbors=k, device="cpu") == pytest.approx(expected)


def test_right_word_of_another_sentence_is_wrong():
    one, two, links = np.eye(3), np.eye(3)[:1], [[], [(0, 0)]]
    # the only query is the word of the second sentence; the first sentence has it, a bit nearer
    found = contextual_retrieval_score([one, two], [one, two + 0.1], links, n_neighbors=1)
    assert found == 0.0
    found = contextual_retrieval_score([one, two], [one[1:], two + 0.1], links, n_neighbors=1)
    assert found == 1.0


def test_any_link_of_a_word_is_right():
    source, target = [np.eye(3)[:1]], [np.eye(3)]
    assert contextual_retrieval_score(source, target, [[(0, 0), (0, 2)]]) == 1.0
    assert contextual_retrieval_score(source, target, [[(0, 1), (0, 2)]]) == 0.0


def test_sentences_without_words_are_no_obstacle():
    source, target, links = planted(0.5)
    expected = contextual_retrieval_score(source, target, links)
    empty = np.zeros((0, 8))
    found = contextual_retrieval_score(
        [empty, *source, empty], [empty, *target, empty], [[], *links, []]
    )
    assert found == expected


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ([[(0, 0)]], "1 sets of `links`"),
        ([[(0, 0)], [(3, 0)]], r"`links\[1\]` has a link to a word that is not there"),
        ([[(0, -1)], []], r"`links\[0\]` must hold"),
        ([[], []], "There is no link"),
    ],
)
def test_wrong_links(links, message):
    with pytest.raises(ValueError, match=message):
        contextual_retrieval_score([np.eye(3)] * 2, [np.eye(3)] * 2, links)
