"""Corpora, vocabularies, subwords and word alignment: from text to token ids."""

from skxling.text._corpus import EncodedCorpus, encode_corpora
from skxling.text._pharaoh import read_pharaoh, write_pharaoh
from skxling.text._reading import corpus_paths, split_sentences, tokenize
from skxling.text._reallocation import Reallocation, reallocate_vocabulary
from skxling.text._subwords import subword_ids
from skxling.text._symmetrization import one_to_one_links, symmetrize_links
from skxling.text._vocabulary import Vocabulary
from skxling.text._word_alignment import WordAligner

__all__ = [
    "EncodedCorpus",
    "Reallocation",
    "Vocabulary",
    "WordAligner",
    "corpus_paths",
    "encode_corpora",
    "one_to_one_links",
    "read_pharaoh",
    "reallocate_vocabulary",
    "split_sentences",
    "subword_ids",
    "symmetrize_links",
    "tokenize",
    "write_pharaoh",
]
