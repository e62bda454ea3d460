"""Short names of activations and settings, for figures and sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace

from ogive.study.activation import Activation
from ogive.study.data import Data
from ogive.study.declaration import Setting
from ogive.study.recipe import Recipe

__all__ = ["activation_names", "data_name", "sentence_case", "setting_titles"]


def activation_names(activations: Sequence[Activation]) -> dict[str, str]:
    """Return a short name for each activation, by its label, all of them different.

    Parameters
    ----------
    activations : sequence of Activation
        Of a study.

    Returns
    -------
    dict of str to str
        The label itself where two would have one short name.

    Examples
    --------
    >>> found = activation_names([Activation.read("relu"), Activation.read("elu:alpha=2")])
    >>> list(found.values())
    ['relu', 'elu(2)']
    """
    short = {activation.label: _short(activation) for activation in activations}
    often = Counter(short.values())
    return {label: name if often[name] == 1 else label for label, name in short.items()}


def _short(activation: Activation) -> str:
    if activation.own:
        return activation.own.rpartition(":")[2]
    if activation.parameters:
        return f"{activation.record}({', '.join(f'{v:g}' for _, v in activation.parameters)})"
    return activation.label


def data_name(data: Data) -> str:
    """Return what a data set is called, without the path at which it lies on some machine.

    Examples
    --------
    >>> data_name(Data.read("digits"))
    'digits'
    """
    return str(replace(data, path=""))


def setting_titles(settings: Sequence[Setting]) -> dict[Setting, str]:
    """Return what tells each setting from the others; empty where there is one only.

    Parameters
    ----------
    settings : sequence of Setting
        Of a study.

    Returns
    -------
    dict of Setting to str
        What they differ in, each part after a comma.

    Examples
    --------
    >>> from ogive.study import Grid, Recipe
    >>> grid = Grid(protocols=("drop-in", "tuned"))
    >>> list(setting_titles(grid.settings(Recipe())).values())
    ['drop-in', 'tuned']
    """
    varied = _varied_fields(settings)
    models = len({setting.model for setting in settings}) > 1
    initializations = len({setting.initialization for setting in settings}) > 1
    protocols = len({setting.protocol for setting in settings}) > 1
    titles = {}
    for setting in settings:
        parts = []
        if models:
            parts.append(str(setting.model))
        if initializations:
            parts.append(f"{setting.initialization} initialisation")
        if protocols:
            parts.append(setting.protocol)
        recipe = setting.recipe.to_dict()
        parts += [f"{name} {recipe[name]}".replace("_", " ") for name in varied]
        titles[setting] = ", ".join(parts)
    return titles


def _varied_fields(settings: Sequence[Setting]) -> list[str]:
    """Return the fields of recipes in which settings differ that are otherwise the same."""
    alike: dict[object, list[Recipe]] = {}
    for setting in settings:
        alike.setdefault(setting.identity[:3], []).append(setting.recipe)
    return [
        field.name
        for field in fields(Recipe)
        if any(len({getattr(each, field.name) for each in group}) > 1 for group in alike.values())
    ]


def sentence_case(title: str) -> str:
    """Return a title as a sentence or a heading begins: a model stays as a declaration has it.

    Examples
    --------
    >>> sentence_case("tuned"), sentence_case("mlp:64x3, tuned")
    ('Tuned', 'mlp:64x3, tuned')
    """
    first = title.split(",")[0].split(" ")[0]
    return (
        title
        if any(letter.isdigit() or letter == ":" for letter in first)
        else (title[:1].upper() + title[1:])
    )
