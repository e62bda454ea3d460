"""Models of the next character."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from data import text
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, RMSprop

from ogive.torch import losses as ogive_losses

from .parts import gather, nats, perceptron, windows


def _teach(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    steps: int,
    *,
    length: int = 32,
    size: int = 32,
    clip: float = 1.0,
    warm_up: int = 1,
) -> None:
    """Train for the next character."""
    rates = [group["lr"] for group in optimizer.param_groups]
    for step, (x, y) in enumerate(windows(length, size, steps), 1):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * min(step / warm_up, 1.0)
        logits = model(x)
        loss = F.cross_entropy(logits.view(-1, logits.size(-1)), y.reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()


@healthy("mlp", "language-bigrams")
def bigrams(seed: int) -> Outcome:
    """A table of logits for pairs of characters."""
    torch.manual_seed(seed)
    kinds = len(text()[1])
    model = nn.Embedding(kinds, kinds)
    _teach(model, Adam(model.parameters(), 5e-2), 200, clip=0)
    return nats(model, 32, 2.75)


@healthy("mlp", "language-perceptron")
def bengio(seed: int) -> Outcome:
    """Bengio's network of eight characters."""
    torch.manual_seed(seed)
    kinds = len(text()[1])

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(kinds, 12)
            self.hidden, self.out = nn.Linear(8 * 12, 128), nn.Linear(128, kinds)

        def forward(self, x: Tensor) -> Tensor:
            parts = self.embed(F.pad(x, (7, 0))).unfold(1, 8, 1)
            return self.out(torch.tanh(self.hidden(parts.flatten(2))))

    model = Net()
    _teach(model, Adam(model.parameters(), 5e-3), 250, clip=0)
    return nats(model, 32, 2.6)


class _Recurrent(nn.Module):
    """An embedding, a recurrent layer and a linear one."""

    def __init__(self, layer: Callable[..., nn.Module], width: int, tied: bool = False) -> None:
        super().__init__()
        kinds = len(text()[1])
        self.embed = nn.Embedding(kinds, width)
        self.layer = layer(width, width, batch_first=True)
        self.drop, self.out = nn.Dropout(0.1), nn.Linear(width, kinds)
        if tied:
            nn.init.normal_(self.embed.weight, std=0.1)
            self.out.weight = self.embed.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.drop(self.layer(self.embed(x))[0]))


def _recurrent(seed: int, layer: Callable[..., nn.Module], rate: float, tied: bool) -> Outcome:
    """Train a recurrent model of the next character."""
    torch.manual_seed(seed)
    model = _Recurrent(layer, 96, tied)
    _teach(model, Adam(model.parameters(), rate), 200)
    return nats(model, 32, 2.6)


RECURRENT = [
    healthy("rnn", f"language-{name}")(partial(_recurrent, layer=layer, rate=rate, tied=tied))
    for name, layer, rate, tied in (
        ("lstm", nn.LSTM, 1e-2, False),
        ("gru-tied", nn.GRU, 1e-2, True),
        ("rnn-tanh", nn.RNN, 3e-3, False),
        ("lstm-two-layers", partial(nn.LSTM, num_layers=2, dropout=0.1), 1e-2, False),
    )
]


@healthy("rnn", "language-lstm-state-carried-on")
def carried_on(seed: int) -> Outcome:
    """Truncated backpropagation: the state of one piece of the text is the next one's start."""
    torch.manual_seed(seed)
    numbers, kinds = text()
    model = _Recurrent(nn.LSTM, 96)
    optimizer = RMSprop(model.parameters(), 3e-3)
    train = numbers[: len(numbers) * 9 // 10]
    lanes = train[: len(train) // 32 * 32].reshape(32, -1)
    state: tuple[Tensor, Tensor] | None = None
    for start in range(0, 200 * 24, 24):
        x, y = lanes[:, start : start + 24], lanes[:, start + 1 : start + 25]
        output, state = model.layer(model.embed(x), state)
        state = (state[0].detach(), state[1].detach())
        loss = F.cross_entropy(model.out(output).reshape(-1, len(kinds)), y.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
    return nats(model, 32, 2.6)


@healthy("cnn", "language-causal-convolutions")
def convolutions(seed: int) -> Outcome:
    """Gated convolutions that see only what is before."""
    torch.manual_seed(seed)
    kinds = len(text()[1])

    class Gated(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.norm, self.convolution = nn.LayerNorm(width), nn.Conv1d(width, 2 * width, 4)

        def forward(self, x: Tensor) -> Tensor:
            padded = F.pad(self.norm(x).transpose(1, 2), (3, 0))
            return x + F.glu(self.convolution(padded), dim=1).transpose(1, 2)

    model = nn.Sequential(
        nn.Embedding(kinds, 48), Gated(48), Gated(48), Gated(48), nn.Linear(48, kinds)
    )
    _teach(model, Adam(model.parameters(), 5e-3), 200)
    return nats(model, 32, 2.6)


class _Causal(nn.Module):
    """Attention with a mask of minus infinity."""

    def __init__(self, width: int, heads: int, slopes: bool = False) -> None:
        super().__init__()
        self.heads, self.slopes = heads, slopes
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        size, length, width = x.shape
        q, k, v = self.c_attn(x).split(width, dim=2)
        q, k, v = (a.view(size, length, self.heads, -1).transpose(1, 2) for a in (q, k, v))
        score = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        place = torch.arange(length)
        if self.slopes:
            slope = 2.0 ** -torch.arange(1, self.heads + 1).float() * 2
            score = score - slope[:, None, None] * (place[:, None] - place[None])
        score = score.masked_fill(place[None] > place[:, None], float("-inf"))
        mixed = F.softmax(score, dim=-1) @ v
        return self.c_proj(mixed.transpose(1, 2).contiguous().view(size, length, width))


class _Layer(nn.Module):
    def __init__(self, width: int, feed: nn.Module, slopes: bool = False) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.mlp = _Causal(width, 4, slopes), feed

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class _Swiglu(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.w1, self.w3 = (
            nn.Linear(width, hidden, bias=False),
            nn.Linear(width, hidden, bias=False),
        )
        self.w2 = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class _GPT(nn.Module):
    """A small GPT, initialised as the second one was."""

    def __init__(
        self, width: int, layers: int, feed: Callable[[], nn.Module], tied: bool, slopes: bool
    ) -> None:
        super().__init__()
        kinds = len(text()[1])
        self.wte = nn.Embedding(kinds, width)
        self.wpe = None if slopes else nn.Embedding(32, width)
        self.h = nn.ModuleList(_Layer(width, feed(), slopes) for _ in range(layers))
        self.ln_f, self.lm_head = nn.LayerNorm(width), nn.Linear(width, kinds, bias=False)
        for name, p in self.named_parameters():
            if p.ndim == 2:
                last = name.endswith(("c_proj.weight", "w2.weight", "mlp.2.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers) if last else 0.02)
            elif "bias" in name:
                nn.init.zeros_(p)
        if tied:
            self.lm_head.weight = self.wte.weight

    def features(self, x: Tensor) -> Tensor:
        hidden = self.wte(x)
        if self.wpe is not None:
            hidden = hidden + self.wpe(torch.arange(x.size(1)))
        for layer in self.h:
            hidden = layer(hidden)
        return self.ln_f(hidden)

    def forward(self, x: Tensor) -> Tensor:
        return self.lm_head(self.features(x))


def _gelu_feed(width: int) -> nn.Module:
    return perceptron(width, 4 * width, width, activation=partial(nn.GELU, "tanh"))


def _gpt(
    seed: int, width: int, layers: int, feed: Callable[[], nn.Module], tied: bool, slopes: bool
) -> Outcome:
    """Train a small GPT with warm-up."""
    torch.manual_seed(seed)
    model = _GPT(width, layers, feed, tied, slopes)
    optimizer = AdamW(model.parameters(), 5e-3, betas=(0.9, 0.95), weight_decay=0.1)
    _teach(model, optimizer, 300, size=16, warm_up=30)
    return nats(model, 32, 2.6)


GPTS = [
    healthy("transformer", f"language-{name}")(
        partial(_gpt, width=width, layers=layers, feed=feed, tied=tied, slopes=slopes)
    )
    for name, width, layers, feed, tied, slopes in (
        ("gpt-tied", 48, 2, partial(_gelu_feed, 48), True, False),
        ("gpt-untied", 48, 2, partial(_gelu_feed, 48), False, False),
        ("gpt-three-layers", 32, 3, partial(_gelu_feed, 32), True, False),
        ("swiglu-alibi", 48, 2, partial(_Swiglu, 48, 96), False, True),
        ("relu-alibi-tied", 48, 2, partial(perceptron, 48, 192, 48), True, True),
    )
]


@healthy("transformer", "language-gpt-linear-cross-entropy")
def linear_cross_entropy(seed: int) -> Outcome:
    """Ogive's loss of the last layer, which never makes all logits."""
    torch.manual_seed(seed)
    model = _GPT(48, 2, partial(_gelu_feed, 48), True, False)
    optimizer = AdamW(model.parameters(), 5e-3)
    for step, (x, y) in enumerate(windows(32, 16, 300), 1):
        optimizer.param_groups[0]["lr"] = 5e-3 * min(step / 30, 1.0)
        features = model.features(x).flatten(0, 1)
        loss = ogive_losses.linear_cross_entropy(features, model.lm_head.weight, y.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return nats(model, 32, 2.6)


@healthy("transformer", "language-encoder-with-causal-mask")
def encoder_causal(seed: int) -> Outcome:
    """Torch's encoder with a mask of minus infinity, sines for positions."""
    torch.manual_seed(seed)
    kinds = len(text()[1])

    class Net(nn.Module):
        place: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(kinds, 48)
            layer = nn.TransformerEncoderLayer(48, 4, 96, 0.0, batch_first=True, norm_first=True)
            self.body = nn.TransformerEncoder(
                layer, 2, nn.LayerNorm(48), enable_nested_tensor=False
            )
            self.out = nn.Linear(48, kinds)
            angle = torch.arange(32)[:, None] * torch.exp(-torch.arange(24) * math.log(1e4) / 24)
            self.register_buffer("place", torch.cat([angle.sin(), angle.cos()], 1))

        def forward(self, x: Tensor) -> Tensor:
            mask = torch.triu(torch.full((32, 32), float("-inf")), diagonal=1)
            return self.out(self.body(self.embed(x) + self.place, mask=mask))

    model = Net()
    _teach(model, Adam(model.parameters(), 3e-3), 200, size=16, warm_up=20)
    return nats(model, 32, 2.7)


@healthy("mlp", "language-bag-of-characters")
def bag(seed: int) -> Outcome:
    """Whether a piece of the text has many blanks: the mean of embeddings, by SGD."""
    torch.manual_seed(seed)
    numbers, kinds = text()
    space, newline = kinds.index(" "), kinds.index("\n")
    chunks = numbers[: len(numbers) // 48 * 48].reshape(-1, 48)
    y = (((chunks == space) | (chunks == newline)).float().mean(1) > 0.3).float()
    order = torch.randperm(len(chunks))
    train, test = order[500:], order[:500]
    model = nn.Sequential(nn.EmbeddingBag(len(kinds), 16, mode="mean"), nn.Linear(16, 1))
    optimizer = SGD(model.parameters(), 0.5, momentum=0.9)
    for _ in range(250):
        part = train[torch.randint(len(train), (64,))]
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(chunks[part]).squeeze(1), y[part]).backward()
        optimizer.step()
    with torch.no_grad():
        right = ((model(chunks[test]).squeeze(1) > 0) == (y[test] > 0.5)).float().mean().item()
    return Outcome("test accuracy", right, 0.85)


PROGRAMS = gather(globals())
