"""Inference: against statsmodels on its own data, against mpmath, and by its own laws."""

from __future__ import annotations

import doctest
from importlib import import_module
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, sparse, special

from ogive.linear_model.in_memory import Blocks, DenseRows, SparseRows
from ogive.linear_model.inference import Inference, infer
from ogive.linear_model.information import SingularInformationError, information
from ogive.linear_model.null import null_log_likelihood
from ogive.linear_model.rows import Observed
from ogive.linear_model.summary import Summary

RTOL = 1e-6


def observed(y: Any, weight: Any = None, offset: Any = None) -> Observed:
    n = len(y)
    weight = np.ones((n, 1)) if weight is None else np.asarray(weight, float).reshape(n, -1)
    offset = np.zeros((1, 1)) if offset is None else np.asarray(offset, float).reshape(n, -1)
    return Observed(y.reshape(n, -1) if y.dtype == bool else y, weight, offset)


def total(seen: Observed) -> Any:
    return seen.weight.sum(0)


def fitted(x: Any, seen: Observed, classes: int = 1, alpha: float = 0.0, bias: bool = True) -> Any:
    """The optimum by Newton's method on the symmetric parameters."""
    n = len(x)
    z = np.column_stack([x, np.ones(n)]) if bias else x
    mean = z.mean(0) * (np.arange(z.shape[1]) < x.shape[1]) * bias
    z = z - mean
    weight = seen.weight[:, 0]
    target = seen.target.astype(float) if classes == 1 else np.eye(classes)[seen.target]
    ridge = alpha * weight.sum() * np.append(np.ones(x.shape[1]), np.zeros(int(bias)))
    theta = np.zeros((classes, z.shape[1]))
    for _ in range(60):
        scores = z @ theta.T + seen.offset
        p = special.expit(scores) if classes == 1 else special.softmax(scores, 1)
        gradient = ((p - target) * weight[:, None]).T @ z + ridge * theta
        hessian = np.kron(np.eye(classes), np.diag(ridge))
        for i, row in enumerate(z):
            d = np.diag(p[i]) - (np.outer(p[i], p[i]) if classes > 1 else np.diag(p[i] ** 2))
            hessian += weight[i] * np.kron(d, np.outer(row, row))
        step = np.linalg.lstsq(hessian, gradient.ravel(), rcond=1e-12)[0]
        theta = theta - step.reshape(theta.shape)
        if np.abs(step).max() < 1e-13:
            break
    result = np.zeros((1, classes, x.shape[1] + 1))
    result[0, :, : z.shape[1]] = theta
    if bias:
        result[0, :, -1] -= theta[:, :-1] @ mean[:-1]
    return result


def only(rows: Any, parameters: Any, **options: Any) -> Inference:
    options = {"alpha": 0.0, "fit_intercept": True} | options
    return infer(rows, parameters, total(rows.observed), **options)[0]


def same(found: Inference, wanted: Any, level: float = 0.9) -> None:
    """Hold an inference against results of statsmodels, whose constant is last."""
    shape = found.coefficients.shape

    def of(array: Any) -> Any:
        return np.asarray(array).T.reshape(shape)

    np.testing.assert_allclose(found.standard_errors, of(wanted.bse), rtol=RTOL)
    np.testing.assert_allclose(found.z, of(wanted.tvalues), rtol=RTOL)
    np.testing.assert_allclose(found.p_values, of(wanted.pvalues), rtol=RTOL, atol=1e-12)
    np.testing.assert_allclose(found.covariance, wanted.cov_params(), rtol=RTOL, atol=1e-12)
    intervals = np.asarray(wanted.conf_int(1.0 - level)).reshape(*shape, 2)
    np.testing.assert_allclose(found.confidence_intervals(level), intervals, rtol=RTOL)
    np.testing.assert_allclose(found.odds_ratios, np.exp(of(wanted.params)), rtol=RTOL)
    assert found.log_likelihood == pytest.approx(wanted.llf, rel=RTOL)
    assert found.null_log_likelihood == pytest.approx(wanted.llnull, rel=RTOL)
    assert found.aic == pytest.approx(wanted.aic, rel=RTOL)


def same_test(found: Inference, wanted: Any) -> None:
    test = found.likelihood_ratio
    assert test is not None
    assert test.statistic == pytest.approx(wanted.llr, rel=RTOL)
    assert test.p_value == pytest.approx(wanted.llr_pvalue, rel=1e-5)
    assert test.df == wanted.df_model
    assert found.pseudo_r2 == pytest.approx(wanted.prsquared, rel=RTOL)
    assert found.bic == pytest.approx(wanted.bic, rel=RTOL)


def spector() -> tuple[Any, Any, list[str]]:
    data = sm.datasets.spector.load_pandas()
    return data.exog.to_numpy(float), data.endog.to_numpy() == 1, list(data.exog.columns)


def fair() -> tuple[Any, Any]:
    data = sm.datasets.fair.load_pandas()
    return data.exog.to_numpy(float), data.endog.to_numpy() > 0


def anes96() -> tuple[Any, Any]:
    data = sm.datasets.anes96.load_pandas()
    return data.exog.to_numpy(float), data.endog.to_numpy().astype(np.int64)


def with_constant(x: Any) -> Any:
    return np.column_stack([x, np.ones(len(x))])


@pytest.mark.parametrize("kind", ["hessian", "robust"])
@pytest.mark.parametrize("data", ["spector", "fair"])
def test_statsmodels_logit(data: str, kind: str) -> None:
    x, y = spector()[:2] if data == "spector" else fair()
    wanted = sm.Logit(y.astype(float), with_constant(x)).fit(
        disp=0, tol=1e-14, maxiter=50, cov_type="HC0" if kind == "robust" else "nonrobust"
    )
    found = only(DenseRows(x, observed(y)), wanted.params[None, None], kind=kind)
    same(found, wanted)
    same_test(found, wanted)
    assert found.rows == len(x)
    assert found.distance < 1e-6


@pytest.mark.parametrize("kind", ["hessian", "robust"])
def test_statsmodels_mnlogit(kind: str) -> None:
    x, y = anes96()
    wanted = sm.MNLogit(y, with_constant(x)).fit(
        disp=0, tol=1e-14, maxiter=50, cov_type="HC0" if kind == "robust" else "nonrobust"
    )
    relative = np.vstack([np.zeros(x.shape[1] + 1), wanted.params.T])
    symmetric = relative - relative.mean(0)
    found = only(DenseRows(x, observed(y)), symmetric[None], kind=kind)
    np.testing.assert_allclose(found.coefficients, wanted.params.T, rtol=RTOL, atol=1e-12)
    same(found, wanted)
    same_test(found, wanted)
    assert found.reference == "0"
    assert found.equations == tuple("123456")
    # statsmodels' own null model is fitted to 1e-6 only; this is its closed form.
    counts = np.bincount(y)
    assert found.null_log_likelihood == pytest.approx(
        float(counts @ np.log(counts / counts.sum())), rel=1e-13
    )


def test_statsmodels_binomial_with_offset_and_weights() -> None:
    x, y = fair()
    x, y = x[::8], y[::8]
    rng = np.random.default_rng(0)
    offset, weight = 0.5 * rng.standard_normal(len(x)), rng.integers(0, 4, len(x)).astype(float)
    model = sm.GLM(
        y.astype(float), with_constant(x), sm.families.Binomial(), offset=offset,
        freq_weights=weight,
    )  # fmt: skip
    wanted = model.fit(tol=1e-15, maxiter=100)
    seen = observed(y, weight, offset)
    found = only(DenseRows(x, seen), wanted.params[None, None])
    same(found, wanted)
    assert found.bic == pytest.approx(wanted.bic_llf, rel=RTOL)
    assert found.rows == (weight > 0).sum()
    assert found.total_weight == weight.sum()


@pytest.mark.parametrize("layout", ["float32", "sparse", "blocks", "columns"])
@pytest.mark.parametrize("classes", [1, 7])
def test_layouts_agree(layout: str, classes: int) -> None:
    x, y = spector()[:2] if classes == 1 else anes96()
    x = x.astype(np.float32).astype(float)
    x, y = x[:200], y[:200]
    seen = observed(y, 1.0 + np.arange(len(x)) % 2)
    best = fitted(x, seen, classes, alpha=0.01)
    options = {"alpha": 0.01, "kind": "robust"}
    whole = only(DenseRows(x, seen), best, **options)
    if layout == "float32":
        rows: Any = DenseRows(x.astype(np.float32), seen)
    elif layout == "sparse":
        rows = SparseRows(sparse.csc_array(x), seen)
    elif layout == "columns":
        rows = DenseRows(np.asfortranarray(x), seen)
    else:
        parts = [slice(0, 9), slice(9, None)]
        rows = Blocks([DenseRows(x[part], seen.of_rows(part)) for part in parts])
    found = infer(rows, best, total(seen), fit_intercept=True, **options)[0]
    np.testing.assert_allclose(found.covariance, whole.covariance, rtol=1e-9, atol=1e-12)
    assert found.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
    assert found.null_log_likelihood == pytest.approx(whole.null_log_likelihood, rel=1e-12)


@pytest.mark.parametrize("classes", [1, 3])
def test_the_information_matrix_at_fifty_digits(classes: int) -> None:
    rng = np.random.default_rng(1)
    n, p = 7, 2
    x, weight = rng.standard_normal((n, p)) + 3.0, rng.random((n, 1)) + 0.5
    y = rng.random((n, 1)) < 0.5 if classes == 1 else rng.integers(0, classes, n)
    parameters = rng.standard_normal((1, classes, p + 1))
    found = information(
        DenseRows(x, observed(y, weight)), parameters, np.zeros(p), True, with_squares=True
    )
    free = max(classes - 1, 1)
    with mp.workdps(50):

        def loss(of: range, *flat: Any) -> Any:
            theta = [[mp.mpf(v) for v in row] for row in parameters[0]]
            for k in range(free):
                theta[k - free] = list(flat[k * (p + 1) : (k + 1) * (p + 1)])
            result = mp.mpf(0)
            for i in of:
                z = [*map(mp.mpf, x[i]), mp.mpf(1)]
                scores = [mp.fdot(row, z) for row in theta]
                if classes == 1:
                    right = scores[0] if y[i, 0] else -scores[0]
                    own = mp.log(1 + mp.exp(-right))
                else:
                    own = mp.log(sum(map(mp.exp, scores))) - scores[y[i]]
                result += mp.mpf(weight[i, 0]) * own
            return result

        start = tuple(mp.mpf(v) for v in parameters[0, -free:].ravel())
        size = len(start)

        def derivative(of: range, *orders: int) -> Any:
            order = tuple(orders.count(i) for i in range(size))
            return mp.diff(lambda *flat: loss(of, *flat), start, order)

        for i in range(size):
            for j in range(i + 1):
                np.testing.assert_allclose(
                    found.hessian[0, i, j], float(derivative(range(n), i, j)), rtol=1e-12
                )
        of_rows = [[derivative(range(r, r + 1), i) for i in range(size)] for r in range(n)]
        squares = [[float(mp.fsum(g[i] * g[j] for g in of_rows)) for j in range(size)]
                   for i in range(size)]  # fmt: skip
    assert found.squares is not None
    np.testing.assert_allclose(found.squares[0], squares, rtol=1e-12)


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("bias", [True, False])
def test_penalised_covariances(classes: int, bias: bool) -> None:
    """By the Hessian of the profile of the symmetric objective, differentiated numerically."""
    rng = np.random.default_rng(2)
    n, p, alpha = 60, 2, 0.05
    x = rng.standard_normal((n, p)) + 1.0
    y = rng.random(n) < 0.4 if classes == 1 else rng.integers(0, classes, n)
    seen = observed(y)
    best = fitted(x, seen, classes, alpha, bias)
    free, columns = max(classes - 1, 1), p + bias
    z = with_constant(x)[:, :columns]

    def objective(flat: Any, ridge: float) -> float:
        theta = np.zeros((classes, columns))
        theta[-free:] = flat.reshape(free, columns)
        scores = z @ theta.T
        weights = theta[:, :p] - (theta[:, :p].mean(0) if classes > 1 else 0.0)
        if classes == 1:
            loss = np.logaddexp(0, scores[:, 0]) - y * scores[:, 0]
        else:
            loss = special.logsumexp(scores, 1) - scores[range(n), y]
        return float(loss.sum() + 0.5 * ridge * n * (weights**2).sum())

    at = best[0, :, :columns]
    at = (at if classes == 1 else at[1:] - at[0]).ravel()
    eye = 1e-4 * np.eye(len(at))

    def hessian(ridge: float) -> Any:
        return np.array(
            [
                [
                    sum(
                        s * t * objective(at + s * a + t * b, ridge)
                        for s in (1, -1)
                        for t in (1, -1)
                    )
                    / 4e-8
                    for b in eye
                ]
                for a in eye
            ]
        )

    inverse = np.linalg.inv(hessian(alpha))
    options = {"alpha": alpha, "fit_intercept": bias}
    rows = DenseRows(x, seen)
    posterior = only(rows, best, **options)
    np.testing.assert_allclose(posterior.covariance, inverse, rtol=1e-4, atol=1e-6)
    sampling = only(rows, best, kind="sampling", **options)
    np.testing.assert_allclose(
        sampling.covariance, inverse @ hessian(0.0) @ inverse, rtol=1e-4, atol=1e-6
    )
    assert (sampling.standard_errors <= posterior.standard_errors).all()
    assert posterior.effective_parameters == pytest.approx(
        np.trace(inverse @ hessian(0.0)), rel=1e-5
    )
    assert free * bias < posterior.effective_parameters < free * columns
    assert posterior.likelihood_ratio is None


def test_any_class_may_be_the_reference() -> None:
    """The covariance of a difference of two classes does not depend on the order of the classes."""
    x, y = anes96()
    x, y = x[:300], y[:300] % 3
    order = np.array([2, 0, 1])
    found = []
    for target in (y, order[y]):
        seen = observed(target)
        found.append(only(DenseRows(x, seen), fitted(x, seen, 3, 0.02), alpha=0.02))
    # 1 against 0 of the first are 0 against 2 of the second.
    size = x.shape[1] + 1
    of_first = found[0].covariance[:size, :size]
    np.testing.assert_allclose(of_first, found[1].covariance[-size:, -size:], rtol=1e-7)


def test_weights_are_repeated_rows_but_for_robust_errors() -> None:
    x, y = spector()[:2]
    weight = 1.0 + np.arange(len(x)) % 3
    times = weight.astype(int)
    short, long = observed(y, weight), observed(np.repeat(y, times))
    best = fitted(x, short)
    a, b = (DenseRows(x, short), DenseRows(np.repeat(x, times, axis=0), long))
    one, two = only(a, best), only(b, best)
    np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-10)
    assert one.bic == pytest.approx(two.bic)
    assert (one.rows, two.rows) == (len(x), times.sum())
    # Twice the weight is no more information for errors that take weights as known.
    robust = only(a, best, kind="robust")
    twice = only(DenseRows(x, observed(y, 2.0 * weight)), best, kind="robust")
    np.testing.assert_allclose(robust.covariance, twice.covariance, rtol=1e-10)


def test_features_far_from_zero() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((200, 2))
    y = rng.random(200) < special.expit(x[:, 0])
    best = fitted(x, observed(y))
    far = best.copy()
    far[..., -1] -= 1e6 * best[..., :-1].sum()
    near = only(DenseRows(x, observed(y)), best)
    found = only(DenseRows(x + 1e6, observed(y)), far)
    np.testing.assert_allclose(found.standard_errors[0, :2], near.standard_errors[0, :2], rtol=1e-7)
    shift = np.array([-1e6, -1e6, 1.0])
    variance = shift @ near.covariance @ shift
    assert found.standard_errors[0, 2] == pytest.approx(np.sqrt(variance), rel=1e-7)


def test_without_biases_the_null_model_has_no_parameters() -> None:
    x, y = spector()[:2]
    wanted = sm.Logit(y.astype(float), x).fit(disp=0, tol=1e-14)
    best = np.append(wanted.params, 0.0)[None, None]
    found = only(DenseRows(x, observed(y)), best, fit_intercept=False)
    np.testing.assert_allclose(found.standard_errors[0], wanted.bse, rtol=RTOL)
    assert found.names == ("x1", "x2", "x3")
    assert found.null_log_likelihood == pytest.approx(-32 * np.log(2))
    test = found.likelihood_ratio
    assert test is not None
    assert test.df == 3


@pytest.mark.parametrize("classes", [1, 3])
def test_the_null_model_with_offsets(classes: int) -> None:
    rng = np.random.default_rng(4)
    n, scores = 50, max(classes, 1)
    offset = 3.0 * rng.standard_normal((n, scores))
    y = rng.random(n) < 0.1 if classes == 1 else rng.choice(3, n, p=[0.8, 0.15, 0.05])
    weight = rng.random(n)
    seen = observed(y, weight, offset)

    def loss(free: Any) -> float:
        if classes == 1:
            s = offset[:, 0] + free[0]
            return float(weight @ (np.logaddexp(0, s) - y * s))
        s = offset + np.append(0.0, free)
        return float(weight @ (special.logsumexp(s, 1) - s[range(n), y]))

    best = optimize.minimize(loss, np.zeros(max(classes - 1, 1)), tol=1e-10).fun
    found = null_log_likelihood(DenseRows(np.zeros((n, 1)), seen), 1, classes, True)
    assert found[0] == pytest.approx(-best, rel=1e-8)


def test_labels_one_by_one() -> None:
    x, y = fair()
    x = x[:300]
    both = np.column_stack([y[:300], x[:, 0] > 4])
    x = x[:, 1:5]
    weight = np.column_stack([np.ones(300), 1.0 + np.arange(300) % 2])
    seen = Observed(both, weight, np.zeros((1, 1)))
    singles, best = [], []
    for q in range(2):
        one = observed(both[:, q].copy(), weight[:, q])
        best.append(fitted(x, one, alpha=0.1 * q))
        singles.append(only(DenseRows(x, one), best[-1], alpha=0.1 * q))
    found = infer(
        DenseRows(x, seen), np.concatenate(best), weight.sum(0), alpha=np.array([0.0, 0.1]),
        fit_intercept=True, class_names=["affair", "happy"],
    )  # fmt: skip
    assert [f.equations for f in found] == [("affair",), ("happy",)]
    for one, single in zip(found, singles, strict=True):
        np.testing.assert_allclose(one.covariance, single.covariance, rtol=1e-10)
        assert one.aic == pytest.approx(single.aic)
        assert one.total_weight == single.total_weight
        assert one.null_log_likelihood == pytest.approx(single.null_log_likelihood)


def test_what_is_refused() -> None:
    x, y, _ = spector()
    seen = observed(y)
    rows, best = DenseRows(x, seen), fitted(x, observed(y))
    with pytest.raises(ValueError, match="no standard errors with an L1 penalty"):
        only(rows, best, alpha=0.1, l1_ratio=0.5)
    with pytest.raises(ValueError, match="kind must be one of"):
        only(rows, best, kind="HC3")
    with pytest.raises(ValueError, match="standard errors from the optimum"):
        only(rows, best + np.array([0.2, 0.0, 0.0, 0.0]))
    with pytest.raises(ValueError, match="standard errors from the optimum"):
        only(rows, best, alpha=1.0)
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        only(rows, best).confidence_intervals(95)
    with pytest.raises(ValueError, match="20001 parameters is too large"):
        infer(
            SparseRows(sparse.csr_array((32, 20000)), seen), np.zeros((1, 1, 20001)), total(seen),
            alpha=0.0, fit_intercept=True,
        )  # fmt: skip


@pytest.mark.parametrize("far", [0.0, 1e3])
def test_collinear_features_are_named(far: float) -> None:
    x, y, names = spector()
    best = np.insert(fitted(x, observed(y)), 2, 0.0, axis=2)
    x = np.insert(x, 2, x[:, 0] - 0.5 * x[:, 1] + far, axis=1)
    names.insert(2, "both")
    with pytest.raises(SingularInformationError, match=r"Not determined: both\. Leave") as caught:
        only(DenseRows(x, observed(y)), best, feature_names=names)
    assert caught.value.aliased == [2]


def test_the_summary_as_text() -> None:
    x, y, names = spector()
    found = only(DenseRows(x, observed(y)), fitted(x, observed(y)), feature_names=names)
    text = str(Summary([found], "GRADE"))
    lines = text.splitlines()
    assert len({len(line) for line in lines[7:-1]}) == 1, text
    assert "GPA          2.8261   1.2629   2.238  0.025    0.3508   5.3014       16.88" in lines
    for part in ("-12.890", "-20.592", "0.3740", "15.404 (df 3)", "0.001502", "GRADE = 1"):
        assert part in text
    assert lines[-1] == "Covariance: inverse Hessian"
    assert "[0.05" in str(Summary([found], level=0.9))


def test_the_summary_of_classes_and_of_penalised_fits() -> None:
    x, y = anes96()
    x, y = x[:200], y[:200] % 3
    seen = observed(y)
    best = fitted(x, seen, 3, 0.02)
    found = only(DenseRows(x, seen), best, alpha=0.02, class_names=["left", "middle", "right"])
    text = str(Summary([found]))
    assert "y = middle against left" in text
    assert "y = right against left" in text
    assert "Laplace's approximation (L2 penalty, alpha = 0.02)" in text
    assert any(line.split()[-4:] == ["LR", "p", "value", "-"] for line in text.splitlines())


def test_the_summary_as_a_frame() -> None:
    pytest.importorskip("pandas")
    x, y = anes96()
    x, y = x[:200], y[:200] % 3
    seen = observed(y)
    found = only(DenseRows(x, seen), fitted(x, seen, 3))
    frame = Summary([found]).to_frame()
    assert frame.shape == (2 * (x.shape[1] + 1), 7)
    assert frame.loc[("2", "x3"), "std err"] == found.standard_errors[1, 2]
    assert frame.loc[("1", "intercept"), "0.975]"] == found.confidence_intervals()[0, -1, 1]


@pytest.mark.parametrize(
    "name",
    [
        "firth",
        "inference",
        "inferred",
        "information",
        "null",
        "programme",
        "separable",
        "separation",
        "summary",
    ],
)
def test_examples_run(name: str) -> None:
    failed, attempted = doctest.testmod(import_module(f"ogive.linear_model.{name}"))
    assert attempted
    assert not failed
