"""The torch functions' higher derivatives, forward mode and function transforms."""

from __future__ import annotations

import mpmath
import pytest
import torch
import truth
from torch.autograd import gradcheck, gradgradcheck
from torch_subjects import SUBJECTS, TORCHS_OWN_WARNINGS, Subject, every_subject, grad

from ogive import catalog
from ogive.torch import functional

pytestmark = TORCHS_OWN_WARNINGS


@every_subject
def test_gradients_of_both_orders_are_those_of_the_value(subject: Subject):
    x = subject.sample(4, dtype=torch.float64, seed=1).requires_grad_()
    assert gradcheck(
        subject, x, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True
    )
    assert gradgradcheck(subject, x, check_fwd_over_rev=True)


SMOOTH = [subject for subject in SUBJECTS if catalog.get(subject.name).smooth]
PIECEWISE_LINEAR = ("relu", "relu6", "leaky_relu", "hard_tanh", "hard_sigmoid", "hardshrink")


@pytest.mark.parametrize("subject", SMOOTH, ids=str)
def test_second_derivative_at_zero_and_in_the_tails(subject: Subject):
    points = [0.0, -0.0, 1e-8, 6.0, -6.0, 30.0]
    name = subject.name
    low, high = catalog.get(name).domain
    if high == 1.0:
        points = [1e-3, 0.25, 0.5, 0.75]
    elif low == 0.0:
        points = [1e-3, 0.5, 0.7, 6.0]
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(subject(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    for at, got in zip(points, second.tolist(), strict=True):
        with mpmath.workdps(80):
            expected = mpmath.diff(lambda t: truth.grad(name, t, *subject.operands), at, h=1e-25)
        assert got == pytest.approx(float(expected), rel=1e-9, abs=1e-15), at


@pytest.mark.parametrize("name", PIECEWISE_LINEAR)
def test_second_derivative_of_straight_lines_is_zero(name: str):
    x = torch.tensor([-6.0, -1.0, -0.5, 0.0, 0.5, 1.0, 6.0], requires_grad=True)
    (first,) = torch.autograd.grad(getattr(functional, name)(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert torch.equal(second, torch.zeros_like(second))


@every_subject
def test_gradient_is_the_same_with_a_graph_of_its_own(subject: Subject):
    x = subject.sample(200, dtype=torch.float64).requires_grad_()
    (with_graph,) = torch.autograd.grad(subject(x).sum(), x, create_graph=True)
    assert with_graph.requires_grad
    torch.testing.assert_close(with_graph.detach(), grad(subject, x), rtol=1e-12, atol=1e-15)


@every_subject
def test_function_transforms(subject: Subject):
    x = subject.sample(2, 3, dtype=torch.float64)
    torch.testing.assert_close(torch.func.vmap(subject)(x), subject(x))
    torch.testing.assert_close(torch.func.vmap(subject, in_dims=1, out_dims=1)(x), subject(x))
    slope = grad(subject, x)
    torch.testing.assert_close(torch.func.grad(lambda t: subject(t).sum())(x), slope)
    torch.testing.assert_close(torch.func.vmap(torch.func.grad(subject))(x[0]), slope[0])
    for jacobian in (torch.func.jacrev, torch.func.jacfwd):
        torch.testing.assert_close(jacobian(subject)(x[0]), torch.diag(slope[0]))
    value, tangent = torch.func.jvp(subject, (x,), (torch.full_like(x, 2.0),))
    torch.testing.assert_close(value, subject(x))
    torch.testing.assert_close(tangent, 2.0 * slope)


def test_forward_mode_without_requires_grad_keeps_the_tangent():
    x = torch.tensor([0.3, -0.4])
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.ones(2))
        result = torch.autograd.forward_ad.unpack_dual(functional.tanh(dual))
        torch.testing.assert_close(result.tangent, 1.0 - x.tanh() ** 2)
