"""Vectors of words in their sentences, and one aligner for each layer of them."""

from skxling.contextual._contextual_embedding import ContextualEmbedding
from skxling.contextual._layerwise_aligner import LayerwiseAligner
from skxling.contextual._retrieval import contextual_retrieval_score

__all__ = ["ContextualEmbedding", "LayerwiseAligner", "contextual_retrieval_score"]
