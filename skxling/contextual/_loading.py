"""A transformer by name or folder: loading, and errors that name the way out."""

import os
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import torch

from skxling.contextual._encoder import Encoder
from skxling.utils import resolve_device

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
CONFIG = "config.json"


def load_encoder(model, device, dtype):
    """Give the encoder of a model; the last ones that were used are kept in memory.

    Parameters
    ----------
    model : str or path
        Name of a model on the Hugging Face hub, or folder of a saved one.

    device : str or torch.device
        As of :func:`~skxling.utils.resolve_device`.

    dtype : {"float32", "float16", "bfloat16"}
        Precision of the computation.

    Returns
    -------
    encoder : Encoder

    Raises
    ------
    ImportError
        If transformers is not installed.

    OSError
        If there is no such folder, or the model can be had neither from the cache nor from the
        network.
    """
    model = os.fspath(model)
    return _load(model, folder_state(model), resolve_device(device), dtype)


def folder_state(model):
    """Names, sizes and times of change of a folder's files; None for the name of a model.

    Raises
    ------
    OSError
        If `model` can only be meant as a folder, and there is none, or not one of a model.
    """
    folder = Path(os.fspath(model)).expanduser()
    if folder.is_dir():
        if not (folder / CONFIG).is_file():
            raise OSError(
                f"`model` is the folder {os.fspath(folder)!r}, but there is no {CONFIG} in it. "
                "Pass the folder that save_pretrained wrote, of the model and of its tokenizer."
            )
        files = sorted(path for path in folder.iterdir() if path.is_file())
        return tuple((f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files)
    # a name has at most one slash, and does not begin like a path
    text = os.fspath(model)
    if isinstance(model, os.PathLike) or text.startswith((".", "~", os.sep)) or text.count("/") > 1:
        raise OSError(
            f"`model` names no folder: {text!r}. Pass the folder that save_pretrained wrote, of "
            "the model and of its tokenizer, or the name of a model on the Hugging Face hub."
        )
    return None


@lru_cache(maxsize=2)
def _load(model, state, device, dtype):
    """Load a model; `state` is there so that a changed folder is loaded again."""
    try:
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        raise ImportError(
            "Contextual vectors need transformers: pip install 'skxling[contextual]'."
        ) from error
    name = model if state is None else str(Path(model).expanduser())
    with _quiet():
        try:
            # byte-level tokenizers must know that what they get are words
            tokenizer = AutoTokenizer.from_pretrained(name, add_prefix_space=True)
            network = AutoModel.from_pretrained(name, dtype=DTYPES[dtype])
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise OSError(
                f"The model {model!r} cannot be loaded: {reason} Without a network, "
                "pass a folder as `model`: download the model and its tokenizer on another "
                "machine, save both there with save_pretrained(folder), and copy the folder."
            ) from error
    if getattr(network.config, "is_encoder_decoder", False):
        network = network.get_encoder()
    return Encoder(tokenizer, network.eval().requires_grad_(False).to(device))


@contextmanager
def _quiet():
    """Load without progress bars and hints about unused weights, and leave the settings alone."""
    from transformers.utils import logging

    level, has_bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if has_bar:
            logging.enable_progress_bar()
