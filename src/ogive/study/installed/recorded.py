"""An activation that is, or claims to be, a function of the catalogue: held against its record."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ogive.study.activation import Activation
from ogive.study.engines.base import RefusedError
from ogive.study.installed.places import Place
from ogive.study.installed.resemblance import resemblance
from ogive.study.installed.trial import Trial, trial_of
from ogive.study.installed.values import check_learning, evaluated, mode

__all__ = ["check_recorded"]

RANDOM = frozenset({"rrelu"})
"""Functions that draw in training; the catalogue has what they are in evaluation."""


def check_recorded(activation: Activation, place: Place) -> None:
    """Refuse an activation whose values or gradient are not those of its record.

    It is called as it sits in its network, with inputs of the shape that the network gives it, in
    evaluation and in training mode.

    Parameters
    ----------
    activation : Activation
        One that has, or claims, a record.
    place : Place
        Where it sits, with the calls of the pass that was watched.

    Raises
    ------
    RefusedError
        If they differ, it cannot be called so, or what it learns gets no gradient.
    """
    said = f"{activation.label} at {place}"
    trial = trial_of(activation, place.shape, kept=_kept(place))
    shape = tuple(trial.value.shape)
    for training in (False, True):
        with mode(place.module, training=training):
            values, gradient = evaluated(said, place.module, trial.inputs, shape)
        if training and activation.record in RANDOM:
            _check_random(said, activation, trial, values, gradient)
        else:
            _check(said, activation, trial, values, gradient)
    check_learning(said, place.module, trial.inputs, shape)


def _kept(place: Place) -> tuple[int, ...]:
    """Return the dimensions along which a place may compute something else: it holds tensors."""
    shape = place.shape
    tensors = (*place.module.parameters(), *place.module.buffers())
    sizes = {tensor.numel() for tensor in tensors} - {0, 1}
    if not sizes or len(shape) < 2:
        return ()
    for dimension in (1, len(shape) - 1):
        if sizes == {shape[dimension]}:
            return (dimension,)
    return tuple(range(1, len(shape)))


def _check(
    said: str, activation: Activation, trial: Trial, values: Tensor, gradient: Tensor
) -> None:
    wrong = ~((values - trial.value).abs() <= trial.value_tolerance)
    if wrong.any():
        point = _telling(wrong, trial.argument)
        got, right, x = (each[point].item() for each in (values, trial.value, trial.argument))
        raise RefusedError(
            f"{said} gives {_number(got)} at x = {_number(x)}; the catalogue says "
            f"{_number(right)} for {_named(activation)}{_resemblance(activation, trial, values)}"
        )
    wrong = ~((gradient - trial.gradient).abs() <= trial.gradient_tolerance)
    if wrong.any():
        point = _telling(wrong, trial.inputs)
        got, right, x = (each[point].item() for each in (gradient, trial.gradient, trial.inputs))
        raise RefusedError(
            f"{said} has the right values, but the gradient {_number(got)} at x = {_number(x)}; "
            f"the catalogue says {_number(right)} for {_named(activation)}"
        )


def _check_random(
    said: str, activation: Activation, trial: Trial, values: Tensor, gradient: Tensor
) -> None:
    """Look at rrelu in training: on the left a slope that is drawn within its bounds."""
    record = activation.function
    assert record is not None
    bounds = record.defaults() | dict(activation.parameters)
    x = trial.argument
    left = x < -1e-6
    slopes = (values / x)[left]
    outside = (slopes < bounds["lower"] - 1e-4) | (slopes > bounds["upper"] + 1e-4)
    if outside.any() or slopes.isnan().any():
        raise RefusedError(
            f"{said} has slopes from {_number(slopes.min().item())} to "
            f"{_number(slopes.max().item())} in training; its bounds are "
            f"{_number(bounds['lower'])} and {_number(bounds['upper'])}"
        )
    if not torch.equal(values[x > 0], x[x > 0]):
        raise RefusedError(f"{said} does not return a positive input as it is in training")
    if bounds["lower"] < bounds["upper"] and slopes.max() - slopes.min() < 1e-4:
        raise RefusedError(f"{said} draws no slopes in training")
    if not torch.allclose(gradient[left], slopes, rtol=1e-3, atol=1e-4):
        raise RefusedError(f"{said} has a gradient in training that is not the slope it drew")


def _telling(wrong: Tensor, inputs: Tensor) -> tuple[int, ...]:
    """Return the place of the wrong entry whose argument is the nearest to ±2."""
    distance = torch.where(wrong, (inputs.abs() - 2).abs(), torch.inf)
    return tuple(int(i) for i in torch.unravel_index(distance.argmin(), distance.shape))


def _resemblance(activation: Activation, trial: Trial, values: Tensor) -> str:
    if activation.gated:
        return ""
    # One value for each point of the grid.
    _, first = np.unique(trial.at.numpy(), return_index=True)
    points, got = (each.flatten().numpy()[first] for each in (trial.argument, values))
    return resemblance(points, got, activation.function, tuple(trial.inputs.shape[1:]))


def _named(activation: Activation) -> str:
    record = activation.function
    if record is None or not record.parameters:
        return str(activation.record)
    values = record.defaults() | dict(activation.parameters)
    if len(values) > 3:
        return record.name
    return f"{record.name} with {', '.join(f'{k} = {v:g}' for k, v in values.items())}"


def _number(value: float) -> str:
    return f"{value:.4g}"
