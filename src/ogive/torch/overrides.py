"""Ogive's functions under torch's protocol for those who watch or replace functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from torch.overrides import handle_torch_function, has_torch_function

_F = TypeVar("_F", bound=Callable[..., Any])


def overridable(function: _F) -> _F:
    """Let `__torch_function__` of subclasses and modes see calls of a function, as torch's do.

    Parameters
    ----------
    function : callable
        A function of tensors.

    Returns
    -------
    callable
        The same function. Where an argument has a `__torch_function__`, or a
        `torch.overrides.TorchFunctionMode` is active, that is called with it.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> class Names(torch.overrides.TorchFunctionMode):
    ...     def __torch_function__(self, function, types, args=(), kwargs=None):
    ...         print(function.__name__)
    ...         return function(*args, **(kwargs or {}))
    >>> x = torch.tensor([0.0])
    >>> with Names():
    ...     y = functional.silu(x)
    silu
    """

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if has_torch_function(args) or (kwargs and has_torch_function(tuple(kwargs.values()))):
            relevant = (*args, *kwargs.values())
            return handle_torch_function(call, relevant, *args, **kwargs)
        return function(*args, **kwargs)

    return cast(_F, call)
