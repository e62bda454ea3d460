"""Functions of a row with autograd: softmax, softmin, log_softmax and logsumexp.

Softmax and softmin save their result, as torch's do, for the layer behind often saves that too;
log_softmax and logsumexp save their argument, for in the result the small probabilities have lost
digits. A gradient is one native pass; where it is to be differentiated again, or the tensors are
not the native loops' own, it is written in torch's own operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

import ogive.rows
from ogive import _core
from ogive.torch.autograd import autograd_function, bare_apply
from ogive.torch.memory import (
    DTYPES,
    HALF_DTYPES,
    in_forward_mode,
    is_native,
    torchs_threads,
    view,
)


def _parts(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Return x less its row's largest entry, and the sum of the other entries' exponentials.

    With the largest left out, log1p of that sum keeps its relative accuracy when it is small.
    """
    largest, where = x.max(dim, keepdim=True)
    shifted = x - largest
    others = shifted.exp().scatter(dim, where, 0.0).sum(dim, keepdim=True)
    # One infinite entry has a limit: the shift made its own difference NaN.
    single = (largest == torch.inf) & ((x == torch.inf).sum(dim, keepdim=True) == 1)
    at_limit = torch.where(x == torch.inf, 0.0, -torch.inf).to(x.dtype)
    return torch.where(single, at_limit, shifted), torch.where(single, 0.0, others)


def _softmax(x: Tensor, dim: int) -> Tensor:
    shifted, others = _parts(x, dim)
    return shifted.exp() / (1.0 + others)


def _log_softmax(x: Tensor, dim: int) -> Tensor:
    shifted, others = _parts(x, dim)
    return shifted - others.log1p()


def _logsumexp(x: Tensor, dim: int) -> Tensor:
    return torch.logsumexp(x, dim, keepdim=True)


def _softmin(x: Tensor, dim: int) -> Tensor:
    return _softmax(-x, dim)


def _softmax_product(grad: Tensor, y: Tensor, dim: int) -> Tensor:
    # The y sum to 1: whatever is taken off all of grad changes nothing, and the entry whose y may
    # be next to 1 counts for nothing in the sum if its own grad is taken off.
    others = grad - grad.gather(dim, y.argmax(dim, keepdim=True)) if y.numel() else grad
    return y * (others - (others * y).sum(dim, keepdim=True))


def _softmin_product(grad: Tensor, y: Tensor, dim: int) -> Tensor:
    return -_softmax_product(grad, y, dim)


def _log_softmax_backward(grad: Tensor, x: Tensor, dim: int) -> Tensor:
    # grad - p sum(grad), with 1 - p as -expm1(log p): a target whose probability is nearly 1
    # keeps its small gradient.
    y = _log_softmax(x, dim)
    return -grad * y.expm1() - y.exp() * (grad.sum(dim, keepdim=True) - grad)


def _log_softmax_jvp(tangent: Tensor, x: Tensor, dim: int) -> Tensor:
    return tangent - (_softmax(x, dim) * tangent).sum(dim, keepdim=True)


def _weights(x: Tensor, dim: int) -> Tensor:
    # A row of -inf has no softmax; torch gives it the gradient 0.
    y = _logsumexp(x, dim)
    return (x - torch.where(y == -torch.inf, 0.0, y)).exp()


def _logsumexp_backward(grad: Tensor, x: Tensor, dim: int) -> Tensor:
    return grad * _weights(x, dim)


def _logsumexp_jvp(tangent: Tensor, x: Tensor, dim: int) -> Tensor:
    return (tangent * _weights(x, dim)).sum(dim, keepdim=True)


Product = Callable[[Tensor, Tensor, int], Tensor]
"""(gradient or tangent, what is saved, dim) to the product with the Jacobian."""


def _of_result(grad: Any, y: Any, axis: int, out: Any) -> None:
    _core.softmax_product(grad, y, axis=axis, out=out)


def _of_result_turned(grad: Any, y: Any, axis: int, out: Any) -> None:
    _of_result(grad, y, axis, out)
    np.negative(out, out=out)


def _log_softmax_of_argument(grad: Any, x: Any, axis: int, out: Any) -> None:
    _core.backward_log_softmax(grad, x, np.nan, axis=axis, out=out)


def _logsumexp_of_argument(grad: Any, x: Any, axis: int, out: Any) -> None:
    _core.backward_logsumexp(np.broadcast_to(grad, x.shape), x, 0.0, axis=axis, out=out)


def _widely(compute: Callable[..., Tensor], dim: int, *tensors: Tensor) -> Tensor:
    """Compute something of tensors of one dtype, the half types in float32."""
    dtype = tensors[-1].dtype
    if dtype in HALF_DTYPES:
        return compute(*[tensor.float() for tensor in tensors], dim).to(dtype)
    return compute(*tensors, dim)


class Rowwise:
    """One function of a row, callable on tensors.

    Parameters
    ----------
    name : str
        Its name in `ogive`.
    formula : callable
        The value in torch's operations: tensor and dim to a tensor of as many dimensions.
    backward, jvp : callable
        The products with the Jacobian, transposed and not, in torch's operations.
    native_backward : callable
        The first of them, of arrays: gradient, what is saved, axis and where it goes.
    keeps_row : bool
        Whether the result has the length of the row (else 1).
    saves_result : bool
        Whether the result is saved, and not the argument.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import rows
    >>> rows.logsumexp(torch.zeros(3, 4), 1).shape
    torch.Size([3, 1])
    """

    def __init__(
        self,
        name: str,
        formula: Callable[[Tensor, int], Tensor],
        backward: Product,
        jvp: Product,
        native_backward: Callable[[Any, Any, int, Any], None],
        *,
        keeps_row: bool = True,
        saves_result: bool = False,
    ) -> None:
        self.name = name
        self.keeps_row = keeps_row
        self.saves_result = saves_result
        self._backward = backward
        self._native_backward = native_backward
        self._of_arrays = getattr(ogive.rows, name)
        self.formula = formula
        eager, self._transformable, self._traced = _autograd_functions(self, backward, jvp)
        self._apply_eagerly = bare_apply(eager)

    def __repr__(self) -> str:
        """Name the function."""
        return f"Rowwise({self.name!r})"

    def __call__(self, input: Tensor, dim: int) -> Tensor:
        """Apply the function along a dimension, which the result keeps (with length 1 or n).

        Parameters
        ----------
        input : torch.Tensor
            Of float16, bfloat16, float32 or float64.
        dim : int
            The dimension along which the rows lie.

        Returns
        -------
        torch.Tensor
            Of the dtype of `input`.

        Raises
        ------
        TypeError
            If `input` is not a tensor of such a dtype, or `dim` no integer.
        IndexError
            If `input` has no such dimension, as torch says it.
        """
        if not isinstance(input, Tensor):
            raise TypeError(f"{self.name} takes a torch.Tensor, not {type(input).__name__}")
        if input.dtype not in DTYPES:
            raise TypeError(
                f"{self.name} takes a tensor of float16, bfloat16, float32 or float64, "
                f"not {str(input.dtype).removeprefix('torch.')}"
            )
        if not isinstance(dim, int) or isinstance(dim, bool):
            raise TypeError(f"{self.name}: dim is an integer, not {dim!r}")
        dimensions = max(input.dim(), 1)
        if not -dimensions <= dim < dimensions:
            raise IndexError(
                f"{self.name}: dim is {dim}, but the tensor has {input.dim()} dimensions: "
                f"expected {-dimensions} to {dimensions - 1}"
            )
        if input.dim() == 0:
            return self(input.reshape(1), 0).reshape(())
        dim %= dimensions
        result: Tensor
        if torch.compiler.is_compiling():
            result = self._traced.apply(input, dim)
            return result
        if is_native(input) and not in_forward_mode():
            if input.requires_grad and torch.is_grad_enabled():
                return self._apply_eagerly(input, dim)
            short = self._native_value(input, dim)
            if short is not None:
                return short
        result = self._transformable.apply(input, dim)
        return result

    def value(self, input: Tensor, dim: int) -> Tensor:
        """Return the value, without autograd of its own."""
        result = self._native_value(input, dim)
        return _widely(self.formula, dim, input) if result is None else result

    def _native_value(self, input: Tensor, dim: int) -> Tensor | None:
        if input.dtype in HALF_DTYPES and is_native(input):
            wide = self._native_value(input.float(), dim)
            return None if wide is None else wide.to(input.dtype)
        source = view(input) if is_native(input) else None
        if source is None:
            return None
        if self.keeps_row:
            result = torch.empty_like(input)
            with torchs_threads(input.numel()):
                self._of_arrays(source, dim, result.numpy())
        else:
            shape = list(input.shape)
            shape[dim] = 1
            result = input.new_empty(shape)
            with torchs_threads(input.numel()):
                self._of_arrays(source, dim, result.numpy(), keepdims=True)
        return result

    def backward(self, grad: Tensor, saved: Tensor, dim: int) -> Tensor:
        """Return the gradient of the argument: differentiable if grad mode is on."""
        if saved.dtype in HALF_DTYPES:
            return self.backward(grad.float(), saved.float(), dim).to(saved.dtype)
        if not torch.is_grad_enabled() and is_native(grad) and is_native(saved):
            factor, kept = view(grad), view(saved)
            if factor is not None and kept is not None:
                result = torch.empty_like(saved)
                with torchs_threads(saved.numel()):
                    self._native_backward(factor, kept, dim, result.numpy())
                return result
        return self._backward(grad, saved, dim)


def _autograd_functions(function: Rowwise, product: Product, forward_product: Product) -> Any:
    """Build the autograd functions of one function: fast, transformable, traced.

    The last for the compiler, which refuses a forward-mode rule and looks through plain functions
    only.
    """
    name, saves_result, formula = function.name, function.saves_result, function.formula

    def forward(ctx: Any, input: Tensor, dim: int) -> Tensor:
        output = function.value(input, dim)
        ctx.save_for_backward(output if saves_result else input)
        ctx.dim = dim
        return output

    def transformable_forward(input: Tensor, dim: int) -> Tensor:
        return function.value(input, dim)

    def trace(input: Tensor, dim: int) -> Tensor:
        return _widely(formula, dim, input)

    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        input, ctx.dim = inputs
        saved = output if saves_result else input
        ctx.save_for_backward(saved)
        ctx.save_for_forward(saved)

    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (saved,) = ctx.saved_tensors
        return function.backward(grad, saved, ctx.dim), None

    def traced_backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (saved,) = ctx.saved_tensors
        return _widely(product, ctx.dim, grad, saved), None

    def jvp(ctx: Any, tangent: Tensor, _: None) -> Tensor:
        (saved,) = ctx.saved_tensors
        return _widely(forward_product, ctx.dim, tangent, saved)

    def vmap(info: Any, in_dims: tuple[Any, ...], input: Tensor, dim: int) -> Any:
        return function(input.movedim(in_dims[0], 0), dim + 1), 0

    return (
        autograd_function(f"Eager_{name}", forward=forward, backward=backward),
        autograd_function(
            f"Transformable_{name}",
            forward=transformable_forward,
            setup_context=setup_context,
            backward=backward,
            jvp=jvp,
            vmap=vmap,
        ),
        autograd_function(
            f"Traced_{name}", forward=trace, setup_context=setup_context, backward=traced_backward
        ),
    )


softmax = Rowwise(
    "softmax", _softmax, _softmax_product, _softmax_product, _of_result, saves_result=True
)
softmin = Rowwise(
    "softmin", _softmin, _softmin_product, _softmin_product, _of_result_turned, saves_result=True
)
log_softmax = Rowwise(
    "log_softmax",
    _log_softmax,
    _log_softmax_backward,
    _log_softmax_jvp,
    _log_softmax_of_argument,
)
logsumexp = Rowwise(
    "logsumexp",
    _logsumexp,
    _logsumexp_backward,
    _logsumexp_jvp,
    _logsumexp_of_argument,
    keeps_row=False,
)
