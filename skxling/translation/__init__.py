"""Translating words between two spaces of word vectors."""

from skxling.translation._translator import WordTranslator

__all__ = ["WordTranslator"]
