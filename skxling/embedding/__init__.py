"""Embeddings: training them, keeping them, reading and writing them."""

from skxling.embedding._joint_skipgram import JointSkipGram
from skxling.embedding._word_vectors import WordVectors

__all__ = ["JointSkipGram", "WordVectors"]
