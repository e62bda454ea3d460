"""SciPy's own tests of expit, logit, log_expit and log1mexp, run on Ogive's functions.

The test modules are loaded afresh from the installed SciPy and are given Ogive's functions under
SciPy's names; pytest finds their tests here, whatever they are in that version.
"""

from __future__ import annotations

import importlib.util
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.special

import ogive


def _suite(name: str, **functions: Any) -> ModuleType:
    """Load one of SciPy's test modules, its functions under test replaced."""
    spec = importlib.util.find_spec(f"scipy.special.tests.{name}")
    assert spec is not None, f"this SciPy comes without its tests: {name}"
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module).update(functions)
    return module


def _tests(module: ModuleType) -> dict[str, Any]:
    return {name: test for name, test in vars(module).items() if name.lower().startswith("test")}


LOGIT = _suite("test_logit", expit=ogive.sigmoid, logit=ogive.logit, log_expit=ogive.log_sigmoid)
# SciPy's is log(1 - exp(x)) for x <= 0, Ogive's log(1 - exp(-x)) for x >= 0.
LOG1MEXP = _suite("test_log1mexp", _log1mexp=lambda x: ogive.log1mexp(-np.asarray(x)))

globals().update(_tests(LOGIT) | _tests(LOG1MEXP))


class TestExpit(LOGIT.TestExpit):
    def test_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # SciPy's test goes through float32, float64 and longdouble. The last has no loop here, by
        # design; the test runs with float64 in its place.
        types = SimpleNamespace(**(vars(np) | {"longdouble": np.float64}))
        monkeypatch.setattr(LOGIT, "np", types)
        super().test_large()
        with pytest.raises(TypeError, match="longdouble"):
            ogive.sigmoid(np.longdouble(88))


def test_that_the_tests_were_found() -> None:
    assert {"TestExpit", "TestLogit", "TestLogExpit"} <= set(_tests(LOGIT))
    assert "test_log1mexp" in _tests(LOG1MEXP)


@pytest.mark.parametrize("module", [LOGIT, LOG1MEXP], ids=lambda module: module.__name__)
def test_that_none_of_scipys_functions_is_left(module: ModuleType) -> None:
    theirs = {id(f) for f in vars(scipy.special._ufuncs).values() if isinstance(f, np.ufunc)}
    assert [name for name, value in vars(module).items() if id(value) in theirs] == []
