"""A network of a study: one that is known by name, with its options, or a person's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ogive.extras import require
from ogive.study import checked, own
from ogive.study.data import Shape
from ogive.study.models.known import MODELS, ModelKind
from ogive.study.options import Value, canonical, split, word

__all__ = ["Model"]


@dataclass(frozen=True)
class Model:
    """Which network is trained, but for its activation.

    Parameters
    ----------
    name : str
        A kind of `ogive.study.models.known.MODELS`, or ``module:attribute``: a person's own
        function that takes an activation and returns a network.
    options : tuple of (str, object)
        Of a known kind, each with its value, as its table has them.
    source : str
        SHA-256 of a person's own code (`ogive.study.own.fingerprint`); empty for a known kind.

    Examples
    --------
    >>> str(Model.read("mlp:64x3"))
    'mlp:64x3'
    >>> Model.read("mlp:64x3").option("widths")
    (64, 64, 64)
    """

    name: str
    options: tuple[tuple[str, Value], ...] = ()
    source: str = field(default="", repr=False)

    @classmethod
    def read(cls, given: object) -> Model:
        """Return the model that a declaration names.

        Parameters
        ----------
        given : str, mapping, callable or Model
            ``mlp:64x3:norm=batch``; ``timm:resnet18``; ``my_package:my_network``; a mapping with
            ``name`` and options; a function.

        Returns
        -------
        Model

        Raises
        ------
        ValueError
            If there is no such model, option or code.
        ModuleNotFoundError
            If a library that brings the model is not installed; the message says how to get it.
        """
        if isinstance(given, Model):
            return given
        if isinstance(given, str):
            name = given.split(":")[0]
            if name in MODELS or not own.is_reference(given):
                return cls._known(*split(given))
            return cls._theirs(given)
        if isinstance(given, Mapping):
            options = dict(given)
            name = options.pop("name", None)
            if isinstance(name, str) and own.is_reference(name):
                if options:
                    raise ValueError(f"{name} takes no options here, not {sorted(options)}")
                return cls._theirs(name)
            return cls._known(name, options)
        if callable(given):
            return cls._theirs(own.reference_to(given))
        raise ValueError(f"a model must be a name or a function, not {given!r}")

    @classmethod
    def _known(cls, name: object, given: Mapping[str, object]) -> Model:
        kind = MODELS[checked.one_of("a model", name, tuple(MODELS))]
        require(f"model {kind.name!r}", *kind.modules, extra=kind.name)
        values = canonical(kind.name, kind.options, given)
        if kind.named:
            own.load(kind.named)(**values)
        return cls(kind.name, tuple(sorted(values.items())))

    @classmethod
    def _theirs(cls, reference: str) -> Model:
        if not callable(own.load(reference)):
            raise ValueError(f"{reference} is no model: it cannot be called")
        return cls(reference, (), own.fingerprint(reference))

    @property
    def kind(self) -> ModelKind | None:
        """The known kind that it is of; None for a person's own."""
        return None if self.source else MODELS[self.name]

    def option(self, name: str) -> Value:
        """Return the value of an option."""
        return dict(self.options)[name]

    def but(self, **options: Value) -> Model:
        """Return the same model with some options of other values."""
        return Model(self.name, tuple(sorted((dict(self.options) | options).items())), self.source)

    def check_shape(self, shape: Shape) -> None:
        """Refuse data for which it cannot be made, as far as that is known beforehand.

        Parameters
        ----------
        shape : Shape
            Of the data.

        Raises
        ------
        ValueError
            If a known kind with these options does not fit.

        Examples
        --------
        >>> Model.read("resnet18").check_shape(Shape("images", (1, 8, 8), 10))
        """
        kind = self.kind
        if kind is not None and kind.fits is not None:
            kind.fits(shape, **dict(self.options))

    @property
    def depth(self) -> int | None:
        """Number of hidden layers of a perceptron; None for other networks."""
        widths = dict(self.options).get("widths") if self.name == "mlp" else None
        return len(widths) if isinstance(widths, tuple) else None

    @property
    def weight(self) -> float:
        """How long a step takes, relative to a linear layer of a small network."""
        if self.depth is not None:
            return self.depth + 1.0
        return 10.0 if self.kind is None else self.kind.weight

    def __str__(self) -> str:
        kind = self.kind
        return self.name if kind is None else word(self.name, kind.options, dict(self.options))

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain JSON values."""
        options = {k: list(v) if isinstance(v, tuple) else v for k, v in self.options}
        return {"name": self.name, "options": options, "source": self.source}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Model:
        """Return the model that `to_dict` wrote, whether its code is still there or not."""
        options = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in values["options"].items()
        }
        return cls(values["name"], tuple(sorted(options.items())), values["source"])

    def loaded(self) -> Callable[..., Any]:
        """Return the function that builds it; ValueError where it is not what was declared."""
        kind = self.kind
        found: Callable[..., Any] = (
            own.as_declared(self.name, self.source) if kind is None else own.load(kind.builder)
        )
        return found
