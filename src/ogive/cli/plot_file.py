"""Value and derivative of a function in a picture file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ogive.page.style import MUTED, line_styles, panel, root
from ogive.study.figures.shapes import evaluate, interval

if TYPE_CHECKING:
    from ogive.catalog import Function


def draw(record: Function, file: Path) -> None:
    """Draw a function and its derivative into a file; its ending names the format.

    Parameters
    ----------
    record : ogive.catalog.Function
    file : Path
        Ending in .png, .svg or .pdf.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    import matplotlib as mpl

    low, high = interval(record)
    x = low + (np.arange(800) + 0.5) / 800 * (high - low)
    value, derivative = evaluate(record, x)
    style = line_styles([record.name])[record.name]
    with panel(640, 420, (48, 24, 40, 70)) as axes:
        figure = root(axes)
        figure.set_facecolor("white")
        jumps = np.flatnonzero(np.abs(np.diff(derivative)) > 0.5 * np.ptp(derivative)) + 1
        axes.plot(
            np.insert(x, jumps, np.nan),
            np.insert(derivative, jumps, np.nan),
            color=MUTED,
            dashes=(4, 2),
            linewidth=1.8,
            label=f"derivative: {record.derivative_formula}",
        )
        axes.plot(x, value, color=style.hex, linewidth=2.8, label=f"value: {record.formula}")
        axes.set_xlim(low, high)
        both = np.concatenate([value, derivative])
        both = both[np.abs(both) <= 6]
        margin = 0.06 * np.ptp(both)
        axes.set_ylim(both.min() - margin, both.max() + margin)
        axes.set_title(record.name, fontsize=16, pad=44)
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(
            handles[::-1],
            labels[::-1],
            loc="lower left",
            bbox_to_anchor=(0, 1),
            frameon=False,
            borderaxespad=0.2,
            handlelength=3,
            borderpad=0,
        )
        axes.set_xlabel("x")
        dates: dict[str, dict[str, None]] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
        # Without a fixed salt the identifiers of an SVG differ from one run to the next.
        with mpl.rc_context({"svg.hashsalt": record.name}):
            figure.savefig(
                file, dpi=144, facecolor="white", metadata=dates.get(file.suffix.lower(), {})
            )
