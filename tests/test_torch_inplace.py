"""The torch functions in place: results, gradients, versions, and what is refused."""

from __future__ import annotations

import inspect

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch_subjects import FUNCTIONS, IN_PLACE, TORCHS_OWN_WARNINGS, Subject, grad, layouts

from ogive.torch import functional

pytestmark = TORCHS_OWN_WARNINGS


def test_every_function_that_has_it_is_tested_in_place():
    having = {
        name
        for name in FUNCTIONS
        if "inplace" in inspect.signature(getattr(functional, name)).parameters
    }
    tested = {subject.ours for subject in IN_PLACE}
    assert {getattr(functional, name) for name in having} == tested


NAMES = ["relu_", "hardtanh_", "leaky_relu_", "rrelu_", "threshold_", "elu_", "celu_", "selu_"]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_end_in_an_underscore(name: str):
    x = torch.randn(20, generator=torch.Generator().manual_seed(0)) * 2.0
    parameters = {"threshold_": (0.5, -1.0), "hardtanh_": (-0.5, 1.5)}.get(name, ())
    target = x.clone()
    assert getattr(functional, name)(target, *parameters) is target
    assert torch.equal(target, getattr(functional, name[:-1])(x, *parameters))
    expected = getattr(torch.nn.functional, name)(x.clone(), *parameters)
    torch.testing.assert_close(target, expected)


@pytest.mark.parametrize("subject", IN_PLACE, ids=str)
@pytest.mark.parametrize("tracked", [False, True], ids=["no graph", "graph"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_in_place(subject: Subject, tracked: bool, dtype: torch.dtype):
    for kind, start in layouts(subject.sample(2, 3, 4, 5, dtype=dtype)).items():
        if kind == "expanded":
            continue
        x = start.clone().requires_grad_(tracked)
        # No leaf, and of the layout in question.
        target = x * 1.0 if tracked else x
        version = target._version
        result = subject.ours(target, *subject.parameters, inplace=True)
        assert result is target
        assert target._version > version
        expected = subject(start)
        assert torch.equal(result.detach(), expected), kind
        if tracked:
            (got,) = torch.autograd.grad(result.sum(), x)
            assert torch.equal(got, grad(subject, start)), kind


def test_in_place_twice_differentiated():
    def function(x: torch.Tensor) -> torch.Tensor:
        y = functional.silu(x * 1.0, inplace=True)
        y = functional.leaky_relu(y * y, 0.2, inplace=True)
        return functional.elu(y - 0.5, 0.7, inplace=True)

    x = torch.randn(5, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    x.requires_grad_()
    assert gradcheck(function, x)
    assert gradgradcheck(function, x)


def test_in_place_of_a_view_reaches_its_base():
    base = torch.randn(2, 6, requires_grad=True)
    whole = base * 1.0
    functional.relu(whole[:, ::2], inplace=True)
    whole.sum().backward()
    expected = torch.ones(2, 6)
    expected[:, ::2] = (base.detach()[:, ::2] > 0).float()
    assert torch.equal(base.grad, expected)


def test_in_place_invalidates_what_others_saved():
    x = torch.randn(3, requires_grad=True)
    y = x * 1.0
    squared = y * y
    functional.relu(y, inplace=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        squared.sum().backward()
    target = torch.randn(3)
    product = x * target
    functional.relu(target, inplace=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.sum().backward()


def test_in_place_of_a_leaf_is_refused_untouched():
    x = torch.tensor([-1.0, 1.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable"):
        functional.relu(x, inplace=True)
    for view in (x[:1], x.detach().requires_grad_().view(2, 1)):
        with pytest.raises(RuntimeError, match="view of a leaf Variable"):
            functional.relu(view, inplace=True)
    assert x.tolist() == [-1.0, 1.0]


def test_in_place_of_overlapping_memory_is_refused_untouched():
    row = torch.tensor([-1.0, 1.0])
    with pytest.raises(RuntimeError, match="single memory location"):
        functional.relu(row.expand(3, 2), inplace=True)
    assert row.tolist() == [-1.0, 1.0]


def test_in_place_in_forward_mode():
    x = torch.tensor([0.3, -0.4])
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x.clone(), torch.ones(2))
        functional.elu(dual, inplace=True)
        result = torch.autograd.forward_ad.unpack_dual(dual)
        torch.testing.assert_close(result.primal, functional.elu(x))
        torch.testing.assert_close(result.tangent, grad(functional.elu, x))


def test_relu6_in_place_needs_no_copy_of_its_argument():
    saved: list[torch.Tensor] = []
    x = torch.tensor([-1.0, 2.0, 7.0], requires_grad=True)
    target = x * 1.0
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: saved.append(tensor) or tensor, lambda tensor: tensor
    ):
        functional.relu6(target, inplace=True)
    assert [tensor.data_ptr() for tensor in saved] == [target.data_ptr()]
