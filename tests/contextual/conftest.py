"""A tiny BERT with random weights and its WordPiece tokenizer, in a folder."""

import pytest

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["the", "The", "cat", "dog", "sees", "runs", "die", "katze", "hund", "sieht", "läuft", "un"]
LETTERS = list("abcdefghijklmnopqrstuvwxyzäöüß")


def write_model(folder, **config):
    """Save a BERT with random weights; keyword arguments change its configuration."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    vocabulary = [*PIECES, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    settings = {
        "vocab_size": len(vocabulary),
        "hidden_size": 12,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "max_position_embeddings": 16,
        "initializer_range": 0.5,
        **config,
    }
    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    model = BertModel(BertConfig(**settings))
    torch.random.set_rng_state(state)
    model.save_pretrained(folder)
    tokenizer = BertTokenizer(
        vocab={piece: i for i, piece in enumerate(vocabulary)}, do_lower_case=False
    )
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def save_model():
    """Give the function that saves a model in a folder."""
    pytest.importorskip("transformers", reason="transformers is not installed")
    return write_model


@pytest.fixture(scope="session")
def model_folder(save_model, tmp_path_factory):
    """Folder of a cased BERT of two layers with 12 components, which reads 16 pieces at once."""
    return save_model(tmp_path_factory.mktemp("bert"))
