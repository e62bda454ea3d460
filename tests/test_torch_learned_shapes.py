"""Parameters that are tensors: shapes, layouts, dtypes, devices, in place, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from learned_cases import Case, case, every_learned
from torch.autograd import gradcheck
from torch_subjects import TORCHS_OWN_WARNINGS, layouts

import ogive
from ogive.torch import functional

pytestmark = TORCHS_OWN_WARNINGS

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
