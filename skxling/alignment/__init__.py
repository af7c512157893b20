"""Maps that bring two vector spaces into one."""

from skxling.alignment._adversarial import AdversarialAligner
from skxling.alignment._all_but_the_top import AllButTheTop
from skxling.alignment._base import BaseAligner, BaseLinearAligner
from skxling.alignment._base_meta import BaseMetaAligner
from skxling.alignment._base_normalizer import BaseNormalizer
from skxling.alignment._base_two_sided import BaseTwoSidedAligner
from skxling.alignment._cca import CCAAligner
from skxling.alignment._geometric import GeometricAligner
from skxling.alignment._iterative_normalizer import IterativeNormalizer
from skxling.alignment._l1_refined import L1RefinedAligner
from skxling.alignment._linear import LinearAligner
from skxling.alignment._multi import MultiAligner
from skxling.alignment._multistep import MultistepAligner
from skxling.alignment._procrustes import ProcrustesAligner
from skxling.alignment._rcsls import RCSLSAligner
from skxling.alignment._retrofitted import RetrofittedAligner
from skxling.alignment._self_learning import SelfLearningAligner
from skxling.alignment._space_normalizer import SpaceNormalizer
from skxling.alignment._spectral_normalizer import SpectralNormalizer
from skxling.alignment._stack_lexicons import stack_lexicons
from skxling.alignment._wasserstein import WassersteinAligner

__all__ = [
    "AdversarialAligner",
    "AllButTheTop",
    "BaseAligner",
    "BaseLinearAligner",
    "BaseMetaAligner",
    "BaseNormalizer",
    "BaseTwoSidedAligner",
    "CCAAligner",
    "GeometricAligner",
    "IterativeNormalizer",
    "L1RefinedAligner",
    "LinearAligner",
    "MultiAligner",
    "MultistepAligner",
    "ProcrustesAligner",
    "RCSLSAligner",
    "RetrofittedAligner",
    "SelfLearningAligner",
    "SpaceNormalizer",
    "SpectralNormalizer",
    "WassersteinAligner",
    "stack_lexicons",
]
