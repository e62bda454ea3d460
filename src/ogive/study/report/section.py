"""What a page of the report is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

__all__ = ["Block", "Column", "Drawing", "Figures", "Prose", "Section", "Sentences", "Table"]


class Drawing(Protocol):
    """A picture in the forms that it leaves in."""

    @property
    def name(self) -> str:
        """Unique in the report."""

    @property
    def description(self) -> str:
        """What it shows."""

    @property
    def inline(self) -> str:
        """An element of the page."""

    def svg(self) -> bytes:
        """Return an SVG file."""

    def png(self) -> bytes:
        """Return a PNG file."""


@dataclass(frozen=True)
class Prose:
    """A paragraph; in muted ink if it is a note."""

    text: str
    note: bool = False
    template: ClassVar[str] = "prose.j2"


@dataclass(frozen=True)
class Sentences:
    """What was found, a sentence a line."""

    sentences: Sequence[str]
    template: ClassVar[str] = "sentences.j2"


@dataclass(frozen=True)
class Figures:
    """Figures side by side, and how they are read.

    Attributes
    ----------
    pictures : sequence of Drawing
        In order.
    kind : str
        Class of each, for the sheet of styles and the tests.
    reading : str
        One sentence or two; empty where the next block has it.
    columns : {"one", "two", "three", "four"}
        How many stand side by side on a wide screen.
    heading : str
        Above them.
    machine : bool
        Whether they depend on the machine.
    """

    pictures: Sequence[Drawing]
    kind: str
    reading: str
    columns: str = "two"
    heading: str = ""
    machine: bool = False
    template: ClassVar[str] = "figures.j2"


@dataclass(frozen=True)
class Column:
    """The head of one column of a table.

    Attributes
    ----------
    title, small : str
        Its name, and below it the unit.
    number : bool
        Whether it holds numbers, which stand at the right.
    machine : bool
        Whether it depends on the machine.
    """

    title: str
    small: str = ""
    number: bool = True
    machine: bool = False


@dataclass(frozen=True)
class Table:
    """A table: the first column names the row.

    Attributes
    ----------
    columns : sequence of Column
        The first is that of the names.
    rows : sequence of (str, sequence)
        Class of the row, and a text or mark-up for each column.
    heading : str
        Above it.
    reading : str
        Below it.
    """

    columns: Sequence[Column]
    rows: Sequence[tuple[str, Sequence[Any]]]
    heading: str = ""
    reading: str = ""
    template: ClassVar[str] = "table.j2"


class Block(Protocol):
    """One of the above, or of a section's own."""

    @property
    def template(self) -> str:
        """What draws it; it finds the block as `block`."""


@dataclass(frozen=True)
class Section:
    """One page of the report.

    Attributes
    ----------
    name : str
        Its anchor.
    title : str
        Above it.
    short : str
        In the list of pages.
    blocks : sequence of Block
        From top to bottom.
    drawings : sequence of Drawing
        Figures that are exported and not shown, because the page draws them itself.
    machine : bool
        Whether all of it depends on the machine.
    """

    name: str
    title: str
    short: str
    blocks: Sequence[Block]
    drawings: Sequence[Drawing] = ()
    machine: bool = False

    @property
    def pictures(self) -> list[Drawing]:
        """Every figure of the section."""
        shown = [p for b in self.blocks if isinstance(b, Figures) for p in b.pictures]
        return [*shown, *self.drawings]
