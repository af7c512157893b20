"""Warnings point to the line of the user's."""

import warnings

from skxling import JointSkipGram
from skxling.utils import warn_user


def test_a_warning_names_the_line_that_led_to_it():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_user("direct")
        X, y = ["the cat sees"] * 20, ["die katze sieht"] * 20
        JointSkipGram(n_components=2, min_count=1, epochs=1, max_n=0, device="cpu").fit(X, y)
    assert [warning.filename for warning in caught] == [__file__, __file__]
    assert "`sample`" in str(caught[1].message)
