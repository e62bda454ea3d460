"""The pictures of the audit, in the style of the reports."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from audit import SAME, Audited, of_the_same
from welch import welch

from ogive.page import style

BLUE, VERMILLION = style.PALETTE["blue"][0], style.PALETTE["vermillion"][0]
LOWEST, HIGHEST = -6.0, 2.0


def pictures(found: list[Audited]) -> dict[str, str]:
    """SVG files by name."""
    return {
        "survey_audit_differences.svg": differences(found),
        "survey_audit_same.svg": same(found),
    }


def differences(found: list[Audited]) -> str:
    """Every difference from ReLU, and which can be told from noise."""
    with style.panel(760, 470, (170, 20, 66, 44)) as axes:
        for row, audit in enumerate(found):
            called = audit.typical("smallest_called")
            axes.barh(row, 2 * called, left=-called, height=0.74, color=style.GRID, zorder=0)
            for name, test in audit.against.items():
                told = audit.adjusted[name] < 0.05
                colour = style.INK if not told else BLUE if test.difference > 0 else VERMILLION
                below = test.difference < LOWEST
                axes.plot(
                    max(test.difference, LOWEST),
                    row,
                    marker="X" if name == "PDELU" else "<" if below else "o",
                    ms=8 if name == "PDELU" else 6,
                    mec=colour,
                    mfc=colour if told else "none",
                    ls="",
                    clip_on=False,
                    zorder=3,
                )
        axes.axvline(0, color=style.INK, lw=1)
        axes.set_xlim(LOWEST, HIGHEST)
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_yticks(range(len(found)), [str(audit.column) for audit in found])
        axes.grid(visible=False)
        axes.set_title("Published means, difference from ReLU")
        axes.set_xlabel(
            "percentage points (an arrow: further left)\n"
            "filled: told from noise; blue better, vermillion worse; cross: PDELU, which is ReLU",
        )
        return file(axes, "survey-audit-differences")


def same(found: list[Audited]) -> str:
    """Two names of one function: differences with their 95 % intervals."""
    rows: list[tuple[str, Any, bool]] = []
    for pair in SAME:
        rows += [
            (f"{pair[0]} − {pair[1]}: {c}", test, True) for c, test in of_the_same(found, pair)
        ]
    for audit in found:
        if audit.column.network == "SENet18":
            cells = audit.column.cells
            rows.append((f"CELU − ELU: {audit.column}", welch(cells["CELU"], cells["ELU"]), False))
    with style.panel(760, 560, (250, 20, 54, 44)) as axes:
        for row, (_, test, alike) in enumerate(rows):
            colour = style.INK if alike else VERMILLION
            axes.plot(test.interval(), [row, row], color=colour, lw=1.6)
            axes.plot(test.difference, row, "o", ms=5, color=colour)
        axes.axvline(0, color=style.MUTED, lw=1)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks(np.arange(len(rows)), [label for label, _, _ in rows])
        axes.tick_params(axis="y", labelsize=9)
        axes.grid(visible=False)
        axes.set_title("One function under two names")
        axes.set_xlabel(
            "difference of the published means, 95 % interval (percentage points)\n"
            "vermillion: every second ELU of SENet18 is a ReLU in the published code"
        )
        return file(axes, "survey-audit-same")


def file(axes: Any, name: str) -> str:
    """An SVG file on the paper of the light scheme; equal pictures give equal text."""
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        style.root(axes).savefig(
            buffer,
            format="svg",
            dpi=72,
            facecolor=style.PAPER,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"
