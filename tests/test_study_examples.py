"""Every example in the docstrings of `ogive.study` and `ogive.health` runs and says the truth."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import ogive.health
import ogive.study

MODULES = sorted(
    found.name
    for package in (ogive.study, ogive.health)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not found.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    for example in doctest.DocTestFinder().find(import_module(name)):
        runner.run(example, out=said.append)
    assert not said, "".join(said)


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    tried = sum(len(test.examples) for name in MODULES for test in finder.find(import_module(name)))
    assert tried > 300
