"""Elementwise functions with autograd: native loops where tensors allow, formulas elsewhere.

Each function saves its argument and nothing else. Its gradient is one native pass over the
argument and the incoming gradient; where the gradient is to be differentiated again, or the
tensors are not the native loops' own, it is the portable derivative of `ogive.formulas`, which
autograd, forward mode, `torch.func` and `torch.compile` all see through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ogive import _core, formulas
from ogive.catalog import CATALOG
from ogive.torch import extension
from ogive.torch.memory import DTYPES, HALF_DTYPES, NativeLoop, in_forward_mode, is_native

_is_compiling = torch.compiler.is_compiling

EXTENSION = extension.load()
"""The compiled way, where there is one."""

Formula = Callable[..., Any]
"""A function of `ogive.formulas`."""


def _portable(
    formula: Formula, input: Tensor, parameters: tuple[float, ...], factor: Tensor | None = None
) -> Tensor:
    """Evaluate a formula, times a factor if there is one; the half types in float32."""
    if input.dtype in HALF_DTYPES:
        wide = None if factor is None else factor.float()
        return _portable(formula, input.float(), parameters, wide).to(input.dtype)
    result: Tensor = formula(input, *parameters, xp=torch)
    return result if factor is None else factor * result


class Elementwise:
    """One function of the catalogue, callable on tensors.

    Parameters
    ----------
    name : str
        Its name in the catalogue.
    promotes : bool, optional
        Whether integers and booleans become the default dtype, as torch has it for this function;
        where not, they are refused.
    sign_kept : bool, optional
        Whether value and argument have the same sign and the derivative depends on nothing else,
        so that in place the result can be saved instead of a copy of the argument.
    saves_result : bool, optional
        Whether the result is saved and not the argument; the derivative at both is the same.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.autograd import Elementwise
    >>> Elementwise("relu")(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(
        self,
        name: str,
        *,
        promotes: bool = False,
        sign_kept: bool = False,
        saves_result: bool = False,
    ) -> None:
        self.name = name
        self.promotes = promotes
        self.sign_kept = sign_kept
        self.saves_result = saves_result
        parameters = len(CATALOG[name].parameters)
        self._value_loop = NativeLoop(getattr(_core, name), parameters)
        self._backward_loop = NativeLoop(getattr(_core, f"backward_{name}"), parameters)
        self._formula = getattr(formulas, name)
        self._grad_formula = getattr(formulas, f"grad_{name}")
        eager, self._transformable, in_place = _eager_functions(self)
        self._apply_eagerly, self._apply_in_place = bare_apply(eager), bare_apply(in_place)
        self._traced = _traced_function(name, self._formula, self._grad_formula)
        self._extension = self._of_extension(parameters)

    def __repr__(self) -> str:
        """Name the function."""
        return f"Elementwise({self.name!r})"

    def __call__(self, input: Tensor, *parameters: float, inplace: bool = False) -> Tensor:
        """Apply the function to a tensor.

        Parameters
        ----------
        input : torch.Tensor
            Of any shape and layout.
        *parameters : float
            The function's parameters, all of them.
        inplace : bool, optional
            Whether to write the result into `input` and return that.

        Returns
        -------
        torch.Tensor
            Of the shape, dtype and memory format of `input`.

        Raises
        ------
        TypeError
            If `input` is not a tensor, or of a dtype that the function does not take.
        """
        result: Tensor | None
        if _is_compiling():
            return self._trace(input, parameters, inplace)
        extension = self._extension
        if extension is not None:
            result = (extension.overwrite if inplace else extension)(input, *parameters)
            if result is not NotImplemented:
                return result
        if type(input) is not Tensor or input.dtype not in DTYPES:
            input = self._checked(input)
        if inplace:
            return self._overwrite(input, parameters)
        if is_native(input) and not in_forward_mode():
            if input.requires_grad and torch.is_grad_enabled():
                return self._apply_eagerly(input, *parameters)
            result = self._value_loop((input,), parameters)
            if result is not None:
                return result
        result = self._transformable.apply(input, *parameters)
        assert result is not None
        return result

    def _of_extension(self, parameters: int) -> Any:
        if EXTENSION is None:
            return None
        value, run = self._value_loop.addresses()
        backward, _ = self._backward_loop.addresses()
        return EXTENSION.Elementwise(
            self.name,
            value,
            backward,
            run,
            parameters,
            self.saves_result,
            self.sign_kept,
            self.backward,
        )

    def _trace(self, input: Tensor, parameters: tuple[float, ...], inplace: bool) -> Tensor:
        """Apply the formula, which the compiler sees through."""
        input = self._checked(input)
        if inplace:
            return input.copy_(self._trace(input.clone(), parameters, False))
        if input.requires_grad and torch.is_grad_enabled():
            result: Tensor = self._traced.apply(input, *parameters)
            return result
        return _portable(self._formula, input, parameters)

    def _checked(self, input: Tensor) -> Tensor:
        """Return the input in a dtype that is computed, or say what it must be."""
        if not isinstance(input, Tensor):
            raise TypeError(f"{self.name} takes a torch.Tensor, not {type(input).__name__}")
        if input.dtype in DTYPES:
            return input
        if self.promotes and not (input.is_floating_point() or input.is_complex()):
            return input.to(torch.get_default_dtype())
        raise TypeError(
            f"{self.name} takes a tensor of float16, bfloat16, float32 or float64, "
            f"not {str(input.dtype).removeprefix('torch.')}"
        )

    def value(self, input: Tensor, parameters: tuple[float, ...]) -> Tensor:
        """Return the value, without autograd of its own."""
        if is_native(input):
            result = self._value_loop((input,), parameters)
            if result is not None:
                return result
        return _portable(self._formula, input, parameters)

    def backward(self, grad: Tensor, input: Tensor, parameters: tuple[float, ...]) -> Tensor:
        """Return the derivative at `input` times `grad`: differentiable if grad mode is on."""
        if not torch.is_grad_enabled() and is_native(grad) and is_native(input):
            result = self._backward_loop((grad, input), parameters)
            if result is not None:
                return result
        return _portable(self._grad_formula, input, parameters, grad)

    def write(self, input: Tensor, parameters: tuple[float, ...]) -> None:
        """Overwrite `input` with the value, without autograd and without a new version."""
        if is_native(input) and input.is_contiguous():
            with torch.no_grad():
                if self._value_loop((input,), parameters, input.detach()) is not None:
                    return
        # torch's copy refuses a tensor that overlaps itself, before anything is written.
        input.detach().copy_(self.value(input.detach(), parameters))

    def _overwrite(self, input: Tensor, parameters: tuple[float, ...]) -> Tensor:
        tracked = input.requires_grad and torch.is_grad_enabled()
        owner = input if input._base is None else input._base
        if tracked and owner.is_leaf and owner.requires_grad:
            which = "a leaf Variable" if owner is input else "a view of a leaf Variable"
            raise RuntimeError(
                f"{self.name}: {which} that requires grad is being used in an in-place operation"
            )
        plain = is_native(input) and not in_forward_mode()
        if not plain or (tracked and not (self.sign_kept and all(p > 0 for p in parameters))):
            # The argument is needed for the gradient and about to be overwritten: keep a copy.
            return input.copy_(self(input.clone(), *parameters))
        if tracked:
            return self._apply_in_place(input, *parameters)
        self.write(input, parameters)
        torch.autograd.graph.increment_version(input)
        return input


def _keep_argument(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    input, *parameters = inputs
    ctx.save_for_backward(input)
    ctx.save_for_forward(input)
    ctx.parameters = tuple(parameters)


def _eager_functions(function: Elementwise) -> tuple[Any, Any, Any]:
    """Build the autograd functions of one function: fast, transformable, and in place."""
    saves_result = function.saves_result

    def transformable_forward(input: Tensor, *parameters: float) -> Tensor:
        return function.value(input, parameters)

    def forward(ctx: Any, input: Tensor, *parameters: float) -> Tensor:
        result = function.value(input, parameters)
        ctx.save_for_backward(result if saves_result else input)
        ctx.parameters = parameters
        return result

    def write(ctx: Any, input: Tensor, *parameters: float) -> Tensor:
        function.write(input, parameters)
        ctx.mark_dirty(input)
        ctx.save_for_backward(input)
        ctx.parameters = parameters
        return input

    def backward(ctx: Any, grad: Tensor) -> Tensor | tuple[Tensor | None, ...]:
        (saved,) = ctx.saved_tensors
        parameters = ctx.parameters
        product = function.backward(grad, saved, parameters)
        return (product, *(None for _ in parameters)) if parameters else product

    def jvp(ctx: Any, tangent: Tensor, *_: None) -> Tensor:
        (saved,) = ctx.saved_tensors
        return function.backward(tangent, saved, ctx.parameters)

    def vmap(info: Any, in_dims: tuple[Any, ...], input: Tensor, *parameters: float) -> Any:
        return function(input, *parameters), in_dims[0]

    name = function.name
    return (
        autograd_function(f"Eager_{name}", forward=forward, backward=backward),
        autograd_function(
            f"Transformable_{name}",
            forward=transformable_forward,
            setup_context=_keep_argument,
            backward=backward,
            jvp=jvp,
            vmap=vmap,
        ),
        autograd_function(f"InPlace_{name}", forward=write, backward=backward),
    )


def _traced_function(name: str, formula: Formula, grad_formula: Formula) -> Any:
    """Build the autograd function that the compiler traces.

    It is one of its own because the compiler refuses a forward-mode rule, and looks through plain
    functions only.
    """

    def forward(input: Tensor, *parameters: float) -> Tensor:
        return _portable(formula, input, parameters)

    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (saved,) = ctx.saved_tensors
        product = _portable(grad_formula, saved, ctx.parameters, grad)
        return (product, *(None for _ in ctx.parameters))

    return autograd_function(
        f"Traced_{name}", forward=forward, setup_context=_keep_argument, backward=backward
    )


def autograd_function(name: str, **methods: Callable[..., Any]) -> Any:
    """Build a subclass of `torch.autograd.Function` with these static methods."""
    namespace = {key: staticmethod(method) for key, method in methods.items()}
    return type(name, (torch.autograd.Function,), namespace)


def bare_apply(function: Any) -> Callable[..., Tensor]:
    """Return the `apply` of an autograd function without what torch does for its transforms.

    That costs as much as the rest of the call. It is for calls outside of `torch.func` only, for
    which `memory.is_native` holds.
    """
    apply: Callable[..., Tensor] = super(torch.autograd.Function, function).apply
    return apply
