"""The frame of a report: templates, the sheet of styles, the curve in its head."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np

import ogive

__all__ = ["environment", "glyph"]


def environment(package: str) -> Any:
    """Return Jinja2's environment for the templates of a package.

    Parameters
    ----------
    package : str
        It has a folder `templates`; ``page.css`` and ``head.j2`` are found in every one.

    Returns
    -------
    jinja2.Environment
        That escapes, and refuses names that are not there.

    Raises
    ------
    ModuleNotFoundError
        If Jinja2 is missing: ``pip install "ogive[study]"``.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    def load(name: str) -> str:
        # Wherever the package lies, in an archive even.
        shared = files("ogive.page") / name
        found = shared if shared.is_file() else files(package) / "templates" / name
        return found.read_text(encoding="utf-8")

    return Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def glyph() -> str:
    """Return the S-shaped curve of a report's head, drawn by the sigmoid itself."""
    x = np.linspace(-6, 6, 49)
    y = ogive.sigmoid(x)
    path = " ".join(f"{4 * a + 24:.1f},{36 - 28 * b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        '<svg class="glyph" viewBox="0 0 48 44" aria-hidden="true">'
        f'<polyline points="{path}"/></svg>'
    )
