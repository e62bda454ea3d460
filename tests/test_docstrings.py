"""Every public docstring has numpydoc's parts, and its example runs."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from subjects import MODULES, PUBLIC, SUBJECTS, Subject

import ogive
from ogive import formulas
from ogive.catalog import DTYPES
from ogive.docstrings import docstring

DOCUMENTED = (
    "catalog",
    "catalog.record",
    "config",
    "docstrings",
    "formulas.logistic",
    "formulas.namespace",
    "formulas.rectifier",
    "formulas.smooth",
    "losses.binary",
    "losses.categorical",
    "losses.divergence",
    "numpydoc",
    "parametric",
    "probabilities",
    "rows.logsumexp",
    "rows.softmax",
    "rows.sparsemax",
)
# The formulas are one line each; what they are is in the docstrings of the functions. What serves
# them, or the records, has no use of its own.
EXEMPT = {*vars(formulas.namespace), *formulas.FORMULAS, "error_bounds"} - {"namespace_of"}


def run_example(text: str, name: str) -> int:
    """Run the examples of a docstring; the number of them."""
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    report: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    assert not result.failed, "".join(report)
    return result.attempted


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_functions_are_documented(subject: Subject) -> None:
    text = docstring(subject.record, subject.kind)
    # NumPy puts the signature before the docstring of a ufunc.
    assert getattr(MODULES[subject.kind], subject.name).__doc__.endswith(text)
    assert subject.ufunc.__doc__.endswith(text)
    for section in ("Parameters", "Returns", "Raises", "Notes", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text
    unwrapped = " ".join(text.split())
    for parameter in subject.record.parameters:
        assert f"\n{parameter.name} : array_like, optional\n" in text
        told = f'With wrt="{parameter.name}"' in text
        assert told == (parameter.learned and subject.kind != "value")
        assert not told or " ".join(parameter.derivative_formula.split()) in unwrapped
    assert ("\nwrt : {" in text) == bool(subject.record.parameters and subject.kind != "value")
    assert subject.record.source[:30] in unwrapped
    assert all(len(line) <= 100 for line in text.splitlines()), text


@pytest.mark.parametrize("subject", PUBLIC, ids=str)
def test_error_bounds_are_told(subject: Subject) -> None:
    text = docstring(subject.record, subject.kind)
    for dtype in DTYPES:
        bound = subject.record.error_bound[subject.kind, dtype]
        words = {0.0: "exact", 0.5: "correctly rounded"}.get(bound, f"at most {bound:g} ulp")
        assert dtype in text
        assert words in " ".join(text.split())


@pytest.mark.parametrize("subject", PUBLIC, ids=str)
def test_example_runs(subject: Subject) -> None:
    assert run_example(docstring(subject.record, subject.kind), str(subject)) == 2


def _public(module: Any) -> list[tuple[str, Any]]:
    """The public functions, classes and methods that a module defines."""
    found = []
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        found.append((name, thing))
        if inspect.isclass(thing):
            found += [
                (f"{name}.{key}", getattr(member, "fget", member))
                for key, member in vars(thing).items()
                if not key.startswith("_")
                and (inspect.isfunction(member) or type(member) is property)
            ]
    return found


@pytest.mark.parametrize("module", DOCUMENTED)
def test_examples_of_the_modules_run(module: str) -> None:
    public = _public(import_module(f"ogive.{module}"))
    assert public
    for name, thing in public:
        assert thing.__doc__, name
        if name not in EXEMPT:
            assert run_example(inspect.getdoc(thing) or "", f"{module}.{name}"), name


@pytest.mark.parametrize("name", ogive.rows.__all__)
def test_examples_of_the_gradients_of_rows_run(name: str) -> None:
    assert run_example(inspect.getdoc(getattr(ogive.backward, name)) or "", name)


def test_all_names_are_there() -> None:
    for name in ogive.__all__:
        assert hasattr(ogive, name)
    assert set(ogive.grad.__all__) == set(ogive.catalog.CATALOG)
    assert set(ogive.backward.__all__) == {*ogive.catalog.CATALOG, *ogive.rows.__all__}
    assert isinstance(ogive.sigmoid, np.ufunc)
