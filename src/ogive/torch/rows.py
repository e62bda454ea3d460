"""Functions of a row with autograd: softmax, softmin, log_softmax and logsumexp.

Softmax, softmin and log_softmax save their result, logsumexp its argument and result. Their
gradients are written in torch's own operations, so that they can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

import ogive.rows
from ogive.torch.autograd import apply_eagerly, autograd_function, has_tangent
from ogive.torch.memory import DTYPES, HALF_DTYPES, is_native, view


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


def _softmax_product(grad: Tensor, x: Tensor | None, y: Tensor, dim: int) -> Tensor:
    return y * (grad - (grad * y).sum(dim, keepdim=True))


def _softmin(x: Tensor, dim: int) -> Tensor:
    return _softmax(-x, dim)


def _softmin_product(grad: Tensor, x: Tensor | None, y: Tensor, dim: int) -> Tensor:
    return -_softmax_product(grad, x, y, dim)


def _log_softmax_backward(grad: Tensor, x: Tensor | None, y: Tensor, dim: int) -> Tensor:
    # grad - p sum(grad), with 1 - p as -expm1(log p): a target whose probability is nearly 1
    # keeps its small gradient.
    return -grad * y.expm1() - y.exp() * (grad.sum(dim, keepdim=True) - grad)


def _log_softmax_jvp(tangent: Tensor, x: Tensor | None, y: Tensor, dim: int) -> Tensor:
    return tangent - (y.exp() * tangent).sum(dim, keepdim=True)


def _weights(x: Tensor, y: Tensor) -> Tensor:
    # A row of -inf has y = -inf; torch gives it the gradient 0.
    return (x - torch.where(y == -torch.inf, 0.0, y)).exp()


def _logsumexp_backward(grad: Tensor, x: Tensor | None, y: Tensor, dim: int) -> Tensor:
    assert x is not None
    return grad * _weights(x, y)


def _logsumexp_jvp(tangent: Tensor, x: Tensor | None, y: Tensor, dim: int) -> Tensor:
    assert x is not None
    return (tangent * _weights(x, y)).sum(dim, keepdim=True)


Product = Callable[[Tensor, Tensor | None, Tensor, int], Tensor]
"""(gradient or tangent, argument, result, dim) to the product with the Jacobian."""


class Rowwise:
    """One function of a row, callable on tensors.

    Parameters
    ----------
    name : str
        Its name in `ogive`.
    formula : callable
        The value in torch's operations: tensor and dim to a tensor of as many dimensions.
    backward, jvp : callable
        The products with the Jacobian, transposed and not.
    keeps_row : bool
        Whether the result has the length of the row (else 1).

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
        *,
        keeps_row: bool,
    ) -> None:
        self.name = name
        self.keeps_row = keeps_row
        self._of_arrays = getattr(ogive.rows, name)
        self.formula = formula
        self._eager, self._transformable, self._traced = _autograd_functions(self, backward, jvp)

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
        if input.dtype in HALF_DTYPES:
            return self(input.float(), dim).to(input.dtype)
        dim %= dimensions
        if torch.compiler.is_compiling():
            result: Tensor = self._traced.apply(input, dim)
            return result
        if not (input.requires_grad and torch.is_grad_enabled()):
            short = self._native_value(input, dim)
            if short is not None and not has_tangent(input):
                return short
        return apply_eagerly(self._eager, self._transformable, input, dim)

    def value(self, input: Tensor, dim: int) -> Tensor:
        """Return the value, without autograd of its own."""
        result = self._native_value(input, dim)
        return self.formula(input, dim) if result is None else result

    def _native_value(self, input: Tensor, dim: int) -> Tensor | None:
        source = view(input) if is_native(input) else None
        if source is None:
            return None
        if self.keeps_row:
            result = torch.empty_like(input)
            self._of_arrays(source, dim, result.numpy())
        else:
            shape = list(input.shape)
            shape[dim] = 1
            result = input.new_empty(shape)
            self._of_arrays(source, dim, result.numpy(), keepdims=True)
        return result


def _autograd_functions(function: Rowwise, product: Product, forward_product: Product) -> Any:
    """Build the autograd functions of one function: fast, transformable, traced.

    The last for the compiler, which refuses a forward-mode rule and looks through plain functions
    only.
    """
    name, keeps_row, formula = function.name, function.keeps_row, function.formula

    def forward(ctx: Any, input: Tensor, dim: int) -> Tensor:
        output = function.value(input, dim)
        setup_context(ctx, (input, dim), output)
        return output

    def transformable_forward(input: Tensor, dim: int) -> Tensor:
        return function.value(input, dim)

    def trace(input: Tensor, dim: int) -> Tensor:
        return formula(input, dim)

    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        input, ctx.dim = inputs
        saved = (output,) if keeps_row else (output, input)
        ctx.save_for_backward(*saved)
        ctx.save_for_forward(*saved)

    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        output, *rest = ctx.saved_tensors
        return product(grad, rest[0] if rest else None, output, ctx.dim), None

    def jvp(ctx: Any, tangent: Tensor, _: None) -> Tensor:
        output, *rest = ctx.saved_tensors
        return forward_product(tangent, rest[0] if rest else None, output, ctx.dim)

    def vmap(info: Any, in_dims: tuple[Any, ...], input: Tensor, dim: int) -> Any:
        return function(input.movedim(in_dims[0], 0), dim + 1), 0

    return (
        autograd_function(f"Eager_{name}", forward=forward, backward=backward, jvp=jvp),
        autograd_function(
            f"Transformable_{name}",
            forward=transformable_forward,
            setup_context=setup_context,
            backward=backward,
            jvp=jvp,
            vmap=vmap,
        ),
        autograd_function(
            f"Traced_{name}", forward=trace, setup_context=setup_context, backward=backward
        ),
    )


softmax = Rowwise("softmax", _softmax, _softmax_product, _softmax_product, keeps_row=True)
softmin = Rowwise("softmin", _softmin, _softmin_product, _softmin_product, keeps_row=True)
log_softmax = Rowwise(
    "log_softmax", _log_softmax, _log_softmax_backward, _log_softmax_jvp, keeps_row=True
)
logsumexp = Rowwise("logsumexp", _logsumexp, _logsumexp_backward, _logsumexp_jvp, keeps_row=False)
