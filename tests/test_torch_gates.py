"""Gated linear units on tensors: values, every kind of derivative, layouts, memory, bad input."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import truth
from mpmath import mp, mpf

from ogive import _core

torch = pytest.importorskip("torch")

from torch.nn import functional as torchs  # noqa: E402

from ogive.torch import gates  # noqa: E402
from ogive.torch.gates.functions import GATED  # noqa: E402

# What torch warns of in its own compiler and forward mode is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
]

Function = Callable[..., "torch.Tensor"]

# Ours, the activation in torch's operations, and its name in the truth.
PACKED: dict[str, tuple[Function, Function, str]] = {
    "glu": (gates.glu, torch.sigmoid, "sigmoid"),
    "swiglu": (gates.swiglu, torchs.silu, "silu"),
    "geglu": (gates.geglu, torchs.gelu, "gelu"),
    "geglu_tanh": (
        partial(gates.geglu, approximate="tanh"), partial(torchs.gelu, approximate="tanh"),
        "gelu_tanh",
    ),
    "reglu": (gates.reglu, torch.relu, "relu"),
}  # fmt: skip
every_function = pytest.mark.parametrize("name", PACKED)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)
    yield
    torch.compiler.reset()


def sample(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return (torch.randn(shape, dtype=torch.float64) * 2).to(dtype)


def plainly(name: str, x: torch.Tensor, dim: int = -1) -> torch.Tensor:
    value, gate = x.chunk(2, dim)
    return value * PACKED[name][1](gate)


def grad(function: Function, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    result = function(*leaves)
    weights = torch.linspace(-1, 2, result.numel(), dtype=result.dtype).view(result.shape)
    return torch.autograd.grad(result, leaves, weights)


# Values and gradients


@every_function
@pytest.mark.parametrize("dim", [0, 1, 2, -1])
def test_value_and_gradient_agree_with_torch(name: str, dim: int):
    x, ours = sample(4, 6, 8), PACKED[name][0]
    torch.testing.assert_close(ours(x, dim), plainly(name, x, dim), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(
        grad(lambda t: ours(t, dim), x), grad(lambda t: plainly(name, t, dim), x),
        rtol=1e-12, atol=1e-14,
    )  # fmt: skip


def test_glu_is_torchs():
    x = sample(3, 10)
    torch.testing.assert_close(gates.glu(x), torchs.glu(x), rtol=1e-14, atol=1e-16)
    torch.testing.assert_close(gates.GLU(0)(x[:2]), torch.nn.GLU(0)(x[:2]))


@every_function
def test_either_half_may_be_the_gate(name: str):
    if name == "glu":
        pytest.skip("torch's glu has its gate last")
    x, ours = sample(3, 8), PACKED[name][0]
    swapped = torch.cat((x[:, 4:], x[:, :4]), 1)
    assert torch.equal(ours(x), ours(swapped, gate="first"))
    (last,), (first,) = grad(ours, x), grad(partial(ours, gate="first"), swapped)
    assert torch.equal(last, torch.cat((first[:, 4:], first[:, :4]), 1))


@every_function
def test_two_tensors_and_one_give_the_same(name: str):
    x, activation = sample(5, 8), PACKED[name][2]
    ours = partial(gates.gated, activation=activation)
    assert torch.equal(PACKED[name][0](x), ours(*x.chunk(2, -1)))
    assert torch.equal(grad(PACKED[name][0], x)[0], torch.cat(grad(ours, *x.chunk(2, -1)), 1))


def test_two_tensors_are_broadcast():
    value, gate = sample(4, 1, 3), sample(5, 1)
    assert torch.equal(
        gates.gated(value, gate),
        gates.gated(*map(torch.clone, torch.broadcast_tensors(value, gate))),
    )
    ours = grad(gates.gated, value, gate)
    torch.testing.assert_close(ours, grad(lambda a, b: a * torchs.silu(b), value, gate))


@every_function
def test_gradients_of_saturated_gates_hold_against_the_truth(name: str):
    # Torch has exactly 0 for the derivatives of sigmoid and silu - 1 there, in float32.
    gate = [-80.0, -40.0, -9.0, -6.0, 6.0, 20.0, 40.0]
    x = torch.tensor([[3.0, g] for g in gate], requires_grad=True)
    PACKED[name][0](x).sum().backward()
    assert x.grad is not None
    with mp.workdps(truth.DIGITS):
        exact = [mpf(3) * truth.grad(PACKED[name][2], g) for g in gate]
    errors = truth.ulp_errors(x.grad[:, 1].numpy(), truth.Exact.of(exact), "float32")
    assert errors.max() <= 1, errors


@every_function
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types(name: str, dtype: torch.dtype):
    x, ours = sample(20, 16, dtype=dtype), PACKED[name][0]
    # Once rounded, of float64.
    assert torch.equal(ours(x), ours(x.double()).to(dtype))
    for part in (x[:, ::2], x.t().contiguous().t(), x[:3, :2]):
        assert torch.equal(ours(part), ours(part.double()).to(dtype))
    leaf, wide, incoming = x.requires_grad_(), x.detach().double().requires_grad_(), sample(20, 8)
    (slope,) = torch.autograd.grad(ours(leaf), leaf, incoming.to(dtype))
    assert slope.dtype == dtype
    (exact,) = torch.autograd.grad(ours(wide), wide, incoming.to(dtype).double())
    assert torch.equal(slope, exact.to(dtype))


# Derivatives of every kind


@every_function
def test_gradients_of_both_orders(name: str):
    x, ours = sample(3, 6).requires_grad_(), PACKED[name][0]
    assert torch.autograd.gradcheck(ours, x, check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(ours, x)
    pair = (sample(2, 3).requires_grad_(), sample(2, 3).requires_grad_())
    function = partial(gates.gated, activation=PACKED[name][2])
    assert torch.autograd.gradcheck(function, pair, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, pair)


@every_function
def test_gradient_is_the_same_with_a_graph_of_its_own(name: str):
    x, ours = sample(4, 6).requires_grad_(), PACKED[name][0]
    y = ours(x).square().sum()
    (plain,) = torch.autograd.grad(y, x, retain_graph=True)
    (tracked,) = torch.autograd.grad(y, x, create_graph=True)
    torch.testing.assert_close(plain, tracked, rtol=1e-13, atol=1e-15)


@every_function
def test_function_transforms(name: str):
    x, ours = sample(5, 6), PACKED[name][0]
    vmapped = torch.func.vmap(ours, in_dims=1)(x[:4])
    torch.testing.assert_close(vmapped, ours(x[:4].t()))
    jacobian = torch.func.jacrev(ours)(x[0])
    torch.testing.assert_close(jacobian, torch.func.jacfwd(ours)(x[0]))
    torch.testing.assert_close(jacobian, torch.autograd.functional.jacobian(ours, x[0]))
    per_row = torch.func.vmap(torch.func.grad(lambda t: ours(t).sum()))(x)
    torch.testing.assert_close(per_row, torch.func.grad(lambda t: ours(t).sum())(x))
    one = partial(gates.gated, activation=PACKED[name][2])
    torch.testing.assert_close(
        torch.func.vmap(one, in_dims=(0, None))(x[:, :3], x[0, 3:]), one(x[:, :3], x[:1, 3:])
    )


def test_forward_mode_without_requires_grad_keeps_the_tangent():
    x, tangent = sample(3, 4), sample(3, 4)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, tangent)
        got = torch.autograd.forward_ad.unpack_dual(gates.swiglu(dual)).tangent
    expected = torch.func.jvp(gates.swiglu, (x,), (tangent,))[1]
    torch.testing.assert_close(got, expected)


@pytest.mark.parametrize(
    ("name", "dtype"), [("glu", torch.float64), ("geglu", torch.float64), ("reglu", torch.bfloat16)]
)
def test_compiles_without_a_break(name: str, dtype: torch.dtype):
    ours = PACKED[name][0]
    x = sample(4, 8, dtype=dtype)
    compiled = torch.compile(lambda t: ours(t * 1.0) * 2.0, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), ours(x) * 2.0)
    torch.testing.assert_close(grad(compiled, x), grad(lambda t: ours(t) * 2.0, x))


def test_two_tensors_compile_and_export():
    class Unit(torch.nn.Module):
        def forward(self, value: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
            return gates.gated(value, gate, "gelu")

    pair = sample(3, 4), sample(3, 4)
    compiled = torch.compile(Unit(), backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(grad(compiled, *pair), grad(Unit(), *pair))
    exported = torch.export.export(Unit(), pair)
    torch.testing.assert_close(exported.module()(*pair), Unit()(*pair))


# Memory


@pytest.mark.parametrize("dim", [1, 3])
def test_any_layout(dim: int):
    x = sample(2, 4, 3, 6)
    wide = torch.zeros(2, 4, 3, 12, dtype=x.dtype)
    wide[..., ::2] = x
    for kind, other in {
        "channels_last": x.contiguous(memory_format=torch.channels_last),
        "permuted": x.permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0),
        "strided": wide[..., ::2],
        "offset": torch.cat([x[:1], x])[1:],
    }.items():
        assert torch.equal(gates.swiglu(other, dim), gates.swiglu(x, dim)), kind
        leaf = other.detach().requires_grad_()
        (got,) = torch.autograd.grad(gates.swiglu(leaf, dim).sum(), leaf)
        expected = grad(lambda t: gates.swiglu(t, dim).sum().reshape(1), x)
        torch.testing.assert_close(-got, expected[0])
    same = x[:1].expand_as(x)
    assert torch.equal(gates.geglu(same, dim), gates.geglu(same.contiguous(), dim))


@pytest.mark.parametrize("shape", [(2,), (0,), (3, 0, 2), (1, 2)], ids=str)
def test_small_shapes(shape: tuple[int, ...]):
    x = sample(*shape).requires_grad_()
    y = gates.glu(x)
    assert y.shape == (*shape[:-1], shape[-1] // 2)
    (slope,) = torch.autograd.grad(y.sum(), x)
    assert slope.shape == x.shape
    scalar = gates.gated(torch.tensor(3.0), torch.tensor(0.0), "sigmoid")
    assert scalar.item() == 1.5


@every_function
def test_only_the_input_is_saved(name: str):
    saved: list[torch.Tensor] = []
    x = sample(4, 10).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: saved.append(tensor) or tensor, lambda tensor: tensor
    ):
        PACKED[name][0](x)
    assert [tensor.data_ptr() for tensor in saved] == [x.data_ptr()]


@pytest.mark.parametrize("layout", ["adjacent", "strided"])
def test_the_native_loops_see_the_tensors_own_memory(layout: str, monkeypatch: pytest.MonkeyPatch):
    function = GATED["silu"]
    seen = []

    def see(*tensors: torch.Tensor) -> list[int]:
        return [tensor.data_ptr() for tensor in tensors]

    for attribute in ("_value_loop", "_backward_loop"):
        loop = getattr(function, attribute)

        def spy(*operands, out, loop=loop, **axes):
            seen.append([o.__array_interface__["data"][0] for o in (*operands, *out)])
            return loop(*operands, out=out, **axes)

        monkeypatch.setattr(function, attribute, spy)
    for attribute in ("_value_rows", "_backward_rows"):
        rows = getattr(function, attribute)

        def spy_on_rows(count, length, *operands, rows=rows):
            assert (count, length) == (4, 4)
            seen.append([t.data_ptr() + first * t.element_size() for t, first, _ in operands])
            return rows(count, length, *operands)

        monkeypatch.setattr(function, attribute, spy_on_rows)
    x = torch.randn(4, 8) if layout == "adjacent" else torch.randn(8, 4).T
    x.requires_grad_()
    y = gates.swiglu(x)
    incoming = torch.randn(4, 4)
    (slope,) = torch.autograd.grad(y, x, incoming)
    assert seen == [
        see(*x.chunk(2, 1), y),
        see(incoming, *x.chunk(2, 1), *slope.chunk(2, 1)),
    ]


def test_other_devices_and_subclasses_take_the_portable_path():
    class Marked(torch.Tensor):
        pass

    meta = torch.empty(3, 4, device="meta", requires_grad=True)
    y = gates.reglu(meta)
    assert y.is_meta
    assert y.shape == (3, 2)
    assert torch.autograd.grad(y.sum(), meta)[0].is_meta
    x = sample(3, 4)
    marked = gates.glu(x.as_subclass(Marked))
    assert isinstance(marked, Marked)
    torch.testing.assert_close(marked.as_subclass(torch.Tensor), gates.glu(x))


def test_autocast_changes_nothing():
    x = sample(2, 4, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert gates.glu(x).dtype == torchs.glu(x).dtype == torch.float32


# Modules


def test_modules():
    x = sample(3, 8)
    assert isinstance(gates.GLU(), torch.nn.GLU)
    assert repr(gates.GLU(1)) == repr(torch.nn.GLU(1))
    assert repr(gates.SwiGLU(0, "first")) == "SwiGLU(dim=0, gate='first')"
    assert repr(gates.GEGLU(approximate="tanh")).endswith("approximate='tanh')")
    assert torch.equal(gates.SwiGLU(gate="first")(x), gates.swiglu(x, gate="first"))
    assert torch.equal(gates.ReGLU()(x), gates.reglu(x))
    assert torch.equal(gates.GEGLU(approximate="tanh")(x), gates.geglu(x, approximate="tanh"))
    assert not any(m().state_dict() for m in (gates.GLU, gates.SwiGLU, gates.GEGLU, gates.ReGLU))


# Bad input


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: gates.glu([1.0, 2.0]), TypeError, "input.*list"),
        (lambda: gates.glu(torch.ones(2, dtype=torch.int64)), TypeError, "int64"),
        (lambda: gates.glu(torch.ones(2, dtype=torch.complex64)), TypeError, "complex64"),
        (lambda: gates.glu(torch.ones(2), 0.5), TypeError, "dim.*0.5"),
        (lambda: gates.glu(torch.ones(2), True), TypeError, "dim.*True"),
        (lambda: gates.glu(torch.ones(2), 1), IndexError, "dim is 1"),
        (lambda: gates.glu(torch.ones(3, 5)), ValueError, "5 entries along dim -1"),
        (lambda: gates.glu(torch.tensor(1.0)), ValueError, "single number"),
        (lambda: gates.swiglu(torch.ones(2), gate="middle"), ValueError, "gate.*'middle'"),
        (lambda: gates.swiglu(torch.ones(2), gate=1), TypeError, "gate.*int"),
        (lambda: gates.geglu(torch.ones(2), approximate="erf"), ValueError, "approx.*'erf'"),
        (lambda: gates.gated(torch.ones(2), torch.ones(2), "softmax"), ValueError, "softmax"),
        (lambda: gates.gated(torch.ones(2), 3.0), TypeError, "gate.*float"),
        (lambda: gates.gated(torch.ones(2), torch.ones(2).double()), TypeError, "dtype.*float64"),
        (lambda: gates.gated(torch.ones(2), torch.ones(3)), ValueError, r"\(2,\) and \(3,\)"),
        (lambda: gates.SwiGLU(gate="both"), ValueError, "SwiGLU.*'both'"),
        (lambda: gates.GEGLU(approximate=None), TypeError, "GEGLU.*NoneType"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call: Callable[[], object], error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        call()


def test_the_native_names():
    assert {f"gated_{name}" for name in GATED} == {
        name for name in dir(_core) if name.startswith("gated_")
    }
    assert {f"bits_gated_{name}" for name in GATED} == {
        name for name in dir(_core) if name.startswith("bits_gated_")
    }
