"""Tagging the tokens of sentences: learned on one language, used on another."""

from skxling.tagging._crf_tagger import CRFTagger
from skxling.tagging._tags import to_iob2
from skxling.tagging._token_vectorizer import TokenVectorizer

__all__ = ["CRFTagger", "TokenVectorizer", "to_iob2"]
