"""Functions of a row: softmax and its relatives."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ogive.torch import rows
from ogive.torch.autocast import autocast
from ogive.torch.overrides import overridable

__all__ = ["log_softmax", "logsumexp", "softmax", "softmin"]


@overridable
def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: torch.dtype | None = None
) -> Tensor:
    """Map rows of logits to probabilities, exp(x_i) / sum_j exp(x_j).

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    dim : int
        The dimension along which the rows lie. It must be given: torch guesses it, with a warning.
    _stacklevel : int, optional
        Torch's, without effect.
    dtype : torch.dtype, optional
        To which `input` is converted first.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`; every row sums to 1.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype.
    ValueError
        If `dim` is None.
    IndexError
        If `input` has no dimension `dim`.

    Notes
    -----
    Error: every entry within 2 ulp of the exact result on the CPU.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.softmax(torch.tensor([[0.0, 0.0, 2.0]]), dim=1)
    tensor([[0.1065, 0.1065, 0.7870]])
    """
    return _over_rows(rows.softmax, input, dim, dtype)


@overridable
def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: torch.dtype | None = None
) -> Tensor:
    """Map rows of numbers to probabilities, the smallest to the largest: softmax of -x.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    dim : int
        The dimension along which the rows lie. It must be given: torch guesses it, with a warning.
    _stacklevel : int, optional
        Torch's, without effect.
    dtype : torch.dtype, optional
        To which `input` is converted first.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`; every row sums to 1.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype.
    ValueError
        If `dim` is None.
    IndexError
        If `input` has no dimension `dim`.

    Notes
    -----
    Error: every entry within 2 ulp of the exact result on the CPU.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.softmin(torch.tensor([[0.0, 0.0, 2.0]]), dim=1)
    tensor([[0.4683, 0.4683, 0.0634]])
    """
    return _over_rows(rows.softmin, input, dim, dtype)


@overridable
def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: torch.dtype | None = None
) -> Tensor:
    """Map rows of logits to log-probabilities, x_i - log(sum_j exp(x_j)).

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    dim : int
        The dimension along which the rows lie. It must be given: torch guesses it, with a warning.
    _stacklevel : int, optional
        Torch's, without effect.
    dtype : torch.dtype, optional
        To which `input` is converted first.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`, in nats, none above 0.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype.
    ValueError
        If `dim` is None.
    IndexError
        If `input` has no dimension `dim`.

    Notes
    -----
    Error: every entry within 2 ulp of the exact result on the CPU. An entry next to 0 is kept, and
    its gradient too: for [0, -20] in float32 the first is -2.06e-9, where torch has 0.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.log_softmax(torch.tensor([0.0, -20.0]), dim=0)
    tensor([-2.0612e-09, -2.0000e+01])
    """
    return _over_rows(rows.log_softmax, input, dim, dtype)


@overridable
def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """Return the logarithm of the sum of the exponentials along one or more dimensions.

    The signature is that of `torch.logsumexp`.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64; integers and booleans become the default dtype.
    dim : int or sequence of int
        The dimension or dimensions over which the sum runs.
    keepdim : bool, optional
        Whether the result keeps them, with length 1.

    Returns
    -------
    torch.Tensor
        `input` without these dimensions.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype, or `dim` no integers.
    ValueError
        If `dim` is empty or names a dimension twice.
    IndexError
        If `input` has no such dimension.

    Notes
    -----
    Error: within 2 ulp of the exact result on the CPU, save where the result crosses 0.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.logsumexp(torch.tensor([[0.0, 0.0], [1.0, 1.0]]), dim=1)
    tensor([0.6931, 1.6931])
    """
    input = autocast("logsumexp", input)
    if isinstance(input, Tensor) and not (input.is_floating_point() or input.is_complex()):
        input = input.to(torch.get_default_dtype())
    if isinstance(dim, Sequence):
        return _logsumexp_over(input, dim, keepdim)
    result = rows.logsumexp(input, dim)
    return result if keepdim or input.dim() == 0 else result.squeeze(dim)


def _over_rows(
    function: rows.Rowwise,
    input: Tensor,
    dim: int | None,
    dtype: torch.dtype | None,
) -> Tensor:
    if dim is None:
        raise ValueError(
            f"{function.name} needs dim, the dimension along which the rows lie; "
            "for (batch, classes) it is dim=1"
        )
    if dtype is not None and isinstance(input, Tensor):
        # Under autocast too: what is asked for by name is not cast.
        return function(input.to(dtype), dim)
    return function(autocast(function.name, input), dim)


def _logsumexp_over(input: Tensor, dims: Sequence[int], keepdim: bool) -> Tensor:
    if not isinstance(input, Tensor):
        raise TypeError(f"logsumexp takes a torch.Tensor, not {type(input).__name__}")
    count = max(input.dim(), 1)
    for dim in dims:
        if not isinstance(dim, int) or isinstance(dim, bool):
            raise TypeError(f"logsumexp: dim is an integer or several, not {dim!r}")
        if not -count <= dim < count:
            raise IndexError(
                f"logsumexp: dim is {dim}, but the tensor has {input.dim()} dimensions"
            )
    summed = sorted({dim % count for dim in dims})
    if not summed or len(summed) < len(dims):
        raise ValueError(f"logsumexp: dim names each dimension once and at least one, not {dims!r}")
    if input.dim() == 0:
        return rows.logsumexp(input, -1)
    kept = [dim for dim in range(count) if dim not in summed]
    together = input.permute(*kept, *summed).flatten(len(kept))
    result = rows.logsumexp(together, -1).squeeze(-1)
    if keepdim:
        for dim in summed:
            result = result.unsqueeze(dim)
    return result
