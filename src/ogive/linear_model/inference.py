"""What a fit says about the parameters: standard errors, tests, intervals, criteria.

Multinomial fits are reported relative to their first class, as statsmodels' MNLogit has it: the
parameters of class k are those of the symmetric softmax less those of the first class, which are
the logarithms of odds of k against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from ogive.linear_model.information import about_zero, factorised, information, over_blocks, solved
from ogive.linear_model.null import null_log_likelihood
from ogive.linear_model.rows import Parameters

Array = Any

KINDS = ("hessian", "sampling", "robust")

_FAR = 0.1  # standard errors between the parameters and the optimum


class LikelihoodRatio(NamedTuple):
    """A likelihood-ratio test against the null model.

    Attributes
    ----------
    statistic : float
        Twice the difference of the log-likelihoods.
    df : int
        Parameters that the null model lacks.
    p_value : float
        Of χ² with so many degrees of freedom.
    """

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True)
class Inference:
    """Inference for one problem.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (equations, parameters)
        One equation for a label; for K classes K - 1, of every class but the first against it.
        The intercept is last, where there is one.
    covariance : ndarray of float64, shape (equations * parameters, equations * parameters)
        Of the coefficients, one equation after the other.
    equations : tuple of str
        Their names.
    reference : str or None
        The class that the equations are relative to; None for a label.
    names : tuple of str
        Of the parameters of an equation.
    kind : str
        Of the covariance: "hessian", "sampling" or "robust", see `infer`.
    alpha : float
        The L2 penalty of the fit.
    has_intercept : bool
        Whether the last parameter is the intercept.
    rows : int
        Rows of a weight above 0.
    total_weight : float
        What counts as the number of observations.
    log_likelihood, null_log_likelihood : float
        In nats: of the fit, without its penalty; of biases alone (of no parameters, if the fit has
        no biases), with the offsets.
    effective_parameters : float
        The trace of (I + P)⁻¹ I for the information I and the penalty's Hessian P: without a
        penalty the number of parameters.
    distance : float
        From the coefficients to the optimum, by a Newton step: the largest, in standard errors.
        NaN for Firth's correction.
    firth : bool
        Whether the parameters are those of Firth's correction.

    Notes
    -----
    p values and intervals are those of the normal distribution.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.inference import infer
    >>> from ogive.linear_model.in_memory import DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> x = np.repeat([0.0, 1.0], 10)[:, None]
    >>> y = np.array([1] * 3 + [0] * 7 + [1] * 6 + [0] * 4, bool)[:, None]
    >>> rows = DenseRows(x, Observed(y, np.ones((20, 1)), np.zeros((1, 1))))
    >>> best = np.array([[[np.log(6 / 4 * 7 / 3), np.log(3 / 7)]]])
    >>> found = infer(rows, best, np.array([20.0]), alpha=0.0, fit_intercept=True)[0]
    >>> found.standard_errors.round(6)
    array([[0.944911, 0.690066]])
    >>> found.likelihood_ratio.df
    1
    """

    coefficients: Array
    covariance: Array
    equations: tuple[str, ...]
    reference: str | None
    names: tuple[str, ...]
    kind: str
    alpha: float
    has_intercept: bool
    rows: int
    total_weight: float
    log_likelihood: float
    null_log_likelihood: float
    effective_parameters: float
    distance: float
    firth: bool = False

    @cached_property
    def standard_errors(self) -> Array:
        """Roots of the covariance's diagonal, of the shape of the coefficients."""
        return np.sqrt(np.diag(self.covariance)).reshape(self.coefficients.shape)

    @cached_property
    def z(self) -> Array:
        """Coefficients divided by their standard errors."""
        return self.coefficients / self.standard_errors

    @cached_property
    def p_values(self) -> Array:
        """Two-sided p values of Wald's test that a coefficient is 0."""
        return 2.0 * stats.norm.sf(np.abs(self.z))

    def confidence_intervals(self, level: float = 0.95) -> Array:
        """Return Wald's intervals.

        Parameters
        ----------
        level : float, optional
            Their coverage, between 0 and 1. Default 0.95.

        Returns
        -------
        ndarray, shape (equations, parameters, 2)
            Lower and upper limits.

        Raises
        ------
        ValueError
            For another level.
        """
        if not 0.0 < level < 1.0:
            raise ValueError(f"level must be between 0 and 1, not {level!r}")
        half = stats.norm.isf(0.5 * (1.0 - level)) * self.standard_errors
        return np.stack([self.coefficients - half, self.coefficients + half], axis=-1)

    @property
    def odds_ratios(self) -> Array:
        """Exponentials of the coefficients: by what one unit more multiplies the odds."""
        with np.errstate(over="ignore"):
            return np.exp(self.coefficients)

    def odds_ratio_intervals(self, level: float = 0.95) -> Array:
        """Return the exponentials of `confidence_intervals`."""
        with np.errstate(over="ignore"):
            return np.exp(self.confidence_intervals(level))

    @property
    def likelihood_ratio(self) -> LikelihoodRatio | None:
        """The test of all weights at once; None for penalised fits and Firth's correction.

        Neither of them maximises the likelihood, and the statistic is not distributed as χ² then.
        """
        if self.alpha > 0.0 or self.firth:
            return None
        statistic = 2.0 * (self.log_likelihood - self.null_log_likelihood)
        df = self.coefficients.size - len(self.equations) * self.has_intercept
        return LikelihoodRatio(statistic, df, float(stats.chi2.sf(statistic, df)))

    @property
    def aic(self) -> float:
        """Akaike's criterion: 2 (effective parameters - log-likelihood)."""
        return 2.0 * (self.effective_parameters - self.log_likelihood)

    @property
    def bic(self) -> float:
        """Schwarz' criterion: log(total weight) effective parameters - 2 log-likelihood."""
        return float(
            np.log(self.total_weight) * self.effective_parameters - 2.0 * self.log_likelihood
        )

    @property
    def pseudo_r2(self) -> float:
        """McFadden's: 1 - log-likelihood / null log-likelihood."""
        return 1.0 - self.log_likelihood / self.null_log_likelihood


def infer(
    rows: Any,
    parameters: Array,
    total_weight: Array,
    *,
    alpha: Any,
    fit_intercept: bool,
    l1_ratio: float = 0.0,
    kind: str = "hessian",
    firth: bool = False,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[Any] | None = None,
) -> list[Inference]:
    """Return inference for every problem of a fit, in two passes over the rows.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        All that the fit saw, with its weights and offsets.
    parameters : ndarray of float64, shape (problems, classes, features + 1)
        The optimum.
    total_weight : ndarray of float64, shape (problems,)
        The sum of the rows' weights.
    alpha : float, or ndarray of float64, shape (problems,)
        The penalty of the fit.
    fit_intercept : bool
        Whether the biases are free.
    l1_ratio : float, optional
        Of the penalty. Default 0, and nothing else with alpha > 0.
    kind : {"hessian", "sampling", "robust"}, optional
        How the covariance is estimated, see the notes. Default "hessian".
    firth : bool, optional
        Whether the parameters are those of Firth's correction. Default False.
    feature_names : sequence of str, optional
        Default x1, x2, ...
    class_names : sequence, optional
        The name of every class of a multinomial fit, or of every label, or of the positive class.
        Default 0, 1, ..., and 1 for a single label.

    Returns
    -------
    list of Inference
        One for every problem: for labels one each.

    Raises
    ------
    ValueError
        For an L1 penalty, another kind, parameters that are not the optimum on these rows, too
        many parameters, or an information matrix that is singular (`SingularInformationError`,
        which names the features).

    Notes
    -----
    With the information I of the likelihood, the Hessian P of the penalty times the total weight,
    and the squared gradients B of single rows:

    - "hessian": (I + P)⁻¹. Without a penalty the usual covariance of the maximum-likelihood
      estimate. With one the penalty is a normal prior of mean 0 and variance 1 / (alpha times the
      total weight) for each weight, and this is the covariance of Laplace's approximation to the
      posterior. The default, because intervals from it contain the truth about as often as they
      say, on average over the parameters, for they allow for the bias that the penalty brings.
    - "sampling": (I + P)⁻¹ I (I + P)⁻¹, how much the penalised estimate varies from sample to
      sample, around a mean that is not the truth. Smaller; not for intervals of the truth.
    - "robust": (I + P)⁻¹ B (I + P)⁻¹, White's HC0, for which the model need not be right. Weights
      count as known, not as numbers of equal rows: a row of weight 2 is one row.

    For "hessian" and "sampling" a weight of 2 is the same as two rows; where weights (of classes,
    above all) are no such counts, "robust" is right, and likelihoods, AIC and BIC have no meaning.

    The penalty of a multinomial fit is (alpha / 2) Σ |weights|² over all K classes. Relative to the
    first class that is (alpha / 2) Σ βᵀ (1 - 11ᵀ / K) β for the K - 1 differences β of a feature,
    whichever class is the reference.

    There is none of this for L1 penalties: the estimate is at a corner of the objective, where it
    has no Hessian, its distribution has a lump at 0, and the choice of features by the same rows
    makes normal intervals too short. Fit the chosen features anew, without a penalty, on rows that
    had no part in the choice.

    Source: statsmodels' discrete models for conventions; S. le Cessie, J. C. van Houwelingen
    (1992), Appl. Stat. 41, for "sampling"; D. Nychka (1988), JASA 83, for the coverage of
    "hessian" with a penalty; H. White (1982), Econometrica 50, for "robust".

    Examples
    --------
    See `Inference`.
    """
    alphas = np.broadcast_to(np.asarray(alpha, np.float64), (len(parameters),))
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    if l1_ratio > 0.0 and alphas.any():
        raise ValueError(
            "there are no standard errors with an L1 penalty: the objective has no Hessian at the "
            "estimate, and the choice of features makes normal intervals too short; fit the "
            "chosen features without a penalty, on other rows"
        )
    problems, classes, columns = parameters.shape
    free, features = max(classes - 1, 1), columns - 1
    if feature_names is None:
        feature_names = [f"x{j + 1}" for j in range(features)]
    names = tuple(map(str, feature_names))
    names += ("intercept",) * fit_intercept
    numbers = range(max(problems, classes)) if problems * classes > 1 else [1]
    labels = [str(c) for c in (numbers if class_names is None else class_names)]
    origin = rows.origin() if fit_intercept else np.zeros(features)
    found = information(rows, parameters, origin, fit_intercept, kind == "robust")
    at = Parameters(
        np.ascontiguousarray(parameters[..., :-1]), np.ascontiguousarray(parameters[..., -1])
    )
    sums = rows.evaluate(at)
    nulls = null_log_likelihood(rows, problems, classes, fit_intercept)
    by_weights, by_biases = sums.gradient
    gradients = np.concatenate([by_weights, by_biases[..., None]], axis=2)
    seen = _rows_that_count(rows, problems)
    results = []
    for q in range(problems):
        equations = tuple(labels[1:]) if classes > 1 else (labels[q],)
        of_all = [f"{e}: {n}" if classes > 1 else n for e in equations for n in names]
        penalty = _penalty(alphas[q] * total_weight[q], classes, features, fit_intercept)
        factor = factorised(found.hessian[q] + penalty, of_all)
        relative = parameters[q] if classes == 1 else parameters[q, 1:] - parameters[q, :1]
        inverse = solved(factor, np.eye(len(penalty)))
        distance = np.nan
        if not firth:
            slope = gradients[q].copy()
            centred = parameters[q, :, :-1] - (parameters[q, :, :-1].mean(0) if classes > 1 else 0)
            slope[:, :-1] += alphas[q] * total_weight[q] * centred
            distance = _distance(slope[-free:], origin, inverse, fit_intercept)
        covariance, effective = inverse, float(len(penalty))
        if alphas[q] > 0.0:
            effective = float(np.sum(inverse * found.hessian[q]))
        if kind != "hessian":
            middle = found.hessian[q] if found.squares is None else found.squares[q]
            covariance = inverse @ middle @ inverse
        results.append(
            Inference(
                coefficients=relative if fit_intercept else relative[:, :-1],
                covariance=about_zero(covariance, origin, free, fit_intercept),
                equations=equations,
                reference=labels[0] if classes > 1 else None,
                names=names,
                kind=kind,
                alpha=float(alphas[q]),
                has_intercept=fit_intercept,
                rows=int(seen[q]),
                total_weight=float(total_weight[q]),
                log_likelihood=-float(sums.losses[q]),
                null_log_likelihood=float(nulls[q]),
                effective_parameters=effective,
                distance=distance,
                firth=firth,
            )
        )
    return results


def _penalty(ridge: float, classes: int, features: int, fit_intercept: bool) -> Array:
    """Return the Hessian of the penalty by the free parameters."""
    free = max(classes - 1, 1)
    among = np.eye(free) - (1.0 / classes if classes > 1 else 0.0)
    of_each = np.append(np.full(features, ridge), np.zeros(int(fit_intercept)))
    return np.kron(among, np.diag(of_each))


def _distance(slope: Array, origin: Array, inverse: Array, fit_intercept: bool) -> float:
    """Return how far the optimum is, in standard errors; refuse what is no optimum."""
    slope[:, :-1] -= origin * slope[:, -1:]  # of features about the origin
    step = inverse @ (slope if fit_intercept else slope[:, :-1]).reshape(-1)
    distance = float(np.max(np.abs(step) / np.sqrt(np.diag(inverse)), initial=0.0))
    if not distance <= _FAR:
        raise ValueError(
            f"the parameters are {distance:.2g} standard errors from the optimum on these rows: "
            "give the rows, weights and offsets that the fit saw, or fit with a smaller tol"
        )
    return distance


def _rows_that_count(rows: Any, problems: int) -> Array:
    """Return how many rows of every problem have a weight above 0."""
    counts: Array = sum(
        np.broadcast_to(count, (problems,))
        for count in over_blocks(rows, lambda block: (block.observed.weight > 0).sum(0))
    )
    return counts
