"""LSTM and GRU beside torch's own: results, options, saturated gates, bad input."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import truth
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

torch = pytest.importorskip("torch")

from recurrent_cases import assert_same, both, every_mode, flat, gradients, state_for  # noqa: E402
from torch.nn.utils import rnn  # noqa: E402

from ogive.torch import recurrent  # noqa: E402
from ogive.torch.recurrent import layer  # noqa: E402
from ogive.torch.recurrent.portable import Weights, portable_layer  # noqa: E402
from ogive.torch.recurrent.steps import Steps  # noqa: E402

# What torch warns of in its own compiler and forward mode is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)
    yield
    torch.compiler.reset()


# Beside torch


@every_mode
@pytest.mark.parametrize(
    ("layers", "bias", "batch_first", "bidirectional", "given_state"),
    list(itertools.product((1, 2), *[(True, False)] * 4)),
)
def test_results_and_gradients_are_torchs(
    mode: str, layers: int, bias: bool, batch_first: bool, bidirectional: bool, given_state: bool
):
    own, other = both(
        mode, 3, 5, layers, bias=bias, batch_first=batch_first, bidirectional=bidirectional
    )
    x = torch.randn(4, 6, 3, dtype=torch.float64, requires_grad=True)
    batch = 4 if batch_first else 6
    hx = state_for(mode, (layers * (1 + bidirectional), batch, 5)) if given_state else None
    leaves = [x, *(flat(hx) if given_state else [])]
    ours, torchs = own(x, hx), other(x, hx)
    assert_same(ours, torchs, leaves, own, other)
    assert ours[0].shape == torchs[0].shape


@every_mode
@settings(max_examples=12, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    layers=st.integers(1, 2),
    bidirectional=st.booleans(),
    given_state=st.booleans(),
    ordered=st.booleans(),
)
def test_packed_sequences(
    mode: str,
    lengths: list[int],
    layers: int,
    bidirectional: bool,
    given_state: bool,
    ordered: bool,
):
    lengths = sorted(lengths, reverse=True) if ordered else lengths
    own, other = both(mode, 2, 3, layers, bidirectional=bidirectional)
    sequences = [torch.randn(n, 2, dtype=torch.float64, requires_grad=True) for n in lengths]
    packed = rnn.pack_sequence(sequences, enforce_sorted=ordered)
    hx = None
    if given_state:
        hx = state_for(mode, (layers * (1 + bidirectional), len(lengths), 3))
    leaves = [*sequences, *(flat(hx) if given_state else [])]
    ours, torchs = own(packed, hx), other(rnn.pack_sequence(sequences, ordered), hx)
    assert_same(ours, torchs, leaves, own, other)
    for part in ("batch_sizes", "sorted_indices", "unsorted_indices"):
        assert getattr(ours[0], part) is getattr(packed, part)


@every_mode
def test_without_a_batch(mode: str):
    own, other = both(mode, 3, 4, 2, batch_first=True)
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    hx = state_for(mode, (2, 4))
    assert_same(own(x, hx), other(x, hx), [x, *flat(hx)], own, other)


@every_mode
def test_long_sequences_go_through_several_chunks(mode: str):
    own, other = both(mode, 3, 4, bidirectional=True)
    x = torch.randn(90, 8, 3, dtype=torch.float64, requires_grad=True)
    rows = [chunk.length for chunk in Steps((8,) * 90, reverse=False).chunks(256)]
    assert len(rows) > 2
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("ogive.torch.recurrent.forward._CHUNK_BYTES", 0)
        patch.setattr("ogive.torch.recurrent.forward._CHUNK_ROWS", 100)
        assert_same(own(x), other(x), [x], own, other)
        with torch.no_grad():
            torch.testing.assert_close(own(x)[0], other(x)[0], rtol=1e-12, atol=1e-13)


@every_mode
def test_float32_is_near_float64(mode: str):
    own, exact = (both(mode, 8, 16, 2, dtype=dtype)[0] for dtype in (torch.float32, torch.float64))
    exact.load_state_dict(own.state_dict())
    x = torch.randn(7, 3, 8, requires_grad=True)
    wide = x.detach().double().requires_grad_()
    torch.testing.assert_close(
        gradients(own(x), [x, *own.parameters()]),
        [g.float() for g in gradients(exact(wide), [wide, *exact.parameters()])],
        rtol=2e-5,
        atol=2e-6,
    )


@every_mode
@pytest.mark.parametrize("packed", [False, True])
def test_dropout_draws_what_torch_draws(mode: str, packed: bool):
    own, other = both(mode, 3, 4, 3, dropout=0.5)
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    given: Any = rnn.pack_padded_sequence(x, torch.tensor([6, 4])) if packed else x
    results = []
    for module in (own, other):
        torch.manual_seed(3)
        results.append(flat(module(given)))
    torch.testing.assert_close(*results, rtol=1e-12, atol=1e-13)
    own.eval(), other.eval()
    torch.testing.assert_close(flat(own(given)), flat(other(given)), rtol=1e-12, atol=1e-13)


def test_projections():
    own, other = both("LSTM", 3, 6, 2, proj_size=4, bidirectional=True)
    x = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    hx = (
        torch.randn(4, 2, 4, dtype=torch.float64, requires_grad=True),
        torch.randn(4, 2, 6, dtype=torch.float64, requires_grad=True),
    )
    assert_same(own(x, hx), other(x, hx), [x, *hx], own, other)


@pytest.mark.parametrize("name", ["LSTMCell", "GRUCell"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(4,), ()], ids=str)
@pytest.mark.parametrize("given_state", [True, False])
def test_cells(name: str, bias: bool, shape: tuple[int, ...], given_state: bool):
    own, other = both(name, 3, 5, bias=bias)
    x = torch.randn(*shape, 3, dtype=torch.float64, requires_grad=True)
    hx = state_for(name, (*shape, 5)) if given_state else None
    leaves = [x, *(flat(hx) if given_state else [])]
    ours, torchs = own(x, hx), other(x, hx)
    assert type(ours) is type(torchs)
    assert_same(ours, torchs, leaves, own, other)


def test_only_some_gradients_are_wanted():
    own, other = both("GRU", 3, 4)
    own.weight_ih_l0.requires_grad_(False)
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    leaves = [own.weight_hh_l0, own.bias_ih_l0, own.bias_hh_l0]
    expected = [other.weight_hh_l0, other.bias_ih_l0, other.bias_hh_l0]
    torch.testing.assert_close(
        gradients(own(x), leaves), gradients(other(x), expected), rtol=1e-11, atol=1e-12
    )
    # Of the last state alone.
    torch.testing.assert_close(
        torch.autograd.grad(own(x)[1].sum(), leaves),
        torch.autograd.grad(other(x)[1].sum(), expected),
    )


@every_mode
def test_both_biases_have_gradients_of_their_own(mode: str):
    own, _ = both(mode, 3, 4)
    own(torch.randn(5, 2, 3, dtype=torch.float64))[0].sum().backward()
    before = own.bias_hh_l0.grad.clone()
    own.bias_ih_l0.grad.zero_()
    assert torch.equal(own.bias_hh_l0.grad, before)


@every_mode
def test_backward_twice_gives_the_same(mode: str):
    own, _ = both(mode, 3, 4)
    x = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    y = own(x)[0].square().sum()
    (first,) = torch.autograd.grad(y, x, retain_graph=True)
    assert torch.equal(first, torch.autograd.grad(y, x)[0])


# Saturated gates


def test_gradients_of_saturated_gates_are_not_lost():
    """All gates at 20: in float32 sigmoid and tanh round to 1, and torch's gradients to 0."""
    own, other = both("LSTM", 1, 1, dtype=torch.float32)
    pre = (20.0, 20.0, 20.0, 20.0)
    for module in (own, other):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.zero_()
            module.bias_ih_l0.copy_(torch.tensor(pre))
    c = mpf(1) / 2
    with mp.workdps(truth.DIGITS):
        i, f, g, o = (mpf(p) for p in pre)
        cell = truth.value("sigmoid", f) * c + truth.value("sigmoid", i) * mp.tanh(g)
        through = truth.value("sigmoid", o) * mp.sech(cell) ** 2
        exact = [
            through * mp.tanh(g) * truth.grad("sigmoid", i),
            through * c * truth.grad("sigmoid", f),
            through * truth.value("sigmoid", i) * mp.sech(g) ** 2,
            mp.tanh(cell) * truth.grad("sigmoid", o),
        ]
    found = []
    for module in (own, other):
        state = torch.zeros(1, 1, 1), torch.full((1, 1, 1), 0.5)
        module(torch.zeros(1, 1, 1), state)[0].sum().backward()
        found.append(module.bias_ih_l0.grad)
    assert found[1][[0, 1, 3]].eq(0).all()
    # A rounding of c' = 1.5 shows in its derivative by as much.
    errors = truth.ulp_errors(found[0].numpy(), truth.Exact.of(exact), "float32")
    assert errors.max() <= 6, errors


def test_update_gates_of_a_gru_keep_both_tails():
    own, other = both("GRU", 1, 1, dtype=torch.float32)
    for module in (own, other):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.zero_()
            module.bias_ih_l0.copy_(torch.tensor([0.0, 20.0, 1.0]))
    found = []
    for module in (own, other):
        module(torch.zeros(1, 1, 1), torch.full((1, 1, 1), 0.5))[0].sum().backward()
        found.append(module.bias_ih_l0.grad)
    with mp.workdps(truth.DIGITS):
        n, small = mp.tanh(1), truth.value("sigmoid", -20)
        exact = [(mpf(1) / 2 - n) * truth.grad("sigmoid", 20), small * mp.sech(1) ** 2]
    errors = truth.ulp_errors(found[0][1:].numpy(), truth.Exact.of(exact), "float32")
    assert errors.max() <= 4, errors
    assert found[1][1:].eq(0).all()


# Which way is taken, and what is kept


@every_mode
def test_the_native_way_is_taken_where_it_can_be(mode: str, monkeypatch: pytest.MonkeyPatch):
    own, _ = both(mode, 3, 4, 2, bidirectional=True)
    x = torch.randn(5, 2, 3, dtype=torch.float64)

    def refuse(*arguments: Any) -> None:
        raise AssertionError("the portable way was taken")

    monkeypatch.setattr(layer, "portable_layer", refuse)
    gradients(own(x), list(own.parameters()))
    packed = rnn.pack_padded_sequence(x, torch.tensor([5, 3]))
    gradients(own(packed), list(own.parameters()))
    with pytest.raises(AssertionError, match="portable"):
        own(x.half().to(torch.float64).as_subclass(type("Marked", (torch.Tensor,), {})))


@every_mode
def test_what_is_kept_for_the_gradient(mode: str):
    own, _ = both(mode, 3, 8, dtype=torch.float32)
    x = torch.randn(10, 4, 3)
    storages: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        own(x)
    given = [x, *own.parameters()]
    for tensor in given:
        storages.pop(tensor.untyped_storage().data_ptr(), None)
    state = (2 if mode == "LSTM" else 1) * 4 * 8 * 4
    numbers = (6 if mode == "LSTM" else 5) * 10 * 4 * 8 * 4
    assert sum(storages.values()) <= numbers + state


@every_mode
def test_portable_and_native_layers_are_one(mode: str):
    steps = Steps((3, 3, 2, 1), reverse=True)
    own, _ = both(mode, 2, 4)
    weights = Weights(*own.parameters())
    data = torch.randn(9, 2, dtype=torch.float64)
    state = tuple(torch.randn(3, 4, dtype=torch.float64) for _ in range(2 if mode == "LSTM" else 1))
    torch.testing.assert_close(
        layer.run_layer(mode, data, state, weights, steps),
        portable_layer(mode, data, state, weights, steps),
        rtol=1e-13,
        atol=1e-14,
    )


# Modules


@pytest.mark.parametrize("name", ["LSTM", "GRU", "LSTMCell", "GRUCell"])
def test_weights_representation_and_checkpoints_are_torchs(name: str):
    options = {} if name.endswith("Cell") else {"num_layers": 2, "bidirectional": True}
    own, other = both(name, 3, 4, **options)
    assert isinstance(own, getattr(torch.nn, name))
    assert repr(own) == repr(other)
    assert list(own.state_dict()) == list(other.state_dict())
    for ours, torchs in zip(own.parameters(), other.parameters(), strict=True):
        assert torch.equal(ours, torchs)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1.0)
    own.load_state_dict(other.state_dict())
    other.load_state_dict(own.state_dict())
    x = torch.randn(3, 2, 3, dtype=torch.float64) if options else torch.randn(2, 3).double()
    torch.testing.assert_close(flat(own(x)), flat(other(x)))
    for twin in (copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert torch.equal(flat(twin(x))[0], flat(own(x))[0])
    single = own.to(torch.float32)
    assert flat(single(x.float()))[0].dtype == torch.float32


# Bad input: torch's own words


@pytest.mark.parametrize(
    "call",
    [
        lambda n: n.LSTM(3, 4)(torch.ones(2)),
        lambda n: n.LSTM(3, 4)(torch.ones(5, 2, 4)),
        lambda n: n.LSTM(3, 4)(torch.ones(5, 2, 3).double()),
        lambda n: n.LSTM(3, 4)(torch.ones(5, 2, 3, dtype=torch.int64)),
        lambda n: n.LSTM(3, 4)(torch.ones(0, 2, 3)),
        lambda n: n.LSTM(3, 4)(torch.ones(5, 2, 3), (torch.ones(1, 2, 4), torch.ones(1, 2, 5))),
        lambda n: n.LSTM(3, 4)(torch.ones(5, 2, 3), (torch.ones(1, 3, 4), torch.ones(1, 2, 4))),
        lambda n: n.LSTM(3, 4)(torch.ones(5, 2, 3), (torch.ones(2, 4), torch.ones(2, 4))),
        lambda n: n.LSTM(3, 4)(torch.ones(5, 3), (torch.ones(1, 1, 4), torch.ones(1, 1, 4))),
        lambda n: n.LSTM(3, 4)(torch.ones(5, 2, 3), (torch.ones(1, 2, 4),)),
        lambda n: n.GRU(3, 4)(rnn.pack_sequence([torch.ones(2, 5)])),
        lambda n: n.GRU(3, 4)(torch.ones(2)),
        lambda n: n.GRU(3, 4)(torch.ones(5, 2, 4)),
        lambda n: n.GRU(3, 4)(torch.ones(5, 2, 3), torch.ones(1, 3, 4)),
        lambda n: n.GRU(3, 4)(torch.ones(5, 2, 3), torch.ones(2, 4)),
        lambda n: n.GRU(3, 4)("words"),
        lambda n: n.LSTMCell(3, 4)(torch.ones(2, 2, 3)),
        lambda n: n.LSTMCell(3, 4)(torch.ones(2, 5)),
        lambda n: n.LSTMCell(3, 4)(torch.ones(2, 3), (torch.ones(2, 5), torch.ones(2, 4))),
        lambda n: n.GRUCell(3, 4)(torch.ones(2, 5)),
        lambda n: n.GRUCell(3, 4)(torch.ones(2, 3), torch.ones(3, 4)),
        lambda n: n.GRUCell(3, 4)(None),
        lambda n: n.LSTM(3, 0),
        lambda n: n.LSTM(3, 4, proj_size=4),
        lambda n: n.GRU(3, 4, dropout=2.0),
        lambda n: n.GRU(3, 4, proj_size=2),
    ],
)
def test_errors_are_torchs(call: Callable[[Any], object]):
    with pytest.raises(Exception) as torchs:  # noqa: PT011 - whatever torch raises
        call(torch.nn)
    with pytest.raises(torchs.type) as ours:
        call(recurrent)
    assert str(ours.value) == str(torchs.value)


def test_an_empty_batch_is_torchs():
    own, other = both("GRU", 3, 4)
    x = torch.ones(5, 0, 3, dtype=torch.float64)
    assert own(x)[0].shape == other(x)[0].shape


# Steps


def test_steps_of_sequences_of_several_lengths():
    steps = Steps((3, 2, 2, 1), reverse=False)
    states = torch.arange(8.0).unsqueeze(1)
    before = steps.before(torch.tensor([[-1.0], [-2.0], [-3.0]]), states)
    assert [piece.squeeze(1).tolist() for piece in before] == [[-1, -2, -3], [0, 1], [3, 4], [5]]
    backwards = Steps((3, 2, 2, 1), reverse=True)
    before = backwards.before(torch.tensor([[-1.0], [-2.0], [-3.0]]), states)
    assert [piece.squeeze(1).tolist() for piece in before] == [[-1], [7, -2], [5, 6], [3, 4, -3]]
    assert [chunk.rows for chunk in backwards.chunks(3)] == [[(7, 8), (5, 7)], [(3, 5), (0, 3)]]
