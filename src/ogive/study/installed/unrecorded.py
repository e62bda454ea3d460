"""A person's own activation that the catalogue has no record of: what can be asked of any.

It may mix the entries of a row (a softmax, a normalisation of channels), but in evaluation not
those of different rows: the accuracy would depend on which rows are judged together.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from ogive.study.activation import Activation
from ogive.study.engines.base import RefusedError
from ogive.study.installed.places import Place
from ogive.study.installed.values import check_learning, evaluated, mode, one_line

__all__ = ["check_unrecorded"]

REACH = 10.0
MOST = 1 << 16
"""Entries of a trial, where one row has no more."""
DIRECTIONS = 8


def check_unrecorded(activation: Activation, place: Place) -> None:
    """Refuse an activation that cannot be one, or whose gradient is not that of its values.

    A gradient that is meant to be another one, as of a step function that is trained all the
    same, is declared by an attribute ``surrogate_gradient = True`` of the class or function.

    Parameters
    ----------
    activation : Activation
        A person's own, without a record.
    place : Place
        Where it sits, with the calls of the pass that was watched.

    Raises
    ------
    RefusedError
        If it cannot be called so, has values or gradients that are not finite, has the gradient 0
        everywhere or another one than its values, differs from call to call or mixes rows in
        evaluation mode, or if what it learns gets no gradient.
    """
    said = f"{activation.label} at {place}"
    generator = torch.Generator().manual_seed(0)
    inputs = _inputs(place.shape, generator)
    shape = tuple(inputs.shape)
    for training in (True, False):
        with mode(place.module, training=training):
            values, gradient = evaluated(said, place.module, inputs, shape)
        where = "in training" if training else "in evaluation"
        for what, numbers in (("values", values), ("gradients", gradient)):
            if not numbers.isfinite().all():
                at = inputs[~numbers.isfinite()][0].item()
                raise RefusedError(
                    f"{said} has {what} {where} that are not finite, as at x = {at:.4g}"
                )
    if not gradient.any():
        raise RefusedError(f"{said} has the gradient 0 everywhere: nothing before it would learn")
    with mode(place.module, training=False), torch.no_grad():
        if not torch.equal(place.module(inputs.clone()), values):
            raise RefusedError(f"{said} returns something else each time in evaluation mode")
        alone = place.module(inputs[:1].clone())
        if not torch.allclose(alone, values[:1], rtol=1e-3, atol=1e-5):
            raise RefusedError(
                f"{said} mixes rows in evaluation mode: what it returns for one depends on which "
                "others are judged with it"
            )
    if not getattr(activation.loaded(), "surrogate_gradient", False):
        with mode(place.module, training=False):
            _check_gradient(said, place.module, inputs)
    check_learning(said, place.module, inputs, shape)


def _inputs(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Return rows of a shape whose entries are 0 and from -10 to 10, in a random order."""
    row = shape[1:]
    entries = max(1, torch.Size(row).numel())
    rows = max(2, min(400 // entries + 1, MOST // entries))
    # Off 0 and off other round numbers, where a person's formula may well have a kink.
    points = torch.linspace(-REACH, REACH - 0.00317, rows * entries)
    order = torch.randperm(rows * entries, generator=generator)
    inputs = points[order]
    inputs[0] = 0.0
    return inputs.reshape(rows, *row)


def _check_gradient(said: str, module: nn.Module, inputs: Tensor) -> None:
    """Hold the gradient against differences, along several directions.

    Differences are central and in float64. Where a formula has a kink within a step, or insists
    on float32, some directions come out wrong; most must not.
    """
    inputs = inputs.where(inputs != 0, 0.5077)
    try:
        # An activation that learns leaves its own parameters as they are.
        double, x, step, tolerance = copy.deepcopy(module).double(), inputs.double(), 1e-6, 1e-4
        double(x.clone())
    except Exception:  # float64 is nothing that a person's code must be able to do
        double, x, step, tolerance = module, inputs, 1e-2, 5e-2
    generator = torch.Generator().manual_seed(1)
    wrong = 0
    try:
        for _ in range(DIRECTIONS):
            weight, direction = (
                torch.randn(x.shape, generator=generator).to(x.dtype) for _ in range(2)
            )
            leaf = x.clone().requires_grad_()
            (gradient,) = torch.autograd.grad((double(leaf.clone()) * weight).sum(), leaf)
            with torch.no_grad():
                ahead, behind = ((double(x + sign * step * direction) * weight) for sign in (1, -1))
                by_difference = ((ahead - behind) / (2 * step)).sum()
            by_gradient = (gradient * direction).sum()
            size = (gradient * direction).norm() + ((ahead - behind) / (2 * step)).norm()
            wrong += not bool((by_gradient - by_difference).abs() <= tolerance * size)
    except Exception as error:  # whatever a person's own code raises
        raise RefusedError(f"{said} fails: {one_line(error)}") from error
    if wrong > DIRECTIONS // 2:
        raise RefusedError(
            f"{said} has a gradient that is not that of its values, by differences; if that is "
            "meant, set surrogate_gradient = True on it"
        )
