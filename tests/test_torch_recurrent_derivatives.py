"""LSTM and GRU: derivatives of every kind, transforms, the compiler, export."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from recurrent_cases import both, every_mode, flat, gradients, state_for  # noqa: E402
from torch.nn.utils import rnn  # noqa: E402

from ogive.torch import recurrent  # noqa: E402
from ogive.torch.recurrent import layer  # noqa: E402

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


# Every kind of derivative


@every_mode
def test_gradients_of_both_orders(mode: str):
    own, _ = both(mode, 1, 2)
    x = torch.randn(2, 1, 1, dtype=torch.float64, requires_grad=True)
    hx = state_for(mode, (1, 1, 2))

    def function(x: torch.Tensor, *rest: torch.Tensor) -> tuple[torch.Tensor, ...]:
        state = rest[:2] if mode == "LSTM" else rest[0]
        return tuple(flat(own(x, state)))

    inputs = (x, *flat(hx), *own.parameters())
    assert torch.autograd.gradcheck(function, inputs, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(function, inputs)


@every_mode
def test_second_gradients_of_packed_sequences(mode: str):
    own, other = both(mode, 2, 3)
    sequences = [torch.randn(n, 2, dtype=torch.float64, requires_grad=True) for n in (3, 1, 4)]
    results = []
    for module in (own, other):
        packed = rnn.pack_sequence(sequences, enforce_sorted=False)
        first = torch.autograd.grad(
            module(packed)[0].data.square().sum(), module.weight_hh_l0, create_graph=True
        )
        results.append(torch.autograd.grad(first[0].square().sum(), sequences))
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-12)


@every_mode
def test_gradient_is_the_same_with_a_graph_of_its_own(mode: str):
    own, _ = both(mode, 3, 4, 2)
    x = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    y = own(x)[0].square().sum()
    leaves = [x, *own.parameters()]
    plain = torch.autograd.grad(y, leaves, retain_graph=True)
    tracked = torch.autograd.grad(y, leaves, create_graph=True)
    torch.testing.assert_close(plain, tracked, rtol=1e-11, atol=1e-13)


def test_second_gradients_where_the_state_depends_on_the_input():
    own, other = both("GRU", 2, 2)
    x = torch.randn(1, 2, 2, dtype=torch.float64, requires_grad=True)
    results = []
    for module in (own, other):
        (first,) = torch.autograd.grad(module(x, x)[0].square().sum(), x, create_graph=True)
        results.append((first, *torch.autograd.grad(first.square().sum(), x)))
    torch.testing.assert_close(*results, rtol=1e-11, atol=1e-13)


@every_mode
def test_function_transforms(mode: str):
    own, other = both(mode, 2, 3)
    x = torch.randn(4, 5, 2, 2, dtype=torch.float64)
    one_by_one = torch.stack([own(part)[0] for part in x])
    torch.testing.assert_close(torch.func.vmap(lambda t: own(t)[0])(x), one_by_one)
    weights = dict(own.named_parameters())

    def loss(weights: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(own, weights, (x,))[0].square().sum()

    per_sample = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(weights, x)
    for k, part in enumerate(x):
        expected = torch.autograd.grad(other(part)[0].square().sum(), other.parameters())
        torch.testing.assert_close([g[k] for g in per_sample.values()], list(expected))
    forward = torch.func.jvp(lambda t: own(t)[0], (x[0],), (x[1],))[1]
    reverse = torch.func.vjp(lambda t: own(t)[0], x[0])[1](torch.ones_like(forward))[0]
    torch.testing.assert_close((reverse * x[1]).sum(), forward.sum())


# Compilers, devices, dtypes


@every_mode
def test_compiles_without_a_break(mode: str):
    own, _ = both(mode, 2, 3, batch_first=True)
    x = torch.randn(1, 2, 2, dtype=torch.float64, requires_grad=True)
    compiled = torch.compile(own, backend="aot_eager", fullgraph=True)
    # The compiler refuses every torch.nn.LSTM and GRU, and what derives from them, unless told.
    with torch._dynamo.config.patch(allow_rnn=True):
        ours, eager = compiled(x), own(x)
    torch.testing.assert_close(flat(ours), flat(eager))
    torch.testing.assert_close(gradients(ours, [x]), gradients(eager, [x]))


@every_mode
def test_what_the_compiler_refuses_runs_natively(mode: str, monkeypatch: pytest.MonkeyPatch):
    def refuse(*arguments: Any) -> None:
        raise AssertionError("the portable way was taken")

    monkeypatch.setattr(layer, "portable_layer", refuse)
    own, _ = both(mode, 2, 3)
    x = torch.randn(4, 1, 2, dtype=torch.float64)
    compiled = torch.compile(lambda t: own(t * 1.0)[0] * 2.0, backend="aot_eager")
    torch.testing.assert_close(compiled(x), own(x)[0] * 2.0)


@pytest.mark.parametrize("name", ["LSTMCell", "GRUCell"])
def test_cells_compile_without_a_break(name: str):
    own, _ = both(name, 2, 3)
    x = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    compiled = torch.compile(own, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(gradients(compiled(x), [x]), gradients(own(x), [x]))


def test_exports():
    own, _ = both("GRU", 2, 3)
    x = torch.randn(3, 2, 2, dtype=torch.float64)
    program = torch.export.export(own, (x,))
    torch.testing.assert_close(flat(program.module()(x)), flat(own(x)))


@every_mode
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types(mode: str, dtype: torch.dtype):
    own, _ = both(mode, 3, 4, dtype=dtype)
    exact, _ = both(mode, 3, 4)
    exact.load_state_dict(own.state_dict())
    x = torch.randn(5, 2, 3).to(dtype).requires_grad_()
    ours = own(x)
    assert all(tensor.dtype == dtype for tensor in flat(ours))
    tolerance = 8 * torch.finfo(dtype).eps
    torch.testing.assert_close(
        [t.double() for t in flat(ours)], flat(exact(x.double())), rtol=tolerance, atol=tolerance
    )
    assert gradients(ours, [x])[0].dtype == dtype


@every_mode
def test_other_devices_and_subclasses_take_the_portable_path(mode: str):
    class Marked(torch.Tensor):
        pass

    own, _ = both(mode, 3, 4)
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(own(x.as_subclass(Marked))[0].as_subclass(torch.Tensor), own(x)[0])
    meta = getattr(recurrent, mode)(3, 4, device="meta")
    assert meta(torch.empty(5, 2, 3, device="meta"))[0].shape == (5, 2, 4)


@every_mode
def test_autocast_is_torchs(mode: str):
    own, other = both(mode, 3, 4, dtype=torch.float32)
    x = torch.randn(5, 2, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(flat(own(x)), flat(other(x)), rtol=0, atol=0)
