"""What parameters must be: numbers within bounds, or tensors of a shape that broadcasts."""

from __future__ import annotations

from math import isinf
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from ogive.catalog import Parameter
from ogive.torch.overrides import overridable

Operand = Tensor | float
"""A parameter: a tensor that broadcasts against the argument, or a number."""


def checked(
    function: str, parameter: Parameter, value: Any, called: str = "", *, finite: bool = True
) -> float:
    """Return a parameter that is a number as a float, or say what it must be.

    Parameters
    ----------
    function : str
        The function's name, for the message.
    parameter : ogive.catalog.Parameter
        What is known of the parameter.
    value : float
        What was given.
    called : str, optional
        The argument's name, if it is not the parameter's.
    finite : bool, optional
        Whether infinities are refused.

    Returns
    -------
    float
        `value`.

    Raises
    ------
    TypeError
        If `value` is not a number.
    ValueError
        If it is out of the parameter's bounds.

    Examples
    --------
    >>> from ogive import catalog
    >>> from ogive.torch.parameters import checked
    >>> checked("elu", catalog.get("elu").parameters[0], 1)
    1.0
    """
    number = isinstance(value, float) or (isinstance(value, Real) and not isinstance(value, bool))
    if not number:
        kind = "a number or a tensor" if parameter.learned else "a number"
        raise TypeError(
            f"{function}: {called or parameter.name} is {kind}, "
            f"not {type(value).__name__} {value!r}"
        )
    if not parameter.allows(value) and (finite or not isinf(value)):
        raise ValueError(
            f"{function}: {called or parameter.name} must be {parameter.condition}, not {value!r}"
        )
    return float(value)


@overridable
def along_channels(parameter: Tensor, input: Tensor) -> Tensor:
    """Shape one parameter a channel so that it broadcasts against an input.

    Parameters
    ----------
    parameter : torch.Tensor
        Of shape (1,), or (C,) with one value a channel.
    input : torch.Tensor
        Of shape (N, C, ...), or (C,).

    Returns
    -------
    torch.Tensor
        A view of `parameter`, of shape (C, 1, ...) for an input of two dimensions or more.

    Raises
    ------
    ValueError
        If `parameter` has several values and `input` another number of channels.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.parameters import along_channels
    >>> along_channels(torch.ones(3), torch.ones(8, 3, 5, 5)).shape
    torch.Size([3, 1, 1])
    """
    if parameter.numel() == 1:
        return parameter
    dim = min(1, input.dim() - 1)
    if dim < 0 or input.shape[dim] != parameter.numel():
        raise ValueError(
            f"there are {parameter.numel()} parameters, one for each channel, but an input of "
            f"shape {tuple(input.shape)} has {'none' if dim < 0 else input.shape[dim]}"
        )
    return parameter.reshape(-1, *[1] * (input.dim() - 2)) if input.dim() > 2 else parameter


def broadcasts(shape: torch.Size, target: torch.Size) -> bool:
    """Whether a tensor of a shape broadcasts to a target without changing that.

    Parameters
    ----------
    shape, target : torch.Size
        The two shapes.

    Returns
    -------
    bool
        False where the target would have to grow.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.parameters import broadcasts
    >>> broadcasts(torch.Size([3, 1]), torch.Size([2, 3, 4]))
    True
    """
    if not shape:
        return True
    behind = target[len(target) - len(shape) :]
    return len(shape) <= len(target) and all(
        mine in (1, theirs) for mine, theirs in zip(shape, behind, strict=True)
    )


def compatible(shape: torch.Size, other: torch.Size) -> bool:
    """Whether two shapes have a common one to broadcast to.

    Parameters
    ----------
    shape, other : torch.Size
        The two shapes.

    Returns
    -------
    bool
        Whether `torch.broadcast_shapes` accepts them.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.parameters import compatible
    >>> compatible(torch.Size([3, 1]), torch.Size([4]))
    True
    """
    pairs = zip(reversed(shape), reversed(other), strict=False)
    return all(a == b or 1 in (a, b) for a, b in pairs)
