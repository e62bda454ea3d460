"""What the functions ask of their arguments, beyond what `Elementwise` asks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ogive.catalog import CATALOG
from ogive.torch.parameters import checked

_PARAMETERS = {
    (function.name, parameter.name): parameter
    for function in CATALOG.values()
    for parameter in function.parameters
}


def number(
    function: str, name: str, value: float, called: str = "", *, finite: bool = True
) -> float:
    """Return a parameter of a function as a float, or raise, as `ogive.torch.parameters.checked`.

    Parameters
    ----------
    function, name : str
        Names in the catalogue.
    value, called, finite
        As there.

    Examples
    --------
    >>> from ogive.torch.functional.checks import number
    >>> number("elu", "alpha", 2)
    2.0
    """
    return checked(function, _PARAMETERS[function, name], value, called, finite=finite)


def ordered(function: str, low: tuple[str, float], high: tuple[str, float]) -> None:
    """Check that of two parameters the first is not above the second.

    Parameters
    ----------
    function : str
        The function's name, for the message.
    low, high : tuple of (str, float)
        Name and value of each.

    Raises
    ------
    ValueError
        If they are the wrong way round.

    Examples
    --------
    >>> from ogive.torch.functional.checks import ordered
    >>> ordered("hardtanh", ("min_val", -1.0), ("max_val", 1.0))
    """
    if low[1] > high[1]:
        raise ValueError(
            f"{function}: {low[0]} must not be above {high[0]}, but {low[1]!r} is above {high[1]!r}"
        )


def is_integral(input: Any, *unlike: torch.dtype) -> bool:
    """Whether an argument is a tensor of integers, booleans excepted.

    Parameters
    ----------
    input : object
        Of any type.
    *unlike : torch.dtype
        Dtypes of integers that are none here.

    Returns
    -------
    bool
        False for tensors of booleans, of floats and of complex numbers, and for what is no tensor.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.functional.checks import is_integral
    >>> is_integral(torch.tensor([1, 2])), is_integral(torch.tensor([True]))
    (True, False)
    """
    return (
        isinstance(input, Tensor)
        and not input.is_floating_point()
        and not input.is_complex()
        and input.dtype is not torch.bool
        and input.dtype not in unlike
    )
