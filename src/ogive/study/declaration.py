"""What a study compares, as data: the declaration, and the runs that follow from it.

A run is named by the SHA-256 of the canonical JSON of everything that defines its numbers, and of
nothing else. Two declarations that share a run share its result.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ogive import catalog

SPEC_VERSION = 1
"""The format of `RunSpec.to_dict`. Raise it when a field is added or changes its meaning."""

TRAINING_VERSION = 1
"""The numbers that training yields. Raise it when `data`, `models` or `training` change them, so
that a stored run is never taken for one that today's code would produce."""

DATASETS: tuple[str, ...] = ("digits",)
INITIALIZATIONS: tuple[str, ...] = ("default", "matched")
OPTIMIZERS: tuple[str, ...] = ("adam",)


def _whole(label: str, value: object, lowest: int) -> int:
    """Return `value` as an int of at least `lowest`, or say what is wrong with it."""
    # bool is an int to Python, but `seeds=True` is a slip and not a one.
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{label} must be a whole number, not {value!r}")
    if value < lowest:
        raise ValueError(f"{label} must be at least {lowest}, not {value}")
    return value


def _wholes(label: str, values: object, *, may_be_empty: bool = False) -> tuple[int, ...]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ValueError(f"{label} must be a sequence of whole numbers, not {values!r}")
    whole = tuple(_whole(f"each of {label}", value, 1) for value in values)
    if not whole and not may_be_empty:
        raise ValueError(f"{label} must name at least one number, not {values!r}")
    return whole


def _one_of(label: str, value: object, choices: tuple[str, ...]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    known = ", ".join(choices)
    close = difflib.get_close_matches(str(value), choices, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"{label} must be one of {known}, not {value!r}{hint}")


def _activation(value: object) -> str:
    """Return the catalogue's own name for `value`, an activation that takes any real number."""
    if not isinstance(value, str):
        raise ValueError(f"an activation must be named by a string, not {value!r}")
    record = catalog.get(value)
    if tuple(record.domain) != (-math.inf, math.inf):
        low, high = record.domain
        raise ValueError(
            f"{value!r} cannot be an activation: it is defined on [{low:g}, {high:g}] only, "
            "and a layer's sums can be any real number"
        )
    return record.name


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How every run of a study is trained.

    Parameters
    ----------
    optimizer : {"adam"}
        Adam with torch's own coefficients (0.9, 0.999, 1e-8) and no weight decay.
    learning_rate : float
        Step size, constant over the run; positive and finite.
    batch_size : int
        Rows in a step. The last, smaller batch of an epoch is used too.
    epochs : int
        Passes over the training set. The network after the last one is the one that counts.

    Raises
    ------
    ValueError
        If a value is out of its range; the message names it.

    Examples
    --------
    >>> Protocol(epochs=3).epochs
    3
    """

    optimizer: str = "adam"
    learning_rate: float = 2e-3
    batch_size: int = 64
    epochs: int = 25

    def __post_init__(self) -> None:
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        rate = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not (0 < rate < math.inf):
            raise ValueError(f"learning_rate must be a positive finite number, not {rate!r}")
        # 1 and 1.0 mean the same run and must have the same key.
        object.__setattr__(self, "learning_rate", float(rate))
        _whole("batch_size", self.batch_size, 1)
        _whole("epochs", self.epochs, 1)

    def to_dict(self) -> dict[str, Any]:
        """Return the protocol as plain JSON values."""
        return {
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "batch_size": self.batch_size,
            "epochs": self.epochs,
        }


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Everything that defines the numbers of one training, and nothing else.

    Parameters
    ----------
    data : str
        Name of the data set.
    hidden : tuple of int
        Width of each hidden layer, first to last.
    activation : str
        A function of the catalogue, by name or alias; kept under the catalogue's name.
    initialization : {"default", "matched"}
        torch's own for `nn.Linear`, or the one that the catalogue names for the activation.
    seed : int
        Seeds the initial draw and the order of the data.
    protocol : Protocol
        How it is trained.

    Raises
    ------
    ValueError
        If a value is unknown or out of its range; the message names it.

    Examples
    --------
    >>> RunSpec(activation="relu", seed=0).depth
    2
    """

    data: str = "digits"
    hidden: tuple[int, ...] = (128, 128)
    activation: str = "relu"
    initialization: str = "matched"
    seed: int = 0
    protocol: Protocol = field(default_factory=Protocol)

    def __post_init__(self) -> None:
        _one_of("data", self.data, DATASETS)
        object.__setattr__(self, "hidden", _wholes("hidden", self.hidden))
        object.__setattr__(self, "activation", _activation(self.activation))
        _one_of("initialization", self.initialization, INITIALIZATIONS)
        _whole("seed", self.seed, 0)
        if not isinstance(self.protocol, Protocol):
            raise ValueError(f"protocol must be a Protocol, not {self.protocol!r}")

    @property
    def depth(self) -> int:
        """Number of hidden layers."""
        return len(self.hidden)

    @property
    def work(self) -> float:
        """How long the run takes, relative to others of its study.

        At the size of these networks a step costs a fixed time per layer, whatever its width.
        """
        return (self.depth + 1) * self.protocol.epochs / self.protocol.batch_size

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON values, as it is stored and hashed."""
        return {
            "data": self.data,
            "model": {"kind": "mlp", "hidden": list(self.hidden)},
            "activation": self.activation,
            "initialization": self.initialization,
            "seed": self.seed,
            "protocol": self.protocol.to_dict(),
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
                data=spec["data"],
                hidden=tuple(spec["model"]["hidden"]),
                activation=spec["activation"],
                initialization=spec["initialization"],
                seed=spec["seed"],
                protocol=Protocol(**spec["protocol"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is not the spec of a run: {error}") from error

    @cached_property
    def key(self) -> str:
        """SHA-256, in hexadecimal, of the canonical JSON of the spec."""
        return spec_key(self.to_dict())

    def __str__(self) -> str:
        layers = "×".join(map(str, self.hidden)) if self.depth <= 3 else f"{self.depth} layers"
        return f"{self.activation}, {layers}, {self.initialization} init, seed {self.seed}"


def canonical_json(value: object) -> str:
    """Return the one JSON text of `value`: sorted keys, no spaces, no NaN.

    Raises
    ------
    ValueError
        If `value` holds a number that JSON cannot say (NaN or infinite).
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def spec_key(spec: Mapping[str, Any]) -> str:
    """Return the name of the run that `spec` defines: SHA-256 of its canonical JSON."""
    return hashlib.sha256(canonical_json(spec).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Study:
    """The declaration of a study.

    Two grids follow from it. The *main* grid trains the network of `hidden` with every activation
    and every seed, under one initialisation: its accuracies are compared. The *depth* grid trains
    networks of `depths` layers, all as wide as the first of `hidden`, with every activation and
    both initialisations, from seed 0: it shows how far the gradient reaches. A cell that both
    grids hold is one run.

    Parameters
    ----------
    name : str
        What the study is called in its report; part of no run.
    data : {"digits"}
        The data set.
    hidden : sequence of int
        Width of each hidden layer of the main grid.
    activations : sequence of str
        Functions of the catalogue, by name or alias, each once. Parameters that are learned
        (prelu, swish, srs, pdelu, pau, xielu) start at their defaults in every layer, one set for
        the layer, and are trained with the weights: swish is SiLU with a learned sharpness, where
        silu's is 1 throughout.
    seeds : int
        How many seeds the main grid has: 0, 1, ..., seeds − 1.
    initialization : {"matched", "default"}
        The initialisation of the main grid.
    depths : sequence of int
        Numbers of hidden layers in the depth grid; empty for none.
    protocol : Protocol
        How every run is trained.
    reference : str
        The activation that the others are compared with; one of `activations`.

    Raises
    ------
    ValueError
        If a value is unknown or out of its range. The message names it, and for a misspelt
        activation the nearest names.

    Examples
    --------
    >>> study = Study(activations=("relu", "sigmoid"), seeds=3, depths=())
    >>> len(study.runs())
    6
    """

    name: str = "activations"
    data: str = "digits"
    hidden: tuple[int, ...] = (128, 128)
    activations: tuple[str, ...] = (
        "sigmoid",
        "tanh",
        "relu",
        "leaky_relu",
        "elu",
        "silu",
        "gelu",
    )
    seeds: int = 5
    initialization: str = "matched"
    depths: tuple[int, ...] = (2, 10)
    protocol: Protocol = field(default_factory=Protocol)
    reference: str = "relu"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ValueError(f"name must be a text that is not empty, not {self.name!r}")
        _one_of("data", self.data, DATASETS)
        object.__setattr__(self, "hidden", _wholes("hidden", self.hidden))
        if isinstance(self.activations, str) or not isinstance(self.activations, Iterable):
            raise ValueError(f"activations must be a sequence of names, not {self.activations!r}")
        activations = tuple(_activation(value) for value in self.activations)
        if not activations:
            raise ValueError("activations must name at least one function, not none")
        object.__setattr__(self, "activations", activations)
        _whole("seeds", self.seeds, 1)
        _one_of("initialization", self.initialization, INITIALIZATIONS)
        depths = _wholes("depths", self.depths, may_be_empty=True)
        object.__setattr__(self, "depths", depths)
        for label, values in (("activations", activations), ("depths", depths)):
            twice = sorted({str(value) for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f"{label} must differ; given twice: {', '.join(twice)}")
        if not isinstance(self.protocol, Protocol):
            raise ValueError(f"protocol must be a Protocol, not {self.protocol!r}")
        reference = _activation(self.reference)
        if reference not in activations:
            raise ValueError(
                f"reference {self.reference!r} is not among the activations of the study: "
                f"{', '.join(activations)}"
            )
        object.__setattr__(self, "reference", reference)

    def main_runs(self) -> list[RunSpec]:
        """Return the runs whose accuracies are compared, seed by seed."""
        return [
            RunSpec(
                data=self.data,
                hidden=self.hidden,
                activation=activation,
                initialization=self.initialization,
                seed=seed,
                protocol=self.protocol,
            )
            for seed in range(self.seeds)
            for activation in self.activations
        ]

    def depth_runs(self) -> list[RunSpec]:
        """Return the runs that show the gradient by depth: depth, initialisation, activation."""
        return [
            RunSpec(
                data=self.data,
                hidden=(self.hidden[0],) * depth,
                activation=activation,
                initialization=initialization,
                seed=0,
                protocol=self.protocol,
            )
            for depth in self.depths
            for initialization in INITIALIZATIONS
            for activation in self.activations
        ]

    def runs(self) -> list[RunSpec]:
        """Return every run once, in the order in which they are best made.

        The depth grid's long runs are spread evenly among the main grid's short ones, so that
        progress is even, a study stopped early has both, and a short run comes last: no worker
        waits long for another.
        """
        main = self.main_runs()
        known = {spec.key for spec in main}
        extra = [spec for spec in self.depth_runs() if spec.key not in known]
        placed = [
            ((position + 0.5) / len(group), spec)
            for group in (main, extra)
            for position, spec in enumerate(group)
        ]
        return [spec for _, spec in sorted(placed, key=lambda pair: pair[0])]

    def to_dict(self) -> dict[str, Any]:
        """Return the declaration as plain JSON values."""
        return {
            "name": self.name,
            "data": self.data,
            "hidden": list(self.hidden),
            "activations": list(self.activations),
            "seeds": self.seeds,
            "initialization": self.initialization,
            "depths": list(self.depths),
            "protocol": self.protocol.to_dict(),
            "reference": self.reference,
        }
