"""Where a training run is met: its backward passes, its optimisers, its modules.

Torch's own calls are asked for, so that a script need not know. What is put in place is taken away
again, in reverse.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import optimizer as optimizers

__all__ = ["EagerStance", "Replaced", "after_steps", "before_steps", "module_calls"]


class Replaced:
    """An attribute that has another value for a while.

    Parameters
    ----------
    owner : object
    name : str
    wrap : callable
        From the original to what takes its place.

    Examples
    --------
    >>> from ogive.health.hooks import Replaced
    >>> class Owner:
    ...     number = 1
    >>> replaced = Replaced(Owner, "number", lambda original: original + 1)
    >>> Owner.number, replaced.remove(), Owner.number
    (2, None, 1)
    """

    def __init__(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        self._owner, self._name = owner, name
        self._original = getattr(owner, name)
        self._ours = wrap(self._original)
        setattr(owner, name, self._ours)

    def remove(self) -> None:
        """Put the original back, unless somebody else has put something there since."""
        if getattr(self._owner, self._name) is self._ours:
            setattr(self._owner, self._name, self._original)


def before_steps(before: Callable[..., None]) -> Any:
    """Have every optimiser call `before` ahead of each step, with itself."""
    return optimizers.register_optimizer_step_pre_hook(lambda each, *_: before(each))


def after_steps(after: Callable[..., None]) -> Any:
    """Have every optimiser call `after` behind each step, with itself."""
    return optimizers.register_optimizer_step_post_hook(lambda each, *_: after(each))


def module_calls(before: Callable[..., None], after: Callable[..., None]) -> Replaced:
    """Have every call of a module go through `before` and `after`, with its arguments.

    Torch's own hooks on all modules would make the compiler warn whoever uses it.
    """

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(module: nn.Module, *args: Any, **options: Any) -> Any:
            before(module, args, options)
            result = original(module, *args, **options)
            after(module, args, options)
            return result

        return call

    return Replaced(nn.Module, "__call__", around)


class EagerStance:
    """Compiled code runs eagerly until this is removed.

    Where nothing has been compiled the compiler is not even loaded.
    """

    def __init__(self) -> None:
        self._restore: Any = None
        if "torch._dynamo.eval_frame" in sys.modules:
            self._restore = torch.compiler.set_stance("force_eager")

    @property
    def holds(self) -> bool:
        """Whether there was a compiler to be told."""
        return self._restore is not None

    def remove(self) -> None:
        """Let compiled code run again."""
        if self._restore is not None:
            self._restore.__exit__(None, None, None)
            self._restore = None
