"""Embeddings: training them, keeping them, reading and writing them."""

from skxling.embedding._ensemble import EmbeddingEnsemble
from skxling.embedding._io import read_word_vectors, write_word_vectors
from skxling.embedding._io_fasttext import SubwordVectors, read_fasttext
from skxling.embedding._joint_skipgram import JointSkipGram
from skxling.embedding._word_vectors import WordVectors, as_word_vectors

__all__ = [
    "EmbeddingEnsemble",
    "JointSkipGram",
    "SubwordVectors",
    "WordVectors",
    "as_word_vectors",
    "read_fasttext",
    "read_word_vectors",
    "write_word_vectors",
]
