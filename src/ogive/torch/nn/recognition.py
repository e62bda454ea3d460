"""From a module to the function of the catalogue that it computes."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ogive import catalog
from ogive.torch.nn.by_name import MODULES
from ogive.torch.nn.learnable import Learnable

__all__ = ["recognise"]

# Ogive's classes, and torch's, which are the first bases of those that torch has too.
_NAMES: dict[type[nn.Module], str] = {module: name for name, module in MODULES.items()}
_NAMES |= {
    module.__bases__[0]: name
    for name, module in MODULES.items()
    if module.__bases__[0] not in (nn.Module, Learnable)
}

_ATTRIBUTES = {"hard_tanh": {"min": "min_val", "max": "max_val"}}
"""Attributes whose name is not that of the parameter in the catalogue."""


def recognise(module: nn.Module) -> tuple[catalog.Function, dict[str, float]] | None:
    """Say which function of the catalogue an activation module computes.

    Parameters
    ----------
    module : torch.nn.Module
        A module of Ogive or of `torch.nn`, or of a class derived from one.

    Returns
    -------
    tuple of (ogive.catalog.Function, dict of str to float), or None
        The record and the parameters as they are now; None if it is no such module. A parameter
        that is learned for every channel counts as the mean over the channels; one whose values are
        not there (device "meta"), or are taken from the input (ABReLU), as the catalogue's default.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import recognise
    >>> function, parameters = recognise(torch.nn.ELU(alpha=0.5))
    >>> function.name, parameters
    ('elu', {'alpha': 0.5})
    """
    name = next((_NAMES[kind] for kind in type(module).__mro__ if kind in _NAMES), None)
    if name is None:
        return None
    if name == "gelu" and getattr(module, "approximate", "none") == "tanh":
        name = "gelu_tanh"
    record = catalog.get(name)
    if isinstance(module, Learnable):
        values: dict[str, Any] = {**module.coefficients()}
    else:
        called = _ATTRIBUTES.get(name, {})
        values = {p.name: getattr(module, called.get(p.name, p.name)) for p in record.parameters}
    return record, {p.name: _number(values[p.name], p.default) for p in record.parameters}


def _number(value: Tensor | float | None, default: float) -> float:
    if isinstance(value, Tensor):
        return default if value.is_meta else value.detach().double().mean().item()
    return default if value is None else float(value)
