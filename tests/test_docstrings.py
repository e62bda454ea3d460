"""Every public docstring has numpydoc's parts, and its example runs."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from subjects import SUBJECTS, Subject

import ogive
from ogive.docstrings import docstring

MODULES = ("catalog", "catalog.record", "config", "docstrings", "formulas", "parametric", "rows")


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
    assert subject.function.__doc__.endswith(text)
    assert subject.ufunc.__doc__.endswith(text)
    for section in ("Parameters", "Returns", "Raises", "Notes", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text
    for parameter in subject.record.parameters:
        assert f"\n{parameter.name} : array_like, optional\n" in text
    assert subject.record.source[:30] in " ".join(text.split())
    assert all(len(line) <= 100 for line in text.splitlines()), text


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_error_bounds_are_told(subject: Subject) -> None:
    text = docstring(subject.record, subject.kind)
    for dtype in ("float16", "float32", "float64"):
        bound = subject.record.error_bound[subject.kind, dtype]
        words = {0.0: "exact", 0.5: "correctly rounded"}.get(bound, f"at most {bound:g} ulp")
        assert dtype in text
        assert words in " ".join(text.split())


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
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


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_the_modules_run(module: str) -> None:
    formula_names = {name for name, _ in _public(import_module("ogive.formulas"))} - {
        "namespace_of"
    }
    public = _public(import_module(f"ogive.{module}"))
    assert public
    # The formulas are one line each; what they are is in the docstrings of the functions.
    exempt = formula_names | {"error_bounds"}
    for name, thing in public:
        assert thing.__doc__, name
        if name not in exempt:
            assert run_example(inspect.getdoc(thing) or "", f"{module}.{name}"), name


def test_all_names_are_there() -> None:
    for name in ogive.__all__:
        assert hasattr(ogive, name)
    assert set(ogive.grad.__all__) == set(ogive.backward.__all__) == set(ogive.catalog.CATALOG)
    assert isinstance(ogive.sigmoid, np.ufunc)
