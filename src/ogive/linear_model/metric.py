"""An approximate Hessian that learns from gradients, for steps that minimise it with |weights|₁.

It is B = C + Σ b bᵀ - Σ a aᵀ, for the curvature C of the features and the updates of BFGS: with a
step s and the gradients' difference y, a = B s / √(sᵀ B s) and b = y / √(yᵀ s).  So written it is
had for some of the parameters alone.  Biases are those of centred features: C has blocks then.

Source: J. Lee, Y. Sun, M. Saunders (2014), SIAM J. Optim. 24, for steps that minimise the
quadratic model together with what is not smooth; J. Nocedal, S. J. Wright (2006), Numerical
optimization, (6.19) for the update.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive.linear_model.columns import Columns
from ogive.linear_model.curvature import centred
from ogive.linear_model.objective import MOST_FEATURES, PenalisedLoss
from ogive.linear_model.quadratic import accelerated, lasso, subgradient

Array = Any

_ENOUGH = 1e-2  # of the smallest subgradient of the model, at the start of a step
_ALL_AT_ONCE = 400  # parameters that need no choice among them
_FEWEST = 200  # parameters that are added to a choice, if so many ask for it
_STEPS = 2  # choices of parameters
_FEWEST_UPDATES = 10
_MOST_UPDATES = 60
_ENTRIES = 2_000_000  # of steps that updates may hold


class Metric:
    """The approximate Hessian of one problem.

    Parameters
    ----------
    blocks : list of tuple of (ndarray, ndarray, float)
        Of every class: the centred scatter or its diagonal, the mean, the total.
    scale : ndarray, shape (classes,)
        What scatter and total are multiplied with.
    penalty : float
        What is added to the diagonal.
    fit_intercept : bool
        Whether there are biases.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.metric import Metric
    >>> metric = Metric([(np.eye(2), np.zeros(2), 1.0)], np.array([2.0]), 0.0, True)
    >>> metric.target(np.array([[-3.0, 0.5, 4.0]]), np.zeros((1, 3)), 1.0)
    array([[ 1.,  0., -2.]])
    """

    def __init__(
        self,
        blocks: list[tuple[Array, Array, float]],
        scale: Array,
        penalty: float,
        fit_intercept: bool,
    ) -> None:
        self._inner = [block[0] for block in blocks]
        self._mean = np.stack([block[1] for block in blocks])
        self._total = np.array([block[2] for block in blocks])
        self._scale = scale
        self._penalty = penalty
        self._fit_intercept = fit_intercept
        self._updates = np.empty((0, self._mean.size + len(blocks)))
        self._signs = np.empty(0)

    @property
    def full(self) -> bool:
        """Whether there were so many updates that another Hessian is due."""
        most = max(_FEWEST_UPDATES, min(_MOST_UPDATES, _ENTRIES // self._updates.shape[1]))
        return len(self._signs) >= 2 * most

    def _centred(self, gradient: Array) -> Array:
        result = gradient.copy()
        result[:, :-1] -= self._mean * gradient[:, -1:]
        return result

    def _moved(self, step: Array) -> Array:
        """Return a step with the biases of centred features."""
        result = step.copy()
        result[:, -1] += (self._mean * step[:, :-1]).sum(1)
        return result

    def _times(self, step: Array) -> Array:
        """Multiply a step in centred features."""
        result = self._penalty * step
        for k, inner in enumerate(self._inner):
            weights = step[k, :-1]
            if inner.ndim == 1:
                product = inner * weights
            else:
                some = np.flatnonzero(weights)
                few = 3 * len(some) < len(weights)
                product = weights[some] @ inner[some] if few else inner @ weights
            result[k, :-1] += self._scale[k] * product
        bend = self._scale * self._total if self._fit_intercept else 1.0
        result[:, -1] = bend * step[:, -1]
        flat = step.reshape(-1)
        result += ((self._signs * (self._updates @ flat)) @ self._updates).reshape(step.shape)
        return result

    def _within(self, some: Array) -> Array:
        """Return the rows and columns of some parameters, whose flat indices increase."""
        length = self._mean.shape[1] + 1
        result = np.zeros((len(some), len(some)))
        owner, feature = np.divmod(some, length)
        for k in np.unique(owner):
            own = np.flatnonzero((owner == k) & (feature < length - 1))
            inner, chosen = self._inner[k], feature[own]
            if inner.ndim == 1:
                result[own, own] = self._scale[k] * inner[chosen]
            elif len(own):
                block = slice(own[0], own[-1] + 1)
                part = inner if len(own) == len(inner) else inner[np.ix_(chosen, chosen)]
                np.multiply(part, self._scale[k], out=result[block, block])
        result[np.arange(len(some)), np.arange(len(some))] += self._penalty
        biases = np.flatnonzero(feature == length - 1)
        bend = self._scale * self._total if self._fit_intercept else np.ones(len(self._scale))
        result[biases, biases] = bend[owner[biases]]
        if len(self._signs):
            updates = self._updates[:, some]
            result += (updates.T * self._signs) @ updates
        return result

    def _diagonal(self) -> Array:
        result = np.empty((len(self._scale), self._mean.shape[1] + 1))
        for k, inner in enumerate(self._inner):
            own = inner if inner.ndim == 1 else np.diag(inner)
            result[k, :-1] = self._scale[k] * own + self._penalty
        result[:, -1] = self._scale * self._total if self._fit_intercept else 1.0
        flat: Array = result.reshape(-1) + self._signs @ np.square(self._updates)
        return flat

    def learn(self, step: Array, change: Array) -> None:
        """Update with a step, and the difference of the gradients there.

        Parameters
        ----------
        step, change : ndarray, shape (classes, features + 1)
        """
        step, change = self._moved(step), self._centred(change)
        known = self._times(step)
        before, now = float((step * known).sum()), float((step * change).sum())
        # A difference that is lost in rounding tells nothing.
        if before <= 0.0 or now <= 1e-6 * before:
            return
        flat = [(known / np.sqrt(before)).reshape(-1), (change / np.sqrt(now)).reshape(-1)]
        self._updates = np.vstack([self._updates, *flat])
        self._signs = np.append(self._signs, [-1.0, 1.0])

    def target(self, gradient: Array, at: Array, l1: float) -> Array:
        """Return where the model has its minimum, together with l1 |weights|₁.

        Parameters
        ----------
        gradient, at : ndarray, shape (classes, features + 1)
            Where the model is made.
        l1 : float
            Of all weights; biases are free.

        Returns
        -------
        ndarray, shape (classes, features + 1)
            With exact zeros.
        """
        begin = self._moved(at)
        weights = np.full(at.shape, l1)
        weights[:, -1] = 0.0
        result = self._minimum(self._centred(gradient), begin, weights)
        result[:, -1] = at[:, -1] + result[:, -1] - begin[:, -1]
        result[:, -1] -= (self._mean * (result - at)[:, :-1]).sum(1)
        return result

    def _minimum(self, gradient: Array, begin: Array, weights: Array) -> Array:
        flat, from_here, heavy = gradient.reshape(-1), begin.reshape(-1), weights.reshape(-1)
        root = np.sqrt(np.maximum(self._diagonal(), np.finfo(float).tiny))
        size = subgradient(flat, from_here, heavy) / root
        enough = _ENOUGH * size.max()
        asking = int(((from_here != 0) | (size > 0.0)).sum())
        # A matrix that is a diagonal and a few products is better multiplied with than written out.
        most = _ALL_AT_ONCE if self._inner[0].ndim == 1 else MOST_FEATURES
        if len(flat) <= max(_ALL_AT_ONCE, min(3 * asking, most)):
            some = np.arange(len(flat))
            return lasso(self._within(some), flat, from_here, heavy, enough).reshape(begin.shape)
        at, slope = from_here.copy(), flat
        chosen = (at != 0) | (heavy == 0)
        for _ in range(_STEPS):
            size[chosen] = 0.0
            added = max(_FEWEST, int(chosen.sum()))
            more = np.flatnonzero(size > 0.0)
            if len(more) > added:
                more = more[np.argpartition(size[more], -added)[-added:]]
            chosen[more] = True
            some = np.flatnonzero(chosen)
            if len(some) > most:
                at = accelerated(
                    lambda v: self._times(v.reshape(begin.shape)).reshape(-1),
                    root**2,
                    flat,
                    from_here,
                    heavy,
                    enough,
                )
                break
            at[some] = lasso(self._within(some), slope[some], at[some], heavy[some], enough)
            slope = flat + self._times((at - from_here).reshape(begin.shape)).reshape(-1)
            size = subgradient(slope, at, heavy) / root
            if size[~chosen].max(initial=0.0) <= enough:
                break
        return at.reshape(begin.shape)

    def gain(self, gradient: Array, step: Array) -> float:
        """Return how much a step decreases the quadratic model, without |weights|₁."""
        moved = self._moved(step)
        bend = float((moved * self._times(moved)).sum())
        return -float((gradient * step).sum()) - 0.5 * bend


Model = Metric | Columns


def metrics(objective: PenalisedLoss, parameters: Array | None, problems: Array) -> list[Model]:
    """Return the approximate Hessians of problems: to begin with, or at some parameters.

    Parameters
    ----------
    objective : PenalisedLoss
        Of which.
    parameters : ndarray, shape (problems, classes, features + 1), or None
        Where.
    problems : ndarray of int
        Which.

    Returns
    -------
    list of Metric, or of Columns
        The latter of labels of many sparse features.
    """
    fit_intercept = objective.fit_intercept
    if objective.base.shape[1] == 1 and objective.diagonal:
        features = objective.columns()
        if features is not None:
            each = zip(objective.curvatures(parameters, problems).T, problems, strict=True)
            return [
                Columns(features, curvature, float(objective.penalty[q]), fit_intercept)
                for curvature, q in each
            ]
    scatter, scale = objective.moments(parameters, problems)
    classes = objective.base.shape[1]
    blocks = [
        centred(scatter, objective.origin, which, 1.0, 0.0, fit_intercept)
        for which in range(len(scatter.total))
    ]
    found: list[Model] = []
    for i, q in enumerate(problems):
        own = range(i * classes, (i + 1) * classes)
        some = [blocks[0] if len(blocks) == 1 else blocks[v] for v in own]
        penalty = float(objective.penalty[q])
        found.append(Metric(some, scale[list(own)], penalty, fit_intercept))
    return found
