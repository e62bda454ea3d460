"""The IDX format, in which MNIST and its successors are published.

Two zero bytes, one that says the type, one with the number of axes, the sizes as 32-bit integers
with the high byte first, then the entries. See Y. LeCun, C. Cortes, C. Burges, *The MNIST database
of handwritten digits*.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["read_idx"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(file: str | Path) -> NDArray[Any]:
    """Return the array of an IDX file, which may be compressed by gzip.

    Parameters
    ----------
    file : str or Path
        Where it lies.

    Returns
    -------
    ndarray
        Read-only.

    Raises
    ------
    ValueError
        If it is no such file, or not all of it is there.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "labels-idx1-ubyte")
    ...     with open(path, "wb") as file:
    ...         _ = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    ...     read_idx(path)
    array([7, 8, 9], dtype=uint8)
    """
    content = Path(file).read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{file} cannot be decompressed: {error}") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise ValueError(f"{file} is no IDX file")
    entry, axes = np.dtype(_TYPES[content[2]]), content[3]
    begin = 4 + 4 * axes
    if len(content) < begin:
        raise ValueError(f"{file} ends within its head")
    shape = struct.unpack(f">{axes}I", content[4:begin])
    expected = begin + math.prod(shape) * entry.itemsize
    if len(content) != expected:
        raise ValueError(
            f"{file} has {len(content)} bytes, and its head says {expected}: it is damaged"
        )
    return np.frombuffer(content, entry, offset=begin).reshape(shape)
