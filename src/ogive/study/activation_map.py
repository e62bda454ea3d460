"""The activation map: what a random network makes of a plane of inputs.

A network that has not been trained, of a few layers and one output, is fed every point of a square.
The picture of its output shows what kind of function an activation can easily express: flat facets
and sharp creases from ReLU, smooth hills from tanh and GELU, next to nothing from a sigmoid whose
signal has died. The same random draw serves every activation; only its scale follows from
the initialisation that the catalogue names. NumPy and Ogive's own functions suffice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ogive import catalog
from ogive.page.landscape import Landscape
from ogive.study.figures.shapes import DEFAULTS, evaluate_value

DEPTH = 5
WIDTH = 64
REACH = 3.0
BIAS = 0.5
SEED = 20


@dataclass(frozen=True)
class ActivationMap(Landscape):
    """The output of one random network over a square of inputs.

    Attributes
    ----------
    activation : str
        Name in the catalogue.
    """

    activation: str


def activation_map(
    activation: str,
    points: int = 160,
    seed: int = SEED,
    parameters: Mapping[str, float] = DEFAULTS,
) -> ActivationMap:
    r"""Compute the activation map of a function of the catalogue.

    Layer :math:`l` is :math:`h_l = f(W_l h_{l-1} + b_l)` with five layers of 64 units and one
    linear output; :math:`W_l` has normal entries scaled as the initialisation of `activation`
    says, :math:`b_l` normal ones of standard deviation 0.5, so that creases do not all meet in
    the origin.
    The inputs are a grid on :math:`[-3, 3]^2`.

    Parameters
    ----------
    activation : str
        Name or alias in the catalogue; its domain must be the whole line.
    points : int
        Grid points along each side, at least 2.
    seed : int
        Of the draw, which is the same for every activation.
    parameters : mapping of str to float
        Those that are not at their defaults.

    Returns
    -------
    ActivationMap

    Raises
    ------
    ValueError
        If the name is unknown, the function is not defined everywhere, or `points` is below 2.

    Examples
    --------
    >>> activation_map("relu", points=8).output.shape
    (8, 8)
    """
    record = catalog.get(activation)
    if record.domain != (-math.inf, math.inf):
        raise ValueError(f"{record.name} is defined on {record.domain} only: no activation map")
    if points < 2:
        raise ValueError(f"points must be at least 2, not {points}")
    generator = np.random.default_rng(seed)
    side = np.linspace(-REACH, REACH, points)
    signal = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    for _ in range(DEPTH):
        inputs = signal.shape[1]
        # One draw for all activations: the scale comes after it.
        weights = generator.standard_normal((inputs, WIDTH)) * _scale(record, inputs, WIDTH)
        biases = generator.standard_normal(WIDTH) * BIAS
        signal = evaluate_value(record, signal @ weights + biases, parameters)
    head = generator.standard_normal(WIDTH) / math.sqrt(WIDTH)
    return ActivationMap((signal @ head).reshape(points, points), record.name)


def _scale(record: catalog.Function, inputs: int, outputs: int) -> float:
    """Return the standard deviation of a weight under the catalogue's initialisation."""
    if record.initializer.startswith("xavier"):
        return record.gain * math.sqrt(2 / (inputs + outputs))
    return record.gain / math.sqrt(inputs)
