"""The blocks of a transformer, and a small classifier of pictures and sequences.

Each block normalises before attention and before its feed-forward part, and adds what either gives
to the stream of tokens. The activation stands in the feed-forward part.

The networks draw their weights as GPT-2 does: all normal with the standard deviation 0.02, those
of the two layers of a block that write to the stream divided by sqrt(2 depth), since that many of
them add up; biases are 0. The feed-forward parts are drawn last, so that all other weights are
the same for gated units and the other activations, whose parts differ in shape.

Sources: A. Vaswani et al. (2017), Attention is all you need; A. Radford et al. (2019), Language
models are unsupervised multitask learners, section 2.3; A. Dosovitskiy et al. (2021), An image is
worth 16 × 16 words, arXiv 2010.11929.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ogive.study.data import Shape
from ogive.study.models.feedforward import FeedForward
from ogive.study.models.fitting import check_heads
from ogive.study.models.steps import as_steps, steps_of
from ogive.study.sites import Sites

__all__ = [
    "SPREAD",
    "Attention",
    "Block",
    "Positions",
    "build",
    "draw_as_gpt2_does_",
    "own_stream",
]

SPREAD = 0.02
"""Standard deviation of the weights that a network draws of its own."""


class Attention(nn.Module):
    """Self-attention of several heads: (rows, steps, width) to the same.

    Parameters
    ----------
    width, heads : int
        Features of a token, and heads that share them evenly.
    causal : bool
        Whether a step sees only those before it and itself.

    Raises
    ------
    ValueError
        If the heads do not divide the width.

    Examples
    --------
    >>> Attention(8, 2, causal=True)(torch.zeros(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(self, width: int, heads: int, *, causal: bool) -> None:
        super().__init__()
        check_heads(width, heads)
        self.heads, self.causal = heads, causal
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return what each token takes from the others."""
        rows, steps, width = tokens.shape
        mixed = self.queries_keys_values(tokens)
        split = mixed.view(rows, steps, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        queries, keys, values = split.unbind()
        seen = nn.functional.scaled_dot_product_attention(
            queries, keys, values, is_causal=self.causal
        )
        outputs: Tensor = self.out(seen.transpose(1, 2).reshape(rows, steps, width))
        return outputs


class Block(nn.Module):
    """Attention and a feed-forward part, each normalised before and added to the stream.

    Parameters
    ----------
    sites : Sites
        Makes the activation of the feed-forward part.
    width, heads : int
        Features of a token, and heads of the attention.
    causal : bool
        Whether a step sees only those before it and itself.
    dropout : float
        Share of what either part adds that is set to 0 in training.

    Raises
    ------
    ValueError
        If the heads do not divide the width.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> block = Block(Sites(Activation("swiglu")), 8, 2, causal=False)
    >>> block(torch.zeros(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(
        self, sites: Sites, width: int, heads: int, *, causal: bool, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads, causal=causal)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward = FeedForward(sites, width)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the stream with what this block adds."""
        tokens = tokens + self.dropout(self.attention(self.attention_norm(tokens)))
        added: Tensor = self.dropout(self.feed_forward(self.feed_forward_norm(tokens)))
        return tokens + added


class Positions(nn.Module):
    """Adds to each token of (rows, steps, width) what is learned for its place.

    Parameters
    ----------
    steps, width : int
        Number of places, and features of a token.

    Examples
    --------
    >>> Positions(5, 8)(torch.zeros(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(self, steps: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(steps, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the tokens with their places."""
        return tokens + self.weight[: tokens.shape[1]]


def own_stream() -> torch.Generator:
    """Return a generator that is seeded by the next number of torch's own.

    Returns
    -------
    torch.Generator
        On the CPU.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> first = own_stream().initial_seed()
    >>> _ = torch.manual_seed(0)
    >>> own_stream().initial_seed() == first
    True
    """
    return torch.Generator().manual_seed(int(torch.randint(2**62, ())))


@torch.no_grad()
def draw_as_gpt2_does_(network: nn.Module, sites: Sites, draws: torch.Generator) -> None:
    """Draw the weights of a transformer, those of its feed-forward parts after all others.

    Parameters
    ----------
    network : torch.nn.Module
        Made of the modules above, linear layers and embeddings.
    sites : Sites
        Its activations, which keep what they begin with.
    draws : torch.Generator
        Taken before the network was made: what torch draws in making it depends on its sizes.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> sites = Sites(Activation("gelu"))
    >>> block = Block(sites, 32, 2, causal=False)
    >>> draw_as_gpt2_does_(block, sites, torch.Generator().manual_seed(0))
    >>> round(block.feed_forward.up.weight.std().item(), 3)
    0.02
    """
    blocks = [module for module in network.modules() if isinstance(module, Block)]
    late = [layer for block in blocks for layer in (block.feed_forward.up, block.feed_forward.down)]
    writing = {*(block.attention.out for block in blocks), *late[1::2]}
    left = {*late, *(module for site in sites.made for module in site.modules())}
    first = [module for module in network.modules() if module not in left]
    for module in [*first, *late]:
        if isinstance(module, nn.Linear | nn.Embedding | Positions):
            spread = SPREAD / math.sqrt(2 * len(blocks)) if module in writing else SPREAD
            module.weight.normal_(0, spread, generator=draws)
        if isinstance(module, nn.Linear) and module.bias is not None:
            module.bias.zero_()


class _Classifier(nn.Module):
    """Blocks over all steps, and the classes from the mean of what they end in."""

    def __init__(
        self, sites: Sites, shape: Shape, width: int, depth: int, heads: int, patch: int
    ) -> None:
        super().__init__()
        steps, features = steps_of(shape, patch)
        self.patch = patch
        self.embedding = nn.Linear(features, width)
        self.positions = Positions(steps, width)
        self.blocks = nn.Sequential(
            *(Block(sites, width, heads, causal=False) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, shape.classes)

    def forward(self, inputs: Tensor) -> Tensor:
        tokens = self.positions(self.embedding(as_steps(inputs, self.patch)))
        logits: Tensor = self.head(self.norm(self.blocks(tokens)).mean(dim=1))
        return logits


def build(
    sites: Sites, shape: Shape, *, width: int, depth: int, heads: int, patch: int
) -> nn.Module:
    """Return a small transformer that classifies pictures or sequences.

    Parameters
    ----------
    sites : Sites
        Makes the activation of each block's feed-forward part, a gated unit or another.
    shape : Shape
        Of the data.
    width : int
        Features of a token.
    depth : int
        Number of blocks.
    heads : int
        Of each attention; they divide the width.
    patch : int
        Side of the squares of a picture that are its tokens; 0 for its rows of pixels. Of
        sequences each step is a token.

    Returns
    -------
    torch.nn.Module
        ``embedding``, ``positions``, ``blocks``, ``norm`` and the output layer ``head``, which
        reads the mean of all tokens and ends in logits.

    Raises
    ------
    ValueError
        If the heads do not divide the width, or patches do not cover a picture.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> shape = Shape("images", (1, 28, 28), 10)
    >>> network = build(
    ...     Sites(Activation("geglu")), shape, width=16, depth=2, heads=2, patch=4
    ... )
    >>> network(torch.zeros(3, 1, 28, 28)).shape
    torch.Size([3, 10])
    """
    draws = own_stream()
    network = _Classifier(sites, shape, width, depth, heads, patch)
    draw_as_gpt2_does_(network, sites, draws)
    return network
