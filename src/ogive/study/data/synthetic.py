"""Data with a known answer: what the best possible accuracy is, and what reaches it.

A study whose method is sound finds no difference on `noise`, where nothing can be learned, and on
no set a mean accuracy above the best.

Each class has the same number of rows, so that the split, which keeps the shares of the classes,
leaves every class the same share of the test part, and `best` holds there as it is.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

import ogive
from ogive.study.data.dataset import Dataset
from ogive.study.data.draws import normal, uniform
from ogive.study.data.split import prepare

__all__ = [
    "blobs",
    "blobs_best",
    "noise",
    "noise_best",
    "spirals",
    "spirals_best",
    "teacher",
    "teacher_best",
]


def blobs(*, rows: int, features: int, classes: int, distance: float, seed: int) -> Dataset:
    """Return classes that are normal with unit variance about means of equal distances.

    Parameters
    ----------
    rows : int
        Of all parts together; as many of each class.
    features : int
        At least as many as classes.
    classes : int
        At least 2.
    distance : float
        Between any two means, in standard deviations of a class.
    seed : int
        Of the draw.

    Returns
    -------
    Dataset
        Of the kind "vectors".

    Raises
    ------
    ValueError
        If the rows cannot be shared among the classes or are too few for a split, or there are
        fewer than 2 classes, or fewer features than classes.

    Examples
    --------
    >>> blobs(rows=40, features=3, classes=2, distance=4.0, seed=0).shape
    Shape(kind='vectors', inputs=(3,), classes=2)
    """
    targets = _balanced(rows, classes)
    if features < classes:
        raise ValueError(f"blobs of {classes} classes take at least {classes} features")
    name = f"blobs, seed {seed}"
    # Orthonormal directions: means along them are at equal distances.
    directions = np.linalg.qr(normal(f"{name}: directions", features, classes))[0].T
    means = distance / math.sqrt(2) * directions
    return prepare(
        means[targets] + normal(f"{name}: rows", rows, features), targets, kind="vectors"
    )


def blobs_best(*, classes: int, distance: float, **_: object) -> float:
    """Return the accuracy of the nearest mean, which no classifier exceeds.

    Parameters
    ----------
    classes : int
        At least 2.
    distance : float
        Between any two means, in standard deviations of a class.
    **_ : object
        The other options of `blobs`, on which it does not depend.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> round(blobs_best(classes=2, distance=2.0), 4)  # the normal distribution at 1
    0.8413
    """
    # Along the K directions the row's own coordinate is u + s, s = distance / √2, and the others
    # are u: it is the largest with the probability E[Φ(u + s)^(K − 1)].
    nodes, weights = np.polynomial.hermite_e.hermegauss(160)
    below = np.array([_phi(node + distance / math.sqrt(2)) for node in nodes])
    return float(weights @ below ** (classes - 1)) / math.sqrt(2 * math.pi)


def spirals(*, rows: int, classes: int, turns: float, spread: float, seed: int) -> Dataset:
    """Return the arms of a spiral in the plane, with noise in the angle.

    Parameters
    ----------
    rows : int
        Of all parts together; as many of each class.
    classes : int
        Number of arms.
    turns : float
        How often an arm goes around.
    spread : float
        Standard deviation of the angle, in radians.
    seed : int
        Of the draw.

    Returns
    -------
    Dataset
        Of the kind "vectors", with 2 features.

    Raises
    ------
    ValueError
        If the rows cannot be shared among the classes or are too few for a split, or there are
        fewer than 2 classes.

    Examples
    --------
    >>> spirals(rows=40, classes=2, turns=1.0, spread=0.1, seed=0).shape
    Shape(kind='vectors', inputs=(2,), classes=2)
    """
    targets = _balanced(rows, classes)
    name = f"spirals, seed {seed}"
    radius = 0.1 + 0.9 * uniform(f"{name}: radius", rows)
    angle = 2 * np.pi * (turns * radius + targets / classes)
    angle += spread * normal(f"{name}: angle", rows)
    inputs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return prepare(inputs, targets, kind="vectors")


def spirals_best(*, classes: int, spread: float, **_: object) -> float:
    """Return the accuracy of the nearest arm, which no classifier exceeds.

    Parameters
    ----------
    classes : int
        Number of arms.
    spread : float
        Standard deviation of the angle, in radians.
    **_ : object
        The other options of `spirals`, on which it does not depend.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> [round(spirals_best(classes=2, spread=spread), 4) for spread in (0.01, 99.0)]
    [1.0, 0.5]
    """
    # At any radius the angle from the own arm is a normal one wrapped around the circle, whose
    # density falls from 0 to π: the nearest arm is the most probable. The sum is over the turns.
    half = math.pi / classes
    turns = range(-math.ceil(2 * spread) - 2, math.ceil(2 * spread) + 3)
    return sum(
        _phi((2 * math.pi * turn + half) / spread) - _phi((2 * math.pi * turn - half) / spread)
        for turn in turns
    )


def teacher(
    *, activation: str, rows: int, features: int, classes: int, width: int, seed: int
) -> Dataset:
    """Return normal inputs whose classes a network with one hidden layer decides.

    Parameters
    ----------
    activation : str
        Of the network: a function of the catalogue.
    rows : int
        Of all parts together.
    features : int
        Of the inputs.
    classes : int
        At least 2, of similar numbers of rows.
    width : int
        Units of the hidden layer.
    seed : int
        Of the draw of weights and inputs.

    Returns
    -------
    Dataset
        Of the kind "vectors".

    Raises
    ------
    ValueError
        If there are fewer than 2 classes, or a class gets too few rows for a split.

    Notes
    -----
    The sums before the hidden layer's activation have a standard deviation of about 2, where every
    activation bends. Each logit is shifted and scaled to mean 0 and variance 1 over the rows, which
    the biases and weights of the output layer could do as well.

    Examples
    --------
    >>> options = {"rows": 200, "features": 4, "classes": 2, "width": 8, "seed": 0}
    >>> teacher(activation="relu", **options).shape
    Shape(kind='vectors', inputs=(4,), classes=2)
    """
    _at_least_two(classes)
    name = f"teacher, seed {seed}"
    inputs = normal(f"{name}: rows", rows, features)
    weights = normal(f"{name}: hidden weights", features, width) * math.sqrt(3 / features)
    sums = inputs @ weights + normal(f"{name}: hidden biases", width)
    units: NDArray[np.float64] = getattr(ogive, activation)(sums)
    logits = units @ normal(f"{name}: output weights", width, classes)
    logits -= logits.mean(axis=0)
    logits /= logits.std(axis=0)
    return prepare(inputs, logits.argmax(axis=1), kind="vectors")


def teacher_best(**_: object) -> float:
    """Return 1: a network like the teacher is always right."""
    return 1.0


def noise(*, rows: int, features: int, classes: int, seed: int) -> Dataset:
    """Return normal inputs that have nothing to do with their classes.

    Parameters
    ----------
    rows : int
        Of all parts together; as many of each class.
    features : int
        Of the inputs.
    classes : int
        At least 2.
    seed : int
        Of the draw.

    Returns
    -------
    Dataset
        Of the kind "vectors".

    Raises
    ------
    ValueError
        If the rows cannot be shared among the classes or are too few for a split, or there are
        fewer than 2 classes.

    Examples
    --------
    >>> noise(rows=40, features=3, classes=2, seed=0).shape
    Shape(kind='vectors', inputs=(3,), classes=2)
    """
    targets = _balanced(rows, classes)
    return prepare(normal(f"noise, seed {seed}", rows, features), targets, kind="vectors")


def noise_best(*, classes: int, **_: object) -> float:
    """Return the accuracy of a guess: every classifier's, on average.

    Parameters
    ----------
    classes : int
        At least 2.
    **_ : object
        The other options of `noise`, on which it does not depend.

    Returns
    -------
    float
        1 / classes.

    Examples
    --------
    >>> noise_best(classes=4)
    0.25
    """
    return 1 / classes


def _balanced(rows: int, classes: int) -> NDArray[np.int64]:
    """Return the classes in turn, each as often as the others."""
    _at_least_two(classes)
    if rows % classes:
        raise ValueError(f"{rows} rows cannot be shared among {classes} classes: take a multiple")
    return np.arange(rows) % classes


def _at_least_two(classes: int) -> None:
    if classes < 2:
        raise ValueError(f"classes must be at least 2, not {classes}")


def _phi(value: float) -> float:
    return math.erfc(-value / math.sqrt(2)) / 2
