import numpy as np
import pytest
from scipy.linalg import expm
from sklearn.utils.metadata_routing import MetadataRouter

from skxling.alignment import ProcrustesAligner, RCSLSAligner, SelfLearningAligner


def _spaces(turn, n_words=500, d=20, noise=0.1, seed=0):
    """A space and its turned image, in another order; gold[i] is the row of i's partner."""
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(n_words, d)) * np.linspace(2, 0.5, d)
    spin = rng.normal(size=(d, d))
    rotation = expm(turn * (spin - spin.T))
    gold = rng.permutation(n_words)
    target = np.empty_like(source)
    target[gold] = source @ rotation + noise * rng.normal(size=source.shape)
    return source, target, gold


def _n_right(aligner, gold):
    return (gold[aligner.lexicon_[:, 0]] == aligner.lexicon_[:, 1]).sum()


def test_near_spaces_are_aligned_from_the_identity():
    source, target, gold = _spaces(turn=0.16)
    aligner = SelfLearningAligner(max_iter=1)
    first = _n_right(aligner.fit(source_vectors=source, target_vectors=target), gold)
    aligner = SelfLearningAligner().fit(source_vectors=source, target_vectors=target)
    assert first < 100
    assert _n_right(aligner, gold) > 490
    assert aligner.n_iter_ == len(aligner.similarity_curve_) <= 10


def test_a_small_seed_lexicon_grows_where_the_spaces_are_far_apart():
    source, target, gold = _spaces(turn=1.0)
    spaces = {"source_vectors": source, "target_vectors": target}
    alone = SelfLearningAligner().fit(**spaces)
    assert _n_right(alone, gold) < 50
    seeded = SelfLearningAligner().fit(source[:15], target[gold[:15]], **spaces)
    assert _n_right(seeded, gold) > 490
    assert seeded.similarity_curve_[-1] > seeded.similarity_curve_[0]


def test_final_aligner_is_fitted_on_the_lexicon():
    source, target, _ = _spaces(turn=0.08)
    spaces = {"source_vectors": source, "target_vectors": target}
    learned = SelfLearningAligner().fit(**spaces)
    rows, columns = learned.lexicon_.T
    expected = ProcrustesAligner().fit(source[rows], target[columns], **spaces)
    np.testing.assert_array_equal(learned.aligner_.mapping_, expected.mapping_)
    for method, side in (
        ("transform", source),
        ("transform_target", target),
        ("inverse_transform", target),
        ("predict", source),
    ):
        np.testing.assert_array_equal(
            getattr(learned, method)(side), getattr(expected, method)(side)
        )


def test_stops_where_the_pairs_do_not_change():
    source, target, _ = _spaces(turn=0.13)
    aligner = SelfLearningAligner(tol=None, max_iter=50)
    aligner.fit(source_vectors=source, target_vectors=target)
    assert 1 < aligner.n_iter_ < 50
    # one more round finds the same pairs
    again = SelfLearningAligner(max_iter=1).fit(
        source_vectors=aligner.transform(source), target_vectors=aligner.transform_target(target)
    )
    np.testing.assert_array_equal(again.lexicon_, aligner.lexicon_)


@pytest.mark.parametrize("n_iter_no_change", [1, 3])
def test_stops_where_the_similarity_does_not_rise(n_iter_no_change):
    source, target, _ = _spaces(turn=0.25, noise=0.6)  # too far apart: it rises slowly
    spaces = {"source_vectors": source, "target_vectors": target}
    curve = SelfLearningAligner(tol=None, max_iter=20).fit(**spaces).similarity_curve_
    assert len(curve) == 20
    aligner = SelfLearningAligner(tol=0.03, max_iter=20, n_iter_no_change=n_iter_no_change)
    n_iter = aligner.fit(**spaces).n_iter_
    np.testing.assert_array_equal(aligner.similarity_curve_, curve[:n_iter])
    rises = [
        curve[stop - n_iter_no_change : stop].max() - curve[: stop - n_iter_no_change].max()
        for stop in range(n_iter_no_change + 1, n_iter + 1)
    ]
    assert min(rises[:-1], default=1.0) >= 0.03 > rises[-1]


def test_only_the_frequent_words_are_paired():
    source, target, _ = _spaces(turn=0.08)
    aligner = SelfLearningAligner(n_frequent=100)
    aligner.fit(source_vectors=source, target_vectors=target)
    assert aligner.lexicon_.max() < 100


@pytest.mark.parametrize("retrieval", ["csls", "cosine"])
def test_pairs_are_one_to_one(retrieval):
    source, target, _ = _spaces(turn=0.5, noise=0.5)
    aligner = SelfLearningAligner(retrieval=retrieval).fit(
        source_vectors=source, target_vectors=target
    )
    assert aligner.lexicon_.shape[1] == 2
    for side in aligner.lexicon_.T:
        assert len(set(side)) == len(side)
    assert -1 <= aligner.similarity_curve_.min() <= aligner.similarity_curve_.max() <= 1


def test_aligner_is_cloned_and_reached_by_nested_parameters():
    source, target, _ = _spaces(turn=0.08)
    inner = RCSLSAligner(max_iter=1)
    aligner = SelfLearningAligner(inner, max_iter=2)
    aligner.set_params(aligner__learning_rate=3.0)
    aligner.fit(source_vectors=source, target_vectors=target)
    assert not hasattr(inner, "mapping_")
    assert aligner.aligner_.learning_rate == 3.0


def test_without_keywords_the_pairs_are_the_spaces():
    source, target, gold = _spaces(turn=1.0)
    aligner = SelfLearningAligner().fit(source, target[gold])
    assert (aligner.lexicon_[:, 0] == aligner.lexicon_[:, 1]).mean() > 0.9


def test_spaces_of_two_sizes_need_pairs():
    source, target, gold = _spaces(turn=0.08)
    spaces = {"source_vectors": source, "target_vectors": target[:, :12]}
    with pytest.raises(ValueError, match=r"20 features and `target_vectors` 12\. Give pairs"):
        SelfLearningAligner().fit(**spaces)
    aligner = SelfLearningAligner(max_iter=1).fit(source[:50], target[gold[:50], :12], **spaces)
    assert aligner.transform(source).shape == (500, 12)


def test_nothing_to_align():
    source, target, _ = _spaces(turn=0.08)
    with pytest.raises(ValueError, match="There is nothing to align: give pairs as X and y"):
        SelfLearningAligner().fit(source_vectors=source)
    with pytest.raises(ValueError, match="Got X alone"):
        SelfLearningAligner().fit(source, target_vectors=target)
    with pytest.raises(ValueError, match="Got y alone"):
        SelfLearningAligner().fit(None, target, source_vectors=source)


def test_feature_names_are_forgotten_without_pairs():
    pandas = pytest.importorskip("pandas")
    source, target, gold = _spaces(turn=0.08)
    frame = pandas.DataFrame(source, columns=[f"v{i}" for i in range(20)])
    aligner = SelfLearningAligner(max_iter=1).fit(frame, target[gold])
    assert list(aligner.feature_names_in_) == list(frame.columns)
    aligner.fit(source_vectors=source, target_vectors=target)
    assert not hasattr(aligner, "feature_names_in_")
    assert aligner.n_features_in_ == 20


class _Recorder:
    """Callback that notes the tasks it sees; propagated to sub-estimators."""

    max_propagation_depth = None

    def __init__(self, stop_at=None):
        self.tasks, self.stop_at = [], stop_at

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.tasks.append((context.estimator_name, context.task_name))
        return self.tasks.count(("SelfLearningAligner", "round")) == self.stop_at


def test_a_callback_that_returns_true_stops():
    source, target, _ = _spaces(turn=0.16, noise=0.6)
    aligner = SelfLearningAligner(tol=None).set_callbacks(_Recorder(stop_at=2))
    aligner.fit(source_vectors=source, target_vectors=target)
    assert aligner.n_iter_ == 2


def test_callbacks_reach_an_aligner_that_iterates():
    source, target, _ = _spaces(turn=0.16)
    recorder = _Recorder()
    aligner = SelfLearningAligner(RCSLSAligner(max_iter=3), max_iter=2, tol=None)
    aligner.set_callbacks(recorder).fit(source_vectors=source, target_vectors=target)
    assert recorder.tasks.count(("RCSLSAligner", "iteration")) == 6
    assert not hasattr(aligner.aligner_, "_skl_callbacks")


def test_routing_names_the_vocabularies_as_its_own():
    aligner = SelfLearningAligner()
    routing = aligner.get_metadata_routing()
    assert isinstance(routing, MetadataRouter)
    assert routing.consumes("fit", {"source_vectors", "target_vectors"}) == set()
