from sklearn.utils.estimator_checks import parametrize_with_checks

from skxling.alignment import ProcrustesAligner, RCSLSAligner, SelfLearningAligner

VECTOR_LEVEL = [
    ProcrustesAligner(),
    RCSLSAligner(),
    RCSLSAligner(batch_size=8, constraint=None, random_state=0),
    SelfLearningAligner(),
]


@parametrize_with_checks(VECTOR_LEVEL)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
