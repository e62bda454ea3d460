"""Firth's correction for labels: estimates that are finite whatever the data.

The likelihood is multiplied with Jeffreys' prior, the root of the information's determinant.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from ogive.linear_model.curvature import Curvature
from ogive.linear_model.information import (
    SingularInformationError,
    augmented,
    factorised,
    information,
    over_blocks,
    over_rows,
    probabilities,
    slices,
    solved,
)
from ogive.linear_model.minimise import Minimum, minimise
from ogive.linear_model.rows import Parameters

Array = Any


def fit_firth(
    rows: Any, total_weight: Array, fit_intercept: bool, tol: float = 1e-6, max_iter: int = 200
) -> Minimum:
    """Minimise the mean loss less log |I| / 2 over the total weight, for every label.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        Of labels, with their weights and offsets.
    total_weight : ndarray of float64, shape (problems,)
        The sum of the rows' weights.
    fit_intercept : bool
        Whether there are biases.
    tol : float, optional
        How large the largest entry of the gradient of that objective may be. Default 1e-6.
    max_iter : int, optional
        At most so many iterations for each label. Default 200.

    Returns
    -------
    Minimum
        `values` are those of the penalised objective.

    Raises
    ------
    ValueError
        For classes; for features that are linear combinations of others
        (`SingularInformationError`); for more than `information.MOST_PARAMETERS` parameters.

    Notes
    -----
    With I = Σ w p (1 - p) x xᵀ and hat values h = w p (1 - p) xᵀ I⁻¹ x, the gradient of the
    log-likelihood plus log |I| / 2 is Σ (w (y - p) + h (1/2 - p)) x. L-BFGS finds where it is 0,
    preconditioned with I. An evaluation takes three passes over the rows and, for each label, the
    product of the features with themselves.

    Source: D. Firth (1993), Biometrika 80; G. Heinze, M. Schemper (2002), Stat. Med. 21.

    Examples
    --------
    Separable: without the correction the weight is infinite. In a table of two by two, the
    correction is the same as half an observation more in every cell.

    >>> import numpy as np
    >>> from ogive.linear_model.firth import fit_firth
    >>> from ogive.linear_model.in_memory import DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> x = np.array([[0.0], [0.0], [1.0], [1.0]])
    >>> rows = DenseRows(x, Observed(x > 0, np.ones((4, 1)), np.zeros((1, 1))))
    >>> found = fit_firth(rows, np.array([4.0]), fit_intercept=True, tol=1e-9)
    >>> bool(np.isclose(found.parameters[0, 0, 0], 2 * np.log(2.5 / 0.5)))
    True
    """
    if not all(over_blocks(rows, _of_labels)):
        raise ValueError("Firth's correction is for labels: with classes, fit one against the rest")
    start = np.zeros((len(total_weight), 1, rows.shape[1] + 1))
    objective = FirthLoss(rows, total_weight, fit_intercept)
    objective.informations(start, np.arange(len(start)))
    return minimise(objective, start, tol, max_iter)


class FirthLoss:
    """The mean loss less log |I| / 2 over the total weight, for several labels at once.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        Of labels.
    total_weight : ndarray of float64, shape (problems,)
        The sum of the rows' weights.
    fit_intercept : bool
        Whether there are biases.
    """

    def __init__(self, rows: Any, total_weight: Array, fit_intercept: bool) -> None:
        self.total_weight = total_weight
        self.fit_intercept = fit_intercept
        self.origin = rows.origin() if fit_intercept else np.zeros(rows.shape[1])
        self._rows = rows
        self._some: tuple[Array, Any] = np.arange(len(total_weight)), rows

    def _of(self, problems: Array) -> Any:
        known, rows = self._some
        if not np.array_equal(known, problems):
            rows = self._rows.of_problems(problems)
            self._some = problems, rows
        return rows

    def informations(self, parameters: Array, problems: Array) -> list[tuple[Array, Array]]:
        """Return the information matrices, factorised; raise where one is singular."""
        rows = self._of(problems)
        found = information(rows, parameters, self.origin, self.fit_intercept)
        return [factorised(matrix) for matrix in found.hessian]

    def evaluate(self, parameters: Array, problems: Array) -> tuple[Array, Array]:
        """Return values and gradients of some of the labels."""
        rows, total = self._of(problems), self.total_weight[problems]
        gradients = np.zeros_like(parameters)
        try:
            factors = self.informations(parameters, problems)
        except SingularInformationError:  # so far out that all probabilities are 0 or 1
            return np.full(len(problems), np.inf), gradients
        at = Parameters(
            np.ascontiguousarray(parameters[..., :-1]), np.ascontiguousarray(parameters[..., -1])
        )
        half_log_determinants = [
            np.log(np.diag(lower)).sum() + np.log(scale).sum() for lower, scale in factors
        ]
        values = (rows.evaluate(at).losses - half_log_determinants) / total
        inverses = [solved(factor, np.eye(len(factor[1]))) for factor in factors]
        of_block = partial(
            _gradient, at=at, inverses=inverses, origin=self.origin,
            fit_intercept=self.fit_intercept,
        )  # fmt: skip
        sums = over_rows(rows, of_block) / total[:, None]
        gradients[:, 0, : sums.shape[1]] = sums
        if self.fit_intercept:
            gradients[:, 0, :-1] += self.origin * sums[:, -1:]
        return values, gradients

    def curvature(self, parameters: Array | None, problems: Array) -> Curvature:
        """Return the information over the total weight, to begin with or at some parameters."""
        if parameters is None:
            parameters = np.zeros((len(problems), 1, self._rows.shape[1] + 1))
        at = Parameters(parameters[..., :-1], parameters[..., -1])
        scatter = self._of(problems).scatter(self.origin, at, 1, False)
        scale = 1.0 / self.total_weight[problems]
        return Curvature(scatter, self.origin, scale, np.zeros(len(scale)), self.fit_intercept)

    def renewal(self, problems: Array) -> float:
        """Return what a Hessian costs, in passes: more than its own.

        The information is not this objective's Hessian. What L-BFGS has gathered knows the rest,
        and is lost when it is renewed.
        """
        return 20.0


def _of_labels(block: Any) -> bool:
    return bool(block.observed.of_labels)


def _gradient(
    block: Any, at: Parameters, inverses: list[Array], origin: Array, fit_intercept: bool
) -> Array:
    """Return the summed gradients of the labels, by parameters for features about the origin."""
    gradients = np.zeros((len(inverses), len(inverses[0])))
    seen = block.observed
    for rows in slices(block):
        x = augmented(block, rows, origin, fit_intercept)
        p = probabilities(block, at, rows)[:, :, 0]
        weight = np.broadcast_to(seen.weight[rows], p.shape)
        slopes = weight * (p - seen.target[rows])
        for q, inverse in enumerate(inverses):
            projected = x @ inverse
            lever = (x.multiply(projected) if sparse.issparse(x) else x * projected).sum(1)
            of_q = p[:, q]
            hat = weight[:, q] * of_q * (1.0 - of_q) * lever
            gradients[q] += x.T @ (slopes[:, q] + hat * (of_q - 0.5))
    return gradients
