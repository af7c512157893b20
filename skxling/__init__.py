"""Cross-lingual word vectors, the scikit-learn way."""

from skxling.embedding import JointSkipGram, WordVectors

__version__ = "0.1.0.dev0"

__all__ = ["JointSkipGram", "WordVectors", "__version__"]
