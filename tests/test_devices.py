"""On another device estimators learn what they learn on the CPU.

What torch's own recurrent networks and transformers do there is for CUDA alone to show: the tests
of CRFTagger and ContextualEmbedding ask for it.
"""

import numpy as np
import pytest
from sklearn.base import clone
from vector_level import VECTOR_LEVEL

from skxling import JointAlignCombiner, JointSkipGram, WordTranslator
from skxling.alignment import MultiAligner, ProcrustesAligner
from skxling.embedding import WordVectors
from skxling.metrics import (
    bli_report,
    eigenvector_similarity,
    gromov_hausdorff_distance,
    hubness_score,
    relational_similarity,
)

# numbers drawn differ between kinds of devices
OF_CHANCE = [one for one in VECTOR_LEVEL if one.get_params().get("random_state") is not None]
ALIGNERS = [one for one in VECTOR_LEVEL if one not in OF_CHANCE]


@pytest.fixture(scope="module")
def spaces():
    """Two spaces, one the other turned, with noise."""
    rng = np.random.default_rng(0)
    source = rng.gamma(2, size=(150, 8)) * np.linspace(2, 1, 8)
    rotation = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    target = source @ rotation + 0.1 * rng.normal(size=source.shape)
    return source.astype(np.float32), target.astype(np.float32)


def fit_on(device, estimator, spaces):
    """Give what a fit on a device makes of the two spaces."""
    estimator = clone(estimator)
    places = {name for name in estimator.get_params() if name.split("__")[-1] == "device"}
    estimator.set_params(**dict.fromkeys(places, device))
    source, target = spaces
    if hasattr(estimator, "transform_target"):
        estimator.fit(source[:60], target[:60], source_vectors=source, target_vectors=target)
        return np.asarray(estimator.transform(source)), np.asarray(
            estimator.transform_target(target)
        )
    return (np.asarray(estimator.fit(source).transform(source)),)


@pytest.mark.parametrize("estimator", ALIGNERS, ids=str)
def test_an_aligner_is_the_same(estimator, spaces, device):
    on_device, on_cpu = (fit_on(place, estimator, spaces) for place in (str(device), "cpu"))
    for found, expected in zip(on_device, on_cpu, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", OF_CHANCE, ids=str)
def test_an_aligner_that_draws_is_the_same_twice(estimator, spaces, device):
    once, again = (fit_on(str(device), estimator, spaces) for _ in range(2))
    for found, expected in zip(once, again, strict=True):
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_languages_are_the_same(spaces, device):
    source, target = spaces
    X = {"one": source, "two": target, "three": source + target}
    for method in ("hub", "procrustes"):
        found, expected = (
            MultiAligner(method, device=place).fit(X).transform(X) for place in (str(device), "cpu")
        )
        for language in X:
            np.testing.assert_allclose(found[language], expected[language], rtol=1e-3, atol=1e-4)


def test_translations_are_the_same(spaces, device):
    words = [[f"{side}{i}" for i in range(150)] for side in ("s", "t")]
    source, target = (WordVectors(*side) for side in zip(words, spaces, strict=True))
    lexicon, test = [side[:60] for side in words], [side[60:] for side in words]
    for retrieval in ("csls", "margin", "inverted_softmax", "cosine"):
        reports = []
        for place in (str(device), "cpu"):
            model = WordTranslator(source, target, retrieval=retrieval, device=place)
            model.fit(*lexicon)
            reports.append((bli_report(model, *test, random_state=0), model.kneighbors(test[0], 3)))
        assert reports[0][0] == reports[1][0]
        assert reports[0][0].p_at_k["skip"][1] > 0.5
        np.testing.assert_array_equal(*(neighbors[1] for _, neighbors in reports))


def test_measures_are_the_same(spaces, device):
    measures = (
        eigenvector_similarity,
        gromov_hausdorff_distance,
        relational_similarity,
        hubness_score,
    )
    for measure in measures:
        found, expected = (measure(*spaces, device=place) for place in (str(device), "cpu"))
        assert found == pytest.approx(expected, rel=1e-3)


def test_joint_align_is_the_same(device):
    rng = np.random.default_rng(0)
    topics = rng.integers(6, size=300)
    corpora = [
        [" ".join(f"{side}{t}{i}" for i in rng.integers(3, size=6)) for t in topics]
        for side in ("s", "t")
    ]
    lexicon = [[f"{side}{t}{i}" for t in range(6) for i in range(3)] for side in ("s", "t")]
    scores = []
    for place in (str(device), "cpu"):
        joint = JointSkipGram(8, sample=0, max_n=0, epochs=3, random_state=0, device=place)
        model = JointAlignCombiner(joint, ProcrustesAligner(device=place), device=place)
        model.fit(*lexicon, corpora=corpora)
        scores.append(model.score(*lexicon))
    assert min(scores) > 0.3  # by chance 0.06
    assert scores[0] == pytest.approx(scores[1], abs=0.2)
