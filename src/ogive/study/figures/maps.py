"""Activation maps as pictures."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from ogive.page.landscape import Landscape, map_png

__all__ = ["MapPicture", "map_picture"]

_SIDE = 320
_ADDRESS = "data:image/png;base64,"


@dataclass(frozen=True)
class MapPicture:
    """A map, with what the other pictures have: made of dots, it is the same in every form.

    Attributes
    ----------
    name, description : str
        As of `ogive.page.picture.Picture`.
    address : str
        The PNG as a ``data:`` address.
    """

    name: str
    description: str
    address: str = field(repr=False)

    @property
    def inline(self) -> str:
        """An ``<img>`` element."""
        from html import escape

        said = escape(self.description, quote=True)
        return f'<img src="{self.address}" alt="{said}" width="{_SIDE}" height="{_SIDE}">'

    def svg(self) -> bytes:
        """Return an SVG file that holds the picture."""
        from html import escape

        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_SIDE}" height="{_SIDE}" role="img" '
            f'aria-label="{escape(self.description, quote=True)}">'
            f'<image width="{_SIDE}" height="{_SIDE}" href="{self.address}"/></svg>\n'
        ).encode()

    def png(self) -> bytes:
        """Return a PNG file."""
        return base64.b64decode(self.address.removeprefix(_ADDRESS))


def map_picture(picture: Landscape, name: str, title: str) -> MapPicture:
    """Draw a map; see `ogive.page.landscape.map_png`.

    Parameters
    ----------
    picture : Landscape
        The output of a network over a square.
    name : str
        Unique in the report.
    title : str
        What the map is of, for the description.

    Returns
    -------
    MapPicture
    """
    described = (
        f"Activation map of {title}: mean output {picture.mean:.2f}, spread {picture.spread:.2g}."
    )
    return MapPicture(name, described.replace("-", "−"), map_png(picture, _SIDE))
