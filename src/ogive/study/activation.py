"""An activation of a study: a function of the catalogue, a gated unit, or a person's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ogive import catalog, rows
from ogive.study import checked, own
from ogive.study.options import split

__all__ = ["EVERYWHERE", "GATED", "Activation"]

EVERYWHERE: tuple[str, ...] = tuple(
    name
    for name, record in catalog.CATALOG.items()
    if tuple(record.domain) == (-math.inf, math.inf)
)
"""Functions of the catalogue that can be an activation: a layer's sums can be any real number."""

GATED: dict[str, str] = {
    "glu": "sigmoid",
    "bilinear": "",
    "reglu": "relu",
    "geglu": "gelu",
    "swiglu": "silu",
}
"""Gated units, and the function of the catalogue that their gate goes through; '' for none."""


@dataclass(frozen=True)
class Activation:
    """What is put in a network's place for an activation.

    Parameters
    ----------
    record : str or None
        The function of the catalogue, or the gated unit, that it is, or claims to be; None for a
        person's own that claims to be none.
    parameters : tuple of (str, float)
        Parameters of the function that are not as the catalogue has them, by name.
    own : str
        A person's own code, as ``module:attribute``; empty for Ogive's implementation.
    source : str
        SHA-256 of a person's own code (`ogive.study.own.fingerprint`); empty for Ogive's.

    Raises
    ------
    ValueError
        If the name is unknown, the function cannot be an activation, a parameter does not exist
        or is out of its range.

    Examples
    --------
    >>> Activation.read("leaky_relu:negative_slope=0.2").parameters
    (('negative_slope', 0.2),)
    >>> Activation.read("swish").label
    'swish'
    """

    record: str | None
    parameters: tuple[tuple[str, float], ...] = ()
    own: str = ""
    source: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.record is None:
            if not self.own:
                raise ValueError("an activation is a function of the catalogue or a person's own")
            if self.parameters:
                raise ValueError(f"{self.own} takes no parameters here: give it its own defaults")
            return
        if self.record in GATED:
            if self.parameters:
                raise ValueError(f"{self.record} has no parameters")
            return
        record = _record(self.record)
        object.__setattr__(self, "record", record.name)
        if record.name not in EVERYWHERE:
            low, high = record.domain
            raise ValueError(
                f"{self.record!r} cannot be an activation: it is defined on [{low:g}, {high:g}] "
                "only, and a layer's sums can be any real number"
            )
        known = {parameter.name: parameter for parameter in record.parameters}
        kept = {}
        for name, value in self.parameters:
            if name not in known:
                has = f"it has {', '.join(known)}" if known else "it has none"
                raise ValueError(
                    f"{record.name} has no parameter {name!r}; {has}{checked.nearest(name, known)}"
                )
            if not known[name].allows(value):
                raise ValueError(
                    f"{record.name}: {name} must be {known[name].condition}, not {value:g}"
                )
            if float(value) != known[name].default:
                kept[name] = float(value)
        object.__setattr__(self, "parameters", tuple(sorted(kept.items())))

    @classmethod
    def read(cls, given: object) -> Activation:
        """Return the activation that a declaration names.

        Parameters
        ----------
        given : str, mapping, callable or Activation
            ``relu``; ``leaky_relu:negative_slope=0.2``; ``my_package:MyActivation`` or
            ``file.py:MyActivation``, a person's own; ``relu=my_package:MyReLU``, a person's own
            that claims to be a function of the catalogue and is held against its record; a
            mapping with ``name`` and parameters, or ``name`` and ``own``; a class or function.

        Returns
        -------
        Activation

        Raises
        ------
        ValueError
            If it is none of these, or the name, parameter or code does not exist.
        """
        if isinstance(given, Activation):
            return given
        if isinstance(given, str):
            return cls._word(given)
        if isinstance(given, Mapping):
            return cls._mapping(given)
        if callable(given):
            return cls._theirs(own.reference_to(given), None)
        raise ValueError(f"an activation must be a name or a callable, not {given!r}")

    @classmethod
    def _word(cls, given: str) -> Activation:
        claimed, equals, reference = given.partition("=")
        if equals and own.is_reference(reference) and ":" not in claimed:
            return cls._theirs(reference, claimed)
        head = given.split(":")[0]
        if own.is_reference(given) and not _known(head):
            return cls._theirs(given, None)
        name, options = split(given)
        if "" in options:
            raise ValueError(_unnamed(name, options[""]))
        return cls._mapping({"name": name} | {key: _number(text) for key, text in options.items()})

    @classmethod
    def _mapping(cls, given: Mapping[str, Any]) -> Activation:
        values = dict(given)
        name = values.pop("name", None)
        reference = values.pop("own", None)
        if reference is not None:
            if values:
                raise ValueError(f"{reference}: its parameters are its own, not {sorted(values)}")
            return cls._theirs(reference, name)
        if not isinstance(name, str):
            raise ValueError(f"an activation must be named by a string, not {name!r}")
        parameters = (
            (key, checked.number(f"{name}: {key}", value)) for key, value in values.items()
        )
        return cls(name, tuple(parameters))

    @classmethod
    def _theirs(cls, reference: str, claimed: str | None) -> Activation:
        if not callable(own.load(reference)):
            raise ValueError(f"{reference} is no activation: it cannot be called")
        return cls(claimed, (), reference, own.fingerprint(reference))

    @property
    def gated(self) -> bool:
        """Whether it is a unit of two halves, which takes two inputs for each output."""
        return self.record in GATED

    @property
    def label(self) -> str:
        """What it is called in tables, and as a word of a declaration."""
        if self.own:
            return f"{self.record}={self.own}" if self.record else self.own
        return ":".join([str(self.record), *(f"{k}={v:g}" for k, v in self.parameters)])

    @property
    def function(self) -> catalog.Function | None:
        """The record of the catalogue that it is or claims to be; None for what has none."""
        if self.record is None or self.record in GATED:
            return None
        return catalog.get(self.record)

    def to_dict(self) -> dict[str, Any]:
        """Return the activation as plain JSON values."""
        return {
            "record": self.record,
            "parameters": dict(self.parameters),
            "own": self.own,
            "source": self.source,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Activation:
        """Return the activation that `to_dict` wrote, whether its code is still there or not."""
        return cls(
            values["record"],
            tuple(sorted(values["parameters"].items())),
            values["own"],
            values["source"],
        )

    def loaded(self) -> Callable[..., Any]:
        """Return a person's own code; ValueError where it is no longer what was declared."""
        found: Callable[..., Any] = own.as_declared(self.own, self.source)
        return found


def _known(name: str) -> bool:
    """Tell whether the catalogue, or the table of gated units, has this name or alias."""
    if name in GATED:
        return True
    try:
        catalog.get(name)
    except ValueError:
        return False
    return True


def _record(name: str) -> catalog.Function:
    """Return a function of the catalogue, or say what is no activation and what may be meant."""
    try:
        return catalog.get(name)
    except ValueError:
        pass
    if name in rows.__all__:
        raise ValueError(
            f"{name!r} cannot be an activation: it is a function of rows, each entry of which "
            "depends on all others"
        )
    known = (*EVERYWHERE, *GATED)
    others = [alias for each in EVERYWHERE for alias in catalog.get(each).aliases]
    hint = checked.nearest(name.lower(), (*known, *others)) or f"; known: {', '.join(known)}"
    raise ValueError(f"no activation is called {name!r}{hint}")


def _unnamed(name: str, text: str) -> str:
    """Say how a parameter is given, to whom left its name out."""
    parameters = () if name in GATED else _record(name).parameters
    if not parameters:
        return f"{name} has no parameters, and {text!r} is given"
    first, value = parameters[0], _number(text)
    example = f"{first.default:g}" if isinstance(value, str) else text
    return f"{name}: a parameter is given by its name: write {name}:{first.name}={example}"


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
