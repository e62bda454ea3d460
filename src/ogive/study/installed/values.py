"""One evaluation of an activation as it sits in a network: its values and its gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ogive.study.engines.base import RefusedError

__all__ = ["check_learning", "check_values", "evaluated", "mode", "one_line", "same"]


def one_line(error: BaseException) -> str:
    """Return what an exception says, in one line.

    Parameters
    ----------
    error : BaseException

    Returns
    -------
    str
        Its class, and its message where it has one.

    Examples
    --------
    >>> one_line(ValueError("no   such file"))
    'ValueError: no such file'
    """
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def same(one: Tensor, other: Tensor) -> bool:
    """Tell whether two tensors hold the same numbers, NaN being the same as NaN.

    Parameters
    ----------
    one, other : torch.Tensor
        Of shapes that broadcast.

    Returns
    -------
    bool

    Examples
    --------
    >>> same(torch.tensor([1.0, torch.nan]), torch.tensor([1.0, torch.nan]))
    True
    """
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


@contextmanager
def mode(module: nn.Module, *, training: bool) -> Iterator[None]:
    """Put a module into training or evaluation mode, and back into training mode afterwards.

    Parameters
    ----------
    module : torch.nn.Module
    training : bool
        Which of the two.
    """
    module.train(training)
    try:
        yield
    finally:
        module.train()


def check_values(
    said: str, values: object, given: Tensor, inputs: Tensor, shape: tuple[int, ...]
) -> None:
    """Refuse what an activation returned if it is not a tensor for what it was given.

    Parameters
    ----------
    said : str
        What to call it.
    values : object
        What it returned.
    given, inputs : torch.Tensor
        What it was given, as it is now and as it was before.
    shape : tuple of int
        That the values must have.

    Raises
    ------
    RefusedError
    """
    if not isinstance(values, Tensor):
        raise RefusedError(f"{said} returns {type(values).__name__}, and not a tensor")
    if not same(given.detach(), inputs):
        raise RefusedError(f"{said} changes its input in place")
    if values.shape != shape:
        raise RefusedError(
            f"{said} returns the shape {tuple(values.shape)} for {tuple(inputs.shape)}, "
            f"and not {shape}"
        )
    if values.dtype != inputs.dtype and not torch.is_autocast_enabled("cpu"):
        raise RefusedError(f"{said} returns {values.dtype} for {inputs.dtype}")
    if given.requires_grad and not values.requires_grad:
        raise RefusedError(
            f"{said} returns what carries no gradient: it is computed under no_grad, or detached"
        )


def evaluated(
    said: str, module: nn.Module, inputs: Tensor, shape: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Return an activation's values, and the gradient of their sum.

    Parameters
    ----------
    said : str
        What to call it.
    module : torch.nn.Module
        Called as it is.
    inputs : torch.Tensor
    shape : tuple of int
        That the values must have.

    Returns
    -------
    values, gradient : torch.Tensor
        Of the shapes `shape` and that of the inputs.

    Raises
    ------
    RefusedError
        If it fails, changes its input, returns no such tensor, or is cut off from its input.
    """
    values, leaf = _called(said, module, inputs, shape)
    (gradient,) = _gradients(said, values, [leaf])
    if gradient is None:
        raise RefusedError(f"{said} passes no gradient on to its input: it is detached from it")
    return values.detach(), gradient


def check_learning(said: str, module: nn.Module, inputs: Tensor, shape: tuple[int, ...]) -> None:
    """Refuse an activation whose values do not change with anything that it learns.

    Parameters
    ----------
    said : str
        What to call it.
    module : torch.nn.Module
        Called as it is.
    inputs : torch.Tensor
        What it is called with.
    shape : tuple of int
        That the values must have.

    Raises
    ------
    RefusedError
        If there are parameters to learn and none gets a gradient other than 0, or if it cannot be
        called so.
    """
    learned = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not learned:
        return
    values, _ = _called(said, module, inputs, shape)
    gradients = _gradients(said, values, learned)
    if not any(gradient is not None and bool(gradient.any()) for gradient in gradients):
        raise RefusedError(f"{said} passes no gradient on to what it learns")


def _called(
    said: str, module: nn.Module, inputs: Tensor, shape: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    leaf = inputs.clone().requires_grad_()
    given = leaf.clone()
    try:
        values = module(given)
    except Exception as error:  # whatever a person's own code raises
        raise RefusedError(f"{said} fails: {one_line(error)}") from error
    check_values(said, values, given, inputs, shape)
    return values, leaf


def _gradients(said: str, values: Tensor, of: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    try:
        return torch.autograd.grad(values, of, torch.ones_like(values), allow_unused=True)
    except Exception as error:  # whatever a person's own code raises
        raise RefusedError(f"{said} fails in its backward pass: {one_line(error)}") from error
