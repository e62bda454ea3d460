"""A program of the examination: somebody's training script, healthy or with one fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Outcome", "Program", "healthy", "sick"]


@dataclass(frozen=True)
class Outcome:
    """How well the trained network does.

    Attributes
    ----------
    measure : str
        What is measured, such as "test accuracy" or "test loss in nats".
    value : float
    enough : float
        What a network that learns reaches.
    higher : bool
        Whether more is better.
    """

    measure: str
    value: float
    enough: float
    higher: bool = True

    @property
    def learned(self) -> bool:
        """Whether the network has learned."""
        return self.value >= self.enough if self.higher else self.value <= self.enough


@dataclass(frozen=True)
class Program:
    """One program.

    Attributes
    ----------
    name : str
        Unique; words between hyphens.
    kind : str
        "mlp", "cnn", "rnn" or "transformer".
    train : callable
        Of a seed: builds the network, trains it and measures it. It knows nothing of the check-up.
    faults : tuple of str
        Kinds of findings that are right; empty where the program is healthy.
    origin : str
        Where faults of this kind are described.
    """

    name: str
    kind: str
    train: Callable[[int], Outcome]
    faults: tuple[str, ...] = ()
    origin: str = ""


def healthy(kind: str, name: str) -> Callable[[Callable[[int], Outcome]], Program]:
    """Make a healthy program of a function of a seed."""
    return lambda train: Program(name, kind, train)


def sick(
    kind: str, name: str, *faults: str, origin: str
) -> Callable[[Callable[[int], Outcome]], Program]:
    """Make a program with a fault of a function of a seed."""
    return lambda train: Program(name, kind, train, faults, origin)
