"""Which data a network that is known by name can be made for, beyond their kind.

Nothing here loads torch: a study asks it when it is declared, and again before a network is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ogive.study.data import Shape
from ogive.study.models.steps import steps_of

__all__ = [
    "Fitting",
    "check_heads",
    "check_sides",
    "fits_charlm",
    "fits_cnn",
    "fits_transformer",
    "halves",
]

Fitting = Callable[..., None]
"""Takes a `Shape` and the options of a model by name; ValueError where they do not fit."""


def halves(name: str, halvings: int) -> Fitting:
    """Return what a network asks of images whose sides it halves.

    Parameters
    ----------
    name : str
        Of the network.
    halvings : int
        How often.

    Returns
    -------
    callable
        See `check_sides`.
    """

    def fits(shape: Shape, **options: object) -> None:
        check_sides(name, shape, halvings)

    return fits


def fits_cnn(shape: Shape, *, widths: Sequence[int], **options: object) -> None:
    """Refuse images that are too small to be halved once for each block.

    Parameters
    ----------
    shape : Shape
        Of the data.
    widths : sequence of int
        Channels of each block.
    **options : object
        Others, which do not matter.

    Raises
    ------
    ValueError
        If a side is too short.
    """
    check_sides("cnn", shape, halvings=len(widths), lost=1)


def fits_transformer(
    shape: Shape, *, width: int, heads: int, patch: int, **options: object
) -> None:
    """Refuse heads that do not divide the width, and patches that do not cover the images.

    Parameters
    ----------
    shape : Shape
        Of the data.
    width, heads, patch : int
        As of `ogive.study.models.transformer.build`.
    **options : object
        Others, which do not matter.

    Raises
    ------
    ValueError
        If one does not fit.
    """
    check_heads(width, heads)
    steps_of(shape, patch)


def fits_charlm(shape: Shape, *, width: int, heads: int, dropout: float, **options: object) -> None:
    """Refuse heads that do not divide the width, and a dropout of all.

    Parameters
    ----------
    shape : Shape
        Of the data.
    width, heads, dropout : int, float
        As of `ogive.study.models.charlm.build`.
    **options : object
        Others, which do not matter.

    Raises
    ------
    ValueError
        If one does not fit.
    """
    check_heads(width, heads)
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be from 0 to below 1, not {dropout:g}")


def check_heads(width: int, heads: int) -> None:
    """Refuse heads that cannot share the features of a token evenly.

    Parameters
    ----------
    width, heads : int
        Features of a token, and heads of the attention.

    Raises
    ------
    ValueError
        If the heads do not divide the width.
    """
    if width % heads:
        raise ValueError(f"heads must divide the width, and {heads} does not divide {width}")


def check_sides(name: str, shape: Shape, halvings: int, lost: int = 0) -> None:
    """Refuse images that have a single pixel left before the last time they are halved.

    Parameters
    ----------
    name : str
        Of the network.
    shape : Shape
        Of the data.
    halvings : int
        How often the network halves the sides, rounding up.
    lost : int
        Pixels that are lost before the first time.

    Raises
    ------
    ValueError
        If a side is too short.

    Examples
    --------
    >>> check_sides("resnet18", Shape("images", (1, 8, 8), 10), halvings=3)
    """
    least = 2 ** (halvings - 1) + 1 + lost
    _, height, width = shape.inputs
    if min(height, width) < least:
        raise ValueError(
            f"{name} halves an image {halvings} times: it takes sides of at least {least} pixels, "
            f"not {height} × {width}"
        )
