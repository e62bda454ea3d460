"""Inference as methods of the estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.exceptions import NotFittedError

from ogive.linear_model import LogisticRegression
from ogive.linear_model.inferred import Inferences


class Model(Inferences, LogisticRegression):  # type: ignore[misc]
    pass


def unpenalised(**more: Any) -> Model:
    return Model(C=np.inf, tol=1e-11, **more)


def test_a_frame_as_statsmodels_has_it() -> None:
    data = sm.datasets.spector.load_pandas()
    wanted = sm.Logit(data.endog, sm.add_constant(data.exog, prepend=False)).fit(disp=0, tol=1e-14)
    model = unpenalised().fit(data.exog, data.endog)
    found = model.inference(data.exog, data.endog)
    for name in ("bse", "tvalues", "pvalues"):
        of = {"bse": "standard_errors", "tvalues": "z", "pvalues": "p_values"}[name]
        np.testing.assert_allclose(getattr(found, of)[0], getattr(wanted, name), rtol=1e-6)
    np.testing.assert_allclose(found.coefficients[0], wanted.params, rtol=1e-6)
    assert found.names == ("GPA", "TUCE", "PSI", "intercept")
    assert found.aic == pytest.approx(wanted.aic, rel=1e-6)
    text = str(model.summary(data.exog, data.endog))
    assert "GRADE = 1.0" in text
    assert text.splitlines()[2].split()[:2] == ["Target", "GRADE"]


def test_classes_as_statsmodels_has_them() -> None:
    data = sm.datasets.anes96.load_pandas()
    wanted = sm.MNLogit(data.endog, sm.add_constant(data.exog, prepend=False)).fit(
        disp=0, tol=1e-14, maxiter=50
    )
    model = unpenalised().fit(data.exog, data.endog)
    found = model.inference(data.exog, data.endog)
    np.testing.assert_allclose(found.coefficients, wanted.params.to_numpy().T, rtol=1e-6)
    np.testing.assert_allclose(found.standard_errors, wanted.bse.to_numpy().T, rtol=1e-6)
    assert found.log_likelihood == pytest.approx(wanted.llf, rel=1e-10)


def test_weights_and_offsets() -> None:
    rng = np.random.default_rng(0)
    x, offset = rng.standard_normal((200, 2)), rng.standard_normal(200)
    y, weight = rng.random(200) < 0.4, rng.integers(0, 3, 200)
    glm = sm.GLM(
        y.astype(float), np.column_stack([x, np.ones(200)]), sm.families.Binomial(),
        offset=offset, freq_weights=weight,
    )  # fmt: skip
    wanted = glm.fit(tol=1e-15)
    model = unpenalised().fit(x, y, weight, offset)
    found = model.inference(x, y, weight, offset)
    np.testing.assert_allclose(found.standard_errors[0], wanted.bse, rtol=1e-6)
    assert found.null_log_likelihood == pytest.approx(wanted.llnull, rel=1e-8)
    with pytest.raises(ValueError, match="from the optimum on these rows"):
        model.inference(x, y, weight)


@pytest.mark.parametrize("C", [0.01, 1.0])
def test_a_default_fit_is_near_enough(C: float) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((300, 4)) * [1, 10, 0.1, 1]
    for y in (rng.random(300) < 0.3, rng.integers(0, 4, 300)):
        found = Model(C=C).fit(x, y).inference(x, y)
        assert found.distance < 1e-2
        assert found.alpha == pytest.approx(1 / (300 * C))


def test_labels() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((100, 2))
    y = np.column_stack([rng.random((100, 2)) < 0.5, np.ones(100)]).astype(int)
    with pytest.warns(UserWarning, match="Label 2 is present in all rows"):
        model = Model().fit(x, y)
    found = model.inference(x, y)
    assert [f.equations for f in found] == [("0",), ("1",)]
    assert found[1].coefficients[0, 0] == model.coef_[1, 0]
    assert str(model.summary(x, y)).count("McFadden") == 2


def test_a_class_of_no_weight_has_no_equation() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((90, 2)), np.arange(90) % 3
    weight = (y != 1).astype(float)
    found = Model().fit(x, y, weight).inference(x, y, weight)
    assert (found.reference, found.equations) == ("0", ("2",))


def test_class_weights_need_robust_errors() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((100, 2)), np.arange(100) % 5 == 0
    model = Model(class_weight="balanced").fit(x, y)
    with pytest.raises(ValueError, match="robust"):
        model.inference(x, y)
    assert (model.inference(x, y, kind="robust").standard_errors > 0).all()


def test_what_is_refused() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((60, 2)), np.arange(60) % 3
    with pytest.raises(NotFittedError):
        Model().inference(x, y)
    model = Model().fit(x, y)
    with pytest.raises(ValueError, match="other classes"):
        model.inference(x, y % 2)
    with pytest.raises(ValueError, match="other classes"):
        model.inference(x, y + 1)
    with pytest.raises(ValueError, match="from the optimum on these rows"):
        model.inference(x, np.roll(y, 1) * 1)
    with pytest.raises(ValueError, match="features"):
        model.inference(x[:, :1], y)
    with pytest.raises(ValueError, match="L1 penalty"):
        Model(l1_ratio=0.5).fit(x, y).inference(x, y)
