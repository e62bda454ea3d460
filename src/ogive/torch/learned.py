"""Functions whose parameters may be tensors: gradients of the argument and of each parameter.

A function of the catalogue whose parameters are numbers is an `Elementwise`. Where one of them is a
tensor, the functions of this file take over. They save the argument and the parameters and nothing
else. Each gradient is one native pass, summed to the shape of its parameter before the next one is
computed; where a gradient is differentiated again, or the tensors are not the native loops' own,
it is the portable derivative of `ogive.formulas`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any

import torch
from torch import Tensor

from ogive import formulas
from ogive.catalog import CATALOG, Parameter
from ogive.parametric import native
from ogive.torch.autograd import Elementwise, autograd_function, bare_apply
from ogive.torch.memory import (
    DTYPES,
    HALF_DTYPES,
    NativeLoop,
    cells_of,
    in_forward_mode,
    is_native,
)
from ogive.torch.parameters import Operand, broadcasts, checked, compatible

# torch does not annotate it.
_broadcast_shapes: Callable[..., torch.Size] = torch.broadcast_shapes


class Learned:
    """One function of the catalogue whose parameters are numbers or tensors.

    Parameters
    ----------
    name : str
        Its name in the catalogue; all of its parameters can be learned.
    sign_kept : bool, optional
        As for `ogive.torch.autograd.Elementwise`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.learned import Learned
    >>> slope = torch.tensor(0.5, requires_grad=True)
    >>> y = Learned("leaky_relu")(torch.tensor([-2.0, 1.0]), slope)
    >>> y.sum().backward()
    >>> y.detach(), slope.grad
    (tensor([-1.,  1.]), tensor(-2.))
    """

    def __init__(self, name: str, *, sign_kept: bool = False) -> None:
        self.name = name
        self._parameters = CATALOG[name].parameters
        # A number strictly between these is neither NaN nor infinite nor out of its bounds.
        self._bounds = [(parameter.lower, parameter.upper) for parameter in self._parameters]
        self._of_numbers = Elementwise(name, sign_kept=sign_kept)
        wrt = [parameter.name for parameter in self._parameters]
        self._value_loop = NativeLoop(native("value", name), len(self._parameters))
        self._formula = getattr(formulas, name)
        # By what is differentiated: the argument first, then every parameter.
        self._backward_loops = [
            NativeLoop(native("backward", name, by), len(self._parameters)) for by in ("x", *wrt)
        ]
        self._grad_formulas = [
            getattr(formulas, f"grad_{name}{suffix}") for suffix in ("", *(f"_{by}" for by in wrt))
        ]
        eager, self._transformable = _eager_functions(self)
        self._apply_eagerly = bare_apply(eager)
        self._traced = _traced_function(name, self._formula, self._grad_formulas)

    def __repr__(self) -> str:
        """Name the function."""
        return f"Learned({self.name!r})"

    def __call__(self, input: Tensor, *parameters: Any, inplace: bool = False) -> Tensor:
        """Apply the function to a tensor.

        Parameters
        ----------
        input : torch.Tensor
            Of any shape and layout.
        *parameters : torch.Tensor or float
            The function's parameters, all of them. Tensors broadcast against `input`; one with a
            single element has any shape. Half types are computed in float32, and so are the
            gradients of the parameters.
        inplace : bool, optional
            Whether to write the result into `input` and return that.

        Returns
        -------
        torch.Tensor
            Of the dtype of `input`, and of its shape unless a parameter has more dimensions.

        Raises
        ------
        TypeError
            If `input` is not a tensor of a float dtype that the function takes, or a parameter
            neither a number nor a tensor of floats.
        ValueError
            If a number is out of its bounds, or a tensor does not broadcast.
        """
        for value, (lower, upper) in zip(parameters, self._bounds, strict=True):
            if type(value) is not float or not lower < value < upper:
                break
        else:
            return self._of_numbers(input, *parameters, inplace=inplace)
        if any(isinstance(value, Tensor) for value in parameters):
            return self._with_tensors(input, parameters, inplace)
        numbers = map(checked, repeat(self.name), self._parameters, parameters)
        return self._of_numbers(input, *numbers, inplace=inplace)

    def _with_tensors(
        self, input: Tensor, parameters: tuple[Operand, ...], inplace: bool
    ) -> Tensor:
        if not isinstance(input, Tensor):
            raise TypeError(f"{self.name} takes a torch.Tensor, not {type(input).__name__}")
        if input.dtype not in DTYPES:
            raise TypeError(
                f"{self.name} takes a tensor of float16, bfloat16, float32 or float64, "
                f"not {str(input.dtype).removeprefix('torch.')}"
            )
        operands = [
            self._operand(input, parameter, value)
            for parameter, value in zip(self._parameters, parameters, strict=True)
        ]
        if not inplace:
            return self.apply(input, *operands)
        tracked = torch.is_grad_enabled() and _any_requires_grad(input, *operands)
        # The argument is needed for the gradient and about to be overwritten: keep a copy.
        return input.copy_(self.apply(input.clone() if tracked else input, *operands))

    def _operand(self, input: Tensor, parameter: Parameter, value: Operand) -> Operand:
        """Check a parameter, and give a tensor the dtype that is computed in."""
        if not isinstance(value, Tensor):
            return checked(self.name, parameter, value)
        if not value.is_floating_point():
            raise TypeError(
                f"{self.name}: {parameter.name} is a number or a tensor of floats, "
                f"not a tensor of {str(value.dtype).removeprefix('torch.')}"
            )
        if not broadcasts(value.shape, input.shape):
            if value.numel() == 1:
                value = value.reshape(())
            elif not compatible(value.shape, input.shape):
                raise ValueError(
                    f"{self.name}: {parameter.name} of shape {tuple(value.shape)} does not "
                    f"broadcast against an input of shape {tuple(input.shape)}"
                )
        dtype = torch.float32 if input.dtype in HALF_DTYPES else input.dtype
        return value if value.dtype is dtype else value.to(dtype)

    def apply(self, input: Tensor, *operands: Operand) -> Tensor:
        """Apply the function to checked operands, tensors of the dtype that is computed in."""
        tensors = [operand for operand in operands if isinstance(operand, Tensor)]
        if not all(broadcasts(tensor.shape, input.shape) for tensor in tensors):
            # Summing the gradient to the smaller shape is then torch's work.
            input = input.expand(_broadcast_shapes(input.shape, *(t.shape for t in tensors)))
        tracked = torch.is_grad_enabled() and _any_requires_grad(input, *tensors)
        result: Tensor
        if torch.compiler.is_compiling():
            if not tracked:
                return _portable(self._formula, None, input, operands).to(input.dtype)
            result = self._traced.apply(input, *operands)
            return result
        if not in_forward_mode() and all(map(is_native, (input, *tensors))):
            if tracked:
                return self._apply_eagerly(input, *operands)
            return self.value(input, operands)
        result = self._transformable.apply(input, *operands)
        return result

    def value(self, input: Tensor, operands: tuple[Operand, ...]) -> Tensor:
        """Return the value, without autograd of its own."""
        result = _native(self._value_loop, None, input, operands)
        if result is None:
            result = _portable(self._formula, None, input, operands)
        return result.to(input.dtype)

    def product(
        self, by: int, factor: Tensor, input: Tensor, operands: tuple[Operand, ...]
    ) -> Tensor:
        """Return a factor times the derivative by the argument (0) or a parameter (1, 2 ...).

        Differentiable if grad mode is on. Of half types it is in float32.
        """
        if not torch.is_grad_enabled() and not in_forward_mode():
            result = _native(self._backward_loops[by], factor, input, operands)
            if result is not None:
                return result
        return _portable(self._grad_formulas[by], factor, input, operands)


def _any_requires_grad(*operands: Operand) -> bool:
    return any(isinstance(operand, Tensor) and operand.requires_grad for operand in operands)


def _native(
    loop: NativeLoop, factor: Tensor | None, input: Tensor, operands: tuple[Operand, ...]
) -> Tensor | None:
    """Run a loop over the operands, half types in float32; None where one has no memory for it."""
    tensors = [input, *(operand for operand in operands if isinstance(operand, Tensor))]
    if factor is not None:
        tensors.append(factor)
    if not all(map(is_native, tensors)):
        return None
    if input.dtype in HALF_DTYPES:
        input, factor = input.float(), None if factor is None else factor.float()
    cells: list[Tensor] = []
    for operand in operands:
        if isinstance(operand, Tensor):
            cells.append(operand)
        else:
            cells.extend(cells_of((operand,), input.dtype) or ())
    return loop.over((input,) if factor is None else (factor, input), tuple(cells))


def _portable(
    formula: Callable[..., Any],
    factor: Tensor | None,
    input: Tensor,
    operands: tuple[Operand, ...],
) -> Tensor:
    """Evaluate a formula, times a factor if there is one; the half types in float32."""
    if input.dtype in HALF_DTYPES:
        input, factor = input.float(), None if factor is None else factor.float()
    result: Tensor = formula(input, *operands, xp=torch)
    return result if factor is None else factor * result


def _keep_operands(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    tensors = [operand for operand in inputs if isinstance(operand, Tensor)]
    ctx.save_for_backward(*tensors)
    ctx.save_for_forward(*tensors)
    # A number, or None in the place of a tensor.
    ctx.numbers = tuple(None if isinstance(o, Tensor) else o for o in inputs)


def _kept_operands(ctx: Any) -> tuple[Any, ...]:
    tensors = iter(ctx.saved_tensors)
    return tuple(next(tensors) if number is None else number for number in ctx.numbers)


def _gradients(ctx: Any, grad: Tensor, product: Callable[..., Tensor]) -> tuple[Tensor | None, ...]:
    """Return the gradients that are asked for, each summed to the shape of its operand."""
    input, *operands = _kept_operands(ctx)
    gradients: list[Tensor | None] = []
    for by, needed in enumerate(ctx.needs_input_grad):
        if not needed:
            gradients.append(None)
        elif by == 0:
            gradients.append(product(by, grad, input, tuple(operands)).to(input.dtype))
        else:
            whole = product(by, grad, input, tuple(operands))
            gradients.append(whole.sum_to_size(operands[by - 1].shape))
    return tuple(gradients)


def _eager_functions(function: Learned) -> tuple[Any, Any]:
    """Build the autograd functions of one function: fast, and transformable."""

    def transformable_forward(input: Tensor, *operands: Operand) -> Tensor:
        return function.value(input, operands)

    def forward(ctx: Any, input: Tensor, *operands: Operand) -> Tensor:
        output = function.value(input, operands)
        _keep_operands(ctx, (input, *operands), output)
        return output

    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return _gradients(ctx, grad, function.product)

    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        input, *operands = _kept_operands(ctx)
        parts = [
            function.product(by, tangent.expand(input.shape), input, tuple(operands))
            for by, tangent in enumerate(tangents)
            if tangent is not None
        ]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total.to(input.dtype)

    def vmap(info: Any, in_dims: tuple[Any, ...], *operands: Operand) -> tuple[Tensor, int]:
        batched = zip(operands, in_dims, strict=True)
        rank = max(o.dim() - (d is not None) for o, d in batched if isinstance(o, Tensor))
        aligned: list[Any] = []
        for operand, dim in zip(operands, in_dims, strict=True):
            if isinstance(operand, Tensor) and dim is not None:
                first = operand.movedim(dim, 0)
                missing = [1] * (rank - first.dim() + 1)
                operand = first.reshape(first.shape[0], *missing, *first.shape[1:])
            aligned.append(operand)
        return function.apply(*aligned), 0

    name = function.name
    return (
        autograd_function(f"EagerLearned_{name}", forward=forward, backward=backward),
        autograd_function(
            f"TransformableLearned_{name}",
            forward=transformable_forward,
            setup_context=_keep_operands,
            backward=backward,
            jvp=jvp,
            vmap=vmap,
        ),
    )


def _traced_function(
    name: str, formula: Callable[..., Any], grad_formulas: list[Callable[..., Any]]
) -> Any:
    """Build the autograd function that the compiler traces: plain functions, no forward mode."""

    def forward(input: Tensor, *operands: Operand) -> Tensor:
        return _portable(formula, None, input, operands).to(input.dtype)

    def product(by: int, grad: Tensor, input: Tensor, operands: tuple[Operand, ...]) -> Tensor:
        return _portable(grad_formulas[by], grad, input, operands)

    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return _gradients(ctx, grad, product)

    return autograd_function(
        f"TracedLearned_{name}", forward=forward, setup_context=_keep_operands, backward=backward
    )
