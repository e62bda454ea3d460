"""The way between tensors and the native loops: shared memory, no copies.

A CPU tensor of float32 or float64 is seen by NumPy at its own address and with its own strides,
and a result is written straight into a fresh tensor of the same memory format. float16 and
bfloat16 are computed in float32 and rounded back, so that their results are rounded twice: at
most a whisker over half an ulp of the half type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

NativeLoop = Callable[..., Any]
"""A ufunc or gufunc of `ogive._core`."""

HALF_DTYPES = frozenset({torch.float16, torch.bfloat16})
DTYPES = frozenset({torch.float32, torch.float64}) | HALF_DTYPES
"""The dtypes computed; all others are refused or promoted as torch does."""

# In torch.jit without being declared as exported, and without annotations.
_is_tracing: Callable[[], bool] = torch.jit.is_tracing  # type: ignore[attr-defined]

# Parameters are ordinary tensors in every respect but their class. Other subclasses
# (fake, distributed, quantised tensors) attach meaning to torch's operations: they get those.
_PLAIN_CLASSES = frozenset({Tensor, torch.nn.Parameter})


def is_native(tensor: Tensor) -> bool:
    """Whether the native loops may read a tensor: plain, strided, on the CPU, not being traced.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.memory import is_native
    >>> is_native(torch.ones(2)), is_native(torch.ones(2, device="meta"))
    (True, False)
    """
    return (
        type(tensor) in _PLAIN_CLASSES
        and tensor.is_cpu
        and tensor.layout is torch.strided
        and tensor.dtype in DTYPES
        and not torch.compiler.is_compiling()
        and not _is_tracing()
    )


def view(tensor: Tensor) -> Any:
    """Show a tensor's memory as an array, or None where it has none of its own.

    Tensors inside `torch.vmap` and `torch.func` transforms, fake tensors and lazily negated ones
    look like plain CPU tensors and have no memory that NumPy could read; of bfloat16 it knows
    nothing.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.memory import view
    >>> tensor = torch.zeros(2)
    >>> view(tensor)[0] = 1.0
    >>> tensor
    tensor([1., 0.])
    """
    try:
        return (tensor.detach() if tensor.requires_grad else tensor).numpy()
    except (RuntimeError, TypeError):
        return None


def run(loop: NativeLoop, operands: tuple[Tensor, ...], *parameters: float) -> Tensor | None:
    """Run an elementwise loop over tensors of one dtype.

    Parameters
    ----------
    loop : ufunc
        Of `ogive._core`.
    operands : tuple of torch.Tensor
        For which `is_native` holds; the last one gives shape, dtype and memory format.
    *parameters : float
        The function's parameters.

    Returns
    -------
    torch.Tensor or None
        The result; None where an operand has no memory (see `view`).

    Examples
    --------
    >>> import torch
    >>> from ogive import _core
    >>> from ogive.torch.memory import run
    >>> run(_core.leaky_relu, (torch.tensor([-1.0, 1.0]),), 0.5)
    tensor([-0.5000,  1.0000])
    """
    like = operands[-1]
    if like.dtype in HALF_DTYPES:
        wide = run(loop, tuple([operand.float() for operand in operands]), *parameters)
        return None if wide is None else wide.to(like.dtype)
    arrays = []
    for operand in operands:
        array = view(operand)
        if array is None:
            return None
        arrays.append(array)
    result = torch.empty_like(like)
    out = view(result)
    if out is None:
        return None
    loop(*arrays, *parameters, out=out)
    return result
