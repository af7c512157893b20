"""Cross-lingual word vectors, the scikit-learn way.

The main classes are at the top; the others, and functions, are in the folder of their noun:
`skxling.alignment`, `skxling.metrics`, `skxling.datasets`, `skxling.embedding`, `skxling.text`,
`skxling.functional`.
"""

from skxling.alignment import (
    BaseAligner,
    CCAAligner,
    GeometricAligner,
    LinearAligner,
    MultistepAligner,
    ProcrustesAligner,
    RCSLSAligner,
    SelfLearningAligner,
    WassersteinAligner,
)
from skxling.combine import JointAlignCombiner
from skxling.contextual import ContextualEmbedding, LayerwiseAligner
from skxling.embedding import JointSkipGram, WordVectors
from skxling.tagging import CRFTagger, TokenVectorizer
from skxling.text import WordAligner
from skxling.translation import WordTranslator

__version__ = "0.1.0.dev0"

__all__ = [
    "BaseAligner",
    "CCAAligner",
    "CRFTagger",
    "ContextualEmbedding",
    "GeometricAligner",
    "JointAlignCombiner",
    "JointSkipGram",
    "LayerwiseAligner",
    "LinearAligner",
    "MultistepAligner",
    "ProcrustesAligner",
    "RCSLSAligner",
    "SelfLearningAligner",
    "TokenVectorizer",
    "WassersteinAligner",
    "WordAligner",
    "WordTranslator",
    "WordVectors",
    "__version__",
]
