"""Warnings that point to the line of the user's that led to them."""

import os
import sys
import warnings
from pathlib import Path

import joblib
import sklearn

_FOLDERS = [Path(__file__).parents[1], *(Path(lib.__file__).parent for lib in (sklearn, joblib))]
_INSIDE = tuple(f"{folder}{os.sep}" for folder in _FOLDERS)


def warn_user(message, category=UserWarning):
    """Warn, as of the last line outside of this library, scikit-learn and joblib.

    Parameters
    ----------
    message : str
        What is to be said.

    category : type, default=UserWarning
        Class of the warning.
    """
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
