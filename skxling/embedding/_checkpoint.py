"""Checkpoints of a training: all that it needs to go on where it was."""

import hashlib
import json
import os
import time
from pathlib import Path

import joblib

from skxling.text import corpus_paths
from skxling.utils import remove_leftovers, replacing

FORMAT = 6  # of the file and of what is trained; another number is another training
PROGRESS = ("loss_curve", "sentence")  # numbers of a TrainingState


class NoCheckpoint:
    """Stands where a training is not saved."""

    def seed(self):
        """No seed is known."""

    def restore(self, state):
        """Leave the state as it is."""

    def save_if_due(self, state):
        """Save nothing."""

    def remove(self):
        """Delete nothing."""


class Checkpoint:
    """The file that a training is saved to every so often.

    Parameters
    ----------
    folder : path
        Where the file is; made where it does not exist.

    fingerprint : str
        Part of the file's name: trainings with other parameters or corpora have another file.

    interval : float
        Seconds between two savings.
    """

    def __init__(self, folder, fingerprint, interval):
        _import_safetensors()
        self.path = Path(folder) / f"skipgram-{fingerprint}.safetensors"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self.path)
        self.interval = interval
        self._saved_at = time.monotonic()

    def seed(self):
        """Seed of the training that is saved, or None where there is no file."""
        saved = self._read()
        return saved and saved[0]["seed"]

    def restore(self, state):
        """Bring a training to where it was saved, if it was: another's of its name is left alone.

        Parameters
        ----------
        state : TrainingState
            At its start. Changed in place.

        Raises
        ------
        ValueError
            If the file is damaged.
        """
        saved = self._read()
        if saved is None or saved[0]["seed"] != state.seed:
            return
        numbers, tensors = saved
        state.words.rows.copy_(tensors["rows"])
        state.output.copy_(tensors["output"])
        state.generator.set_state(tensors["generator"])
        state.generator_state.copy_(tensors["generator"])
        state.loss_sum.copy_(tensors["loss_sum"])
        state.n_losses.copy_(tensors["n_losses"])
        for name in PROGRESS:
            setattr(state, name, numbers[name])

    def save_if_due(self, state):
        """Save a training between two reads, if the last time is long enough ago.

        The new file replaces the old one when it is complete: who is killed meanwhile goes on
        from the old one.

        Parameters
        ----------
        state : TrainingState
            The training.
        """
        if time.monotonic() - self._saved_at < self.interval:
            return
        from safetensors.torch import save_file

        tensors = {
            "rows": state.words.rows.cpu(),
            "output": state.output.cpu(),
            "generator": state.generator_state,
            "loss_sum": state.loss_sum.cpu(),
            "n_losses": state.n_losses.cpu(),
        }
        numbers = {name: getattr(state, name) for name in ("seed", *PROGRESS)}
        with replacing(self.path) as temporary:
            save_file(tensors, temporary, metadata={"progress": json.dumps(numbers)})
        self._saved_at = time.monotonic()

    def remove(self):
        """Delete the file: the training is done."""
        self.path.unlink(missing_ok=True)

    def _read(self):
        """Numbers and tensors of the file, None where there is none."""
        safetensors = _import_safetensors()
        try:
            with safetensors.safe_open(self.path, framework="pt") as file:
                numbers = json.loads(file.metadata()["progress"])
                return numbers, {name: file.get_tensor(name) for name in list(file.keys())}
        except FileNotFoundError:
            return None
        except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{os.fspath(self.path)!r} is no checkpoint of JointSkipGram: {error}. Delete it "
                "to train from the start."
            ) from error


def fingerprint(params, corpora):
    """Name a training by its parameters and the content of its corpora.

    Parameters
    ----------
    params : dict
        Parameters that decide the result.

    corpora : list of length 2
        Those of both languages, as JointSkipGram takes them.

    Returns
    -------
    name : str
        Hexadecimal digits.
    """
    digest = hashlib.blake2b(joblib.hash((FORMAT, params)).encode(), digest_size=16)
    for name, corpus in zip(("X", "y"), corpora, strict=True):
        digest.update(b"corpus")
        paths = None if corpus is None else corpus_paths(corpus, name)
        if paths is None:
            digest.update(joblib.hash(corpus).encode())
            continue
        for path in paths:
            with open(path, "rb") as file:
                digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


def _import_safetensors():
    try:
        import safetensors
    except ImportError as error:
        raise ImportError(
            "`checkpoint_dir` needs safetensors. Install it by: pip install 'skxling[data]'"
        ) from error
    return safetensors
