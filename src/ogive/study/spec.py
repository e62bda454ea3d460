"""One run, as data: everything that defines its numbers, and its name.

A run is named by the SHA-256 of the canonical JSON of everything that defines its numbers, and of
nothing else. Two declarations that share a run share its result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ogive.study import checked
from ogive.study.activation import Activation
from ogive.study.data import Data
from ogive.study.model import Model
from ogive.study.recipe import Recipe

__all__ = [
    "INITIALIZATIONS",
    "PARTS",
    "SPEC_VERSION",
    "TRAINING_VERSION",
    "RunSpec",
    "canonical_json",
    "spec_key",
]

SPEC_VERSION = 2
"""The format of `RunSpec.to_dict`. Raise it when a field is added or changes its meaning."""

TRAINING_VERSION = 2
"""The numbers that training yields. Raise it when `data`, `models` or `training` change them, so
that a stored run is never taken for one that today's code would produce."""

INITIALIZATIONS: tuple[str, ...] = ("default", "matched", "lsuv")

PARTS: tuple[str, ...] = ("test", "validation")
"""What a run is judged on when it has ended. Tuning never sees the test part."""


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Everything that defines the numbers of one training, and nothing else.

    Parameters
    ----------
    data : Data or what `Data.read` takes
        The data set.
    model : Model or what `Model.read` takes
        The network.
    activation : Activation or what `Activation.read` takes
        What is put in for its activation.
    initialization : {"default", "matched", "lsuv"}
        The network's own, as torch or its author has it; the one that the catalogue names for the
        activation; or layer-sequential unit variance on the first 256 training rows.
    gain : float
        Factor on the weights of all layers but the last, after the initialisation.
    seed : int
        Seeds the initial draw, the order of the data, and all else that is random.
    recipe : Recipe
        How it is trained.
    part : {"test", "validation"}
        What the network is judged on when it has been trained.

    Raises
    ------
    ValueError
        If a value is unknown or out of its range; the message names it.

    Examples
    --------
    >>> RunSpec(activation="relu", seed=0).model.depth
    2
    """

    data: Data = field(default_factory=lambda: Data("digits"))
    model: Model = field(default_factory=lambda: Model.read("mlp"))
    activation: Activation = field(default_factory=lambda: Activation("relu"))
    initialization: str = "matched"
    gain: float = 1.0
    seed: int = 0
    recipe: Recipe = field(default_factory=Recipe)
    part: str = "test"

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", Data.read(self.data))
        object.__setattr__(self, "model", Model.read(self.model))
        object.__setattr__(self, "activation", Activation.read(self.activation))
        checked.one_of("initialization", self.initialization, INITIALIZATIONS)
        object.__setattr__(self, "gain", checked.number("gain", self.gain, above=0))
        checked.whole("seed", self.seed, 0)
        checked.one_of("part", self.part, PARTS)
        if not isinstance(self.recipe, Recipe):
            raise ValueError(f"recipe must be a Recipe, not {self.recipe!r}")

    @property
    def work(self) -> float:
        """How long the run takes, relative to others of its study."""
        return self.model.weight * self.recipe.epochs / self.recipe.batch_size

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON values, as it is stored and hashed."""
        return {
            "data": self.data.to_dict(),
            "model": self.model.to_dict(),
            "activation": self.activation.to_dict(),
            "initialization": self.initialization,
            "gain": self.gain,
            "seed": self.seed,
            "recipe": self.recipe.to_dict(),
            "part": self.part,
            "version": SPEC_VERSION,
            "training_version": TRAINING_VERSION,
        }

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> RunSpec:
        """Return the spec that `to_dict` wrote.

        Raises
        ------
        ValueError
            If `spec` is of another format, or lacks a field.
        """
        versions = (spec.get("version"), spec.get("training_version"))
        if versions != (SPEC_VERSION, TRAINING_VERSION):
            raise ValueError(
                f"this run is of format and training version {versions}; "
                f"this code makes {(SPEC_VERSION, TRAINING_VERSION)}"
            )
        try:
            return cls(
                data=Data.from_dict(spec["data"]),
                model=Model.from_dict(spec["model"]),
                activation=Activation.from_dict(spec["activation"]),
                initialization=spec["initialization"],
                gain=spec["gain"],
                seed=spec["seed"],
                recipe=Recipe.from_dict(spec["recipe"]),
                part=spec["part"],
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"this is not the spec of a run: {error}") from error

    @cached_property
    def key(self) -> str:
        """SHA-256, in hexadecimal, of the canonical JSON of the spec."""
        return spec_key(self.to_dict())

    def __str__(self) -> str:
        gain = "" if self.gain == 1 else f", gain {self.gain:g}"
        rate = f", tuning at {self.recipe.learning_rate:g}" if self.part == "validation" else ""
        return (
            f"{self.activation.label}, {self.model}, {self.initialization} init{gain}{rate}, "
            f"seed {self.seed}"
        )


def canonical_json(value: object) -> str:
    """Return the one JSON text of `value`: sorted keys, no spaces, no NaN.

    Parameters
    ----------
    value : object
        Dicts with texts as keys, lists, texts, numbers, bools and None.

    Returns
    -------
    str
        In ASCII.

    Raises
    ------
    ValueError
        If `value` holds a number that JSON cannot say (NaN or infinite).

    Examples
    --------
    >>> canonical_json({"b": 1, "a": [2.0]})
    '{"a":[2.0],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def spec_key(spec: Mapping[str, Any]) -> str:
    """Return the name of the run that `spec` defines: SHA-256 of its canonical JSON.

    Parameters
    ----------
    spec : mapping
        As `RunSpec.to_dict` writes it.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ValueError
        As for `canonical_json`.

    Examples
    --------
    >>> spec_key(RunSpec().to_dict()) == RunSpec().key
    True
    """
    return hashlib.sha256(canonical_json(spec).encode()).hexdigest()
