"""Fashion-MNIST (Xiao, Rasul and Vollgraf 2017), from Debian's package or the published files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.study.data.dataset import Dataset
from ogive.study.data.idx import read_idx
from ogive.study.data.split import prepare

__all__ = ["FOLDER", "fashion_mnist", "fashion_mnist_part"]

FOLDER = "/usr/share/datasets/fashion-mnist"
"""Where Debian's dataset-fashion-mnist puts it."""


def fashion_mnist(path: str = FOLDER, *, rows: int = 60_000) -> Dataset:
    """Return Fashion-MNIST with its own test part.

    Parameters
    ----------
    path : str
        The folder with the four published files, compressed or not.
    rows : int
        How many of the 60,000 training rows are used, validation included: the first so many.

    Returns
    -------
    Dataset
        Of the kind "images", (1, 28, 28), with 10 classes.

    Raises
    ------
    ValueError
        If a file is not there, or not what it should be.
    """
    inputs, targets = fashion_mnist_part(path, "train")
    return prepare(
        inputs[:rows, None],
        targets[:rows],
        kind="images",
        test=_with_channel(*fashion_mnist_part(path, "t10k")),
    )


def fashion_mnist_part(path: str | Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the images and classes of one part, as they are published.

    Parameters
    ----------
    path : str or Path
        The folder with the four published files, compressed or not.
    part : {"train", "t10k"}
        60,000 rows for training, or 10,000 for the test.

    Returns
    -------
    images : ndarray of uint8, shape (rows, 28, 28)
        Grey values, 0 to 255.
    labels : ndarray of uint8, shape (rows,)
        Classes, 0 to 9.

    Raises
    ------
    ValueError
        If a file is not there, or not what it should be.
    """
    images = read_idx(_file(path, f"{part}-images-idx3-ubyte"))
    labels = read_idx(_file(path, f"{part}-labels-idx1-ubyte"))
    if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1] or labels.max() > 9:
        raise ValueError(f"{path} does not hold Fashion-MNIST: {images.shape}, {labels.shape}")
    return images, labels


def _file(path: str | Path, name: str) -> Path:
    for file in (Path(path, f"{name}.gz"), Path(path, name)):
        if file.is_file():
            return file
    raise ValueError(f"{path} has no {name}.gz")


def _with_channel(
    images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[NDArray[Any], NDArray[Any]]:
    return images[:, None], labels
