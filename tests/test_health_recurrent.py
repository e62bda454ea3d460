"""The gates of LSTM and GRU are those that a cell computes step by step."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn.utils.rnn import pack_padded_sequence  # noqa: E402

from ogive.health.recurrent import gates  # noqa: E402

T, B, D, H = 5, 3, 4, 6


def _by_hand(module: Any, x: Tensor, layer: int, reverse: bool, state: Any) -> tuple[Tensor, dict]:
    """Step by step, (steps, batch, size) in and out."""
    suffix = f"_l{layer}{'_reverse' if reverse else ''}"
    w, u = getattr(module, f"weight_ih{suffix}"), getattr(module, f"weight_hh{suffix}")
    b, c = getattr(module, f"bias_ih{suffix}"), getattr(module, f"bias_hh{suffix}")
    lstm = isinstance(module, nn.LSTM)
    h, cell = state if lstm else (state, None)
    outputs, seen = [], []
    for x_t in x.flip(0) if reverse else x:
        ahead, back = x_t @ w.T + b, h @ u.T + c
        if lstm:
            i, f, g, o = (ahead + back).chunk(4, -1)
            parts = (i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid())
            cell = parts[1] * cell + parts[0] * parts[2]
            h = parts[3] * cell.tanh()
            if module.proj_size:
                h = h @ getattr(module, f"weight_hr{suffix}").T
        else:
            r, z, n = ahead.chunk(3, -1)
            rh, zh, nh = back.chunk(3, -1)
            reset, update = (r + rh).sigmoid(), (z + zh).sigmoid()
            parts = (reset, update, (n + reset * nh).tanh())
            h = (1 - update) * parts[2] + update * h
        outputs.append(h)
        seen.append(parts)
    result = torch.stack(outputs)
    values = [torch.stack(each) for each in zip(*seen, strict=True)]
    return (result.flip(0) if reverse else result), values


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_gates_are_those_of_the_cells(kind: Any, layers: int, bidirectional: bool) -> None:
    torch.manual_seed(0)
    module = kind(D, H, layers, bidirectional=bidirectional).double()
    x = torch.randn(T, B, D, dtype=torch.float64)
    number = layers * (2 if bidirectional else 1)
    h = torch.randn(number, B, H, dtype=torch.float64)
    state = (h, torch.randn_like(h)) if kind is nn.LSTM else h
    found = {name: values for name, _, values in gates(module, x, state)}
    names = ["input gate", "forget gate", "candidate", "output gate"]
    if kind is nn.GRU:
        names = ["reset gate", "update gate", "candidate"]
    layer_input = x
    for layer in range(layers):
        outputs = []
        for direction in range(2 if bidirectional else 1):
            place = layer * (2 if bidirectional else 1) + direction
            own = tuple(s[place] for s in state) if kind is nn.LSTM else h[place]
            output, values = _by_hand(module, layer_input, layer, bool(direction), own)
            outputs.append(output)
            for name, expected in zip(names, values, strict=True):
                key = f"l{layer}{' reverse' if direction else ''} {name}"
                torch.testing.assert_close(found[key], expected.flatten(0, 1))
        layer_input = torch.cat(outputs, -1)
    torch.testing.assert_close(layer_input, module(x, state)[0])
    assert len(found) == number * len(names)


def test_batch_first_projections_and_single_sequences() -> None:
    torch.manual_seed(1)
    module = nn.LSTM(D, H, proj_size=2, batch_first=True).double()
    x = torch.randn(B, T, D, dtype=torch.float64)
    found = {name: values for name, _, values in gates(module, x)}
    zero = (torch.zeros(B, 2).double(), torch.zeros(B, H).double())
    _, values = _by_hand(module, x.transpose(0, 1), 0, False, zero)
    torch.testing.assert_close(found["l0 forget gate"], values[1].flatten(0, 1))
    single = {name: values for name, _, values in gates(module, x[0])}
    assert single["l0 output gate"].shape == (T, H)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_of_packed_sequences_is_left_out(bidirectional: bool) -> None:
    torch.manual_seed(2)
    module = nn.GRU(D, H, bidirectional=bidirectional).double()
    lengths = [5, 2, 4]
    x = torch.randn(T, B, D, dtype=torch.float64)
    packed = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    found = {name: values for name, _, values in gates(module, packed)}
    for name, values in found.items():
        assert values.shape == (sum(lengths), H), name
        alone = [
            {n: v for n, _, v in gates(module, x[:length, i : i + 1])}[name]
            for i, length in enumerate(lengths)
        ]
        expected = torch.cat(alone)
        torch.testing.assert_close(values.sort(0).values, expected.sort(0).values)


def test_no_random_number_is_drawn() -> None:
    module = nn.LSTM(D, H, 2, dropout=0.5)
    before = torch.random.get_rng_state()
    list(gates(module, torch.randn(T, B, D, generator=torch.Generator())))
    assert torch.equal(before, torch.random.get_rng_state())
