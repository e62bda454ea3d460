"""The functions themselves, and what a random network makes of the same inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from ogive.page.picture import Picture
from ogive.page.style import LineStyle
from ogive.page.wording import listing
from ogive.study.activation import Activation
from ogive.study.activation_map import activation_map
from ogive.study.figures.maps import MapPicture, map_picture
from ogive.study.figures.shapes import shape
from ogive.study.report.context import Context
from ogive.study.report.section import Block, Prose, Section
from ogive.study.results import CellResult

if TYPE_CHECKING:
    from ogive.catalog import Function

__all__ = ["Card", "Cards", "maps", "shapes"]


@dataclass(frozen=True)
class Card:
    """One activation's picture with what belongs to it."""

    name: str
    label: str
    picture: Any
    formula: str
    facts: Sequence[str]


@dataclass(frozen=True)
class Cards:
    """Pictures with their facts, side by side."""

    cards: Sequence[Card]
    kind: str
    template: ClassVar[str] = "cards.j2"


def shapes(context: Context) -> Section | None:
    """Return the functions and their derivatives; None where the catalogue has none of them."""
    drawn = _known(context)
    if not drawn:
        return None
    cards = []
    pictures = []
    for place, (cell, record) in enumerate(drawn, 1):
        parameters = dict(cell.activation.parameters)
        picture = _shape(cell.activation, context.styles[cell.name], f"shape-{place}", cell.name)
        pictures.append(picture)
        ends = [end.replace("inf", "∞").replace("-", "−") for end in record.saturates]
        facts = [f"{p.name} = {parameters.get(p.name, p.default):g}" for p in record.parameters]
        facts.append(f"flat towards {listing(ends)}" if ends else "flat nowhere")
        if not parameters:
            steepest = record.max_derivative
            said = "∞" if math.isinf(steepest) else f"{steepest:.4g}"
            facts.append(f"steepest slope {said}")
        cards.append(Card(cell.name, cell.label, picture, record.formula, facts))
    blocks: list[Block] = [
        Cards(cards, "shape"),
        Prose(
            "Value (solid, coloured) and derivative (dashed, grey), computed by Ogive's own "
            "functions; learned parameters are shown at their start. Where the dashed line lies on "
            "zero, nothing is learned.",
            note=True,
        ),
        *_absent(context),
    ]
    return Section("shapes", "The functions themselves", "Functions", blocks, pictures)


def maps(context: Context) -> Section | None:
    """Return what a random network makes of the same inputs; None without a function."""
    drawn = _known(context)
    if not drawn:
        return None
    found = [
        (cell, *_map(cell.activation, f"map-{place}", cell.name))
        for place, (cell, _) in enumerate(drawn, 1)
    ]
    cards = [Card(c.name, c.label, p, "", [f"spread {spread}"]) for c, p, spread in found]
    return Section(
        "maps",
        "What a random network looks like",
        "Activation maps",
        [
            Cards(cards, "map"),
            Prose(
                "Each picture is the output of one network of five layers of 64 units before any "
                "training, over the same square of inputs from −3 to 3; the random draw is the "
                "same for all, its scale that of the matched initialisation. Blue lies below the "
                "picture's mean and orange above, contours are half a standard deviation apart, "
                "and the heavy line is the mean: where a classifier would draw its border. The "
                "spread is the standard deviation of the output: colours are relative to it, so "
                "that a nearly constant network is visible too. Piecewise linear functions fold "
                "the plane with sharp creases, smooth ones bend it.",
                note=True,
            ),
        ],
        [picture for _, picture, _ in found],
    )


def _known(context: Context) -> list[tuple[CellResult, Function]]:
    """Return the cells that train Ogive's own implementation of a catalogue function."""
    return [
        (cell, record)
        for cell in context.results.main.cells
        if (record := cell.activation.function) is not None and not cell.activation.own
    ]


def _absent(context: Context) -> list[Block]:
    drawn = {cell.label for cell, _ in _known(context)}
    names = [c.name for c in context.results.main.cells if c.label not in drawn]
    if not names:
        return []
    verb = "is" if len(names) == 1 else "are"
    said = (
        f"{listing(names)} {verb} not drawn: gated units take two inputs, and a person's own code "
    )
    return [Prose(f"{said}is run in the training alone.", note=True)]


# What depends on the function alone is drawn once in a process.
@cache
def _shape(activation: Activation, style: LineStyle, name: str, title: str) -> Picture:
    record = activation.function
    assert record is not None
    return shape(record, style, dict(activation.parameters), name=name, title=title)


@cache
def _map(activation: Activation, name: str, title: str) -> tuple[MapPicture, str]:
    record = activation.function
    assert record is not None
    parameters: Mapping[str, float] = dict(activation.parameters)
    picture = activation_map(record.name, parameters=parameters)
    return map_picture(picture, name, title), f"{picture.spread:.2g}"
