"""Transformers on images, sets and sequences."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from data import digits
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR

from ogive.torch import nn as ogive_nn

from .parts import accuracy, fit, gather, perceptron


def _patches(x: Tensor) -> Tensor:
    """Cut rows of 64 into sixteen patches of four pixels."""
    image = x.unflatten(1, (4, 2, 4, 2))
    return image.permute(0, 1, 3, 2, 4).reshape(len(x), 16, 4)


class _Rows(nn.Module):
    """Torch's own encoder over the rows of an image."""

    def __init__(self, norm_first: bool, activation: str, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Linear(8, 32)
        self.place = nn.Parameter(torch.randn(8, 32) * 0.02)
        layer = nn.TransformerEncoderLayer(
            32, 4, 64, dropout, activation, batch_first=True, norm_first=norm_first
        )
        self.encoder = nn.TransformerEncoder(
            layer, 2, nn.LayerNorm(32) if norm_first else None, enable_nested_tensor=False
        )
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(x.unflatten(1, (8, 8))) + self.place).mean(1))


def _encoder(seed: int, norm_first: bool, activation: str, dropout: float, rate: float) -> Outcome:
    """Train torch's encoder with a warm-up of thirty steps."""
    torch.manual_seed(seed)
    data = digits()
    model = _Rows(norm_first, activation, dropout)
    optimizer = AdamW(model.parameters(), rate)
    schedule = LambdaLR(optimizer, lambda step: min((step + 1) / 30, 1.0))
    fit(model, optimizer, data, 220, schedule=schedule, clip=1.0)
    return accuracy(model, data)


ENCODERS = [
    healthy("transformer", f"transformer-{name}")(
        partial(_encoder, norm_first=norm_first, activation=activation, dropout=dropout, rate=rate)
    )
    for name, norm_first, activation, dropout, rate in (
        ("post-norm-relu", False, "relu", 0.1, 2e-3),
        ("pre-norm-gelu", True, "gelu", 0.0, 3e-3),
        ("pre-norm-relu-dropout", True, "relu", 0.1, 3e-3),
    )
]


class _Attention(nn.Module):
    """Attention by hand."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv, self.out = nn.Linear(width, 3 * width, bias), nn.Linear(width, width, bias)

    def forward(self, x: Tensor, added: Tensor | None = None) -> Tensor:
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        score = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if added is not None:
            score = score + added
        weight = F.dropout(F.softmax(score, dim=-1), self.dropout, self.training)
        return self.out((weight @ v).transpose(1, 2).flatten(2))


class _Block(nn.Module):
    """A block with norms before attention and feed-forward."""

    def __init__(
        self,
        width: int,
        feed: nn.Module,
        heads: int = 4,
        norm: Callable[[int], nn.Module] = nn.LayerNorm,
    ) -> None:
        super().__init__()
        self.norm1, self.norm2 = norm(width), norm(width)
        self.attention, self.feed = _Attention(width, heads), feed

    def forward(self, x: Tensor, added: Tensor | None = None) -> Tensor:
        x = x + self.attention(self.norm1(x), added)
        return x + self.feed(self.norm2(x))


class _Gated(nn.Module):
    """A gated feed-forward layer."""

    def __init__(self, width: int, hidden: int, gate: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.up, self.gated = nn.Linear(width, hidden, False), nn.Linear(width, hidden, False)
        self.down, self.gate = nn.Linear(hidden, width, False), gate

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.gate(self.gated(x)) * self.up(x))


class _SquaredReLU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x).square()


class _Experts(nn.Module):
    """Four small networks, mixed by a softmax."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, 4)
        self.experts = nn.ModuleList(
            perceptron(width, width, width, activation=nn.GELU) for _ in range(4)
        )

    def forward(self, x: Tensor) -> Tensor:
        weight = self.gate(x).softmax(-1)
        return sum(weight[..., i, None] * expert(x) for i, expert in enumerate(self.experts))


class _Vision(nn.Module):
    """A vision transformer of two blocks with a token for the class."""

    def __init__(self, feed: Callable[[], nn.Module], norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.embed = nn.Linear(4, 32)
        self.token = nn.Parameter(torch.zeros(1, 1, 32))
        self.place = nn.Parameter(torch.randn(1, 17, 32) * 0.02)
        self.blocks = nn.ModuleList(_Block(32, feed(), norm=norm) for _ in range(2))
        self.norm, self.head = norm(32), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embed(_patches(x))
        tokens = torch.cat([self.token.expand(len(x), -1, -1), tokens], 1) + self.place
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(self.norm(tokens[:, 0]))


def _vision(
    seed: int, feed: Callable[[], nn.Module], norm: Callable[[int], nn.Module], rate: float
) -> Outcome:
    """Train a vision transformer."""
    torch.manual_seed(seed)
    data = digits()
    model = _Vision(feed, norm)
    optimizer = AdamW(model.parameters(), rate, betas=(0.9, 0.98))
    schedule = OneCycleLR(optimizer, rate, total_steps=250, pct_start=0.2)
    fit(model, optimizer, data, 250, schedule=schedule, clip=1.0)
    return accuracy(model, data, 0.85)


VISION = [
    healthy("transformer", f"vision-{name}")(partial(_vision, feed=feed, norm=norm, rate=rate))
    for name, feed, norm, rate in (
        ("gelu", partial(perceptron, 32, 64, 32, activation=nn.GELU), nn.LayerNorm, 6e-3),
        ("swiglu-rms-norm", partial(_Gated, 32, 48, F.silu), nn.RMSNorm, 6e-3),
        ("geglu", partial(_Gated, 32, 48, F.gelu), nn.LayerNorm, 6e-3),
        ("glu", partial(_Gated, 32, 48, torch.sigmoid), nn.LayerNorm, 6e-3),
        (
            "squared-relu",
            partial(perceptron, 32, 64, 32, activation=_SquaredReLU),
            nn.RMSNorm,
            6e-3,
        ),
        ("soft-experts", partial(_Experts, 32), nn.LayerNorm, 6e-3),
        (
            "ogive-gelu",
            partial(perceptron, 32, 64, 32, activation=ogive_nn.GELU),
            nn.LayerNorm,
            6e-3,
        ),
    )
]


@healthy("transformer", "vision-from-zero-outputs")
def zero_outputs(seed: int) -> Outcome:
    """Output projections of all branches begin with zero."""
    torch.manual_seed(seed)
    data = digits()
    model = _Vision(partial(perceptron, 32, 64, 32, activation=nn.GELU), nn.LayerNorm)
    for block in model.blocks:
        nn.init.zeros_(block.attention.out.weight)
        nn.init.zeros_(block.feed[-1].weight)
    optimizer = AdamW(model.parameters(), 6e-3)
    schedule = OneCycleLR(optimizer, 6e-3, total_steps=300, pct_start=0.1)
    fit(model, optimizer, data, 300, schedule=schedule)
    return accuracy(model, data, 0.85)


@healthy("transformer", "transformer-multihead-attention-module")
def module_attention(seed: int) -> Outcome:
    """nn.MultiheadAttention once, a query that is learned, no feed-forward layer."""
    torch.manual_seed(seed)
    data = digits()

    class Pool(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Sequential(nn.Linear(8, 48), nn.ReLU())
            self.place = nn.Embedding(8, 48)
            self.query = nn.Parameter(torch.randn(1, 4, 48) * 0.1)
            self.attention = nn.MultiheadAttention(48, 4, batch_first=True)
            self.head = nn.Linear(4 * 48, 10)

        def forward(self, x: Tensor) -> Tensor:
            rows = self.embed(x.unflatten(1, (8, 8))) + self.place.weight
            pooled, _ = self.attention(self.query.expand(len(x), -1, -1), rows, rows)
            return self.head(pooled.flatten(1))

    model = Pool()
    fit(model, Adam(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


@healthy("transformer", "transformer-scaled-dot-product")
def scaled_dot_product(seed: int) -> Outcome:
    """torch's fused attention and a norm of queries and keys."""
    torch.manual_seed(seed)
    data = digits()

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(32)
            self.q, self.k, self.v = (nn.Linear(32, 32) for _ in range(3))
            self.norm_q, self.norm_k, self.out = nn.LayerNorm(8), nn.LayerNorm(8), nn.Linear(32, 32)
            self.feed = nn.Sequential(
                nn.LayerNorm(32), nn.Linear(32, 64), nn.SiLU(), nn.Linear(64, 32)
            )

        def forward(self, x: Tensor) -> Tensor:
            y = self.norm(x)
            q, k, v = (p(y).unflatten(2, (4, 8)).transpose(1, 2) for p in (self.q, self.k, self.v))
            mixed = F.scaled_dot_product_attention(self.norm_q(q), self.norm_k(k), v)
            x = x + self.out(mixed.transpose(1, 2).flatten(2))
            return x + self.feed(x)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Linear(4, 32)
            self.place = nn.Parameter(torch.randn(16, 32) * 0.1)
            self.blocks, self.head = nn.Sequential(Block(), Block()), nn.Linear(32, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.blocks(self.embed(_patches(x)) + self.place).mean(1))

    model = Net()
    fit(model, AdamW(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data, 0.88)


@healthy("transformer", "transformer-linear-attention")
def linear_attention(seed: int) -> Outcome:
    """Attention without softmax: elu + 1 of queries and keys."""
    torch.manual_seed(seed)
    data = digits()

    class Linear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.qkv, self.out = nn.LayerNorm(32), nn.Linear(32, 96), nn.Linear(32, 32)
            self.feed = nn.Sequential(
                nn.LayerNorm(32), nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32)
            )

        def forward(self, x: Tensor) -> Tensor:
            q, k, v = self.qkv(self.norm(x)).chunk(3, -1)
            q, k = F.elu(q) + 1, F.elu(k) + 1
            top, bottom = q @ (k.transpose(1, 2) @ v), q @ k.sum(1).unsqueeze(2)
            x = x + self.out(top / bottom)
            return x + self.feed(x)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.head = nn.Linear(8, 32), nn.Linear(32, 10)
            self.place = nn.Parameter(torch.randn(8, 32) * 0.1)
            self.blocks = nn.Sequential(Linear(), Linear())

        def forward(self, x: Tensor) -> Tensor:
            rows = self.embed(x.unflatten(1, (8, 8))) + self.place
            return self.head(self.blocks(rows).mean(1))

    model = Net()
    fit(model, AdamW(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


@healthy("transformer", "transformer-set-of-points")
def point_set(seed: int) -> Outcome:
    """Which of three shapes a cloud of points has, without positions."""
    torch.manual_seed(seed)

    def clouds(size: int) -> tuple[Tensor, Tensor]:
        kind = torch.randint(3, (size,))
        angle, line = torch.rand(size, 20) * 2 * math.pi, torch.rand(size, 20) * 2 - 1
        circle = torch.stack([angle.cos(), angle.sin()], 2)
        cross = torch.where(
            torch.rand(size, 20, 1) < 0.5,
            torch.stack([line, line], 2),
            torch.stack([line, -line], 2),
        )
        square = torch.rand(size, 20, 2) * 2 - 1
        shape = torch.stack([circle, cross, square], 1)[torch.arange(size), kind]
        return shape + 0.05 * torch.randn(size, 20, 2), kind

    embed, head = nn.Linear(2, 32), nn.Linear(32, 3)
    blocks = nn.ModuleList(_Block(32, perceptron(32, 64, 32)) for _ in range(2))
    modules = nn.ModuleList([embed, head, blocks])
    optimizer = Adam(modules.parameters(), 2e-3)

    def model(x: Tensor) -> Tensor:
        tokens = embed(x)
        for block in blocks:
            tokens = block(tokens)
        return head(tokens.amax(1))

    for _ in range(200):
        x, kind = clouds(64)
        optimizer.zero_grad()
        F.cross_entropy(model(x), kind).backward()
        optimizer.step()
    x, kind = clouds(500)
    with torch.no_grad():
        right = (model(x).argmax(1) == kind).float().mean().item()
    return Outcome("test accuracy", right, 0.9)


def _bags(size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sequences of 5 to 14 symbols and zeros; the class is the symbol that follows a 1."""
    length = torch.randint(5, 15, (size,))
    symbol = torch.randint(2, 10, (size, 14))
    place = (torch.rand(size) * (length - 1)).long()
    row = torch.arange(size)
    symbol[row, place] = 1
    y = symbol[row, place + 1] - 2
    return symbol.masked_fill(torch.arange(14) >= length[:, None], 0), length, y


@healthy("transformer", "transformer-padding-mask")
def padding_mask(seed: int) -> Outcome:
    """Padding masked in torch's encoder, mean over what is not padding."""
    torch.manual_seed(seed)
    embed, place = nn.Embedding(10, 32, padding_idx=0), nn.Embedding(14, 32)
    layer = nn.TransformerEncoderLayer(32, 4, 64, 0.0, batch_first=True, norm_first=True)
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    head = nn.Linear(32, 8)
    modules = nn.ModuleList([embed, place, encoder, head])
    optimizer = AdamW(modules.parameters(), 3e-3)

    def model(symbol: Tensor) -> Tensor:
        padding = symbol == 0
        hidden = encoder(embed(symbol) + place.weight, src_key_padding_mask=padding)
        kept = (~padding).unsqueeze(2)
        return head((hidden * kept).sum(1) / kept.sum(1))

    for _ in range(300):
        symbol, _, y = _bags(64)
        optimizer.zero_grad()
        F.cross_entropy(model(symbol), y).backward()
        nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
    symbol, _, y = _bags(500)
    with torch.no_grad():
        right = (model(symbol).argmax(1) == y).float().mean().item()
    return Outcome("test accuracy", right, 0.8)


@healthy("transformer", "transformer-relative-bias")
def relative_bias(seed: int) -> Outcome:
    """A bias of the scores for each distance, as T5 has it; padding gets the least number."""
    torch.manual_seed(seed)

    class Net(nn.Module):
        distance: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.embed, self.head = nn.Embedding(10, 32), nn.Linear(32, 8)
            self.bias = nn.Embedding(27, 4)
            self.blocks = nn.ModuleList(
                _Block(32, perceptron(32, 64, 32), norm=nn.RMSNorm) for _ in range(2)
            )
            place = torch.arange(14)
            self.register_buffer("distance", place[None] - place[:, None] + 13)

        def forward(self, symbol: Tensor) -> Tensor:
            added = self.bias(self.distance).permute(2, 0, 1)[None]
            padding = (symbol == 0)[:, None, None]
            added = added + torch.zeros(padding.shape).masked_fill(
                padding, torch.finfo(torch.float32).min / 2
            )
            hidden = self.embed(symbol)
            for block in self.blocks:
                hidden = block(hidden, added)
            is_one = (symbol == 1).unsqueeze(2)
            return self.head((hidden * is_one).sum(1))

    model = Net()
    optimizer = Adam(model.parameters(), 3e-3)
    for _ in range(250):
        symbol, _, y = _bags(64)
        optimizer.zero_grad()
        F.cross_entropy(model(symbol), y).backward()
        optimizer.step()
    symbol, _, y = _bags(500)
    with torch.no_grad():
        right = (model(symbol).argmax(1) == y).float().mean().item()
    return Outcome("test accuracy", right, 0.8)


@healthy("transformer", "transformer-encoder-and-decoder")
def encoder_and_decoder(seed: int) -> Outcome:
    """nn.Transformer that sorts six symbols, with the right ones given before."""
    torch.manual_seed(seed)
    embed, place = nn.Embedding(9, 32), nn.Embedding(6, 32)
    body = nn.Transformer(32, 4, 1, 1, 64, 0.0, batch_first=True, norm_first=True)
    head = nn.Linear(32, 9)
    modules = nn.ModuleList([embed, place, body, head])
    optimizer = AdamW(modules.parameters(), 3e-3)
    mask = nn.Transformer.generate_square_subsequent_mask(6)

    def both(size: int) -> tuple[Tensor, Tensor]:
        symbol = torch.randint(1, 9, (size, 6))
        target = symbol.sort(1).values
        given = F.pad(target[:, :-1], (1, 0))
        hidden = body(embed(symbol) + place.weight, embed(given) + place.weight, tgt_mask=mask)
        return head(hidden).flatten(0, 1), target.flatten()

    for _ in range(300):
        said, target = both(64)
        optimizer.zero_grad()
        F.cross_entropy(said, target).backward()
        nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        said, target = both(300)
    right = (said.argmax(1) == target).float().mean().item()
    return Outcome("test accuracy of symbols", right, 0.7)


@healthy("transformer", "transformer-masked-symbols")
def masked_symbols(seed: int) -> Outcome:
    """Symbols that repeat with period four; a fifth of them is hidden and to be restored."""
    torch.manual_seed(seed)
    embed, place, head = nn.Embedding(9, 32), nn.Embedding(16, 32), nn.Linear(32, 9)
    blocks = nn.ModuleList(_Block(32, perceptron(32, 64, 32, activation=nn.GELU)) for _ in range(2))
    modules = nn.ModuleList([embed, place, head, blocks])
    for module in modules.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.1)
    optimizer = AdamW(modules.parameters(), 4e-3)

    def both(size: int) -> tuple[Tensor, Tensor]:
        symbol = torch.randint(1, 9, (size, 4)).repeat(1, 4)
        hidden = torch.rand(symbol.shape) < 0.2
        tokens = embed(symbol.masked_fill(hidden, 0)) + place.weight
        for block in blocks:
            tokens = block(tokens)
        return head(tokens)[hidden], symbol[hidden]

    for _ in range(250):
        said, target = both(64)
        optimizer.zero_grad()
        F.cross_entropy(said, target).backward()
        optimizer.step()
    with torch.no_grad():
        said, target = both(500)
    right = (said.argmax(1) == target).float().mean().item()
    return Outcome("test accuracy of hidden symbols", right, 0.5)


PROGRAMS = gather(globals())
