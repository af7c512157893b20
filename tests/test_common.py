import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from vector_level import VECTOR_LEVEL


@pytest.mark.filterwarnings("ignore:The map is probably useless")
@parametrize_with_checks(VECTOR_LEVEL)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
