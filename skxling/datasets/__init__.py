"""Generated bilingual corpora; bilingual lexicons and tagged sentences from files."""

from skxling.datasets._conll import load_conll
from skxling.datasets._generators import make_bilingual_corpus
from skxling.datasets._lexicon import drop_test_sources, load_lexicon

__all__ = [
    "drop_test_sources",
    "load_conll",
    "load_lexicon",
    "make_bilingual_corpus",
]
