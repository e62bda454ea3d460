"""Recurrent networks: images row by row, series, counting, sequences of unequal length."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from data import digits
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.optim import SGD, Adam, AdamW, RMSprop

from ogive.torch import nn as ogive_nn

from .parts import accuracy, batches, fit, gather


def _rows(x: Tensor) -> Tensor:
    return x.unflatten(1, (8, 8))


class _Reader(nn.Module):
    """Reads the rows of an image and classifies by the last output."""

    def __init__(self, layer: nn.Module, width: int) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(_rows(x))[0][:, -1])


def _read(
    seed: int, layer: Callable[[], nn.Module], width: int, rate: float, clip: float
) -> Outcome:
    """Train a recurrent layer of torch, or of Ogive, on the rows."""
    torch.manual_seed(seed)
    data = digits()
    model = _Reader(layer(), width)
    fit(model, Adam(model.parameters(), rate), data, 300, clip=clip)
    return accuracy(model, data)


ROWS = [
    healthy("rnn", f"rnn-rows-{name}")(
        partial(_read, layer=layer, width=width, rate=rate, clip=clip)
    )
    for name, layer, width, rate, clip in (
        ("tanh", partial(nn.RNN, 8, 64, batch_first=True), 64, 2e-3, 1.0),
        ("lstm", partial(nn.LSTM, 8, 64, batch_first=True), 64, 5e-3, 0.0),
        ("gru", partial(nn.GRU, 8, 64, batch_first=True), 64, 5e-3, 0.0),
        (
            "lstm-two-layers-dropout",
            partial(nn.LSTM, 8, 48, 2, batch_first=True, dropout=0.2),
            48,
            5e-3,
            1.0,
        ),
        ("gru-three-layers", partial(nn.GRU, 8, 40, 3, batch_first=True), 40, 5e-3, 1.0),
        (
            "gru-bidirectional",
            partial(nn.GRU, 8, 32, batch_first=True, bidirectional=True),
            64,
            5e-3,
            0.0,
        ),
        ("lstm-projected", partial(nn.LSTM, 8, 64, batch_first=True, proj_size=32), 32, 5e-3, 0.0),
        ("lstm-ogive", partial(ogive_nn.LSTM, 8, 48, batch_first=True), 48, 5e-3, 0.0),
        ("gru-ogive", partial(ogive_nn.GRU, 8, 48, batch_first=True), 48, 5e-3, 0.0),
    )
]


@healthy("rnn", "rnn-relu-identity")
def relu_identity(seed: int) -> Outcome:
    """A rectified recurrence that begins with the identity."""
    torch.manual_seed(seed)
    data = digits()
    layer = nn.RNN(8, 64, nonlinearity="relu", batch_first=True)
    with torch.no_grad():
        layer.weight_hh_l0.copy_(torch.eye(64))
        layer.bias_hh_l0.zero_()
        layer.bias_ih_l0.zero_()
        layer.weight_ih_l0.normal_(std=0.1)
    model = _Reader(layer, 64)
    fit(model, Adam(model.parameters(), 2e-3), data, 500, clip=1.0)
    return accuracy(model, data)


@healthy("rnn", "rnn-elman-by-hand")
def elman(seed: int) -> Outcome:
    """An Elman network written out, orthogonal recurrent weights."""
    torch.manual_seed(seed)
    data = digits()

    class Elman(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.enter = nn.Linear(8, 64)
            self.again = nn.Linear(64, 64, bias=False)
            self.leave = nn.Linear(64, 10)
            nn.init.orthogonal_(self.again.weight)

        def forward(self, x: Tensor) -> Tensor:
            h = x.new_zeros(len(x), 64)
            for row in _rows(x).unbind(1):
                h = torch.tanh(self.enter(row) + self.again(h))
            return self.leave(h)

    model = Elman()
    fit(model, RMSprop(model.parameters(), 1e-3), data, 250, clip=1.0)
    return accuracy(model, data)


@healthy("rnn", "rnn-lstm-cell-loop")
def lstm_cell(seed: int) -> Outcome:
    """A loop over LSTMCell, forget gates biased to 1."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.head = nn.LSTMCell(8, 48), nn.Linear(48, 10)
            with torch.no_grad():
                self.cell.bias_ih[48:96].fill_(1.0)
                self.cell.bias_hh[48:96].fill_(0.0)

        def forward(self, x: Tensor) -> Tensor:
            h = c = torch.zeros(x.shape[0], 48)
            for t in range(8):
                h, c = self.cell(x[:, 8 * t : 8 * t + 8], (h, c))
            return self.head(h)

    model = Net()
    fit(model, Adam(model.parameters(), 5e-3), data, 400)
    return accuracy(model, data)


@healthy("rnn", "rnn-gru-cell-loop")
def gru_cell(seed: int) -> Outcome:
    """A loop over GRUCell, all outputs averaged."""
    torch.manual_seed(seed)
    data = digits()
    cell, head = nn.GRUCell(8, 48), nn.Linear(48, 10)

    def model(x: Tensor) -> Tensor:
        h, outputs = torch.zeros(len(x), 48), []
        for row in _rows(x).unbind(1):
            h = cell(row, h)
            outputs.append(h)
        return head(torch.stack(outputs).mean(0))

    optimizer = Adam([*cell.parameters(), *head.parameters()], 5e-3)
    for x, y in batches(data.x, data.y, 64, 300):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("rnn", "rnn-lstm-by-hand")
def lstm_by_hand(seed: int) -> Outcome:
    """The gates written out, one matrix for all."""
    torch.manual_seed(seed)
    data = digits()

    class LSTM(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gates, self.head = nn.Linear(8 + 48, 4 * 48), nn.Linear(48, 10)

        def forward(self, x: Tensor) -> Tensor:
            h = c = x.new_zeros(len(x), 48)
            for row in _rows(x).unbind(1):
                i, f, g, o = self.gates(torch.cat([row, h], 1)).chunk(4, 1)
                c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
            return self.head(h)

    model = LSTM()
    fit(model, Adam(model.parameters(), 5e-3), data, 250)
    return accuracy(model, data)


@healthy("rnn", "rnn-lstm-forget-bias")
def forget_bias(seed: int) -> Outcome:
    """Pixel after pixel through an LSTM with forget gates biased to 1 and orthogonal weights."""
    torch.manual_seed(seed)
    data = digits()
    layer, head = nn.LSTM(2, 64, batch_first=True), nn.Linear(64, 10)
    for name, p in layer.named_parameters():
        if "weight_hh" in name:
            nn.init.orthogonal_(p)
        elif "bias_ih" in name:
            nn.init.zeros_(p)
            with torch.no_grad():
                p[64:128] = 1.0
    modules = nn.ModuleList([layer, head])

    def model(x: Tensor) -> Tensor:
        return head(layer(x.unflatten(1, (32, 2)))[0][:, -1])

    optimizer = Adam(modules.parameters(), 5e-3)
    for x, y in batches(data.x, data.y, 64, 300):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
    return accuracy(model, data, 0.7)


@healthy("rnn", "rnn-layer-normed-gru")
def normed_gru(seed: int) -> Outcome:
    """Rows embedded, normalised, a GRU, and normalised again."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Sequential(nn.Linear(8, 32), nn.LayerNorm(32), nn.ReLU())
            self.gru = nn.GRU(32, 48, batch_first=True)
            self.norm, self.head = nn.LayerNorm(48), nn.Linear(48, 10)

        def forward(self, x: Tensor) -> Tensor:
            _, h = self.gru(self.embed(_rows(x)))
            return self.head(self.norm(h[-1]))

    model = Net()
    fit(model, AdamW(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


def _waves(size: int, length: int) -> Tensor:
    time = torch.arange(length) * 0.3 + torch.rand(size, 1) * 2 * math.pi
    return (torch.sin(time) * (0.5 + torch.rand(size, 1)))[:, :, None]


def _forecast(seed: int, layer: Callable[[], nn.Module], rate: float) -> Outcome:
    """Train for the next value of sines of unknown phase and height."""
    torch.manual_seed(seed)
    recurrent, head = layer(), nn.Linear(32, 1)
    modules = nn.ModuleList([recurrent, head])
    optimizer = Adam(modules.parameters(), rate)

    def loss(size: int) -> Tensor:
        x = _waves(size, 26)
        return F.mse_loss(head(recurrent(x[:, :-1])[0]), x[:, 1:])

    for _ in range(200):
        optimizer.zero_grad()
        loss(48).backward()
        nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        return Outcome("test squared error", loss(300).item(), 0.03, higher=False)


FORECASTS = [
    healthy("rnn", f"rnn-sine-{name}")(partial(_forecast, layer=layer, rate=rate))
    for name, layer, rate in (
        ("tanh", partial(nn.RNN, 1, 32, batch_first=True), 3e-3),
        ("lstm", partial(nn.LSTM, 1, 32, batch_first=True), 1e-2),
        ("gru-two-layers", partial(nn.GRU, 1, 32, 2, batch_first=True), 5e-3),
    )
]


@healthy("rnn", "rnn-forecast-of-residuals")
def residuals(seed: int) -> Outcome:
    """The change to the next value, from an encoder and a decoder that goes on by itself."""
    torch.manual_seed(seed)
    encoder = nn.GRU(1, 32, batch_first=True)
    decoder, out = nn.GRUCell(1, 32), nn.Linear(32, 1)
    modules = nn.ModuleList([encoder, decoder, out])
    optimizer = AdamW(modules.parameters(), 5e-3)

    def loss(size: int) -> Tensor:
        wave = _waves(size, 26)
        seen, coming = wave[:, :20], wave[:, 20:]
        h, last, said = encoder(seen)[1][0], seen[:, -1], []
        for _ in range(6):
            h = decoder(last, h)
            last = last + out(h)
            said.append(last)
        return F.smooth_l1_loss(torch.stack(said, 1), coming)

    for _ in range(200):
        optimizer.zero_grad()
        loss(48).backward()
        optimizer.step()
    with torch.no_grad():
        return Outcome("test loss", loss(300).item(), 0.03, higher=False)


@healthy("rnn", "rnn-counting-ones")
def counting(seed: int) -> Outcome:
    """How many ones there have been so far among twelve bits, as a number."""
    torch.manual_seed(seed)
    layer, head = nn.LSTM(1, 24, batch_first=True), nn.Linear(24, 1)
    optimizer = Adam([*layer.parameters(), *head.parameters()], 1e-2)

    def both(size: int) -> tuple[Tensor, Tensor]:
        bits = torch.randint(2, (size, 12, 1)).float()
        return head(layer(bits)[0]), bits.cumsum(1)

    for _ in range(250):
        said, count = both(64)
        loss = F.mse_loss(said, count)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        said, count = both(500)
    right = (said.round() == count).float().mean().item()
    return Outcome("test accuracy", right, 0.7)


@healthy("rnn", "rnn-running-parity")
def running_parity(seed: int) -> Outcome:
    """The parity of the bits so far, at every place; learned after a plateau."""
    torch.manual_seed(seed)
    layer, head = nn.GRU(1, 32, batch_first=True), nn.Linear(32, 1)
    modules = nn.ModuleList([layer, head])
    optimizer = Adam(modules.parameters(), 1e-2)

    def both(size: int) -> tuple[Tensor, Tensor]:
        bits = torch.randint(2, (size, 10, 1)).float()
        return head(layer(bits)[0]), bits.cumsum(1) % 2

    for _ in range(500):
        said, parity = both(64)
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(said, parity).backward()
        nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        said, parity = both(500)
    right = ((said > 0) == (parity > 0.5)).float().mean().item()
    return Outcome("test accuracy", right, 0.85)


@healthy("rnn", "rnn-adding-problem")
def adding(seed: int) -> Outcome:
    """The sum of two marked numbers among twenty."""
    torch.manual_seed(seed)
    layer, head = nn.GRU(2, 48, batch_first=True), nn.Linear(48, 1)
    optimizer = Adam([*layer.parameters(), *head.parameters()], 1e-2)

    def both(size: int) -> tuple[Tensor, Tensor]:
        number, mark = torch.rand(size, 20), torch.zeros(size, 20)
        mark.scatter_(1, torch.rand(size, 20).topk(2).indices, 1.0)
        return head(layer(torch.stack([number, mark], 2))[0][:, -1])[:, 0], (number * mark).sum(1)

    for _ in range(400):
        said, total = both(64)
        optimizer.zero_grad()
        F.mse_loss(said, total).backward()
        nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        said, total = both(500)
    # Who always says the mean is wrong by 1/6.
    return Outcome("test squared error", F.mse_loss(said, total).item(), 0.06, higher=False)


def _packed_batch(size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sequences of 4 to 15 symbols; the class is the first symbol's, out of six."""
    length = torch.randint(4, 16, (size,))
    symbol = torch.randint(1, 7, (size, 15))
    symbol[torch.arange(15)[None] >= length[:, None]] = 0
    return symbol, length, symbol[:, 0] - 1


@healthy("rnn", "rnn-packed-sequences")
def packed(seed: int) -> Outcome:
    """Packed sequences of unequal length: what was the first symbol?"""
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(7, 12, padding_idx=0)
            self.lstm, self.head = nn.LSTM(12, 32, batch_first=True), nn.Linear(32, 6)

        def forward(self, symbol: Tensor, length: Tensor) -> Tensor:
            packed = pack_padded_sequence(
                self.embed(symbol), length, batch_first=True, enforce_sorted=False
            )
            _, (h, _) = self.lstm(packed)
            return self.head(h[-1])

    model = Net()
    optimizer = Adam(model.parameters(), 1e-2)
    for _ in range(250):
        symbol, length, y = _packed_batch(64)
        optimizer.zero_grad()
        F.cross_entropy(model(symbol, length), y).backward()
        optimizer.step()
    with torch.no_grad():
        symbol, length, y = _packed_batch(500)
        right = (model(symbol, length).argmax(1) == y).float().mean().item()
    return Outcome("test accuracy", right, 0.8)


@healthy("rnn", "rnn-tagging-bidirectional-packed")
def tagging(seed: int) -> Outcome:
    """Whether the symbols on both sides are equal, for every place that is not padding."""
    torch.manual_seed(seed)
    embed = nn.Embedding(7, 12, padding_idx=0)
    layer = nn.GRU(12, 32, batch_first=True, bidirectional=True)
    head = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    modules = nn.ModuleList([embed, layer, head])
    optimizer = Adam(modules.parameters(), 1e-2)

    def both(size: int) -> tuple[Tensor, Tensor]:
        symbol, length, _ = _packed_batch(size)
        padded = F.pad(symbol, (1, 1))
        tag = (padded[:, :-2] == padded[:, 2:]).long().masked_fill(symbol == 0, -100)
        packed = pack_padded_sequence(embed(symbol), length, True, enforce_sorted=False)
        output, _ = pad_packed_sequence(layer(packed)[0], batch_first=True, total_length=15)
        return head(output).flatten(0, 1), tag.flatten()

    for _ in range(250):
        said, tag = both(64)
        optimizer.zero_grad()
        F.cross_entropy(said, tag, ignore_index=-100).backward()
        optimizer.step()
    with torch.no_grad():
        said, tag = both(500)
    known = tag >= 0
    right = (said.argmax(1) == tag)[known].float().mean().item()
    return Outcome("test accuracy", right, 0.93)


@healthy("rnn", "rnn-attention-over-states")
def attention(seed: int) -> Outcome:
    """A softmax over the states of a bidirectional LSTM."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(8, 32, batch_first=True, bidirectional=True)
            self.score, self.head = nn.Linear(64, 1), nn.Linear(64, 10)

        def forward(self, x: Tensor) -> Tensor:
            states, _ = self.lstm(_rows(x))
            weight = torch.softmax(self.score(torch.tanh(states)), dim=1)
            return self.head((weight * states).sum(1))

    model = Net()
    fit(model, Adam(model.parameters(), 5e-3), data, 250)
    return accuracy(model, data)


@healthy("rnn", "rnn-convolutional-front")
def convolutional_front(seed: int) -> Outcome:
    """Convolutions over the rows before a GRU, trained with momentum."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.front = nn.Conv1d(8, 32, 3, padding=1)
            self.gru, self.head = nn.GRU(32, 48, batch_first=True), nn.Linear(48, 10)

        def forward(self, x: Tensor) -> Tensor:
            features = F.relu(self.front(_rows(x).transpose(1, 2))).transpose(1, 2)
            return self.head(self.gru(features)[0][:, -1])

    model = Net()
    fit(model, SGD(model.parameters(), 0.2, momentum=0.9), data, 300, clip=1.0)
    return accuracy(model, data)


@healthy("rnn", "rnn-state-space")
def state_space(seed: int) -> Outcome:
    """A diagonal linear recurrence whose decays are sigmoids, gated output."""
    torch.manual_seed(seed)
    data = digits()

    class StateSpace(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.enter, self.gate, self.leave = (
                nn.Linear(8, 96),
                nn.Linear(8, 96),
                nn.Linear(96, 10),
            )
            self.decay = nn.Parameter(torch.linspace(0.0, 4.0, 96))

        def forward(self, x: Tensor) -> Tensor:
            keep = torch.sigmoid(self.decay)
            state = torch.zeros(len(x), 96)
            for row in _rows(x).unbind(1):
                state = keep * state + (1 - keep) * self.enter(row)
                out = state * F.silu(self.gate(row))
            return self.leave(torch.tanh(state) + out)

    model = StateSpace()
    fit(model, Adam(model.parameters(), 1e-2), data, 300)
    return accuracy(model, data, 0.8)


@healthy("rnn", "rnn-sequence-to-sequence-reversal")
def reversal(seed: int) -> Outcome:
    """Five symbols backwards, by encoder and decoder with the right symbol given before."""
    torch.manual_seed(seed)
    embed = nn.Embedding(9, 16)
    encoder, decoder = nn.LSTM(16, 64, batch_first=True), nn.LSTM(16, 64, batch_first=True)
    head = nn.Linear(64, 9)
    modules = nn.ModuleList([embed, encoder, decoder, head])
    optimizer = Adam(modules.parameters(), 1e-2)

    def both(size: int) -> tuple[Tensor, Tensor]:
        symbol = torch.randint(1, 9, (size, 5))
        target = symbol.flip(1)
        given = F.pad(target[:, :-1], (1, 0))
        _, state = encoder(embed(symbol))
        return head(decoder(embed(given), state)[0]).flatten(0, 1), target.flatten()

    for _ in range(300):
        said, target = both(64)
        optimizer.zero_grad()
        F.cross_entropy(said, target).backward()
        nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        said, target = both(500)
    right = (said.argmax(1) == target).float().mean().item()
    return Outcome("test accuracy of symbols", right, 0.6)


PROGRAMS = gather(globals())
