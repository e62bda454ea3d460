"""The torch functions of rows: softmax, softmin, log_softmax and logsumexp."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch_subjects import ROWS, TORCHS_OWN_WARNINGS, every_row, grad

import ogive
from ogive.torch import functional

pytestmark = TORCHS_OWN_WARNINGS


@pytest.fixture(autouse=True)
def _forget_compiled_code() -> Iterator[None]:
    yield
    torch.compiler.reset()


def own_row(name: str) -> Callable[[torch.Tensor, int], torch.Tensor]:
    return torch.nn.functional.softmin if name == "softmin" else getattr(torch, name)


@every_row
@pytest.mark.parametrize("dim", [0, 1, 2, -1])
def test_rows_agree_with_torch(name: str, dim: int):
    function = getattr(functional, name)
    base = torch.randn(3, 4, 5, dtype=torch.float64)
    for x in (base, base.permute(2, 0, 1).contiguous().permute(1, 2, 0), base.flip(1)):
        torch.testing.assert_close(function(x, dim), own_row(name)(x, dim))
        torch.testing.assert_close(
            grad(lambda t: function(t, dim).square(), x),
            grad(lambda t: own_row(name)(t, dim).square(), x),
        )


@every_row
def test_rows_are_differentiable_in_every_way(name: str):
    def function(x: torch.Tensor) -> torch.Tensor:
        return getattr(functional, name)(x, 1)

    x = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    x.requires_grad_()
    assert gradcheck(
        function, x, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True
    )
    assert gradgradcheck(function, x, check_fwd_over_rev=True)
    detached = x.detach()
    for in_dim in (0, 1, 2):
        batch = torch.randn(2, 3, 4)
        torch.testing.assert_close(
            torch.func.vmap(function, in_dims=in_dim)(batch.movedim(0, in_dim)),
            torch.stack([function(part) for part in batch]),
        )
    torch.testing.assert_close(
        torch.func.jacrev(function)(detached), torch.func.jacfwd(function)(detached)
    )


@pytest.mark.parametrize("compute", ["native", "portable"])
def test_log_softmax_next_to_zero_keeps_value_and_gradient(compute: str):
    def function(x: torch.Tensor) -> torch.Tensor:
        return functional.log_softmax(x, 0)

    if compute == "portable":
        function = torch.compile(function, backend="aot_eager", fullgraph=True)
    x = torch.tensor([0.0, -20.0], requires_grad=True)
    y = function(x)
    assert y[0].item() == pytest.approx(-2.0611537e-09, rel=1e-6)
    (slope,) = torch.autograd.grad(y[0], x)
    assert slope[0].item() == pytest.approx(2.0611537e-09, rel=1e-6)
    assert slope[1].item() == pytest.approx(-2.0611537e-09, rel=1e-6)


@pytest.mark.parametrize("compute", ["native", "portable"])
def test_softmax_next_to_one_keeps_its_gradient(compute: str):
    def function(x: torch.Tensor) -> torch.Tensor:
        return functional.softmax(x, 0)

    if compute == "portable":
        function = torch.compile(function, backend="aot_eager", fullgraph=True)
    x = torch.tensor([0.0, -40.0, -41.0], requires_grad=True)
    (slope,) = torch.autograd.grad(function(x)[0], x)
    small = np.exp([-40.0, -41.0])
    np.testing.assert_allclose(slope.numpy(), [small.sum(), *-small], rtol=2e-7)


@every_row
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("dim", [0, 1])
def test_gradients_of_rows_are_exact_but_for_rounding(name: str, dtype: torch.dtype, dim: int):
    generator = torch.Generator().manual_seed(3)
    x = (torch.randn(12, 9, generator=generator) * 8.0).to(dtype).requires_grad_()
    y = getattr(functional, name)(x, dim)
    incoming = torch.randn(y.shape, generator=generator).to(dtype)
    (got,) = torch.autograd.grad(y, x, incoming)
    wide = x.detach().numpy().astype(np.longdouble)
    turned = -wide if name == "softmin" else wide
    e = np.exp(turned - turned.max(dim, keepdims=True))
    p = e / e.sum(dim, keepdims=True)
    g = incoming.numpy().astype(np.longdouble)
    if name == "log_softmax":
        expected = g - p * g.sum(dim, keepdims=True)
        size = np.abs(g) + p * np.abs(g).sum(dim, keepdims=True)
    elif name == "logsumexp":
        expected = np.expand_dims(g, dim) * p
        size = np.abs(expected)
    else:
        mean = (g * p).sum(dim, keepdims=True)
        expected = p * (g - mean) * (-1 if name == "softmin" else 1)
        size = p * (np.abs(g) + (np.abs(g) * p).sum(dim, keepdims=True))
    ulp = torch.finfo(dtype).eps
    assert (np.abs(got.numpy() - expected) <= 3 * ulp * size).all()


@every_row
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_what_rows_save(name: str, dtype: torch.dtype):
    saved: list[torch.Tensor] = []
    x = torch.randn(4, 5, dtype=dtype, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: saved.append(tensor) or tensor, lambda tensor: tensor
    ):
        y = getattr(functional, name)(x, 1)
    kept = y if name in ("softmax", "softmin") else x
    assert [tensor.data_ptr() for tensor in saved] == [kept.data_ptr()]


@every_row
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_rows_of_half_types(name: str, dtype: torch.dtype):
    function = getattr(functional, name)
    x = torch.randn(4, 7).to(dtype)
    result = function(x, 1)
    assert result.dtype == dtype
    assert torch.equal(result, function(x.float(), 1).to(dtype))
    assert grad(lambda t: function(t, 1), x).dtype == dtype


def test_rows_convert_first():
    x = torch.tensor([[1, 2], [3, 4]])
    for name in ("softmax", "softmin", "log_softmax"):
        ours, theirs = getattr(functional, name), getattr(torch.nn.functional, name)
        torch.testing.assert_close(
            ours(x, 1, dtype=torch.float64), theirs(x, 1, dtype=torch.float64)
        )
        with pytest.raises(TypeError, match=f"{name} takes .* not int64"):
            ours(x, 1)


@every_row
def test_rows_of_small_shapes(name: str):
    function, theirs = getattr(functional, name), own_row(name)
    for shape, dim in (((), 0), ((), -1), ((1,), 0), ((0,), 0), ((3, 0), 0), ((3, 0), 1)):
        x = torch.zeros(shape)
        torch.testing.assert_close(function(x, dim), theirs(x, dim))


def test_logsumexp_over_several_dimensions():
    x = torch.randn(2, 3, 4, dtype=torch.float64)
    for dims in ((0,), (0, 2), (-1, 0), (0, 1, 2)):
        for keepdim in (False, True):
            torch.testing.assert_close(
                functional.logsumexp(x, dims, keepdim), torch.logsumexp(x, dims, keepdim)
            )
    torch.testing.assert_close(functional.logsumexp(x, 1, True), torch.logsumexp(x, 1, True))
    with pytest.raises(ValueError, match="each dimension once"):
        functional.logsumexp(x, (0, -3))
    with pytest.raises(IndexError, match="dim is 5"):
        functional.logsumexp(x, (0, 5))


@pytest.mark.parametrize("compute", ["native", "portable"])
@every_row
def test_rows_with_infinities(name: str, compute: str):
    def function(x: torch.Tensor) -> torch.Tensor:
        return getattr(functional, name)(x, 1)

    if compute == "portable":
        function = torch.compile(function, backend="aot_eager", fullgraph=True)
    inf, nan = torch.inf, torch.nan
    x = torch.tensor(
        [[0.0, -inf, 1.0], [inf, 0.0, -inf], [-inf, -inf, -inf], [inf, 0.0, inf], [nan, 0.0, 1.0]]
    )
    expected = getattr(ogive, name)(x.numpy(), axis=1)
    np.testing.assert_allclose(function(x).numpy(), expected, rtol=1e-6)


def test_rows_say_what_is_wrong():
    x = torch.zeros(2, 3)
    for name in ("softmax", "softmin", "log_softmax"):
        with pytest.raises(ValueError, match=f"{name} needs dim"):
            getattr(functional, name)(x)
    for name in ROWS:
        with pytest.raises(IndexError, match="dim is 2, but the tensor has 2 dimensions"):
            getattr(functional, name)(x, 2)
        with pytest.raises(TypeError, match="dim is an integer"):
            getattr(functional, name)(x, 1.0)


@every_row
def test_rows_compile_without_a_break(name: str):
    def function(x: torch.Tensor) -> torch.Tensor:
        return getattr(functional, name)(x, 1)

    x = torch.randn(4, 5, dtype=torch.float64)
    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), function(x))
    torch.testing.assert_close(
        grad(lambda t: compiled(t).square(), x), grad(lambda t: function(t).square(), x)
    )


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.uint8], ids=str)
def test_logsumexp_of_integers_is_that_of_floats(dtype: torch.dtype):
    x = torch.tensor([[1, 0], [1, 1]]).to(dtype)
    for dim in (1, (0, 1)):
        torch.testing.assert_close(functional.logsumexp(x, dim), torch.logsumexp(x, dim))


def test_softmin_of_unsigned_integers_that_become_floats():
    x = torch.tensor([3, 1, 2], dtype=torch.uint8)
    expected = torch.softmax(-x.double(), 0)
    torch.testing.assert_close(functional.softmin(x, 0, dtype=torch.float64), expected)
