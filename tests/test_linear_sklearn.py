"""scikit-learn's own checks and its own tests of logistic regression."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model.tests import test_logistic as suite
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from ogive.linear_model import LogisticRegression

# Tests of scikit-learn's that are not replayed, and why.
CV = "of LogisticRegressionCV alone"
PATH = "of scikit-learn's private function for paths"
PENALTY = "of the deprecated parameter penalty, or of l1_ratio=None"
SOLVER = "of the errors, warnings or quirks of a solver by its name"
ARRAY_API = "of arrays of other libraries, or of callbacks"
LEFT_OUT = {
    "test_LogisticRegressionCV_GridSearchCV_elastic_net": CV,
    "test_LogisticRegressionCV_elasticnet_attribute_shapes": CV,
    "test_LogisticRegressionCV_no_refit": CV,
    "test_LogisticRegressionCV_on_folds": CV,
    "test_c_inf_no_warning": SOLVER,
    "test_check_solver_option": SOLVER,
    "test_consistency_path": PATH,
    "test_elastic_net_l1_l2_equivalence": PENALTY,
    "test_elasticnet_l1_ratio_err_helpful": PENALTY,
    "test_get_default_scorer": CV,
    "test_l1_ratio_None_deprecated": PENALTY,
    "test_l1_ratio_non_elasticnet": PENALTY,
    "test_large_sparse_matrix": "its matrices are replayed in tests/test_linear_input.py",
    "test_liblinear_decision_function_zero": SOLVER,
    "test_liblinear_dual_random_state": SOLVER,
    "test_liblinear_multiclass_raises": SOLVER,
    "test_liblinear_with_large_values": SOLVER,
    "test_logistic_cv": CV,
    "test_logistic_cv_folds_with_classes_missing": CV,
    "test_logistic_cv_mock_scorer": CV,
    "test_logistic_cv_multinomial_score": CV,
    "test_logistic_cv_refit_false_non_elasticnet": CV,
    "test_logistic_cv_sparse": CV,
    "test_logistic_regression_array_api_compliance": ARRAY_API,
    "test_logistic_regression_array_api_warm_start": ARRAY_API,
    "test_logistic_regression_callback_fitted_estimator": ARRAY_API,
    "test_logistic_regression_callback_support": ARRAY_API,
    "test_logistic_regression_callback_support_warning": ARRAY_API,
    "test_logistic_regression_cv_refit": CV,
    "test_logistic_regression_path_coefs_multinomial": PATH,
    "test_logistic_regression_path_convergence_fail": PATH,
    "test_logistic_regression_path_init_coefs": PATH,
    "test_logistic_regressioncv_class_weights": CV,
    "test_logisticregression_liblinear_sample_weight": SOLVER,
    "test_logisticregression_warns_with_n_jobs": "n_jobs has a meaning here",
    "test_logisticregressioncv_warns_with_use_legacy_attributes": CV,
    "test_logreg_intercept_scaling_zero": SOLVER,
    "test_logreg_predict_proba_multinomial": "asks for a private method",
    "test_lr_cv_scores_differ_when_sample_weight_is_requested": CV,
    "test_lr_cv_scores_without_enabling_metadata_routing": CV,
    "test_lr_penalty_l1ratio_incompatible": PENALTY,
    "test_lr_scoring_warns": CV,
    "test_max_iter": SOLVER,
    "test_multinomial_cv_iris": CV,
    "test_newton_cholesky_fallback_to_lbfgs": SOLVER,
    "test_passing_params_without_enabling_metadata_routing": CV,
    "test_penalty_deprecated": PENALTY,
    "test_penalty_none": PENALTY,
    "test_scores_attribute_layout_elasticnet": CV,
    "test_warm_start_newton_solver": "two steps of L-BFGS are not one and one",
    "test_zero_max_iter": "intercepts begin at the base rates, not at 0",
}
# Which branch of a test is taken; otherwise that for lbfgs. Coefficients are of float64 always.
SOLVERS = {"test_dtype_match": "liblinear"}


def ours(**parameters: Any) -> LogisticRegression:
    """Ogive's estimator for the parameters of scikit-learn's."""
    known = inspect.signature(LogisticRegression).parameters
    assert set(parameters) - set(known) <= {"solver", "random_state", "dual", "intercept_scaling"}
    return LogisticRegression(**{key: value for key, value in parameters.items() if key in known})


def replayed() -> Iterator[Any]:
    for name, function in vars(suite).items():
        if not name.startswith("test_") or name in LEFT_OUT:
            continue
        marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
        choices = []
        for mark in marks:
            names, values = mark.args
            names = [part.strip() for part in names.split(",")] if isinstance(names, str) else names
            if names == ["solver"]:
                values = [SOLVERS.get(name, "lbfgs")]
            rows = values if len(names) > 1 else [(value,) for value in values]
            choices.append([dict(zip(names, row, strict=True)) for row in rows])
        for number, chosen in enumerate(itertools.product(*choices)):
            arguments = {key: value for part in chosen for key, value in part.items()}
            if "global_random_seed" in inspect.signature(function).parameters:
                arguments["global_random_seed"] = 42
            yield pytest.param(function, arguments, id=f"{name}-{number}")


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(("test", "arguments"), list(replayed()))
def test_their_own_tests(
    test: Callable[..., None], arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "LogisticRegression", ours)
    test(**arguments)


def test_what_is_left_out_is_there() -> None:
    assert not [name for name in {**LEFT_OUT, **SOLVERS} if not hasattr(suite, name)]
    assert sum(1 for _ in replayed()) > 70


# Some of them compare two fits to seven digits.
@parametrize_with_checks(
    [LogisticRegression(tol=1e-10), LogisticRegression(alpha=0.1, l1_ratio=0.5, tol=1e-10)]
)
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "f1_macro"])
def test_scorers_of_indicator_matrices(scoring: str, labels: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 3))
    y = (x[:, :labels] + rng.standard_normal((200, labels)) > 0).astype(int)
    model = LogisticRegression().fit(x, y)
    assert 0.5 < get_scorer(scoring)(model, x, y) < 1.0


def test_in_pipelines_and_searches() -> None:
    x, y = suite.iris.data, suite.iris.target
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression()),
        {"logisticregression__C": [0.01, 1.0], "logisticregression__l1_ratio": [0.0, 0.5]},
    ).fit(x, y)
    assert search.best_score_ > 0.9
    assert cross_val_score(LogisticRegression(), x, y).min() > 0.9
