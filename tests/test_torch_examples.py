"""The examples in the docstrings of `ogive.torch` run."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module

import pytest

PARTS = [
    f"ogive.torch.{part}"
    for part in (
        "autocast",
        "autograd",
        "functional.checks",
        "functional.documented",
        "learned",
        "memory",
        "nn.learnable",
        "overrides",
        "parameters",
        "rows",
    )
]


def documented() -> list[tuple[str, object]]:
    found = []
    for part in ("functional", "nn", "init"):
        module = import_module(f"ogive.torch.{part}")
        found += [
            (f"{part}.{name}", getattr(module, name))
            for name in module.__all__
            if callable(getattr(module, name))
        ]
    for part in PARTS:
        found += [
            (f"{part}.{name}", thing)
            for name, thing in vars(import_module(part)).items()
            if getattr(thing, "__module__", None) == part and ">>>" in (thing.__doc__ or "")
        ]
    signal = import_module("ogive.health.signal")
    return found + [(f"signal.{name}", getattr(signal, name)) for name in signal.__all__]


@pytest.mark.parametrize(
    ("name", "thing"), [pytest.param(name, thing, id=name) for name, thing in documented()]
)
def test_examples_run(name: str, thing: object):
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(thing), {}, name, None, None)
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(
        example, out=said.append
    )
    assert result.attempted
    assert not result.failed, "".join(said)
