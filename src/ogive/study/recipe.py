"""How a network is trained: optimiser, rate, schedule, batches, epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ogive.study import checked

__all__ = ["AUGMENTATIONS", "OPTIMIZERS", "PRECISIONS", "SCHEDULES", "Recipe"]

OPTIMIZERS: tuple[str, ...] = ("adam", "adamw", "sgd")
SCHEDULES: tuple[str, ...] = ("constant", "step", "cosine", "one-cycle")
AUGMENTATIONS: tuple[str, ...] = ("none", "flip", "crop", "crop-flip")
PRECISIONS: tuple[str, ...] = ("float32", "bfloat16")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How every run of a study is trained.

    Parameters
    ----------
    optimizer : {"adam", "adamw", "sgd"}
        With torch's own coefficients; sgd with `momentum`, by Nesterov.
    learning_rate : float
        Step size at its largest; positive and finite.
    schedule : {"constant", "step", "cosine", "one-cycle"}
        How the rate goes over the steps: as it is; a tenth of it in the last fifth of the run;
        down to 0 along half a cosine; up from 0 over the first tenth of the run and then down to 0
        along half a cosine.
    weight_decay : float
        At least 0. An L2 penalty under adam and sgd, decoupled under adamw.
    momentum : float
        Of sgd, from 0 to below 1; without a meaning for the others, and then 0.
    clip : float
        Largest norm of the gradient over all parameters; 0 for no limit.
    batch_size : int
        Rows in a step. The last, smaller batch of an epoch is used too; a single row joins the
        batch before it.
    epochs : int
        Passes over the training set. The network after the last one is the one that counts.
    augmentation : {"none", "flip", "crop", "crop-flip"}
        Of pictures in training: turned left to right with probability ½; shifted by up to an
        eighth of the side, zeros moving in; both.
    precision : {"float32", "bfloat16"}
        What products are computed in; parameters and losses are float32 in both.

    Raises
    ------
    ValueError
        If a value is out of its range; the message names it.

    Examples
    --------
    >>> Recipe(epochs=3).epochs
    3
    """

    optimizer: str = "adam"
    learning_rate: float = 2e-3
    schedule: str = "constant"
    weight_decay: float = 0.0
    momentum: float = 0.0
    clip: float = 0.0
    batch_size: int = 64
    epochs: int = 25
    augmentation: str = "none"
    precision: str = "float32"

    def __post_init__(self) -> None:
        checked.one_of("optimizer", self.optimizer, OPTIMIZERS)
        checked.one_of("schedule", self.schedule, SCHEDULES)
        checked.one_of("augmentation", self.augmentation, AUGMENTATIONS)
        checked.one_of("precision", self.precision, PRECISIONS)
        rate = checked.number("learning_rate", self.learning_rate, above=0)
        momentum = checked.number("momentum", self.momentum, least=0)
        if momentum >= 1:
            raise ValueError(f"momentum must be below 1, not {momentum:g}")
        if momentum and self.optimizer != "sgd":
            raise ValueError(f"momentum is for sgd; {self.optimizer} has its own coefficients")
        object.__setattr__(self, "learning_rate", rate)
        object.__setattr__(self, "momentum", momentum)
        for name in ("weight_decay", "clip"):
            object.__setattr__(self, name, checked.number(name, getattr(self, name), least=0))
        checked.whole("batch_size", self.batch_size, 1)
        checked.whole("epochs", self.epochs, 1)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """Return the recipe that `to_dict` wrote; what is not given is as by default.

        Raises
        ------
        ValueError
            If there is no such field, or a value is out of its range.
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            checked.one_of("a field of the recipe", name, known)
        return cls(**values)

    def at(self, learning_rate: float) -> Recipe:
        """Return the same recipe at another learning rate."""
        return replace(self, learning_rate=learning_rate)
