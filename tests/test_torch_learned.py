"""Parameters that are tensors: their gradients, of every order and kind."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from learned_cases import LEARNED, case, every_learned
from torch.autograd import gradcheck, gradgradcheck
from torch_subjects import TORCHS_OWN_WARNINGS

import ogive
from ogive import catalog
from ogive.torch import functional

pytestmark = TORCHS_OWN_WARNINGS


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
