"""A person's own pictures: a folder with a folder for each class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.study.data.arrays import from_arrays
from ogive.study.data.dataset import Dataset

__all__ = ["images"]


def images(path: str, *, size: int = 0, color: str = "auto") -> Dataset:
    """Return the pictures of a folder.

    Parameters
    ----------
    path : str
        A folder that has a folder of pictures for each class, whose name is that of the class; or
        one with the folders ``train`` and ``test`` that do. What begins with a dot is passed over.
    size : int
        Height and width that each picture is brought to, by bilinear interpolation over its
        pixels; 0 for pictures that are of one size and stay so.
    color : {"auto", "rgb", "grey"}
        Three channels or one; "auto" for one where all pictures are grey.

    Returns
    -------
    Dataset
        Of the kind "images"; classes in the sorted order of the folders' names.

    Raises
    ------
    ValueError
        If there are no such folders, a file cannot be read as a picture, or sizes differ.
    """
    root = Path(path)
    folders = _folders(root)
    parts = [root / "train", root / "test"] if set(folders) == {"train", "test"} else [root]
    named = [_pictures(part) for part in parts]
    every = [file for files, _ in named for file in files]
    grey = color == "grey" or (color == "auto" and all(_is_grey(file) for file in every))
    arrays = [(_stacked(files, size, grey), labels) for files, labels in named]
    return from_arrays(*arrays[0], arrays[1] if len(arrays) == 2 else None, kind="images")


def _folders(root: Path) -> list[str]:
    if not root.is_dir():
        raise ValueError(f"{root} is no folder")
    return sorted(
        item.name for item in root.iterdir() if item.is_dir() and not item.name.startswith(".")
    )


def _pictures(root: Path) -> tuple[list[Path], list[str]]:
    """Return files and the names of their classes, in the sorted order of both."""
    files, labels = [], []
    for name in _folders(root):
        found = sorted(
            item
            for item in (root / name).iterdir()
            if item.is_file() and not item.name.startswith(".")
        )
        files += found
        labels += [name] * len(found)
    if not files:
        raise ValueError(f"{root} has no folders with pictures: one is needed for each class")
    return files, labels


def _open(file: Path) -> Any:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(file)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise ValueError(f"{file} cannot be read as a picture: {type(error).__name__}") from None


def _is_grey(file: Path) -> bool:
    with _open(file) as picture:
        return picture.mode in ("1", "L", "LA", "I", "I;16", "F")


def _stacked(files: list[Path], size: int, grey: bool) -> NDArray[np.uint8]:
    """Return all pictures as one array, (rows, channels, height, width)."""
    found: NDArray[np.uint8] | None = None
    for row, file in enumerate(files):
        pixels = _pixels(file, size, grey)
        if found is None:
            found = np.empty((len(files), *pixels.shape), np.uint8)
        elif pixels.shape != found.shape[1:]:
            raise ValueError(
                f"{file} has {_sides(pixels)} pixels, and {files[0]} {_sides(found[0])}: "
                "give a size that all are brought to"
            )
        found[row] = pixels
    assert found is not None
    return found


def _pixels(file: Path, size: int, grey: bool) -> NDArray[np.uint8]:
    from PIL import Image

    with _open(file) as picture:
        try:
            if grey and picture.mode in ("I", "I;16", "F"):
                raise ValueError(f"{file} has pixels of more than 8 bits, which is not supported")
            converted = picture.convert("L" if grey else "RGB")
        except (OSError, SyntaxError) as error:  # Pillow reads the pixels only here
            raise ValueError(f"{file} cannot be read as a picture: {error}") from None
    if size:
        converted = converted.resize((size, size), Image.Resampling.BILINEAR)
    pixels = np.asarray(converted, np.uint8)
    return pixels[None] if grey else np.moveaxis(pixels, 2, 0)


def _sides(pixels: NDArray[np.uint8]) -> str:
    return f"{pixels.shape[1]} × {pixels.shape[2]}"
