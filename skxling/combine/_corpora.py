"""Whether a joint model is to be trained, and its training, which can be cached."""

import os

from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skxling.utils._sklearn import propagate_callbacks


def _is_fitted(estimator):
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def check_corpora(joint, corpora):
    """Give the two corpora to train `joint` on; None where it is frozen, that is, trained."""
    if isinstance(joint, FrozenEstimator):
        if corpora is not None:
            raise ValueError(
                "`corpora` would train the joint model, but `joint` is frozen. Leave `corpora` "
                "out, or pass the joint model without FrozenEstimator to train a new one."
            )
        if not _is_fitted(joint):
            raise ValueError(
                f"`joint` is a frozen {type(joint.estimator).__name__} that was never fitted. Fit "
                "it first, or pass it without FrozenEstimator and give `corpora`."
            )
        return None
    if corpora is None:
        if joint is not None and _is_fitted(joint):
            raise ValueError(
                f"`joint` is a fitted {type(joint).__name__}, but a clone would forget its fit: "
                "wrap it in FrozenEstimator, as in JointAlignCombiner(FrozenEstimator(joint)), or "
                "pass `corpora` to train a new one."
            )
        raise ValueError(
            "`joint` is not fitted and `corpora` is None. Pass fit(..., corpora=(X_src, X_tgt)) to "
            "train it, or wrap a fitted one in FrozenEstimator (a clone, such as a search makes, "
            "of a fitted model that is not frozen is unfitted)."
        )
    if not isinstance(corpora, (tuple, list)) or len(corpora) != 2:
        n_corpora = f" of length {len(corpora)}" if isinstance(corpora, (tuple, list)) else ""
        raise ValueError(
            "`corpora` must be a pair: (source corpus, target corpus). Got "
            f"{type(corpora).__name__}{n_corpora}."
        )
    return tuple(corpora)


def file_states(corpora):
    """Size and time of change of every file, so that a cache notices that a path has new text."""
    states = []
    for corpus in corpora:
        for path in corpus if isinstance(corpus, (list, tuple)) else [corpus]:
            is_path = isinstance(path, os.PathLike) or (path is corpus and isinstance(path, str))
            if is_path and os.path.exists(path):
                state = os.stat(path)
                states.append((os.fspath(path), state.st_size, state.st_mtime_ns))
    return states


def fit_joint(joint, X, y, file_states, caller, context):
    """Train a joint model; a function, so that joblib can cache it."""
    with propagate_callbacks(context, joint):
        context.call_on_fit_task_begin(estimator=caller, X=X, y=y)
        joint.fit(X, y)
        context.call_on_fit_task_end(estimator=caller, X=X, y=y)
    return joint
