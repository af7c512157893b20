"""Maps that bring two vector spaces into one."""

from skxling.alignment._base import BaseAligner, BaseLinearAligner
from skxling.alignment._procrustes import ProcrustesAligner
from skxling.alignment._rcsls import RCSLSAligner
from skxling.alignment._self_learning import SelfLearningAligner

__all__ = [
    "BaseAligner",
    "BaseLinearAligner",
    "ProcrustesAligner",
    "RCSLSAligner",
    "SelfLearningAligner",
]
