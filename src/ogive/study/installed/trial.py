"""The grid on which an activation is held against its record, and what must come out there.

The grid reaches to ±40. Sums before an activation are of the size of 1 in a network that learns,
and a plain formula in float32 still works there: exp(2 x) overflows beyond 44, exp(x) beyond 88.
Infinities are left out, since even a library's own formulas give NaN there.

What is allowed is far from what float32 makes of a plain formula and from what another function
is. x * (1 + erf(x / √2)) / 2 loses up to 6e-8 |x| by cancellation on the left, which is allowed
thirty times over; gelu and its form with tanh are 75 times further apart than is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import ogive
import ogive.grad
from ogive.catalog import Function
from ogive.study.activation import GATED, Activation

__all__ = ["Trial", "arranged", "close_to", "grid", "trial_of", "truth"]

Array = NDArray[Any]

REACH = 40.0
MOST = 1 << 21
"""Entries of a trial, at most."""


@dataclass(frozen=True, eq=False)
class Trial:
    """Inputs, and what must come out, within which tolerance; that is infinite at a jump.

    Attributes
    ----------
    inputs : torch.Tensor of float32, shape (rows, ...)
        What the activation is called with.
    argument : torch.Tensor of float32
        The part of the inputs that goes through the function: all of it, or the gate of a gated
        unit.
    at : torch.Tensor of int64
        The places of the argument in the grid.
    value, value_tolerance : torch.Tensor, of the argument's shape
        What must be returned.
    gradient, gradient_tolerance : torch.Tensor, of the inputs' shape
        Of the sum of what is returned.
    """

    inputs: Tensor
    argument: Tensor
    at: Tensor
    value: Tensor
    value_tolerance: Tensor
    gradient: Tensor
    gradient_tolerance: Tensor


@lru_cache(maxsize=64)
def grid(parameters: tuple[float, ...] = ()) -> Array:
    """Return the points: dense about 0, about kinks, out to ±40; float32, ascending.

    Parameters
    ----------
    parameters : tuple of float
        Of the function, next to which its kinks may lie.

    Returns
    -------
    ndarray of float32, shape (points,)

    Examples
    --------
    >>> points = grid((0.5,))
    >>> bool((points == -points[::-1]).all()), 0.0 in points, float(points.max())
    (True, True, 40.0)
    """
    near = [abs(p) * (1 + d) for p in parameters for d in (-1e-2, -1e-3, 1e-3, 1e-2)]
    positive = np.concatenate(
        [
            np.geomspace(1e-8, REACH, 120),
            np.linspace(0.0173, 12.0391, 240),
            [0.5, *range(1, 11), 20.0],
            [each for each in near if 0 < each <= REACH],
        ]
    ).astype(np.float32)
    return np.unique(np.concatenate([-positive, [np.float32(0.0)], positive]))


def truth(record: Function, parameters: dict[str, float]) -> tuple[Callable[[Array], Array], ...]:
    """Return a function of the catalogue and its derivative, of float64.

    Parameters
    ----------
    record : Function
        Of the catalogue.
    parameters : dict of str to float
        Values by name; the others are as by default.

    Returns
    -------
    value, slope : callable
        From an array of float64 to one of its shape.

    Examples
    --------
    >>> value, slope = truth(ogive.catalog.get("sigmoid"), {})
    >>> value(np.zeros(1)), slope(np.zeros(1))
    (array([0.5]), array([0.25]))
    """
    values = [(record.defaults() | parameters)[p.name] for p in record.parameters]
    value, slope = getattr(ogive, record.name), getattr(ogive.grad, record.name)
    return lambda x: np.asarray(value(x, *values)), lambda x: np.asarray(slope(x, *values))


def close_to(value: Callable[[Array], Array], x: Array) -> tuple[Array, Array]:
    """Return a function's values, and how far off a plain formula in float32 may be.

    Parameters
    ----------
    value : callable
        From an array of float64 to one of its shape.
    x : ndarray of float64
        Arguments.

    Returns
    -------
    values, tolerance : ndarray of float64, of the shape of `x`
        The tolerance is absolute, and infinite where the function takes a step.

    Examples
    --------
    >>> close_to(np.square, np.array([1.0]))
    (array([1.]), array([0.000102]))
    """
    right = value(x)
    tolerance = 1e-4 * np.abs(right) + 2e-6 * np.maximum(1, np.abs(x))
    return right, np.where(_jumps(value, x), np.inf, tolerance)


def _slope_close_to(slope: Callable[[Array], Array], x: Array) -> tuple[Array, Array]:
    right = slope(x)
    tolerance = 1e-3 * np.abs(right) + 2e-5 * np.maximum(1, np.abs(x))
    return right, np.where(_jumps(slope, x), np.inf, tolerance)


def _jumps(function: Callable[[Array], Array], x: Array) -> Array:
    """Tell where a function takes a step, at which formulas may differ."""
    near = 1e-5 * np.maximum(1, np.abs(x))
    left, right = function(x - near), function(x + near)
    jump: Array = np.abs(right - left) > 1e-3 * np.maximum(1, np.abs(right))
    return jump


def trial_of(
    activation: Activation, shape: tuple[int, ...], *, kept: tuple[int, ...] = ()
) -> Trial:
    """Return the trial of an activation that has a record.

    Parameters
    ----------
    activation : Activation
    shape : tuple of int
        Of what the network calls it with; the trial has as many rows as the grid needs.
    kept : tuple of int
        Dimensions along which each entry may compute something else, and needs all of the grid.

    Returns
    -------
    Trial
    """
    if activation.gated:
        return _of_gate(str(activation.record), (*shape[:-1], shape[-1] // 2))
    record = activation.function
    assert record is not None
    parameters = dict(activation.parameters)
    points = grid(tuple((record.defaults() | parameters).values()))
    at = arranged(len(points), shape, kept)
    if record.name == "abrelu" and not parameters:
        return _of_average(points, at)
    value, slope = truth(record, parameters)
    x = points.astype(np.float64)
    argument = torch.from_numpy(points)[at]
    return Trial(
        argument,
        argument,
        at,
        *(torch.from_numpy(each).float()[at] for each in close_to(value, x)),
        *(torch.from_numpy(each).float()[at] for each in _slope_close_to(slope, x)),
    )


def arranged(points: int, shape: tuple[int, ...], kept: tuple[int, ...] = ()) -> Tensor:
    """Return which point of a grid stands where, in as many rows of a shape as it takes.

    Parameters
    ----------
    points : int
        Of the grid.
    shape : tuple of int
        Rows, which are not looked at, and what a row has.
    kept : tuple of int
        Dimensions along which each entry gets all of the grid.

    Returns
    -------
    torch.Tensor of int64, shape (as many rows as it takes, *shape[1:])
        With fewer rows than it takes where there would be more than `MOST` entries.

    Examples
    --------
    >>> arranged(4, (8, 3))
    tensor([[0, 1, 2],
            [3, 0, 1]])
    >>> arranged(2, (8, 3), kept=(1,))
    tensor([[0, 0, 0],
            [1, 1, 1]])
    """
    row = shape[1:]
    alike = tuple(1 if place in kept else size for place, size in enumerate(row, 1))
    different = math.prod(alike)
    rows = min(math.ceil(points / different), max(1, MOST // math.prod(row)))
    at = torch.arange(rows * different).remainder(points)
    return at.reshape(rows, *alike).expand(rows, *row)


def _of_gate(name: str, shape: tuple[int, ...]) -> Trial:
    """Return the trial of a gated unit: the first half times a function of the second."""
    points = grid()
    x = points.astype(np.float64)
    value, slope = (
        truth(ogive.catalog.get(GATED[name]), {})
        if GATED[name]
        else (lambda x: x, lambda x: np.ones_like(x))
    )
    at = arranged(len(points), shape)
    factor = torch.linspace(-2.0, 3.0, 7)[torch.arange(at.numel()).remainder(7)].reshape(at.shape)
    argument = torch.from_numpy(points)[at]
    gate, near = (torch.from_numpy(each).float()[at] for each in close_to(value, x))
    by_gate, by_near = (torch.from_numpy(each).float()[at] for each in _slope_close_to(slope, x))
    # Beyond the function's own error, what a product of two float32 numbers may be off.
    scale = factor.abs().clamp(min=1)
    return Trial(
        torch.cat([factor, argument], -1),
        argument,
        at,
        factor * gate,
        scale * near,
        torch.cat([gate, factor * by_gate], -1),
        torch.cat([near, scale * by_near], -1),
    )


def _of_average(points: Array, at: Tensor) -> Trial:
    """Return the trial of abrelu where its threshold is the mean of each row."""
    argument = torch.from_numpy(points)[at]
    x = argument.double()
    over = list(range(min(1, x.dim() - 1), x.dim()))
    average = x.mean(over, keepdim=True)
    passed = (x > average).double()
    # The gradient goes through the mean as well.
    gradient = passed - passed.mean(over, keepdim=True)
    tolerance = 1e-4 * x.abs() + 1e-4
    # Where an entry lies next to the mean, either side is right, and changes the whole row a bit.
    at_kink = (x - average).abs() <= tolerance
    beside = at_kink.double().mean(over, keepdim=True)
    return Trial(
        argument,
        argument,
        at,
        ((x - average) * passed).float(),
        tolerance.float(),
        gradient.float(),
        torch.where(at_kink, math.inf, 1e-3 + beside).float(),
    )
