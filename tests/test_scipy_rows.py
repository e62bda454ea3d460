"""SciPy's own tests of softmax, log_softmax and logsumexp, run on Ogive's functions.

SciPy's take all axes where Ogive's take the last, so that they are called with `axis=None`. Complex
numbers, which Ogive refuses, and SciPy's private helper are left out by name.
"""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy._lib.array_api_compat import numpy as compatible_numpy

import ogive


def _softmax(x: Any, axis: Any = None) -> Any:
    return ogive.softmax(x, axis)


def _log_softmax(x: Any, axis: Any = None) -> Any:
    return ogive.log_softmax(x, axis)


def _logsumexp(a: Any, axis: Any = None, b: Any = None, **keywords: Any) -> Any:
    return ogive.logsumexp(a, axis, b=b, **keywords)


@pytest.fixture
def xp() -> Any:
    """The array namespace that SciPy's suite hands to its tests."""
    return compatible_numpy


@pytest.fixture
def devices() -> list[str]:
    """What SciPy's suite calls the devices of that namespace."""
    return ["cpu"]


OF_COMPLEX = (
    "test_gh21610", "test_gh21709_small_imaginary", "test_gh22601_infinite_elements",
    "test_logsumexp_complex_sign",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_complex_numbers(request: pytest.FixtureRequest) -> None:
    spec = getattr(request.node, "callspec", None)
    values = list(spec.params.values()) if spec else []
    names = {value for value in values if isinstance(value, str)}
    if any("complex" in name for name in names) or any(isinstance(v, complex) for v in values):
        pytest.skip("Ogive refuses complex numbers")


def _suite() -> ModuleType:
    spec = importlib.util.find_spec("scipy.special.tests.test_logsumexp")
    assert spec is not None, "this SciPy comes without its tests"
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module).update(softmax=_softmax, log_softmax=_log_softmax, logsumexp=_logsumexp)
    for name in OF_COMPLEX:
        delattr(module.TestLogSumExp, name)
    return module


SUITE = _suite()
TESTS = {name: test for name, test in vars(SUITE).items() if name.lower().startswith("test")}
globals().update({name: test for name, test in TESTS.items() if name != "test_wrap_radians"})


def test_that_the_tests_were_found() -> None:
    assert {"TestLogSumExp", "TestSoftmax", "TestLogSoftmax"} <= set(TESTS)


def test_that_complex_numbers_are_refused() -> None:
    for function in (ogive.softmax, ogive.log_softmax, ogive.logsumexp):
        with pytest.raises(TypeError, match="complex"):
            function(np.zeros(3, complex))
