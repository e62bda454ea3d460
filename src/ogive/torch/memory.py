"""The way between tensors and the native loops: shared memory, no copies.

An elementwise loop is handed the addresses of a tensor's elements where they lie side by side, and
NumPy's view of them, at their own strides, where they do not; rows go by NumPy's view. A result is
written straight into a fresh tensor of the same memory format. As many threads are used as both
`torch.set_num_threads` and `ogive.set_num_threads` allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import forward_ad

from ogive import _core

HALF_DTYPES = frozenset({torch.float16, torch.bfloat16})
DTYPES = frozenset({torch.float32, torch.float64}) | HALF_DTYPES
"""The dtypes computed; all others are refused or promoted as torch does."""

# The loops' own numbers for them.
_ELEMENT_TYPES = {torch.float16: 0, torch.bfloat16: 1, torch.float32: 2, torch.float64: 3}

# Below so many elements one thread is used whatever is allowed: native/threads.h.
_WORTH_A_THREAD = 1 << 20

# Parameters are ordinary tensors in every respect but their class. Other subclasses
# (fake, distributed, quantised tensors) attach meaning to torch's operations: they get those.
_PLAIN_CLASSES = frozenset({Tensor, torch.nn.Parameter})


def _of_torch(name: str, otherwise: Callable[[], Any]) -> Callable[[], Any]:
    """Return a question that torch keeps to itself, or a slower public one."""
    found: Callable[[], Any] = getattr(torch._C, name, otherwise)
    return found


_is_compiling = torch.compiler.is_compiling
# torch.jit has is_tracing without declaring it as exported.
_is_tracing = _of_torch("_is_tracing", torch.jit.is_tracing)  # type: ignore[attr-defined]
_is_transforming = _of_torch("_are_functorch_transforms_active", lambda: True)
_modes_of_dispatch = _of_torch("_len_torch_dispatch_stack", lambda: 0)


def is_observed() -> bool:
    """Whether torch's own operations are watched one by one, so that a native loop would be missed.

    The compiler, `torch.jit.trace`, the transforms of `torch.func` and dispatch modes (such as
    those of `torch.export` and of the FLOP counter) do.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.memory import is_observed
    >>> is_observed()
    False
    """
    return bool(_is_compiling() or _is_transforming() or _modes_of_dispatch() or _is_tracing())


def is_transformed() -> bool:
    """Whether a transform of `torch.func` is at work: then every tensor may stand for many.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.memory import is_transformed
    >>> torch.func.vmap(lambda x: x + is_transformed())(torch.zeros(2))
    tensor([1., 1.])
    """
    return bool(_is_transforming())


def in_forward_mode() -> bool:
    """Whether tensors may carry a forward-mode derivative, which a native loop would drop.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.memory import in_forward_mode
    >>> with torch.autograd.forward_ad.dual_level():
    ...     in_forward_mode()
    True
    """
    # Without it, the safe answer.
    return bool(getattr(forward_ad, "_current_level", 0) >= 0)


def is_native(tensor: Tensor) -> bool:
    """Whether the native loops may read a tensor: plain, strided, on the CPU, not observed.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.memory import is_native
    >>> is_native(torch.ones(2)), is_native(torch.ones(2, device="meta"))
    (True, False)
    """
    # The compiler looks no further than the first of these.
    return (
        not _is_compiling()
        and type(tensor) in _PLAIN_CLASSES
        and tensor.is_cpu
        and tensor.dtype in DTYPES
        and tensor.layout is torch.strided
        and not tensor.is_neg()
        and not is_observed()
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


@contextmanager
def torchs_threads(count: int) -> Iterator[None]:
    """Let native calls on so many elements use no more threads than torch does.

    Examples
    --------
    >>> from ogive.torch.memory import torchs_threads
    >>> with torchs_threads(10**8):
    ...     pass
    """
    if count < _WORTH_A_THREAD:
        yield
        return
    before = _core.limit_num_threads(torch.get_num_threads())
    try:
        yield
    finally:
        _core.limit_num_threads(before)


@lru_cache(maxsize=1024)
def cells_of(parameters: tuple[float, ...], dtype: torch.dtype) -> tuple[Tensor, ...] | None:
    """Return parameters as tensors; None where a half type has no such number.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.memory import cells_of
    >>> cells_of((0.5,), torch.float16), cells_of((0.3,), torch.float16)
    ((tensor(0.5000, dtype=torch.float16),), None)
    """
    cells = tuple(torch.tensor(parameter, dtype=dtype) for parameter in parameters)
    exact = dtype not in HALF_DTYPES or all(
        cell.item() == parameter for cell, parameter in zip(cells, parameters, strict=True)
    )
    return cells if exact else None


class NativeLoop:
    """The native loop of an elementwise function over tensors.

    Parameters
    ----------
    ufunc : numpy.ufunc
        Of `ogive._core`.
    parameters : int, optional
        How many of its operands, the last ones, are numbers.

    Examples
    --------
    >>> import torch
    >>> from ogive import _core
    >>> from ogive.torch.memory import NativeLoop
    >>> leaky_relu = NativeLoop(_core.leaky_relu, 1)
    >>> leaky_relu((torch.tensor([-1.0, 1.0]),), (0.5,))
    tensor([-0.5000,  1.0000])
    """

    def __init__(self, ufunc: np.ufunc, parameters: int = 0) -> None:
        self.ufunc = ufunc
        loop = _core.AddressedLoop(ufunc, parameters)
        self._run, self.addresses = loop.run, loop.addresses

    def __call__(
        self,
        operands: tuple[Tensor, ...],
        parameters: tuple[float, ...] = (),
        out: Tensor | None = None,
    ) -> Tensor | None:
        """Run over tensors of one dtype and shape.

        Parameters
        ----------
        operands : tuple of torch.Tensor
            For which `is_native` holds; the last one gives shape, dtype and memory format.
        parameters : tuple of float, optional
            The function's parameters.
        out : torch.Tensor, optional
            Where the result goes; like the last operand, and it may be that.

        Returns
        -------
        torch.Tensor or None
            The result; None where an operand has no memory (see `view`).
        """
        cells = cells_of(parameters, operands[-1].dtype) if parameters else ()
        if cells is None:
            return self._in_float32(operands, parameters, out)
        return self.over(operands, cells, out)

    def over(
        self, operands: tuple[Tensor, ...], cells: tuple[Tensor, ...], out: Tensor | None = None
    ) -> Tensor | None:
        """Run as a call does, with parameters that are tensors.

        Parameters
        ----------
        operands : tuple of torch.Tensor
            As for a call.
        cells : tuple of torch.Tensor
            The parameters: on the CPU, of the operands' dtype, and such that they broadcast against
            them.
        out : torch.Tensor, optional
            As for a call.

        Returns
        -------
        torch.Tensor or None
            As of a call.
        """
        like = operands[-1]
        result = torch.empty_like(like) if out is None else out
        # A fresh result is dense; what has its strides is so as well, and lies in the same order.
        adjacent = result.is_contiguous()
        for operand in operands:
            if not (adjacent and operand.is_contiguous()) and operand.stride() != result.stride():
                return self._strided(operands, cells, result)
        for cell in cells:
            if cell.numel() != 1:
                return self._strided(operands, cells, result)
        count = result.numel()
        threads = 1 if count < _WORTH_A_THREAD else torch.get_num_threads()
        try:
            addresses = [tensor.data_ptr() for tensor in (*operands, *cells, result)]
        except RuntimeError:
            return None
        self._run(_ELEMENT_TYPES[like.dtype], threads, count, *addresses)
        return result

    def _strided(
        self, operands: tuple[Tensor, ...], cells: tuple[Tensor, ...], result: Tensor
    ) -> Tensor | None:
        if result.dtype is torch.bfloat16:  # NumPy has no view of it
            adjacent = self.over(tuple([operand.contiguous() for operand in operands]), cells)
            return None if adjacent is None else result.copy_(adjacent)
        arrays = [view(tensor) for tensor in (*operands, *cells, result)]
        if any(array is None for array in arrays):
            return None
        with torchs_threads(result.numel()):
            self.ufunc(*arrays[:-1], out=arrays[-1])
        return result

    def _in_float32(
        self, operands: tuple[Tensor, ...], parameters: tuple[float, ...], out: Tensor | None
    ) -> Tensor | None:
        """Compute with the parameters as they are, at the price of copies and of two roundings."""
        wide = self(tuple([operand.float() for operand in operands]), parameters)
        if wide is None or out is None:
            return None if wide is None else wide.to(operands[-1].dtype)
        return out.copy_(wide)


class NativeRows:
    """The native loop of a function of whole rows over tensors.

    Parameters
    ----------
    gufunc : numpy.ufunc
        Of `ogive._core`; each of its operands is a row of one length.

    Examples
    --------
    >>> import torch
    >>> from ogive import _core
    >>> from ogive.torch.memory import NativeRows
    >>> reglu, x, result = NativeRows(_core.gated_relu), torch.tensor([3.0, 2.0]), torch.empty(1)
    >>> reglu(1, 1, (x, 0, 2), (x, 1, 2), (result, 0, 1)), result
    (True, tensor([6.]))
    """

    def __init__(self, gufunc: np.ufunc) -> None:
        self._run = _core.AddressedLoop(gufunc, 0).run_rows

    def __call__(self, rows: int, length: int, *operands: tuple[Tensor, int, int]) -> bool:
        """Run over tensors of one dtype for which `is_native` holds.

        Parameters
        ----------
        rows, length : int
            How many rows there are, and of how many adjacent elements.
        *operands : tuple of (torch.Tensor, int, int)
            A tensor, at which of its elements the first row begins, and how far apart rows are.

        Returns
        -------
        bool
            False, and nothing is done, where a tensor has no memory (see `view`).
        """
        dtype = operands[0][0].dtype
        size = dtype.itemsize
        threads = 1 if rows * length < _WORTH_A_THREAD else torch.get_num_threads()
        places: list[int] = []
        try:
            for tensor, first, apart in operands:
                places += (tensor.data_ptr() + first * size, apart)
        except RuntimeError:
            return False
        self._run(_ELEMENT_TYPES[dtype], threads, rows, length, *places)
        return True
