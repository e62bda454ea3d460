"""The places of a network where its activation stands, and what is put there."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ogive.study.activation import GATED, Activation
from ogive.torch.gates import gated
from ogive.torch.nn import activation as module_of

__all__ = ["Gate", "Sites"]


class Gate(nn.Module):
    """A gated unit: of two halves, (…, 2n) to (…, n), the second goes through the gate's function.

    Parameters
    ----------
    name : str
        A name in `ogive.study.activation.GATED`.

    Examples
    --------
    >>> import torch
    >>> Gate("reglu")(torch.tensor([2.0, 3.0, 0.5, 1.0]))
    tensor([1., 3.])
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, input: Tensor) -> Tensor:
        """Multiply one half by the function of the other."""
        value, gate = input.chunk(2, dim=-1)
        function = GATED[self.name]
        return gated(value, gate, function) if function else value * gate

    def extra_repr(self) -> str:
        """Show the name."""
        return self.name


class _Called(nn.Module):
    """A person's own function as a module."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, input: Tensor) -> Any:
        """Call the function."""
        return self.function(input)


class Sites:
    """Makes the activation of each place of a network, and remembers what it has made.

    Called without arguments, as a class of activations would be, it returns a new module, so that
    each place has learned parameters of its own. Networks of other people call it with
    ``inplace=True``; that is taken and not followed. Anything else is refused: a network that
    passes, say, its number of channels would set a slope by it.

    Parameters
    ----------
    activation : Activation
        What is put in.

    Attributes
    ----------
    made : list of torch.nn.Module
        What has been made, in that order.

    Examples
    --------
    >>> sites = Sites(Activation("relu"))
    >>> network = nn.Sequential(nn.Linear(2, 3), sites())
    >>> len(sites.made)
    1
    """

    def __init__(self, activation: Activation) -> None:
        self.activation = activation
        self.made: list[nn.Module] = []

    @property
    def gated(self) -> bool:
        """Whether a place gets two inputs for each output."""
        return self.activation.gated

    def __call__(self, *arguments: Any, inplace: bool = False, **more: Any) -> nn.Module:
        """Make the module of one place."""
        if arguments or more:
            given = [*map(repr, arguments), *(f"{key}={value!r}" for key, value in more.items())]
            raise ValueError(
                f"the network makes its activation with arguments ({', '.join(given)}); they "
                "would change what is compared: call it without any"
            )
        # What a person's module draws must not move the draws of the layers behind it.
        with torch.random.fork_rng(devices=[]):
            made = self._make()
        self.made.append(made)
        return made

    def _make(self) -> nn.Module:
        activation = self.activation
        if not activation.own:
            assert activation.record is not None
            if activation.gated:
                return Gate(activation.record)
            return module_of(activation.record, **dict(activation.parameters))
        theirs = activation.loaded()
        if isinstance(theirs, type):
            made = theirs()
            if not isinstance(made, nn.Module):
                raise ValueError(f"{activation.own} is a class, but not of torch.nn.Module")
            return made
        if isinstance(theirs, nn.Module):
            raise ValueError(
                f"{activation.own} is one module: all places would share it; name its class"
            )
        return _Called(theirs)
