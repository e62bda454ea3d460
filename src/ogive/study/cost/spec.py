"""One measurement of costs, as data: everything that it depends on, and its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ogive.study import checked
from ogive.study.activation import Activation
from ogive.study.data import Data
from ogive.study.declaration import Study
from ogive.study.machine import Machine
from ogive.study.model import Model
from ogive.study.recipe import OPTIMIZERS, PRECISIONS, Recipe
from ogive.study.spec import spec_key

__all__ = ["COST_VERSION", "CostSpec", "cost_specs"]

COST_VERSION = 1
"""What is measured, and how. Raise it when a record changes its form or its meaning."""


@dataclass(frozen=True, kw_only=True)
class CostSpec:
    """Everything that the costs of a study's activations in one network depend on.

    All activations are measured in one go, in turns: ratios between readings of different minutes
    would tell of the machine. So one more activation is another measurement; their order is not.

    Parameters
    ----------
    data : Data or what `Data.read` takes
        The data set, whose rows the network is given.
    model : Model or what `Model.read` takes
        The network.
    activations : sequence of Activation or what `Activation.read` takes
        Whose costs; kept sorted by their labels.
    batch_size : int
        Rows in a step.
    optimizer : {"adam", "adamw", "sgd"}
        Whose step belongs to a training step.
    momentum : float
        Of sgd.
    precision : {"float32", "bfloat16"}
        What the network's products are computed in.
    machine : Machine
        Where it is measured; this one by default. A record of another machine is another record.

    Raises
    ------
    ValueError
        If a value is unknown or out of its range; the message names it.

    Examples
    --------
    >>> here = {"data": "digits", "model": "mlp:64x2"}
    >>> first = CostSpec(activations=("relu", "gelu"), **here)
    >>> first.key == CostSpec(activations=("gelu", "relu"), **here).key
    True
    """

    data: Data
    model: Model
    activations: tuple[Activation, ...]
    batch_size: int = 64
    optimizer: str = "adam"
    momentum: float = 0.0
    precision: str = "float32"
    machine: Machine = field(default_factory=Machine.this)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", Data.read(self.data))
        object.__setattr__(self, "model", Model.read(self.model))
        given = checked.several("activations", self.activations)
        activations = {each.label: each for each in map(Activation.read, given)}
        if len(activations) < len(given):
            raise ValueError("activations must differ")
        object.__setattr__(self, "activations", tuple(activations[k] for k in sorted(activations)))
        checked.one_of("optimizer", self.optimizer, OPTIMIZERS)
        checked.one_of("precision", self.precision, PRECISIONS)
        if not isinstance(self.machine, Machine):
            raise ValueError(f"machine must be a Machine, not {self.machine!r}")
        object.__setattr__(self, "momentum", self.recipe.momentum)

    @property
    def recipe(self) -> Recipe:
        """The part of a recipe that a step's time depends on."""
        return Recipe(
            optimizer=self.optimizer,
            momentum=self.momentum,
            batch_size=self.batch_size,
            precision=self.precision,
        )

    @property
    def work(self) -> float:
        """How long it takes, relative to the runs of its study."""
        return 1.5 * len(self.activations)

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON values, as it is stored and hashed."""
        return {
            "kind": "cost",
            "data": self.data.to_dict(),
            "model": self.model.to_dict(),
            "activations": [activation.to_dict() for activation in self.activations],
            "batch_size": self.batch_size,
            "optimizer": self.optimizer,
            "momentum": self.momentum,
            "precision": self.precision,
            "machine": self.machine.to_dict(),
            "version": COST_VERSION,
        }

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> CostSpec:
        """Return the spec that `to_dict` wrote.

        Raises
        ------
        ValueError
            If it is none, or of another version.
        """
        if (spec.get("kind"), spec.get("version")) != ("cost", COST_VERSION):
            raise ValueError(
                f"this is no measurement of costs of version {COST_VERSION}, but "
                f"{spec.get('kind')!r} of version {spec.get('version')!r}"
            )
        try:
            return cls(
                data=Data.from_dict(spec["data"]),
                model=Model.from_dict(spec["model"]),
                activations=tuple(map(Activation.from_dict, spec["activations"])),
                batch_size=spec["batch_size"],
                optimizer=spec["optimizer"],
                momentum=spec["momentum"],
                precision=spec["precision"],
                machine=Machine(**spec["machine"]),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"this is no measurement of costs: {error}") from error

    @cached_property
    def key(self) -> str:
        """SHA-256, in hexadecimal, of the canonical JSON of the spec."""
        return spec_key(self.to_dict())

    def __str__(self) -> str:
        return f"cost of {len(self.activations)} activations in {self.model}"


def cost_specs(study: Study) -> list[CostSpec]:
    """Return the measurements that `study` asks for, on this machine: one for each of its networks.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of CostSpec
        In the order of the settings, each once.

    Examples
    --------
    >>> [str(spec) for spec in cost_specs(Study(activations=("relu", "gelu")))]
    ['cost of 2 activations in mlp:128x2', 'cost of 2 activations in mlp:128x10']
    """
    specs = [
        CostSpec(
            data=study.data,
            model=setting.model,
            activations=study.activations,
            batch_size=setting.recipe.batch_size,
            optimizer=setting.recipe.optimizer,
            momentum=setting.recipe.momentum,
            precision=setting.recipe.precision,
        )
        for setting in study.settings()
    ]
    return list({spec.key: spec for spec in specs}.values())
