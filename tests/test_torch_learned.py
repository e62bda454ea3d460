"""Parameters that are tensors: their gradients, of every order and kind, shapes and dtypes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch_subjects import TORCHS_OWN_WARNINGS, layouts

import ogive
from ogive import catalog
from ogive.torch import functional

pytestmark = TORCHS_OWN_WARNINGS

LEARNED = [
    name
    for name, record in catalog.CATALOG.items()
    if any(parameter.learned for parameter in record.parameters)
]
every_learned = pytest.mark.parametrize("name", LEARNED)


@dataclass
class Case:
    """One function, an argument of shape (2, 3, 4) and parameters of a shape."""

    name: str
    x: torch.Tensor
    parameters: list[torch.Tensor]

    @property
    def function(self) -> Callable[..., torch.Tensor]:
        return getattr(functional, self.name)

    def __call__(self) -> torch.Tensor:
        return self.function(self.x, *self.parameters)


def case(name: str, *shape: int, dtype: torch.dtype = torch.float64, tracked: bool = True) -> Case:
    """Draw an argument, and parameters near their defaults and within their bounds."""
    generator = torch.Generator().manual_seed(7)

    def draw(*of: int) -> torch.Tensor:
        return torch.rand(of, generator=generator, dtype=torch.float64) * 2.0 - 1.0

    parameters = [
        (default + draw(*shape) / 8.0 * max(default, 0.5))
        .clamp(max=0.95 if key == "t" else torch.inf)
        .to(dtype)
        for key, default in catalog.get(name).defaults().items()
    ]
    x = (3.0 * draw(2, 3, 4)).to(dtype)
    return Case(
        name, x.requires_grad_(tracked), [each.requires_grad_(tracked) for each in parameters]
    )


def test_every_function_with_learned_parameters_takes_tensors():
    assert set(LEARNED) == {
        "softplus", "squareplus", "leaky_relu", "prelu", "elu", "celu", "swish", "srs", "pdelu",
        "pau", "xielu",
    }  # fmt: skip
    for name in LEARNED:
        assert all(parameter.learned for parameter in catalog.get(name).parameters)


@every_learned
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_values_and_gradients_are_those_of_the_ufuncs(name: str, dtype: torch.dtype):
    shape = () if name == "prelu" else (3, 1)
    this = case(name, *shape, dtype=dtype)
    y = this()
    incoming = torch.linspace(-1.0, 2.0, 24, dtype=dtype).reshape(2, 3, 4)
    gradients = torch.autograd.grad(y, [this.x, *this.parameters], incoming)
    operands = [tensor.detach().numpy() for tensor in (this.x, *this.parameters)]
    np.testing.assert_array_equal(y.detach().numpy(), getattr(ogive, name)(*operands))
    wrt = ["x", *catalog.get(name).defaults()]
    for by, got, of in zip(wrt, gradients, (this.x, *this.parameters), strict=True):
        whole = getattr(ogive.backward, name)(incoming.numpy(), *operands, wrt=by)
        assert torch.equal(got, torch.from_numpy(whole).sum_to_size(of.shape)), by


@every_learned
def test_a_tensor_and_a_number_give_the_same(name: str):
    this = case(name, tracked=False, dtype=torch.float32)
    numbers = [parameter.item() for parameter in this.parameters]
    assert torch.equal(this(), this.function(this.x, *numbers))


@every_learned
def test_gradients_of_both_orders_are_those_of_the_value(name: str):
    this = case(name)
    this.x = this.x.detach()[:, 0, :2].clone().requires_grad_()
    inputs = (this.x, *this.parameters)
    assert gradcheck(
        this.function,
        inputs,
        check_forward_ad=True,
        check_batched_grad=True,
        check_batched_forward_grad=True,
    )
    assert gradgradcheck(this.function, inputs, check_fwd_over_rev=True)


@pytest.mark.parametrize("name", ["softplus", "swish", "srs", "xielu"])
def test_gradients_of_parameters_of_every_channel(name: str):
    this = case(name, 3, 1)
    inputs = (this.x, *this.parameters)
    assert gradcheck(this.function, inputs, check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(this.function, inputs)


def test_the_weight_of_prelu_is_torchs():
    x = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    for weight in (torch.tensor([0.25]), torch.tensor([0.1, 0.2, 0.3]), torch.tensor(0.3)):
        results = []
        for function in (functional.prelu, torch.nn.functional.prelu):
            argument, slopes = x.clone().requires_grad_(), weight.clone().requires_grad_()
            y = function(argument, slopes)
            results.append((y, *torch.autograd.grad(y.square().sum(), (argument, slopes))))
        torch.testing.assert_close(*results)


@every_learned
def test_only_the_gradients_asked_for_are_computed(name: str):
    this = case(name)
    for wanted in range(1 + len(this.parameters)):
        operands = [tensor.detach() for tensor in (this.x, *this.parameters)]
        operands[wanted].requires_grad_()
        y = this.function(*operands)
        (got,) = torch.autograd.grad(y.sum(), operands[wanted])
        expected = torch.autograd.grad(this().sum(), [this.x, *this.parameters])[wanted]
        assert torch.equal(got, expected)


@every_learned
def test_numbers_and_tensors_mix(name: str):
    this = case(name)
    expected = torch.autograd.grad(this().sum(), [this.x, *this.parameters])
    for kept in range(len(this.parameters)):
        operands = [
            tensor if place == kept else tensor.item()
            for place, tensor in enumerate(this.parameters)
        ]
        y = this.function(this.x, *operands)
        got = torch.autograd.grad(y.sum(), (this.x, this.parameters[kept]))
        torch.testing.assert_close(got, (expected[0], expected[kept + 1]))


@every_learned
def test_argument_and_parameters_alone_are_saved(name: str):
    this = case(name)
    saved: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: saved.append(tensor) or tensor, lambda tensor: tensor
    ):
        this()
    assert [t.data_ptr() for t in saved] == [t.data_ptr() for t in (this.x, *this.parameters)]


# Shapes and layouts


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1, 1, 1), (4,), (3, 1), (2, 1, 1), (2, 3, 4)])
def test_parameters_of_any_shape_that_broadcasts(shape: tuple[int, ...]):
    this = case("swish", *shape)
    (beta,) = this.parameters
    assert this().shape == this.x.shape
    gradient = torch.autograd.grad(this().sum(), beta)[0]
    assert gradient.shape == beta.shape
    whole = beta.detach().reshape(()) if beta.numel() == 1 else beta.detach()
    product = ogive.backward.swish(
        np.ones(this.x.shape), this.x.detach().numpy(), whole.numpy(), wrt="beta"
    )
    expected = torch.from_numpy(product).sum_to_size(whole.shape).reshape(beta.shape)
    torch.testing.assert_close(gradient, expected)


def test_a_parameter_of_more_dimensions_enlarges_the_result():
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    beta = torch.rand(2, 1, dtype=torch.float64, requires_grad=True)
    y = functional.swish(x, beta)
    torch.testing.assert_close(y, x * torch.sigmoid(beta * x))
    assert gradcheck(functional.swish, (x, beta), check_forward_ad=True)


@every_learned
def test_any_layout(name: str):
    shape = () if name == "prelu" else (3, 1, 1)
    parameters = case(name, *shape, dtype=torch.float32).parameters
    function = getattr(functional, name)
    for kind, x in layouts(torch.randn(2, 3, 4, 5)).items():
        argument = x.detach().requires_grad_()
        y = function(argument, *parameters)
        dense = x.clone(memory_format=torch.contiguous_format).requires_grad_()
        assert torch.equal(y, function(dense, *parameters)), kind
        assert y.stride() == torch.empty_like(x).stride(), kind
        incoming = torch.randn(2, 3, 4, 5).permute(0, 1, 3, 2).contiguous().permute(0, 1, 3, 2)
        got = torch.autograd.grad(y, [argument, *parameters], incoming)
        expected = torch.autograd.grad(
            function(dense, *parameters), [dense, *parameters], incoming.contiguous()
        )
        torch.testing.assert_close(got, expected, msg=lambda m, k=kind: f"{k}: {m}")


# Half types


@every_learned
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_types_are_computed_in_float32(name: str, dtype: torch.dtype):
    this = case(name, dtype=dtype)
    wide = Case(
        name,
        this.x.detach().float().requires_grad_(),
        [parameter.detach().float().requires_grad_() for parameter in this.parameters],
    )
    y, expected = this(), wide()
    assert y.dtype == dtype
    assert torch.equal(y, expected.to(dtype))
    got = torch.autograd.grad(y.sum(), [this.x, *this.parameters])
    exact = torch.autograd.grad(expected.sum(), [wide.x, *wide.parameters])
    for mine, theirs in zip(got, exact, strict=True):
        assert mine.dtype == dtype
        assert torch.equal(mine, theirs.to(dtype))


def test_the_gradient_of_a_parameter_is_summed_in_float32():
    x = torch.full((1024,), -1.0, dtype=torch.bfloat16)
    for kind in (torch.bfloat16, torch.float32):
        slope = torch.tensor(0.25, dtype=kind, requires_grad=True)
        functional.leaky_relu(x, slope).sum().backward()
        # In bfloat16 the sum would stop at -256.
        assert slope.grad.item() == -1024.0
        assert slope.grad.dtype == kind


def test_parameters_of_another_float_type_leave_the_dtype_of_the_argument():
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        for kind in (torch.float32, torch.float64):
            beta = torch.tensor(1.5, dtype=kind, requires_grad=True)
            y = functional.swish(torch.ones(3, dtype=dtype), beta)
            assert y.dtype == dtype
            assert torch.autograd.grad(y.sum(), beta)[0].dtype == kind


# Transforms


@pytest.mark.parametrize("batch", [1, 3])
def test_a_batch_of_networks(batch: int):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(batch, 2, 4, generator=generator, dtype=torch.float64)
    alpha = torch.rand(batch, 4, generator=generator, dtype=torch.float64) + 4.0
    beta = torch.rand(batch, generator=generator, dtype=torch.float64) + 2.0
    for in_dims in ((0, 0, 0), (None, 0, 0), (0, None, 0), (0, 0, None), (None, None, 0)):
        given = [
            tensor if dim == 0 else tensor[0]
            for tensor, dim in zip((x, alpha, beta), in_dims, strict=True)
        ]
        expected = torch.stack(
            [
                functional.srs(
                    *(t[i] if d == 0 else t for t, d in zip(given, in_dims, strict=True))
                )
                for i in range(batch)
            ]
        )
        mapped = torch.func.vmap(functional.srs, in_dims=in_dims)
        torch.testing.assert_close(mapped(*given), expected)
        slopes = torch.func.grad(lambda *t, m=mapped: m(*t).square().sum(), argnums=(0, 1, 2))
        rows = torch.func.vmap(
            torch.func.grad(lambda *t: functional.srs(*t).square().sum(), argnums=(0, 1, 2)),
            in_dims=in_dims,
        )(*given)
        summed = [row if dim == 0 else row.sum(0) for row, dim in zip(rows, in_dims, strict=True)]
        torch.testing.assert_close(list(slopes(*given)), summed)


def test_jacobians_by_a_parameter():
    x = torch.randn(3, dtype=torch.float64)
    beta = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    for jacobian in (torch.func.jacrev, torch.func.jacfwd):
        by_beta = jacobian(functional.swish, argnums=1)(x, beta)
        expected = ogive.grad.swish(x.numpy(), beta.numpy(), wrt="beta")
        torch.testing.assert_close(by_beta, torch.diag(torch.from_numpy(expected)))
    hessian = torch.func.hessian(lambda b: functional.swish(x, b).sum())(beta)
    torch.testing.assert_close(hessian, torch.diag(hessian.diagonal()))
    assert hessian.diagonal().abs().min() > 0


def test_forward_mode_by_a_parameter_alone():
    x, beta = torch.tensor([0.5, -2.0]), torch.tensor(1.5)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(beta, torch.tensor(2.0))
        result = torch.autograd.forward_ad.unpack_dual(functional.swish(x, dual))
        expected = 2.0 * ogive.grad.swish(x.numpy(), np.float32(1.5), wrt="beta")
        torch.testing.assert_close(result.tangent, torch.from_numpy(expected))


# In place, and what is refused


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "celu"])
def test_in_place(name: str):
    this = case(name)
    target = this.x * 1.0
    version = target._version
    y = this.function(target, *this.parameters, inplace=True)
    assert y is target
    assert target._version > version
    assert torch.equal(y, this())
    got = torch.autograd.grad(y.sum(), [this.x, *this.parameters])
    assert torch.equal(got[1], torch.autograd.grad(this().sum(), this.parameters)[0])
    with pytest.raises(RuntimeError, match="leaf Variable"):
        this.function(this.x, *this.parameters, inplace=True)
    plain = this.x.detach().clone()
    assert this.function(plain, this.parameters[0].detach(), inplace=True) is plain
    assert torch.equal(plain, this().detach())


def test_what_is_refused():
    x = torch.zeros(2, 3)
    with pytest.raises(
        TypeError, match=r"swish: beta is a number or a tensor of floats, not .*int"
    ):
        functional.swish(x, torch.tensor(1))
    with pytest.raises(
        ValueError, match=r"swish: beta of shape \(2,\) does not broadcast .*\(2, 3"
    ):
        functional.swish(x, torch.ones(2))
    with pytest.raises(TypeError, match=r"swish takes a tensor of float16.*, not int64"):
        functional.swish(torch.tensor([1]), torch.ones(1))
    with pytest.raises(TypeError, match=r"swish takes a torch\.Tensor, not list"):
        functional.swish([1.0], torch.ones(1))
    with pytest.raises(ValueError, match="srs: beta must be a finite number greater than 0, not 0"):
        functional.srs(x, torch.ones(1), 0.0)


def test_on_other_devices():
    x = torch.empty(2, 3, device="meta", requires_grad=True)
    beta = torch.empty(3, device="meta", requires_grad=True)
    slopes = torch.autograd.grad(functional.swish(x, beta).sum(), (x, beta))
    assert [slope.shape for slope in slopes] == [x.shape, beta.shape]
    assert all(slope.is_meta for slope in slopes)
