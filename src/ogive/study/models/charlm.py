"""A language model of characters: a transformer that sees only what stands before."""

from __future__ import annotations

from torch import Tensor, nn

from ogive.study.data import Shape
from ogive.study.models.transformer import Block, Positions, draw_as_gpt2_does_, own_stream
from ogive.study.sites import Sites

__all__ = ["build"]


class _LanguageModel(nn.Module):
    """Tokens (rows, steps) to logits of the token that follows each: (rows, steps, classes)."""

    def __init__(
        self,
        sites: Sites,
        shape: Shape,
        width: int,
        depth: int,
        heads: int,
        dropout: float,
        tied: bool,
    ) -> None:
        super().__init__()
        (steps,) = shape.inputs
        self.embedding = nn.Embedding(shape.classes, width)
        self.positions = Positions(steps, width)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self.blocks = nn.Sequential(
            *(Block(sites, width, heads, causal=True, dropout=dropout) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, shape.classes, bias=False)
        if tied:
            self.head.weight = self.embedding.weight

    def forward(self, inputs: Tensor) -> Tensor:
        tokens = self.dropout(self.positions(self.embedding(inputs)))
        logits: Tensor = self.head(self.norm(self.blocks(tokens)))
        return logits


def build(
    sites: Sites,
    shape: Shape,
    *,
    width: int,
    depth: int,
    heads: int,
    dropout: float,
    tied: bool,
) -> nn.Module:
    """Return a decoder-only transformer that says at each step which token follows.

    Parameters
    ----------
    sites : Sites
        Makes the activation of each block's feed-forward part, a gated unit or another; all have
        the same number of parameters, see `ogive.study.models.feedforward.hidden_units`.
    shape : Shape
        Of the data: tokens.
    width : int
        Features of a token.
    depth : int
        Number of blocks.
    heads : int
        Of each attention; they divide the width.
    dropout : float
        Share of the embeddings, and of what each part of a block adds, that is 0 in training; the
        weights of the attention are never dropped, so that it stays one fused operation.
    tied : bool
        Whether the output layer's weight is the embedding's.

    Returns
    -------
    torch.nn.Module
        ``embedding``, ``positions``, ``blocks``, ``norm`` and the output layer ``head``, which
        ends in logits for every step.

    Raises
    ------
    ValueError
        If the heads do not divide the width.

    Examples
    --------
    >>> import torch
    >>> from ogive.study.activation import Activation
    >>> shape = Shape("tokens", (12,), 50)
    >>> options = {"width": 16, "depth": 2, "heads": 2, "dropout": 0.0, "tied": False}
    >>> network = build(Sites(Activation("swiglu")), shape, **options)
    >>> network(torch.zeros(3, 12, dtype=torch.int64)).shape
    torch.Size([3, 12, 50])
    """
    draws = own_stream()
    network = _LanguageModel(sites, shape, width, depth, heads, dropout, tied)
    draw_as_gpt2_does_(network, sites, draws)
    return network
