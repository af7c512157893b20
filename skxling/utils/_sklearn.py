"""Parts of scikit-learn that are private or experimental, in one place.

Nothing else in the package imports them, so that a change in scikit-learn is mended here.
"""

from contextlib import nullcontext
from functools import wraps

from sklearn.base import _fit_context as _fit_context_of_sklearn
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils._param_validation import (
    HasMethods,
    Hidden,
    Interval,
    InvalidParameterError,
    MissingValues,
    Options,
    RealNotInt,
    StrOptions,
    validate_params,
)
from sklearn.utils.metadata_routing import _raise_for_params, _routing_enabled
from sklearn.utils.validation import _check_feature_names, _check_sample_weight, _check_y

__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Hidden",
    "Interval",
    "InvalidParameterError",
    "MissingValues",
    "Options",
    "RealNotInt",
    "StrOptions",
    "_check_feature_names",
    "_check_sample_weight",
    "_check_y",
    "_fit_context",
    "_raise_for_params",
    "_routing_enabled",
    "propagate_callbacks",
    "validate_params",
    "with_callbacks",
]


def _fit_context(*, prefer_skip_nested_validation):
    """scikit-learn's decorator of `fit`; and a fit that fails leaves the estimator as it was.

    Parameters
    ----------
    prefer_skip_nested_validation : bool
        As scikit-learn has it: whether estimators inside need not check their parameters again.

    Returns
    -------
    decorator : callable
    """

    def decorator(fit_method):
        fit = _fit_context_of_sklearn(prefer_skip_nested_validation=prefer_skip_nested_validation)(
            fit_method
        )

        @wraps(fit_method)
        def fit_or_restore(estimator, *args, **kwargs):
            before = vars(estimator).copy()
            try:
                return fit(estimator, *args, **kwargs)
            except BaseException:  # an interrupt too
                vars(estimator).clear()
                vars(estimator).update(before)
                raise

        return fit_or_restore

    return decorator


def propagate_callbacks(context, part):
    """Hand callbacks on to a part that iterates; scikit-learn warns of every other."""
    if hasattr(part, "set_callbacks"):
        return context.propagate_callback_context(part)
    return nullcontext()
