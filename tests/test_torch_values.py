"""The torch functions' values and first derivatives."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
import torch
import truth
from torch_subjects import SUBJECTS, WITH_PEER, Subject, every_subject, grad, half_ulps

import ogive
from ogive import catalog
from ogive.torch import functional


@pytest.mark.parametrize("subject", WITH_PEER, ids=str)
def test_value_and_gradient_agree_with_torch_where_torch_is_right(subject: Subject):
    x = subject.sample(2001, dtype=torch.float64)
    torch.testing.assert_close(subject(x), subject.peer(x), rtol=1e-9, atol=1e-14)
    # Torch's 1/6 in the derivative of hard_sigmoid is a float32 in float64 too.
    relative = 1e-7 if subject.name == "hard_sigmoid" else 1e-9
    torch.testing.assert_close(grad(subject, x), grad(subject.peer, x), rtol=relative, atol=1e-14)


@pytest.mark.parametrize("subject", WITH_PEER, ids=str)
def test_the_derivative_at_a_kink_is_torchs(subject: Subject):
    x = torch.tensor([-3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 6.0], dtype=torch.float64)
    x = x[(x > 0) & (x < 1)] if subject.name == "logit" else x
    torch.testing.assert_close(grad(subject, x), grad(subject.peer, x), rtol=1e-7, atol=1e-14)


@every_subject
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_value_and_gradient_are_those_of_the_ufuncs(subject: Subject, dtype: torch.dtype):
    x = subject.sample(503, dtype=dtype)
    operands = (x.numpy(), *subject.operands)
    np.testing.assert_array_equal(subject(x).numpy(), getattr(ogive, subject.name)(*operands))
    np.testing.assert_array_equal(
        grad(subject, x).numpy(), getattr(ogive.backward, subject.name)(np.ones_like(x), *operands)
    )


TAILS = {
    "sigmoid": (-87.0, -20.0, 16.7, 20.0, 60.0),
    "logit": (1e-30, 0.4999999, 0.5000001),
    "log_sigmoid": (-100.0, 20.0, 80.0),
    "log1mexp": (1e-30, 0.6931471, 60.0),
    "tanh": (-30.0, -12.0, 9.1, 12.0, 40.0),
    "softplus": (-80.0, -20.0, 20.1, 30.0),
    "squareplus": (-1e15, -1e5, 1e5),
    "relu": (-3.0, 3.0),
    "leaky_relu": (-3.0, 3.0),
    "elu": (-60.0, -18.0, 3.0),
    "tanhshrink": (1e-6, 0.01, 20.0),
    "silu": (-88.0, -30.0, 30.0),
    "swish": (-88.0, -30.0, 30.0),
    "gelu": (-12.0, -6.2, -5.5, -4.39, 6.0),
    "gelu_tanh": (-12.0, -6.2, -5.5, 6.0),
    "mish": (-88.0, -30.0, 30.0),
    "srs": (-88.0, -30.0, 30.0),
}


@pytest.mark.parametrize("name", TAILS)
def test_tails_hold_against_the_truth(name: str):
    x = torch.tensor(TAILS[name], dtype=torch.float32)
    record = catalog.get(name)
    # A parameter counts as the float32 that it becomes.
    parameters = [np.float32(value) for value in record.defaults().values()]
    function = getattr(functional, name)
    for kind, got in (("value", function(x)), ("grad", grad(function, x))):
        exact = truth.Exact.of(getattr(truth, kind)(name, v, *parameters) for v in x.numpy())
        errors = truth.ulp_errors(got.numpy(), exact, "float32")
        assert (errors <= record.error_bound[kind, "float32"]).all(), (kind, got, errors)


def test_gradients_that_torch_loses():
    assert grad(functional.tanh, torch.tensor([12.0])).item() == pytest.approx(1.51e-10, rel=1e-3)
    assert grad(functional.sigmoid, torch.tensor([20.0])).item() == pytest.approx(
        2.0611537e-09, rel=1e-6
    )


@every_subject
def test_limits_and_nan(subject: Subject):
    x = torch.tensor([-torch.inf, torch.inf, torch.nan])
    np.testing.assert_array_equal(
        subject(x).numpy(), getattr(ogive, subject.name)(x.numpy(), *subject.operands)
    )
    assert grad(subject, x)[2].isnan()


def as_numpy(x: torch.Tensor) -> np.ndarray:
    """The same numbers in NumPy's dtype of the same name."""
    if x.dtype is torch.bfloat16:
        return x.detach().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return x.detach().numpy()


@every_subject
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_types_are_rounded_once(subject: Subject, dtype: torch.dtype):
    x = subject.sample(1000).to(dtype)
    value, slope = subject(x), grad(subject, x)
    assert value.dtype == slope.dtype == dtype
    if all(torch.tensor(p, dtype=dtype).item() == p for p in subject.operands):
        operands = (as_numpy(x), *subject.operands)
        ones = np.ones_like(operands[0])
        function, product = getattr(ogive, subject.name), getattr(ogive.backward, subject.name)
        np.testing.assert_array_equal(as_numpy(value), function(*operands))
        np.testing.assert_array_equal(as_numpy(slope), product(ones, *operands))
    else:  # a parameter that the half type does not have is not rounded to it
        for got, exact in ((value, subject(x.double())), (slope, grad(subject, x.double()))):
            off = half_ulps(got, exact)
            assert off.max() <= 1, x[off.argmax()]


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2)], ids=str)
def test_small_shapes(shape: tuple[int, ...]):
    for subject in SUBJECTS:
        x = subject.sample(*shape)
        y = subject(x)
        assert y.shape == x.shape
        assert grad(subject, x).shape == x.shape
        expected = getattr(ogive, subject.name)(x.numpy(), *subject.operands)
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-6, atol=1e-6)


# Particular functions


def test_softplus_takes_no_notice_of_the_threshold():
    x = torch.linspace(-30, 30, 101, dtype=torch.float64)
    assert torch.equal(functional.softplus(x, 1.0, 0.5), functional.softplus(x))


def test_logit_clamps_as_torch_does():
    x = torch.tensor([-0.5, 0.0, 0.05, 0.1, 0.3, 0.9, 0.95, 1.5], dtype=torch.float64)
    for eps in (0.1, 1e-6, 0):
        torch.testing.assert_close(functional.logit(x, eps), torch.logit(x, eps))
        torch.testing.assert_close(
            grad(lambda t, e=eps: functional.logit(t, e), x),
            grad(lambda t, e=eps: torch.logit(t, e), x),
        )
    assert functional.logit(torch.tensor([0, 1]), 0.25).dtype == torch.float32


def test_gelu_of_tanh_is_gelu_tanh():
    x = torch.randn(50)
    assert torch.equal(functional.gelu(x, approximate="tanh"), functional.gelu_tanh(x))
    assert functional.gelu(torch.tensor([-8.0]), "tanh").item() < 0.0


@pytest.mark.parametrize("bounds", [(0.0, torch.inf), (-torch.inf, 0.5), (0.5, 0.5)], ids=str)
def test_hardtanh_of_infinite_and_equal_bounds(bounds: tuple[float, float]):
    x = torch.tensor([-torch.inf, -2.0, 0.5, 3.0, torch.inf, torch.nan])
    for function in (functional.hardtanh, functional.threshold):
        theirs = getattr(torch.nn.functional, function.__name__)
        torch.testing.assert_close(function(x, *bounds), theirs(x, *bounds), equal_nan=True)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("inplace", [False, True])
def test_rrelu_draws_as_torch_does(dtype: torch.dtype, inplace: bool):
    x = torch.randn(50, generator=torch.Generator().manual_seed(0)).to(dtype)
    results = []
    for function in (functional.rrelu, torch.nn.functional.rrelu):
        torch.manual_seed(5)
        argument = x.clone().requires_grad_()
        y = function(argument * 1.0, 0.1, 0.4, training=True, inplace=inplace)
        y.sum().backward()
        results.append((y.detach(), argument.grad))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(
            ours, theirs, rtol=2e-2 if dtype is torch.bfloat16 else 0, atol=0
        )
    assert functional.rrelu(x, training=True).dtype == dtype


def test_rrelu_of_float16_draws_too():
    torch.manual_seed(1)
    slopes = -functional.rrelu(torch.full((200,), -1.0, dtype=torch.float16), 0.1, 0.4, True)
    assert slopes.dtype == torch.float16
    assert 0.1 <= slopes.min() < 0.12
    assert 0.38 < slopes.max() <= 0.4
    x = torch.full((3,), -1.0, dtype=torch.float16)
    assert functional.rrelu_(x, 0.1, 0.4, True) is x
    assert (x > -0.5).all()


def test_abrelu_of_a_tensor_is_differentiable_in_it():
    x = torch.tensor([[1.0, 2.0, 6.0], [0.0, 3.0, 3.0]], dtype=torch.float64, requires_grad=True)
    assert functional.abrelu(x, x.mean(1, keepdim=True)).tolist() == [[0, 0, 3], [0, 1, 1]]
    assert torch.autograd.gradcheck(lambda t: functional.abrelu(t, t.mean(1, keepdim=True)), x)
