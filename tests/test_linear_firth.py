"""Firth's correction: closed forms, published values, and the penalised likelihood itself."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse, special

from ogive.linear_model.firth import fit_firth
from ogive.linear_model.in_memory import Blocks, DenseRows, SparseRows
from ogive.linear_model.inference import infer
from ogive.linear_model.information import SingularInformationError
from ogive.linear_model.rows import Observed


def observed(y: Any, weight: Any = None, offset: Any = None) -> Observed:
    n = len(y)
    weight = np.ones((n, 1)) if weight is None else np.asarray(weight, float).reshape(n, -1)
    offset = np.zeros((1, 1)) if offset is None else np.asarray(offset, float).reshape(n, -1)
    return Observed(np.asarray(y, bool).reshape(n, -1), weight, offset)


def firth(rows: Any, bias: bool = True, tol: float = 1e-10) -> Any:
    weight = rows.observed.weight
    total = np.broadcast_to(weight.sum(0), (rows.observed.target.shape[1],))
    found = fit_firth(rows, total, bias, tol)
    assert found.reason == "converged", found
    assert found.sizes.max() <= tol
    return found


def penalised(z: Any, seen: Observed, flat: Any) -> float:
    """Minus the penalised log-likelihood, by its definition."""
    scores = z @ flat + seen.offset[:, 0]
    w, y = seen.weight[:, 0], seen.target[:, 0]
    p = special.expit(scores)
    loss = w @ (np.logaddexp(0, scores) - y * scores)
    return float(loss - 0.5 * np.linalg.slogdet((z.T * (w * p * (1 - p))) @ z)[1])


def directly(x: Any, seen: Observed, bias: bool = True) -> Any:
    """The optimum by BFGS on standardised features, with differences for derivatives."""
    mean = x.mean(0) if bias else np.zeros(x.shape[1])
    scale = x.std(0)
    z = (x - mean) / scale
    z = np.column_stack([z, np.ones(len(x))]) if bias else z
    best = optimize.minimize(
        lambda flat: penalised(z, seen, flat), np.zeros(z.shape[1]), method="BFGS",
        jac="3-point", options={"gtol": 1e-8, "xrtol": 1e-9},
    ).x  # fmt: skip
    weights = best[: x.shape[1]] / scale
    return np.append(weights, best[-1] - weights @ mean if bias else 0.0)


tables = st.lists(st.integers(0, 40), min_size=4, max_size=4).filter(
    lambda t: t[0] + t[1] > 0 and t[2] + t[3] > 0
)


@given(tables)
@settings(max_examples=40, deadline=None)
def test_a_table_of_two_by_two_has_half_an_observation_more_in_every_cell(table: Any) -> None:
    """The saturated model's |I| is the product over both groups of n p (1 - p)."""
    a, b, c, d = table  # positive and negative without, positive and negative with the feature
    x = np.array([[0.0], [0.0], [1.0], [1.0]])
    found = firth(DenseRows(x, observed([1, 0, 1, 0], table))).parameters[0, 0]
    without, with_it = np.log((a + 0.5) / (b + 0.5)), np.log((c + 0.5) / (d + 0.5))
    np.testing.assert_allclose(found, [with_it - without, without], rtol=1e-6, atol=1e-7)


def test_one_proportion_is_that_of_jeffreys() -> None:
    """A single parameter: (successes + 1/2) / (trials + 1), at fifty digits."""
    seen = observed([1, 0], [3.0, 7.0])
    found = firth(DenseRows(np.ones((2, 1)), seen), bias=False).parameters[0, 0, 0]
    with mp.workdps(50):
        wanted = mp.log(mp.mpf("3.5") / mp.mpf("7.5"))
    assert found == pytest.approx(float(wanted), rel=1e-9)


def sets() -> dict[str, tuple[Any, Observed]]:
    rng = np.random.default_rng(0)
    n = 60
    x = rng.standard_normal((n, 3)) * [1.0, 5.0, 0.2] + [0.0, 10.0, 0.0]
    scores = (x - x.mean(0)) @ [1.0, 0.3, -2.0]
    y = rng.random(n) < special.expit(scores)
    binary = np.column_stack([x[:, :2], (np.arange(n) % 6 == 0) & y])
    return {
        "plain": (x, observed(y)),
        "complete": (x, observed(scores > 0)),
        "quasi": (binary, observed(y)),
        "weights": (x, observed(y, rng.random(n) * (np.arange(n) % 5 > 0))),
        "offset": (x, observed(scores > 0, None, rng.standard_normal(n))),
        "rare": (x, observed(np.arange(n) == 17)),
        "none": (x, observed(np.zeros(n))),
    }


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", sets())
def test_the_penalised_likelihood_is_maximised(name: str, bias: bool) -> None:
    x, seen = sets()[name]
    found = firth(DenseRows(x, seen), bias)
    z = np.column_stack([x, np.ones(len(x))]) if bias else x
    own = penalised(z, seen, found.parameters[0, 0, : z.shape[1]])
    best = directly(x, seen, bias)
    assert own <= penalised(z, seen, best[: z.shape[1]]) + 1e-9
    np.testing.assert_allclose(found.parameters[0, 0], best, rtol=2e-4, atol=1e-5)
    assert found.values[0] * seen.weight.sum() == pytest.approx(own, abs=1e-10)
    assert found.iterations[0] < 25


@pytest.mark.parametrize("layout", ["float32", "sparse", "blocks"])
def test_layouts_agree(layout: str) -> None:
    x, seen = sets()["quasi"]
    x = x.astype(np.float32).astype(float)
    whole = firth(DenseRows(x, seen)).parameters
    if layout == "float32":
        rows: Any = DenseRows(x.astype(np.float32), seen)
    elif layout == "sparse":
        rows = SparseRows(sparse.csr_array(x), seen)
    else:
        parts = [slice(0, 11), slice(11, None)]
        rows = Blocks([DenseRows(x[part], seen.of_rows(part)) for part in parts])
    found = fit_firth(rows, np.array([60.0]), True, 1e-10)
    np.testing.assert_allclose(found.parameters, whole, rtol=1e-7)


@given(st.integers(0, 10**6), st.floats(-3, 3), st.floats(-4, 4))
@settings(max_examples=20, deadline=None)
def test_scaling_and_shifting(seed: int, power: float, shift: float) -> None:
    """log |I| changes by a constant when features are scaled."""
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((20, 2)), rng.random(20) < 0.4
    one = firth(DenseRows(x, observed(y)), tol=1e-9).parameters[0, 0]
    scale = 10.0**power
    other = fit_firth(DenseRows((x + shift) * scale, observed(y)), np.array([20.0]), True, 1e-9)
    found = other.parameters[0, 0]
    np.testing.assert_allclose(found[:-1] * scale, one[:-1], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found[-1], one[-1] - shift * one[:-1].sum(), rtol=1e-4, atol=1e-3)


def test_labels_are_fitted_one_by_one() -> None:
    x, first = sets()["plain"]
    second = sets()["complete"][1]
    both = Observed(np.hstack([first.target, second.target]), np.ones((60, 1)), np.zeros((1, 1)))
    found = firth(DenseRows(x, both))
    for q, one in enumerate((first, second)):
        alone = firth(DenseRows(x, one)).parameters[0]
        np.testing.assert_allclose(found.parameters[q], alone, rtol=1e-7)


def test_standard_errors_are_those_of_the_information_there() -> None:
    x, seen = sets()["complete"]
    best = firth(DenseRows(x, seen)).parameters
    found = infer(
        DenseRows(x, seen), best, np.array([60.0]), alpha=0.0, fit_intercept=True, firth=True
    )[0]
    z = np.column_stack([x, np.ones(60)])
    p = special.expit(z @ best[0, 0])
    np.testing.assert_allclose(
        found.covariance, np.linalg.inv((z.T * (p * (1 - p))) @ z), rtol=1e-7
    )
    assert found.likelihood_ratio is None


def test_what_is_refused() -> None:
    x, seen = sets()["plain"]
    classes = Observed(np.arange(60) % 3, np.ones((60, 1)), np.zeros((1, 1)))
    with pytest.raises(ValueError, match="Firth's correction is for labels"):
        fit_firth(DenseRows(x, classes), np.array([60.0]), True)
    twice = np.column_stack([x, x[:, 0]])
    with pytest.raises(SingularInformationError, match="Not determined: 3"):
        fit_firth(DenseRows(twice, seen), np.array([60.0]), True)


def test_too_few_iterations_are_told() -> None:
    x, seen = sets()["complete"]
    found = fit_firth(DenseRows(x, seen), np.array([60.0]), True, 1e-10, max_iter=2)
    assert found.reason == "iterations"
    assert found.iterations[0] == 2
    assert found.sizes[0] > 1e-10


def test_what_rounding_does_not_allow_is_told() -> None:
    x, seen = sets()["plain"]
    found = fit_firth(DenseRows(x, seen), np.array([60.0]), True, 1e-18)
    assert found.reason == "precision"
    assert found.sizes[0] < 1e-10
