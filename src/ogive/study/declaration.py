"""What a study compares, as data: the declaration, and the settings that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ogive.study import checked
from ogive.study.activation import Activation
from ogive.study.budget import Tuning
from ogive.study.checked import DeclarationError
from ogive.study.data import Data
from ogive.study.model import Model
from ogive.study.recipe import Recipe
from ogive.study.seeds import Seeds
from ogive.study.spec import INITIALIZATIONS, RunSpec

__all__ = ["PROTOCOLS", "Grid", "Setting", "Study"]

PROTOCOLS: tuple[str, ...] = ("drop-in", "tuned")


@dataclass(frozen=True)
class Setting:
    """Conditions under which all activations are compared: one table of the report.

    Attributes
    ----------
    model : Model
    initialization : {"default", "matched", "lsuv"}
        How the weights begin; see `RunSpec`.
    protocol : {"drop-in", "tuned"}
        Whether each activation is trained as declared, or as its own tuning chose.
    seeds : Seeds
        How many runs an activation gets.
    recipe : Recipe
        How they are trained.
    """

    model: Model
    initialization: str
    protocol: str
    seeds: Seeds
    recipe: Recipe

    @property
    def identity(self) -> tuple[Model, str, str, Recipe]:
        """What tells it from other settings of a study."""
        return self.model, self.initialization, self.protocol, self.recipe

    def __str__(self) -> str:
        return f"{self.model}, {self.initialization} init, {self.protocol}"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Settings that are every combination of models, initialisations and protocols.

    Parameters
    ----------
    models : sequence of Model or what `Model.read` takes
        The networks.
    initializations : sequence of str
        Of `INITIALIZATIONS`.
    protocols : sequence of {"drop-in", "tuned"}
        One recipe for all; or each activation with the learning rate and gain that served it best
        on the validation part, within the same budget.
    seeds : Seeds or what `Seeds.read` takes
        How often each cell is trained.
    recipe : Recipe, optional
        How they are trained, where that is not as in the rest of the study.

    Raises
    ------
    ValueError
        If a value is unknown, given twice or out of its range.

    Examples
    --------
    >>> [str(setting) for setting in Grid(models=("mlp:64x3",)).settings(Recipe())]
    ['mlp:64x3, matched init, drop-in']
    """

    models: tuple[Model, ...] = field(default_factory=lambda: (Model.read("mlp"),))
    initializations: tuple[str, ...] = ("matched",)
    protocols: tuple[str, ...] = ("drop-in",)
    seeds: Seeds = field(default_factory=Seeds)
    recipe: Recipe | None = None

    def __post_init__(self) -> None:
        models = tuple(Model.read(given) for given in checked.several("models", self.models))
        checked.each_once("models", [str(model) for model in models], "models")
        object.__setattr__(self, "models", models)
        for name, label, choices in (
            ("initializations", "an initialisation", INITIALIZATIONS),
            ("protocols", "a protocol", PROTOCOLS),
        ):
            values = tuple(
                checked.one_of(label, value, choices)
                for value in checked.several(name, getattr(self, name))
            )
            checked.each_once(name, values, name)
            object.__setattr__(self, name, values)
        object.__setattr__(self, "seeds", Seeds.read(self.seeds))
        if self.recipe is not None and not isinstance(self.recipe, Recipe):
            raise ValueError(f"recipe must be a Recipe, not {self.recipe!r}")

    def settings(self, recipe: Recipe) -> list[Setting]:
        """Return every combination, models outermost, under `recipe` if it has none of its own.

        Parameters
        ----------
        recipe : Recipe
            Of the study.

        Returns
        -------
        list of Setting
        """
        return [
            Setting(model, initialization, protocol, self.seeds, self.recipe or recipe)
            for model in self.models
            for initialization in self.initializations
            for protocol in self.protocols
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the grid as plain JSON values."""
        return {
            "models": [model.to_dict() for model in self.models],
            "initializations": list(self.initializations),
            "protocols": list(self.protocols),
            "seeds": asdict(self.seeds),
            "recipe": None if self.recipe is None else self.recipe.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Grid:
        """Return the grid that `to_dict` wrote."""
        return cls(
            models=tuple(Model.from_dict(model) for model in values["models"]),
            initializations=tuple(values["initializations"]),
            protocols=tuple(values["protocols"]),
            seeds=Seeds(**values["seeds"]),
            recipe=None if values["recipe"] is None else Recipe.from_dict(values["recipe"]),
        )


SEVEN: tuple[str, ...] = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "silu", "gelu")
"""The activations of a study that names none."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """The declaration of a study.

    Every setting of every grid is trained with every activation and every seed. A setting that
    several grids hold is one, with as many seeds as any of them asks for at least; where one of
    them adds seeds, they are added from there on.

    Parameters
    ----------
    name : str
        What the study is called in its report; part of no run.
    data : Data or what `Data.read` takes
        The data set.
    activations : sequence of Activation or what `Activation.read` takes
        Each once. Parameters that are learned (prelu, swish, srs, pdelu, pau, xielu) start at
        their defaults in every layer, one set for the layer, and are trained with the weights:
        swish is SiLU with a learned sharpness, where silu's is 1 throughout.
    grids : sequence of Grid
        What they are trained in. The first setting of the first grid is the study's main one.
    recipe : Recipe
        How every run is trained, but in grids with a recipe of their own; the tuned protocol
        changes its learning rate.
    tuning : Tuning
        The budget of the tuned protocol.
    reference : str
        The label of the activation that the others are compared with; by default relu where it is
        among them, and the first of them otherwise.
    cost : bool
        Whether each activation's cost is measured, alone and in each network, after the training.

    Raises
    ------
    ValueError
        If a value is unknown or out of its range. The message names it, and for a misspelt
        name the nearest ones.

    Examples
    --------
    >>> study = Study(activations=("relu", "sigmoid"), grids=(Grid(seeds=3),))
    >>> study.reference, len(study.settings())
    ('relu', 1)
    """

    name: str = "activations"
    data: Data = field(default_factory=lambda: Data.read("digits"))
    activations: tuple[Activation, ...] = field(
        default_factory=lambda: tuple(map(Activation.read, SEVEN))
    )
    grids: tuple[Grid, ...] = field(default_factory=lambda: (Grid(), depth_grid(())))
    recipe: Recipe = field(default_factory=Recipe)
    tuning: Tuning = field(default_factory=Tuning)
    reference: str = ""
    cost: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise DeclarationError(
                ("name",), f"name must be a text that is not empty, not {self.name!r}"
            )
        given = checked.several("activations", self.activations)
        activations = tuple(Activation.read(value) for value in given)
        checked.each_once(
            "activations", [activation.label for activation in activations], "activations"
        )
        object.__setattr__(self, "activations", activations)
        grids = checked.several("grids", self.grids)
        for grid in grids:
            if not isinstance(grid, Grid):
                raise ValueError(f"grids must be Grids, not {grid!r}")
        if not isinstance(self.recipe, Recipe):
            raise ValueError(f"recipe must be a Recipe, not {self.recipe!r}")
        object.__setattr__(self, "tuning", Tuning.read(self.tuning))
        if not isinstance(self.cost, bool):
            raise DeclarationError(("cost",), f"cost must be true or false, not {self.cost!r}")
        object.__setattr__(self, "reference", self._reference(activations))
        object.__setattr__(self, "data", Data.read(self.data))
        self._fits_together()

    def _reference(self, activations: Sequence[Activation]) -> str:
        labels = [activation.label for activation in activations]
        if self.reference == "":
            return "relu" if "relu" in labels else labels[0]
        wanted = Activation.read(self.reference).label
        if wanted not in labels:
            raise DeclarationError(
                ("reference",),
                f"reference {self.reference!r} is not among the activations of the study: "
                f"{', '.join(labels)}",
            )
        return wanted

    def _fits_together(self) -> None:
        """Look whether each network takes these data and these activations."""
        gated = [place for place, each in enumerate(self.activations) if each.gated]
        for number, grid in enumerate(self.grids):
            augmentation = (grid.recipe or self.recipe).augmentation
            if augmentation != "none" and self.data.inputs != "images":
                within = () if grid.recipe is None else ("grids", number)
                raise DeclarationError(
                    (*within, "recipe", "augmentation"),
                    f"augmentation {augmentation!r} is for images, and {self.data} holds "
                    f"{self.data.inputs}",
                )
            for place, model in enumerate(grid.models):
                kind = model.kind
                if kind is None:
                    continue
                if self.data.inputs not in kind.takes:
                    raise DeclarationError(
                        ("grids", number, "models", place),
                        f"model {model} takes {' or '.join(kind.takes)}, and {self.data} holds "
                        f"{self.data.inputs}",
                    )
                if gated and not kind.gated:
                    raise DeclarationError(
                        ("activations", gated[0]),
                        f"{self.activations[gated[0]].label} is a gated unit, which takes two "
                        f"inputs for each output; model {model} has no place for one",
                    )

    def check_shape(self) -> None:
        """Look whether each network can be made for the data, which are loaded if that is needed.

        A declaration alone does not: its data need not be there where a report is made again.

        Raises
        ------
        ValueError
            If one cannot, or the data cannot be read. Of a person's own networks, and those of
            other libraries, nothing is known before they are made.

        Examples
        --------
        >>> Study(grids=(Grid(models=("resnet8",)),)).check_shape()
        """
        for number, grid in enumerate(self.grids):
            for place, model in enumerate(grid.models):
                if model.kind is None or model.kind.fits is None:
                    continue
                shape = self.data.shape
                try:
                    model.check_shape(shape)
                except ValueError as error:
                    said = str(error).removeprefix(f"{model.name} ")
                    raise DeclarationError(
                        ("grids", number, "models", place),
                        f"{model} {said}" if said != str(error) else f"{model}: {said}",
                    ) from error

    def settings(self) -> list[Setting]:
        """Return every setting once, in the order of the grids.

        Returns
        -------
        list of Setting
            Where several grids have one, its seeds are enough for all of them: `Seeds.joined`.
        """
        found: dict[tuple[Model, str, str, Recipe], Setting] = {}
        for setting in (each for grid in self.grids for each in grid.settings(self.recipe)):
            known = found.get(setting.identity)
            seeds = setting.seeds if known is None else setting.seeds.joined(known.seeds)
            found[setting.identity] = replace(setting, seeds=seeds)
        return list(found.values())

    def activation(self, label: str) -> Activation:
        """Return the activation of the study that is called `label`.

        Parameters
        ----------
        label : str

        Returns
        -------
        Activation

        Raises
        ------
        ValueError
            If there is none.

        Examples
        --------
        >>> Study(activations=("relu", "gelu")).activation("gelu").record
        'gelu'
        """
        for activation in self.activations:
            if activation.label == label:
                return activation
        raise ValueError(f"the study has no activation {label!r}")

    def spec(self, setting: Setting, activation: Activation, seed: int) -> RunSpec:
        """Return the run of one cell with one seed, under the one recipe for all activations.

        Parameters
        ----------
        setting : Setting
            Model, initialisation and recipe.
        activation : Activation
        seed : int

        Returns
        -------
        RunSpec
            Judged on the test part.
        """
        return RunSpec(
            data=self.data,
            model=setting.model,
            activation=activation,
            initialization=setting.initialization,
            seed=seed,
            recipe=setting.recipe,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the declaration as plain JSON values."""
        return {
            "name": self.name,
            "data": self.data.declared(),
            "activations": [activation.to_dict() for activation in self.activations],
            "grids": [grid.to_dict() for grid in self.grids],
            "recipe": self.recipe.to_dict(),
            "tuning": asdict(self.tuning),
            "reference": self.reference,
            "cost": self.cost,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Study:
        """Return the declaration that `to_dict` wrote.

        Raises
        ------
        ValueError
            If it is none.
        """
        try:
            data = Data.from_declared(values["data"])
            return cls(
                name=values["name"],
                data=data,
                activations=tuple(Activation.from_dict(value) for value in values["activations"]),
                grids=tuple(Grid.from_dict(grid) for grid in values["grids"]),
                recipe=Recipe.from_dict(values["recipe"]),
                tuning=Tuning.read(values["tuning"]),
                reference=values["reference"],
                cost=values["cost"],
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"this is not the declaration of a study: {error}") from error


def depth_grid(depths: Sequence[int], width: int = 128, seeds: int = 1) -> Grid:
    """Return the grid of perceptrons of several depths that shows how far the gradient reaches.

    Parameters
    ----------
    depths : sequence of int
        Numbers of hidden layers; 2 and 10 where none are given.
    width : int
        Units of each.
    seeds : int
        How often each is trained.

    Returns
    -------
    Grid
        Under "default" and "matched" initialisation.

    Examples
    --------
    >>> len(depth_grid((2, 10)).settings(Recipe()))
    4
    """
    return Grid(
        models=tuple(Model.read(f"mlp:{width}x{depth}") for depth in depths or (2, 10)),
        initializations=("default", "matched"),
        seeds=Seeds(least=seeds),
    )
