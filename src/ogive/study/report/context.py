"""What all sections of a report have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ogive.page.style import LineStyle, line_styles, swatch
from ogive.study.results import CellResult, Results, SettingResult
from ogive.study.results.naming import sentence_case

__all__ = ["Context"]

MOST = 6
"""Settings that are pictured; all of them are in the tables and the exports."""


@dataclass(frozen=True)
class Context:
    """Results, and how their activations are drawn.

    Attributes
    ----------
    results : Results
        What is reported.
    """

    results: Results

    @cached_property
    def styles(self) -> dict[str, LineStyle]:
        """How each activation is drawn, by its short name.

        A name of the catalogue looks the same in every report; with parameters of its own, or
        when it is a person's own code, it takes a spare look.
        """
        return line_styles(self.results.names)

    @cached_property
    def pictured(self) -> tuple[SettingResult, ...]:
        """The compared settings of which every outcome is drawn."""
        return self.chosen(self.results.compared)

    @cached_property
    def watched(self) -> tuple[SettingResult, ...]:
        """The settings whose signal by depth is drawn: one seed is enough for that."""
        return self.chosen(self.results.settings)

    @property
    def left_out(self) -> str:
        """A note on the settings that are not drawn; empty where all are."""
        return self.note(self.pictured, len(self.results.compared))

    def note(self, shown: tuple[SettingResult, ...], asked: int) -> str:
        """Return a note on the settings that are not among those shown."""
        more = asked - len(shown)
        if not more:
            return ""
        return (
            f"{len(shown)} of {asked} settings are drawn; the numbers of "
            f"{'the other' if more == 1 else f'the other {more}'} are in the exported files."
        )

    def title(self, result: SettingResult) -> str:
        """Return what a panel of this setting is called."""
        return sentence_case(result.title) or str(result.setting.model)

    def mark(self, cell: CellResult) -> Any:
        """Return the line and marker of an activation, as mark-up."""
        from markupsafe import Markup

        return Markup(swatch(self.styles[cell.name]))

    def named(self, cell: CellResult) -> Any:
        """Return the mark and name of an activation for the first column of a table."""
        from markupsafe import Markup

        small = "" if cell.label == cell.name else Markup("<small>{}</small>").format(cell.label)
        return Markup('{}<span class="name">{}</span>{}').format(self.mark(cell), cell.name, small)

    def chosen(self, settings: tuple[SettingResult, ...]) -> tuple[SettingResult, ...]:
        """Return at most `MOST` settings: the main one; of many depths the ends and the middle."""
        begun = [result for result in settings if result.begun]
        if len(begun) <= MOST:
            return tuple(begun)
        depths = sorted({r.setting.model.depth for r in begun if r.setting.model.depth})
        kept = {depths[0], depths[len(depths) // 2], depths[-1]} if len(depths) > 3 else set(depths)
        few = [r for r in begun if not r.setting.model.depth or r.setting.model.depth in kept]
        main = [r for r in begun if r is self.results.main]
        # The deepest last, so that it is not the one that is cut.
        most = [r for r in few if r not in main][-(MOST - len(main)) :]
        return (*main, *most)
