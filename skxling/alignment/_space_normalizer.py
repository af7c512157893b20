"""A chain of steps that normalises one space."""

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from skxling.alignment._all_but_the_top import AllButTheTop
from skxling.alignment._base_normalizer import (
    BaseMeansNormalizer,
    BaseNormalizer,
    apply_step,
    fit_step,
    undo_step,
)
from skxling.alignment._iterative_normalizer import IterativeNormalizer
from skxling.alignment._spectral_normalizer import SpectralNormalizer
from skxling.utils._sklearn import HasMethods


class _Unit(BaseMeansNormalizer):
    """The step "unit"."""

    _steps = ("unit",)


class _Center(BaseMeansNormalizer):
    """The step "center"."""

    _steps = ("center",)


NAMED_STEPS = {
    "unit": _Unit,
    "center": _Center,
    "iterative": IterativeNormalizer,
    "spectral": SpectralNormalizer,
    "all_but_the_top": AllButTheTop,
}


def as_steps(steps, name):
    """Check steps, or a single transformer, and give them as a list."""
    steps = list(steps) if isinstance(steps, (tuple, list)) else [steps]
    unknown = [
        step
        for step in steps
        if (isinstance(step, str) and step not in NAMED_STEPS)
        or not (isinstance(step, str) or (hasattr(step, "fit") and hasattr(step, "transform")))
    ]
    if unknown:
        raise ValueError(
            f"`{name}` has the unknown steps {unknown}. Each must be one of {tuple(NAMED_STEPS)}, "
            f"as in {name}=('unit', 'center', 'unit'), or a transformer."
        )
    return steps


class SpaceNormalizer(BaseNormalizer):
    """Normalise a vector space by a chain of steps.

    It is what aligners do to either side first, by their parameter `normalize`; alone, it prepares
    vectors for anything else.

    Parameters
    ----------
    steps : tuple of str or transformer, or a transformer, default=("unit", "center", "unit")
        Done in this order:

        - "unit" scales rows to length 1; rows of zeros stay zero;
        - "center" takes the mean away;
        - "iterative" is :class:`IterativeNormalizer`, "spectral" :class:`SpectralNormalizer`, and
          "all_but_the_top" :class:`AllButTheTop`, with their defaults;
        - anything with `fit` and `transform` is cloned, fitted on what the steps before it return,
          and applied.

        () leaves vectors as they are. A transformer instead of a tuple, such as a ``Pipeline``, has
        its own parameters reached by a grid, as in ``normalize__n_components``.

    device : str or torch.device, default="auto"
        Where to compute: "auto" is CUDA where there is one, else the CPU. Transformers of
        scikit-learn compute on the CPU.

    Attributes
    ----------
    steps_ : list of transformer
        The fitted steps.

    means_ : list of ndarray of shape (n_features,)
        One mean for each time that the mean was taken away by "center" or "iterative".

    n_features_in_ : int
        Number of features of the space.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    IterativeNormalizer : Lengths of 1 and a mean of zero at once.
    SpectralNormalizer : Shortens the longest directions.
    AllButTheTop : Removes the longest directions.

    Notes
    -----
    `inverse_transform` undoes the steps, the last one first. Means and spectra come back. Lengths
    do not: there "unit", and any transformer without `inverse_transform`, is the identity.

    Weights of rows count in the statistics of the named steps; other transformers do not see them.

    Examples
    --------
    >>> import numpy as np
    >>> from skxling.alignment import SpaceNormalizer
    >>> X = np.array([[2.0, 0.0], [0.0, 3.0]])
    >>> normalizer = SpaceNormalizer(steps=("unit", "center")).fit(X)
    >>> normalizer.transform(X)
    array([[ 0.5, -0.5],
           [-0.5,  0.5]])
    >>> normalizer.means_
    [array([0.5, 0.5])]
    """

    _parameter_constraints: dict = {
        **BaseNormalizer._parameter_constraints,
        "steps": [tuple, list, HasMethods(["fit", "transform"])],
    }

    def __init__(self, steps=("unit", "center", "unit"), *, device="auto"):
        self.steps = steps
        self.device = device

    def get_feature_names_out(self, input_features=None):
        """Names of the features after the steps.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features of X.

        Returns
        -------
        feature_names_out : ndarray of str
            The names of X where every step keeps the number of features, else new ones.
        """
        check_is_fitted(self)
        if self._n_features_normalized == self.n_features_in_:
            return super().get_feature_names_out(input_features)
        prefix = self.__class__.__name__.lower()
        names = [f"{prefix}{i}" for i in range(self._n_features_normalized)]
        return np.asarray(names, dtype=object)

    def _fit_tensor(self, X, sample_weight=None):
        steps = [
            NAMED_STEPS[step]() if isinstance(step, str) else clone(step)
            for step in as_steps(self.steps, "steps")
        ]
        for step in steps:
            X = fit_step(step, X, sample_weight)
        self.steps_ = steps
        return X

    def _apply_tensor(self, X):
        for step in self.steps_:
            X = apply_step(step, X)
        return X

    def _undo_tensor(self, X):
        if self._n_features_normalized != self.n_features_in_:
            one_way = [step for step in self.steps_ if not hasattr(step, "inverse_transform")]
            if one_way:
                raise ValueError(
                    f"The steps lead from {self.n_features_in_} features to "
                    f"{self._n_features_normalized}, and {one_way} have no `inverse_transform`: "
                    "there is no way back. Use steps that have one."
                )
        for step in reversed(self.steps_):
            X = undo_step(step, X)
        return X

    @property
    def means_(self):
        """One mean for each time that "center" or "iterative" took it away."""
        steps = [s for s in self.steps_ if isinstance(s, (BaseMeansNormalizer, SpaceNormalizer))]
        return [mean for step in steps for mean in step.means_]
