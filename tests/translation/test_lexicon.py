import pytest

from skxling.alignment import (
    L1RefinedAligner,
    ProcrustesAligner,
    SelfLearningAligner,
    WassersteinAligner,
)
from skxling.translation._lexicon import clone_aligner


def _start(aligner):
    return aligner.init, aligner.min_agreement


@pytest.mark.parametrize("aligner", [None, ProcrustesAligner(), SelfLearningAligner()])
def test_self_learning_starts_at_the_identity_where_the_caller_says_so(aligner):
    made = clone_aligner(aligner, has_lexicon=False, device="cpu", init="identity")
    assert _start(made) == ("identity", None)
    assert _start(clone_aligner(aligner, has_lexicon=False, device="cpu")) == ("auto", 0.05)
    assert aligner is None or made is not aligner


def test_self_learning_within_an_aligner_starts_there_too():
    aligner = L1RefinedAligner(SelfLearningAligner())
    made = clone_aligner(aligner, has_lexicon=False, device="cpu", init="identity")
    assert _start(made.aligner) == ("identity", None)
    assert _start(aligner.aligner) == ("auto", 0.05)


@pytest.mark.parametrize("init", ["distributions", "identical", WassersteinAligner()])
def test_a_start_that_was_chosen_stays(init):
    for aligner in (SelfLearningAligner(init=init), L1RefinedAligner(SelfLearningAligner())):
        inner = getattr(aligner, "aligner", None) or aligner
        inner.set_params(init=init, min_agreement=0.2)
        made = clone_aligner(aligner, has_lexicon=False, device="cpu", init="identity")
        made = getattr(made, "aligner", None) or made
        assert type(made.init) is type(init)
        assert made.init == init or not isinstance(init, str)
        assert made.min_agreement == 0.2


def test_with_a_lexicon_nothing_is_changed():
    made = clone_aligner(SelfLearningAligner(), has_lexicon=True, device="cpu", init="identity")
    assert _start(made) == ("auto", 0.05)
    made = clone_aligner(None, has_lexicon=True, device="cpu", init="identity")
    assert isinstance(made, ProcrustesAligner)
