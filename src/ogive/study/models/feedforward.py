"""The feed-forward part of a transformer's block, of one size for every activation."""

from __future__ import annotations

from torch import Tensor, nn

from ogive.study.sites import Sites

__all__ = ["FeedForward", "hidden_units"]

CLOSE = 0.005
"""How far a round number of hidden units may take a gated part from the others' parameters."""


def hidden_units(width: int, *, gated: bool) -> int:
    """Return the number of hidden units: four times the width, or as many parameters when gated.

    A gated unit has two projections into it where another activation has one. Two thirds of the
    hidden units make up for the third matrix: about 8 / 3 of the width instead of 4.

    Parameters
    ----------
    width : int
        Features of each token.
    gated : bool
        Whether the activation is a gated unit.

    Returns
    -------
    int
        When gated, the multiple of 8, 4 or 2 that is nearest to an equal number of parameters if
        it comes within 0.5 % of it, or else the nearest whole number: less than 1 % away from
        width 16 on. Matrices of an odd number of columns take about a tenth longer.

    Notes
    -----
    Source: N. Shazeer (2020), GLU variants improve transformer, arXiv 2002.05202, section 3.

    Examples
    --------
    >>> hidden_units(128, gated=False), hidden_units(128, gated=True)
    (512, 340)
    """
    plain = 4 * width
    if not gated:
        return plain
    wanted = _parameters(width, plain, gated=False)
    equal = (wanted - width) / (3 * width + 2)
    for multiple in (8, 4, 2):
        hidden = multiple * round(equal / multiple)
        if abs(_parameters(width, hidden, gated=True) / wanted - 1) <= CLOSE:
            return hidden
    return round(equal)


def _parameters(width: int, hidden: int, *, gated: bool) -> int:
    """Return the number of weights and biases of a feed-forward part."""
    into = 2 * hidden if gated else hidden
    return (width + 1) * into + (hidden + 1) * width


class FeedForward(nn.Module):
    """Up, the activation, and down again: (…, width) to (…, width).

    Parameters
    ----------
    sites : Sites
        Makes its activation, a gated unit or another.
    width : int
        Features of each token.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> sizes = (FeedForward(Sites(Activation(name)), 128) for name in ("gelu", "geglu"))
    >>> [sum(parameter.numel() for parameter in part.parameters()) for part in sizes]
    [131712, 131368]
    """

    def __init__(self, sites: Sites, width: int) -> None:
        super().__init__()
        hidden = hidden_units(width, gated=sites.gated)
        self.up = nn.Linear(width, 2 * hidden if sites.gated else hidden)
        self.activation = sites()
        self.down = nn.Linear(hidden, width)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return what the block adds to each token."""
        outputs: Tensor = self.down(self.activation(self.up(inputs)))
        return outputs
