"""The names, signatures and docstrings of the torch functions."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest
import torch
from torch_subjects import FUNCTIONS

import ogive.torch.nn.functional
from ogive import catalog
from ogive.torch import functional

EMPTY = inspect.Parameter.empty
OWN_NAMES = {"hard_sigmoid": "hardsigmoid", "hard_tanh": "hardtanh", "hard_swish": "hardswish"}

# Torch's own documentation of what has no Python signature.
BUILTIN = {
    "celu_": [("input", EMPTY), ("alpha", 1.0)],
    "elu_": [("input", EMPTY), ("alpha", 1.0)],
    "gelu": [("input", EMPTY), ("approximate", "none")],
    "hardshrink": [("input", EMPTY), ("lambd", 0.5)],
    "hardtanh_": [("input", EMPTY), ("min_val", -1.0), ("max_val", 1.0)],
    "leaky_relu_": [("input", EMPTY), ("negative_slope", 0.01)],
    "logit": [("input", EMPTY), ("eps", None)],
    "logsigmoid": [("input", EMPTY)],
    "logsumexp": [("input", EMPTY), ("dim", EMPTY), ("keepdim", False)],
    "prelu": [("input", EMPTY), ("weight", EMPTY)],
    "relu_": [("input", EMPTY)],
    "rrelu_": [("input", EMPTY), ("lower", 1 / 8), ("upper", 1 / 3), ("training", False)],
    "selu_": [("input", EMPTY)],
    "softplus": [("input", EMPTY), ("beta", 1), ("threshold", 20)],
    "softshrink": [("input", EMPTY), ("lambd", 0.5)],
    "threshold_": [("input", EMPTY), ("threshold", EMPTY), ("value", EMPTY)],
}


def arguments(function) -> list[tuple[str, object]]:
    return [(p.name, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures_are_torchs_or_the_catalogues(name: str):
    ours = arguments(getattr(functional, name))
    if name in BUILTIN:
        assert ours == BUILTIN[name]
    elif hasattr(torch.nn.functional, name):
        assert ours == arguments(getattr(torch.nn.functional, name))
    elif name in OWN_NAMES or name == "log_sigmoid":
        assert getattr(functional, name) is getattr(functional, OWN_NAMES.get(name, "logsigmoid"))
    else:
        assert ours == [("input", EMPTY), *catalog.get(name).defaults().items()]


@pytest.mark.parametrize("name", catalog.CATALOG)
def test_every_function_of_the_catalogue_is_here(name: str):
    assert name in FUNCTIONS


@pytest.mark.parametrize("name", catalog.CATALOG)
def test_defaults_are_the_catalogues(name: str):
    renamed = {"min": "min_val", "max": "max_val"} if name == "hard_tanh" else {}
    given = inspect.signature(getattr(functional, name)).parameters
    for key, default in catalog.get(name).defaults().items():
        # Torch asks for these two.
        expected = EMPTY if name in ("prelu", "threshold") else default
        assert given[renamed.get(key, key)].default == expected


def test_every_activation_of_torchs_is_ogives():
    # Torch's module of a function has its name, but for capitals and underscores.
    modules = {
        name.lower()
        for name, thing in vars(torch.nn.modules.activation).items()
        if isinstance(thing, type) and issubclass(thing, torch.nn.Module)
    }
    activations = [
        name
        for name in dir(torch.nn.functional)
        if name[0] != "_" and name.replace("_", "").lower() in modules
    ]
    assert len(activations) >= 28
    # The gates and attention have files of their own.
    for name in set(activations) - {"glu"}:
        assert name in functional.__all__, name
        assert getattr(functional, name) is not getattr(torch.nn.functional, name)


def test_all_other_names_are_torchs():
    theirs = {name for name in dir(torch.nn.functional) if not name.startswith("_")}
    assert theirs <= set(dir(functional))
    assert set(FUNCTIONS) <= set(functional.__all__) <= set(dir(functional))
    for name in theirs - set(vars(functional)):
        assert getattr(functional, name) is getattr(torch.nn.functional, name)
    assert functional.conv2d is torch.conv2d


def test_a_name_that_nobody_has():
    with pytest.raises(
        AttributeError, match=r"module 'ogive\.torch\.functional' has no attribute 'silou'"
    ):
        functional.silou  # noqa: B018
    with pytest.raises(ImportError, match="silou"):
        from ogive.torch.functional import silou  # noqa: F401
    assert not hasattr(functional, "_Reduction")


def test_the_path_that_torch_has_is_the_same_module():
    assert ogive.torch.nn.functional is functional
    from ogive.torch.nn.functional import conv2d, silu

    assert silu is functional.silu
    assert conv2d is torch.conv2d


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_pickle_by_their_public_name(name: str):
    function = getattr(functional, name)
    assert function.__module__ == "ogive.torch.functional"
    assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_are_complete(name: str):
    function = getattr(functional, name)
    text = inspect.getdoc(function)
    for section in ("Parameters", "Returns", "Raises", "Notes", "Examples"):
        assert text.count(f"\n{section}\n{'-' * len(section)}\n") == 1, section
    told = text.partition("\nReturns\n")[0]
    for argument in inspect.signature(function).parameters:
        assert re.search(rf"^(\w+, )*{argument}(, \w+)* : ", told, re.MULTILINE), argument
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize("name", catalog.CATALOG)
def test_docstrings_tell_what_the_catalogue_knows(name: str):
    record = catalog.get(name)
    words = " ".join(inspect.getdoc(getattr(functional, name)).split())
    assert f"f(x) = {' '.join(record.formula.split())}" in words
    assert f"Source: {' '.join(record.source.split())}" in words
    assert "Error on the CPU" in words
