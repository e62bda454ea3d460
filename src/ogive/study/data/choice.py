"""The data of a study: a set that is known by name, or a person's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any

from ogive.extras import distribution
from ogive.study import checked, own
from ogive.study.data.dataset import Dataset, Shape
from ogive.study.data.kind import DataKind
from ogive.study.data.known import DATASETS
from ogive.study.data.theirs import as_dataset
from ogive.study.options import Value, canonical, split, word

__all__ = ["Data"]

_IN_MEMORY: dict[str, Dataset] = {}
"""What was given as arrays, by its digest."""

_LOADED: dict[Data, Dataset] = {}
"""The data set loaded last."""


@dataclass(frozen=True)
class Data:
    """Which data a study trains on.

    Parameters
    ----------
    name : str
        A set of `ogive.study.data.known.DATASETS`; ``module:attribute``, a person's own function;
        or "arrays".
    options : tuple of (str, object)
        Of a known set, each with its value.
    path : str
        Where it lies, for sets that are read from a path. Not part of a run's key: what lies
        there is, as `source`.
    source : str
        SHA-256 of the data, for what is not named by an installed package's version.
    told : str
        How the inputs are to be read, where only the data tell and have been looked at.

    Examples
    --------
    >>> str(Data.read("digits"))
    'digits'
    """

    name: str
    options: tuple[tuple[str, Value], ...] = ()
    path: str = field(default="", compare=False)
    source: str = field(default="", repr=False)
    told: str = field(default="", repr=False, compare=False)

    @classmethod
    def read(cls, given: object) -> Data:
        """Return the data that a declaration names, after a look at whether they are there.

        Parameters
        ----------
        given : str, mapping, function, arrays, Dataset or Data
            A word: ``digits``; ``blobs:rows=1000``, with options; ``cifar10:PATH``, or
            ``cifar10:rows=5000:PATH``: options come first, and what follows them is the path, up
            to the end; ``x.npz`` or a folder of pictures; ``my_package:my_data``, a function that
            returns what `ogive.study.data.theirs.as_dataset` takes. A mapping with ``name``,
            ``path`` and options. Or what `as_dataset` takes itself: (X, y), a `Dataset`.

        Returns
        -------
        Data

        Raises
        ------
        ValueError
            If there are no such data, or they cannot be read.
        ModuleNotFoundError
            If a package that brings them is not installed; the message says how to get it.
        """
        if isinstance(given, Data):
            return given
        if isinstance(given, str):
            return cls._word(given)
        if isinstance(given, Mapping) and "name" in given:
            options = dict(given)
            return cls._named(options.pop("name"), str(options.pop("path", "")), options)
        reference = _reference(given) if isinstance(given, FunctionType | type) else ""
        if reference:
            return cls._theirs(reference)
        dataset = as_dataset("data", given)
        digest = dataset.digest()
        _IN_MEMORY[digest] = dataset
        return cls("arrays", (), "", digest, dataset.kind)

    @classmethod
    def _word(cls, given: str) -> Data:
        name, _, rest = given.partition(":")
        kind = DATASETS.get(name)
        if kind is not None:
            if kind.path == "none":
                return cls._named(name, "", split(given)[1])
            options, path = _options_and_path(kind, rest)
            return cls._named(name, path, options)
        if own.is_reference(given):
            return cls._theirs(given)
        if given.endswith(".npz"):
            return cls._named("npz", given, {})
        if os.path.isdir(given):
            return cls._named("images", given, {})
        return cls._named(name, "", {})

    @classmethod
    def _named(cls, name: object, path: str, given: Mapping[str, object]) -> Data:
        if isinstance(name, str) and name not in DATASETS and own.is_reference(name):
            if given or path:
                raise ValueError(f"{name} takes neither options nor a path here")
            return cls._theirs(name)
        kind = DATASETS[checked.one_of("data", name, tuple(DATASETS))]
        values = tuple(sorted(canonical(kind.name, kind.options, given).items()))
        if kind.path == "needed" and not path:
            raise ValueError(f"{kind.name} is read from a path: {kind.how}")
        if kind.path == "none" and path:
            raise ValueError(f"{kind.name} is read from no path, not {path}")
        path = os.path.expanduser(path)
        if path and not os.path.exists(path):
            raise ValueError(f"{kind.name}: there is no {path}{_hint(kind, path)}")
        missing = kind.missing(path)
        if missing:
            raise ModuleNotFoundError(
                f"data {kind.name!r} needs {', '.join(map(distribution, missing))}: {kind.how}",
                name=missing[0],
            )
        data = cls(kind.name, values, os.path.abspath(path) if path else "")
        if path or kind.varies:
            return data._digested()
        if values != _defaults(kind):
            # Whether options go together, and leave enough rows, is known when they are tried.
            _keep(data, data._load())
        return data

    @classmethod
    def _theirs(cls, reference: str) -> Data:
        return cls(reference)._digested()

    def _digested(self) -> Data:
        """Return the same choice with the digest of what is there now."""
        dataset = self._load()
        digested = replace(self, source=dataset.digest(), told=dataset.kind)
        _keep(digested, dataset)
        return digested

    @property
    def kind(self) -> DataKind | None:
        """The known set that it is; None for a person's own."""
        return DATASETS.get(self.name)

    @property
    def inputs(self) -> str:
        """How the inputs are to be read: "vectors", "images", "sequences" or "tokens"."""
        kind = self.kind
        if kind is not None and kind.inputs is not None:
            return kind.inputs
        return self.told or self.load().kind

    @property
    def shape(self) -> Shape:
        """What a network must take and give; loads the data."""
        return self.load().shape

    @property
    def about(self) -> str:
        """What it is, in a sentence or two."""
        kind = self.kind
        return f"{self}, a person's own data." if kind is None else kind.about

    @property
    def best(self) -> float | None:
        """The accuracy that no classifier exceeds on average; None where nobody knows it."""
        kind = self.kind
        return None if kind is None else kind.best_of(dict(self.options))

    def load(self) -> Dataset:
        """Return the data set, split and standardised; the same arrays at every call.

        Returns
        -------
        Dataset

        Raises
        ------
        ValueError
            If the data cannot be read, or are no longer what they were when they were chosen.
        """
        if self.name == "arrays":
            if self.source not in _IN_MEMORY:
                raise ValueError("the data of this study were arrays of another process")
            return _IN_MEMORY[self.source]
        if self not in _LOADED:
            dataset = self._load()
            if self.source and dataset.digest() != self.source:
                raise ValueError(f"{self} has changed since the study was declared")
            _keep(self, dataset)
        return _LOADED[self]

    def _load(self) -> Dataset:
        kind = self.kind
        if kind is None:
            return as_dataset(self.name, own.load(self.name))
        loader = own.load(kind.loader)
        arguments = [self.path] if self.path else []
        try:
            found: Dataset = loader(*arguments, **dict(self.options))
        except OSError as error:
            raise ValueError(f"{self} cannot be read: {error}") from error
        except ValueError as error:
            raise ValueError(f"{kind.name}: {error}") from error
        return found

    def __str__(self) -> str:
        kind = self.kind
        if kind is None:
            return self.name
        name = word(self.name, kind.options, dict(self.options))
        return f"{name}:{self.path}" if self.path else name

    def to_dict(self) -> dict[str, Any]:
        """Return the choice as plain JSON values."""
        return {"name": self.name, "options": dict(self.options), "source": self.source}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Data:
        """Return the choice that `to_dict` wrote, whether the data are still there or not."""
        return cls(values["name"], tuple(sorted(values["options"].items())), "", values["source"])

    def declared(self) -> dict[str, Any]:
        """Return the choice as a declaration keeps it: with its path, of which no run is told."""
        return {**self.to_dict(), "path": self.path, "inputs": self.inputs}

    @classmethod
    def from_declared(cls, values: Mapping[str, Any]) -> Data:
        """Return the choice that `declared` wrote, whether the data are still there or not."""
        return replace(cls.from_dict(values), path=values["path"], told=values.get("inputs", ""))


def _defaults(kind: DataKind) -> tuple[tuple[str, Value], ...]:
    return tuple(sorted((option.name, option.default) for option in kind.options))


def _hint(kind: DataKind, path: str) -> str:
    """Return a hint at an option that was given without its name, as 10000 of fashion-mnist."""
    names = ", ".join(option.name for option in kind.options)
    return f" (options are given by name: {names})" if names and path.isalnum() else ""


def _reference(function: FunctionType | type) -> str:
    """Return the name by which what it returns can be had again another day; empty for none."""
    # The main module is not loaded a second time for this: a script may begin a study as it loads.
    if function.__module__ == "__main__":
        return ""
    try:
        return own.reference_to(function)
    except ValueError:
        return ""


def _keep(data: Data, dataset: Dataset) -> None:
    _LOADED.clear()
    _LOADED[data] = dataset


def _options_and_path(kind: DataKind, rest: str) -> tuple[dict[str, str], str]:
    """Take ``key=value:key=value:PATH`` apart; a path may hold colons."""
    options: dict[str, str] = {}
    while rest:
        part, _, after = rest.partition(":")
        key, equals, value = part.partition("=")
        # A misspelt option is one, too, unless a file is really called so.
        known = key in {option.name for option in kind.options}
        if not equals or not (known or (key.isidentifier() and not os.path.exists(rest))):
            break
        if key in options or not value:
            raise ValueError(f"{kind.name}:{rest}: expected key=value, each key once")
        options[key] = value
        rest = after
    return options, rest
