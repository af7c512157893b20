"""Aligners and normalisers as tests take them: those that draw have a `random_state`."""

from skxling.alignment import (
    AdversarialAligner,
    AllButTheTop,
    CCAAligner,
    GeometricAligner,
    IterativeNormalizer,
    L1RefinedAligner,
    LinearAligner,
    MultistepAligner,
    ProcrustesAligner,
    RCSLSAligner,
    RetrofittedAligner,
    SelfLearningAligner,
    SpaceNormalizer,
    SpectralNormalizer,
    WassersteinAligner,
)

VECTOR_LEVEL = [
    ProcrustesAligner(),
    ProcrustesAligner(normalize=("spectral", AllButTheTop())),
    LinearAligner(),
    CCAAligner(n_components=0.5, alpha=0.1),
    MultistepAligner(),
    GeometricAligner(),
    RCSLSAligner(),
    RCSLSAligner(batch_size=8, constraint="spectral", random_state=0),
    SelfLearningAligner(),
    SelfLearningAligner(MultistepAligner()),
    SelfLearningAligner(
        induction="both", keep_probability=0.5, keep_seed=True, tol=None, random_state=0
    ),
    WassersteinAligner(n_steps=2, min_agreement=None, random_state=0),
    WassersteinAligner(n_steps=2, min_agreement=0.0, random_state=1),
    WassersteinAligner(
        init="distributions",
        matching="assignment",
        n_steps=2,
        min_agreement=None,
        random_state=0,
    ),
    AdversarialAligner(
        n_hidden=8,
        batch_size=8,
        n_steps=5,
        max_iter=2,
        n_init=1,
        min_confirmed=None,
        random_state=0,
    ),
    L1RefinedAligner(),
    RetrofittedAligner(),
    SpaceNormalizer(),
    IterativeNormalizer(),
    SpectralNormalizer(),
    AllButTheTop(),
]
