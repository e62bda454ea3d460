"""Products of a value and an activation of its gate, with autograd, in one pass each way.

Nothing but the inputs is saved: the gradient computes the activation and its derivative anew, in
the one native pass that gives the gradients of both value and gate. Where that gradient is to be
differentiated again, or the tensors are not the native loops' own, the portable formulas take
over, as in `ogive.torch.autograd`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ogive import _core, formulas
from ogive.torch.autograd import autograd_function, bare_apply
from ogive.torch.memory import (
    DTYPES,
    HALF_DTYPES,
    NativeRows,
    in_forward_mode,
    is_native,
    torchs_threads,
    view,
)

Formula = Callable[..., Any]
"""A function of `ogive.formulas`."""


Array = Any
"""A NumPy array that shares a tensor's memory."""


class Halves(NamedTuple):
    """Where the two halves of a packed tensor lie."""

    dim: int
    gate_first: bool

    def of(self, input: Tensor) -> tuple[Tensor, Tensor]:
        """Return the value and the gate of a packed tensor, both views of it."""
        half = input.shape[self.dim] // 2
        first, second = torch.split(input, [half, half], self.dim)
        return (second, first) if self.gate_first else (first, second)

    def of_array(self, array: Array) -> tuple[Array, Array]:
        """Return the same of an array."""
        half, whole = array.shape[self.dim] // 2, (slice(None),) * self.dim
        first, second = array[(*whole, slice(half))], array[(*whole, slice(half, None))]
        return (second, first) if self.gate_first else (first, second)

    def empty(self, input: Tensor) -> Tensor:
        """Return a tensor for one result for each value and gate, laid out as they are."""
        if not input.is_contiguous():
            return torch.empty_like(self.of(input)[0])
        shape = list(input.shape)
        shape[self.dim] //= 2
        return input.new_empty(shape)

    def in_memory(self, input: Tensor) -> tuple[int, int, int, int]:
        """Return how many rows a contiguous tensor has, of what length, where they begin.

        A row of the value and one of the gate follow each other.
        """
        whole = prod(input.shape[self.dim :])
        rows = input.numel() // whole if whole else 0
        length = whole // 2
        return (rows, length, length, 0) if self.gate_first else (rows, length, 0, length)

    def packed(self, value: Tensor, gate: Tensor) -> Tensor:
        """Return the tensor with these halves."""
        return torch.cat((gate, value) if self.gate_first else (value, gate), self.dim)

    def under_vmap(self) -> Halves:
        """Return where they lie when the batch has become the first dimension."""
        return Halves(self.dim + 1, self.gate_first)


def _product(formula: Formula, value: Tensor, gate: Tensor) -> Tensor:
    """Return the value times a formula of the gate; the half types in float32."""
    if value.dtype in HALF_DTYPES:
        return _product(formula, value.float(), gate.float()).to(value.dtype)
    result: Tensor = value * formula(gate, xp=torch)
    return result


def _slope(grad_formula: Formula, factor: Tensor, value: Tensor, gate: Tensor) -> Tensor:
    """Return a factor times the derivative of the product by the gate."""
    if value.dtype in HALF_DTYPES:
        wide = _slope(grad_formula, factor.float(), value.float(), gate.float())
        return wide.to(value.dtype)
    result: Tensor = factor * (value * grad_formula(gate, xp=torch))
    return result


class GatedActivation:
    """A value times one activation of a gate, callable on tensors.

    Parameters
    ----------
    name : {"sigmoid", "silu", "gelu", "gelu_tanh", "relu"}
        The activation's name in the catalogue.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.gates.products import GatedActivation
    >>> GatedActivation("relu").of_pair(torch.tensor([3.0, 3.0]), torch.tensor([-1.0, 2.0]))
    tensor([0., 6.])
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._value_loop = getattr(_core, f"gated_{name}")
        self._backward_loop = getattr(_core, f"backward_gated_{name}")
        self._value_rows = NativeRows(self._value_loop)
        self._backward_rows = NativeRows(self._backward_loop)
        # For bfloat16, whose bits NumPy is shown as float16.
        self._value_of_bits = getattr(_core, f"bits_gated_{name}")
        self._backward_of_bits = getattr(_core, f"bits_backward_gated_{name}")
        self._formula = getattr(formulas, name)
        self._grad_formula = getattr(formulas, f"grad_{name}")
        self._pair = (*_pair_functions(self), _traced_pair(self._formula, self._grad_formula))
        self._packed = (*_packed_functions(self), _traced_packed(self._formula, self._grad_formula))

    def __repr__(self) -> str:
        """Name the activation."""
        return f"GatedActivation({self.name!r})"

    def of_pair(self, value: Tensor, gate: Tensor) -> Tensor:
        """Return `value * activation(gate)` of two tensors of one shape and dtype."""
        eager, transformable, traced = self._pair
        tracked = torch.is_grad_enabled() and (value.requires_grad or gate.requires_grad)
        result: Tensor
        if torch.compiler.is_compiling():
            if not tracked:
                return _product(self._formula, value, gate)
            result = traced.apply(value, gate)
            return result
        if is_native(value) and is_native(gate) and not in_forward_mode():
            return bare_apply(eager)(value, gate) if tracked else self.value(value, gate)
        result = transformable.apply(value, gate)
        return result

    def of_packed(self, input: Tensor, halves: Halves) -> Tensor:
        """Return the same of the two halves of one tensor."""
        eager, transformable, traced = self._packed
        tracked = torch.is_grad_enabled() and input.requires_grad
        result: Tensor
        if torch.compiler.is_compiling():
            if not tracked:
                return _product(self._formula, *halves.of(input))
            result = traced.apply(input, halves)
            return result
        if is_native(input) and not in_forward_mode():
            if tracked:
                return bare_apply(eager)(input, halves)
            return self.packed_value(input, halves)
        result = transformable.apply(input, halves)
        return result

    def value(self, value: Tensor, gate: Tensor) -> Tensor:
        """Return the product, without autograd of its own."""
        result = self._native_value(value, gate)
        return _product(self._formula, value, gate) if result is None else result

    def packed_value(self, input: Tensor, halves: Halves) -> Tensor:
        """Return the same of the two halves of one tensor."""
        result = self._native_packed(input, halves)
        return _product(self._formula, *halves.of(input)) if result is None else result

    def gradients(self, grad: Tensor, value: Tensor, gate: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradients of value and gate: differentiable if grad mode is on."""
        if not torch.is_grad_enabled():
            results = torch.empty_like(value), torch.empty_like(gate)
            if _alike(grad, value, gate, *results):
                size = value.numel()
                operands = [(tensor, 0, size) for tensor in (grad, value, gate, *results)]
                if self._backward_rows(1, size, *operands):
                    return results
            arrays = _views(grad, value, gate, *results)
            if arrays is not None:
                _call(self._backward_for(value), tuple(arrays[:3]), tuple(arrays[3:]))
                return results
        # The first is itself such a product, and so differentiable as every one of them is.
        return self.of_pair(grad, gate), _slope(self._grad_formula, grad, value, gate)

    def packed_gradient(self, grad: Tensor, input: Tensor, halves: Halves) -> Tensor:
        """Return the gradient of a packed tensor: differentiable if grad mode is on."""
        if not torch.is_grad_enabled():
            result = torch.empty_like(input)
            if is_native(grad) and grad.is_contiguous() and input.is_contiguous():
                rows, length, first, second = halves.in_memory(input)
                apart = 2 * length
                pair = (input, first, apart), (input, second, apart)
                into = (result, first, apart), (result, second, apart)
                if self._backward_rows(rows, length, (grad, 0, length), *pair, *into):
                    return result
            arrays = _views(grad, input, result)
            if arrays is not None:
                outgoing, packed, gradient = arrays
                both, out = halves.of_array(packed), halves.of_array(gradient)
                _call(self._backward_for(input), (outgoing, *both), out)
                return result
        return halves.packed(*self.gradients(grad, *halves.of(input)))

    def along(self, value: Tensor, gate: Tensor, tangents: tuple[Tensor, Tensor]) -> Tensor:
        """Return the derivative of the product along tangents of value and gate."""
        return self.of_pair(tangents[0], gate) + _slope(
            self._grad_formula, tangents[1], value, gate
        )

    def _native_value(self, value: Tensor, gate: Tensor) -> Tensor | None:
        result = torch.empty_like(value)
        if _alike(value, gate, result):
            size = value.numel()
            operands = [(tensor, 0, size) for tensor in (value, gate, result)]
            if self._value_rows(1, size, *operands):
                return result
        arrays = _views(value, gate, result)
        if arrays is None:
            return None
        _call(self._value_for(value), (arrays[0], arrays[1]), (arrays[2],))
        return result

    def _native_packed(self, input: Tensor, halves: Halves) -> Tensor | None:
        result = halves.empty(input)
        if is_native(input) and input.is_contiguous():
            rows, length, first, second = halves.in_memory(input)
            pair = (input, first, 2 * length), (input, second, 2 * length)
            if self._value_rows(rows, length, *pair, (result, 0, length)):
                return result
        arrays = _views(input, result)
        if arrays is None:
            return None
        _call(self._value_for(input), halves.of_array(arrays[0]), (arrays[1],))
        return result

    def _value_for(self, tensor: Tensor) -> Any:
        return self._value_of_bits if tensor.dtype is torch.bfloat16 else self._value_loop

    def _backward_for(self, tensor: Tensor) -> Any:
        return self._backward_of_bits if tensor.dtype is torch.bfloat16 else self._backward_loop


def _alike(*tensors: Tensor) -> bool:
    """Whether tensors, the last of them fresh and so without gaps, lie in memory in one order."""
    strides = tensors[-1].stride()
    return all(is_native(tensor) and tensor.stride() == strides for tensor in tensors)


def _views(*tensors: Tensor) -> list[Array] | None:
    """Show tensors as arrays; None where one of them has no memory to be seen."""
    arrays = []
    for tensor in tensors:
        if not is_native(tensor):
            return None
        bits = tensor.dtype is torch.bfloat16
        array = view(tensor.detach().view(torch.float16) if bits else tensor)
        if array is None:
            return None
        arrays.append(array)
    return arrays


def _call(loop: Any, operands: tuple[Array, ...], results: tuple[Array, ...]) -> None:
    """Run a loop over arrays of one shape.

    Along the axis in which the first result is adjacent: the loop takes any, and is fast along
    that one.
    """
    with torchs_threads(results[0].size):
        _call_along(loop, operands, results)


def _call_along(loop: Any, operands: tuple[Array, ...], results: tuple[Array, ...]) -> None:
    out = results[0]
    if out.ndim == 0:
        operands, results = (
            tuple([array.reshape(1) for array in arrays]) for arrays in (operands, results)
        )
    if out.ndim < 2 or out.strides[-1] == out.itemsize:
        loop(*operands, out=results)
        return
    axis = min(range(out.ndim), key=lambda i: (out.shape[i] == 1, out.strides[i]))
    loop(*operands, out=results, axes=[(axis,)] * (len(operands) + len(results)))


def _save_pair(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
    ctx.save_for_backward(*inputs)
    ctx.save_for_forward(*inputs)


def _save_packed(ctx: Any, inputs: tuple[Tensor, Halves], output: Tensor) -> None:
    input, ctx.halves = inputs
    ctx.save_for_backward(input)
    ctx.save_for_forward(input)


def _pair_functions(function: GatedActivation) -> tuple[Any, Any]:
    """Build the autograd functions of two tensors: fast, transformable."""

    def forward(ctx: Any, value: Tensor, gate: Tensor) -> Tensor:
        _save_pair(ctx, (value, gate), value)
        return function.value(value, gate)

    def transformable_forward(value: Tensor, gate: Tensor) -> Tensor:
        return function.value(value, gate)

    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        value, gate = ctx.saved_tensors
        return function.gradients(grad, value, gate)

    def jvp(ctx: Any, value_tangent: Tensor | None, gate_tangent: Tensor | None) -> Tensor:
        value, gate = ctx.saved_tensors
        tangents = (
            torch.zeros_like(value) if value_tangent is None else value_tangent,
            torch.zeros_like(gate) if gate_tangent is None else gate_tangent,
        )
        return function.along(value, gate, tangents)

    def vmap(info: Any, in_dims: tuple[Any, ...], value: Tensor, gate: Tensor) -> Any:
        batched = [
            tensor.expand(info.batch_size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
            for tensor, dim in zip((value, gate), in_dims, strict=True)
        ]
        return function.of_pair(*batched), 0

    name = f"gated_{function.name}"
    return (
        autograd_function(f"Eager_{name}", forward=forward, backward=backward, jvp=jvp),
        autograd_function(
            f"Transformable_{name}",
            forward=transformable_forward,
            setup_context=_save_pair,
            backward=backward,
            jvp=jvp,
            vmap=vmap,
        ),
    )


def _packed_functions(function: GatedActivation) -> tuple[Any, Any]:
    """Build the autograd functions of one tensor with both halves: fast, transformable."""

    def forward(ctx: Any, input: Tensor, halves: Halves) -> Tensor:
        _save_packed(ctx, (input, halves), input)
        return function.packed_value(input, halves)

    def transformable_forward(input: Tensor, halves: Halves) -> Tensor:
        return function.packed_value(input, halves)

    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (input,) = ctx.saved_tensors
        return function.packed_gradient(grad, input, ctx.halves), None

    def jvp(ctx: Any, tangent: Tensor, _: None) -> Tensor:
        (input,) = ctx.saved_tensors
        value, gate = ctx.halves.of(input)
        return function.along(value, gate, ctx.halves.of(tangent))

    def vmap(info: Any, in_dims: tuple[Any, ...], input: Tensor, halves: Halves) -> Any:
        return function.of_packed(input.movedim(in_dims[0], 0), halves.under_vmap()), 0

    name = f"packed_{function.name}"
    return (
        autograd_function(f"Eager_{name}", forward=forward, backward=backward, jvp=jvp),
        autograd_function(
            f"Transformable_{name}",
            forward=transformable_forward,
            setup_context=_save_packed,
            backward=backward,
            jvp=jvp,
            vmap=vmap,
        ),
    )


# Those that the compiler traces are of their own: it refuses a forward-mode rule, and looks
# through plain functions only.


def _traced_pair(formula: Formula, grad_formula: Formula) -> Any:
    def forward(value: Tensor, gate: Tensor) -> Tensor:
        return _product(formula, value, gate)

    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        value, gate = ctx.saved_tensors
        return _product(formula, grad, gate), _slope(grad_formula, grad, value, gate)

    return autograd_function(
        "Traced_gated", forward=forward, setup_context=_save_pair, backward=backward
    )


def _traced_packed(formula: Formula, grad_formula: Formula) -> Any:
    def forward(input: Tensor, halves: Halves) -> Tensor:
        value, gate = halves.of(input)
        return _product(formula, value, gate)

    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (input,) = ctx.saved_tensors
        value, gate = ctx.halves.of(input)
        of_gate = _slope(grad_formula, grad, value, gate)
        return ctx.halves.packed(_product(formula, grad, gate), of_gate), None

    return autograd_function(
        "Traced_packed", forward=forward, setup_context=_save_packed, backward=backward
    )


def checked(name: str, argument: str, tensor: Tensor) -> None:
    """Raise TypeError unless `tensor` is one, of a dtype that is computed."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name}: {argument} is a torch.Tensor, not {type(tensor).__name__}")
    if tensor.dtype not in DTYPES:
        raise TypeError(
            f"{name}: {argument} is a tensor of float16, bfloat16, float32 or float64, "
            f"not {str(tensor.dtype).removeprefix('torch.')}"
        )
