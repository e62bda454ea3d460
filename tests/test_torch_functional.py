"""The torch functions: values, gradients of every order and kind, memory, tracing, bad input."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import ml_dtypes
import mpmath
import numpy as np
import pytest
import torch
import truth
from torch.autograd import gradcheck, gradgradcheck

import ogive
from ogive import catalog
from ogive.torch import functional, nn
from ogive.torch.autograd import EXTENSION

# What torch warns of in its own compiler and forward mode is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
]


@dataclass(frozen=True)
class Subject:
    """One elementwise function with one choice of parameters, beside torch's own."""

    name: str
    parameters: tuple[float, ...] = ()

    @property
    def ours(self) -> Callable[..., torch.Tensor]:
        return getattr(functional, self.name)

    @property
    def theirs(self) -> Callable[..., torch.Tensor]:
        own = {"logit": torch.logit, "log_sigmoid": torch.nn.functional.logsigmoid}
        return own.get(self.name) or getattr(torch.nn.functional, self.name)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self.ours(x, *self.parameters)

    def peer(self, x: torch.Tensor) -> torch.Tensor:
        return self.theirs(x, *self.parameters)

    def sample(self, *shape: int, dtype: torch.dtype = torch.float32, seed: int = 0):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(shape, generator=generator, dtype=torch.float64) * 2.0
        return (x.sigmoid() if self.name == "logit" else x).to(dtype)


SUBJECTS = [
    Subject("sigmoid"),
    Subject("logit"),
    Subject("log_sigmoid"),
    Subject("tanh"),
    Subject("softplus"),
    Subject("softplus", (3.0,)),
    Subject("relu"),
    Subject("leaky_relu"),
    Subject("leaky_relu", (0.2,)),
    Subject("leaky_relu", (-0.5,)),
    Subject("elu"),
    Subject("elu", (0.5,)),
    Subject("silu"),
    Subject("gelu"),
]
IN_PLACE = [
    Subject("relu"),
    Subject("leaky_relu", (0.2,)),
    Subject("leaky_relu", (-0.5,)),
    Subject("leaky_relu", (0.0,)),
    Subject("elu", (0.5,)),
    Subject("silu"),
]
ROWS = ["softmax", "log_softmax", "logsumexp"]

every_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
every_row = pytest.mark.parametrize("name", ROWS)


def grad(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    x = x.detach().requires_grad_()
    y = function(x)
    (result,) = torch.autograd.grad(y, x, torch.ones_like(y))
    return result


def test_every_function_with_a_module_is_here():
    here = set(catalog.CATALOG) & set(functional.__all__)
    assert here == set(nn.MODULES) - {"swish"}
    assert {subject.name for subject in SUBJECTS} == here


# Signatures


@pytest.mark.parametrize("name", sorted(functional.__all__))
def test_signatures_are_torchs(name: str):
    builtin = {  # torch's own documentation of what has no Python signature
        "gelu": [("input", inspect.Parameter.empty), ("approximate", "none")],
        "log_sigmoid": [("input", inspect.Parameter.empty)],
        "logit": [("input", inspect.Parameter.empty), ("eps", None)],
        "logsigmoid": [("input", inspect.Parameter.empty)],
        "logsumexp": [
            ("input", inspect.Parameter.empty),
            ("dim", inspect.Parameter.empty),
            ("keepdim", False),
        ],
        "softplus": [("input", inspect.Parameter.empty), ("beta", 1), ("threshold", 20)],
    }
    ours = inspect.signature(getattr(functional, name)).parameters.values()
    if name in builtin:
        theirs = builtin[name]
    else:
        signature = inspect.signature(getattr(torch.nn.functional, name))
        theirs = [(p.name, p.default) for p in signature.parameters.values()]
    assert [(p.name, p.default) for p in ours] == theirs


def test_defaults_are_the_catalogues():
    for record in map(catalog.get, set(catalog.CATALOG) & set(functional.__all__)):
        parameters = inspect.signature(getattr(functional, record.name)).parameters
        assert {p.name: parameters[p.name].default for p in record.parameters} == record.defaults()


# Values and first derivatives


@every_subject
def test_value_and_gradient_agree_with_torch_where_torch_is_right(subject: Subject):
    x = subject.sample(4001, dtype=torch.float64)
    torch.testing.assert_close(subject(x), subject.peer(x), rtol=1e-9, atol=1e-14)
    torch.testing.assert_close(grad(subject, x), grad(subject.peer, x), rtol=1e-9, atol=1e-14)


@every_subject
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_value_and_gradient_are_those_of_the_ufuncs(subject: Subject, dtype: torch.dtype):
    x = subject.sample(1003, dtype=dtype)
    name, parameters = subject.name, subject.parameters
    defaults = catalog.get(name).defaults().values()
    operands = (x.numpy(), *(parameters or defaults))
    np.testing.assert_array_equal(subject(x).numpy(), getattr(ogive, name)(*operands))
    np.testing.assert_array_equal(
        grad(subject, x).numpy(), getattr(ogive.backward, name)(np.ones_like(x), *operands)
    )


TAILS = {
    "sigmoid": (-87.0, -20.0, 16.7, 20.0, 60.0),
    "logit": (1e-30, 0.4999999, 0.5000001),
    "log_sigmoid": (-100.0, 20.0, 80.0),
    "tanh": (-30.0, -12.0, 9.1, 12.0, 40.0),
    "softplus": (-80.0, -20.0, 20.1, 30.0),
    "relu": (-3.0, 3.0),
    "leaky_relu": (-3.0, 3.0),
    "elu": (-60.0, -18.0, 3.0),
    "silu": (-88.0, -30.0, 30.0),
    "gelu": (-12.0, -6.2, -5.5, -4.39, 6.0),
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
    operands = subject.parameters or tuple(catalog.get(subject.name).defaults().values())
    np.testing.assert_array_equal(
        subject(x).numpy(), getattr(ogive, subject.name)(x.numpy(), *operands)
    )
    assert grad(subject, x)[2].isnan()


def as_numpy(x: torch.Tensor) -> np.ndarray:
    """The same numbers in NumPy's dtype of the same name."""
    if x.dtype is torch.bfloat16:
        return x.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return x.detach().numpy()


@every_subject
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_types_are_rounded_once(subject: Subject, dtype: torch.dtype):
    x = subject.sample(2000).to(dtype)
    value, slope = subject(x), grad(subject, x)
    assert value.dtype == slope.dtype == dtype
    parameters = subject.parameters or tuple(catalog.get(subject.name).defaults().values())
    if all(torch.tensor(p, dtype=dtype).item() == p for p in parameters):
        operands = (as_numpy(x), *parameters)
        ones = np.ones_like(operands[0])
        function, product = getattr(ogive, subject.name), getattr(ogive.backward, subject.name)
        np.testing.assert_array_equal(as_numpy(value), function(*operands))
        np.testing.assert_array_equal(as_numpy(slope), product(ones, *operands))
    else:  # a parameter that the half type does not have is not rounded to it
        assert torch.equal(value, subject(x.float()).to(dtype))
        assert torch.equal(slope, grad(subject, x.float()).to(dtype))


# Higher derivatives, forward mode, transforms


@every_subject
def test_gradients_of_both_orders_are_those_of_the_value(subject: Subject):
    x = subject.sample(6, dtype=torch.float64, seed=1).requires_grad_()
    assert gradcheck(
        subject, x, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True
    )
    assert gradgradcheck(subject, x, check_fwd_over_rev=True)


@every_subject
def test_second_derivative_at_zero_and_in_the_tails(subject: Subject):
    points = [0.0, -0.0, 1e-8, 6.0, -6.0, 30.0]
    if subject.name == "logit":
        points = [1e-3, 0.25, 0.5, 0.75]
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(subject(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    name = subject.name
    parameters = subject.parameters or tuple(catalog.get(name).defaults().values())
    if name in ("relu", "leaky_relu"):
        assert torch.equal(second, torch.zeros_like(second))
        return
    for at, got in zip(points, second.tolist(), strict=True):
        if name == "elu" and at == 0.0:
            continue  # a kink: no second derivative to hold it against
        with mpmath.workdps(80):
            expected = mpmath.diff(lambda t: truth.grad(name, t, *parameters), at, h=1e-25)
        assert got == pytest.approx(float(expected), rel=1e-9, abs=1e-16), at


@every_subject
def test_gradient_is_the_same_with_a_graph_of_its_own(subject: Subject):
    x = subject.sample(500, dtype=torch.float64).requires_grad_()
    (with_graph,) = torch.autograd.grad(subject(x).sum(), x, create_graph=True)
    assert with_graph.requires_grad
    torch.testing.assert_close(with_graph.detach(), grad(subject, x), rtol=1e-13, atol=1e-16)


@every_subject
def test_function_transforms(subject: Subject):
    x = subject.sample(3, 4, dtype=torch.float64)
    assert torch.equal(torch.func.vmap(subject)(x), subject(x))
    assert torch.equal(torch.func.vmap(subject, in_dims=1, out_dims=1)(x), subject(x))
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


# Memory


def layouts(x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The same 4-d numbers in many layouts."""
    wide = torch.zeros(*x.shape[:-1], 2 * x.shape[-1], dtype=x.dtype)
    wide[..., ::2] = x
    return {
        "contiguous": x,
        "channels_last": x.contiguous(memory_format=torch.channels_last),
        "permuted": x.permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0),
        "strided": wide[..., ::2],
        "flipped copy": x.flip(0).flip(0),
        "expanded": x[:1].expand_as(x),
        "offset": torch.cat([x[:1], x])[1:],
    }


@every_subject
def test_any_layout(subject: Subject):
    for kind, x in layouts(subject.sample(2, 3, 4, 5)).items():
        dense = x.clone(memory_format=torch.contiguous_format)
        assert torch.equal(subject(x), subject(dense)), kind
        assert subject(x).stride() == torch.empty_like(x).stride(), kind
        assert torch.equal(grad(subject, x), grad(subject, dense)), kind


@every_subject
def test_gradients_of_any_layout(subject: Subject):
    x = subject.sample(2, 3, 4, 5).requires_grad_()
    for kind, incoming in layouts(torch.randn(2, 3, 4, 5)).items():
        (got,) = torch.autograd.grad(subject(x), x, incoming)
        (expected,) = torch.autograd.grad(subject(x), x, incoming.contiguous())
        assert torch.equal(got, expected), kind


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2)], ids=str)
def test_small_shapes(shape: tuple[int, ...]):
    for subject in SUBJECTS:
        x = subject.sample(*shape)
        y = subject(x)
        assert y.shape == x.shape
        assert grad(subject, x).shape == x.shape
        np.testing.assert_allclose(y.numpy(), subject.peer(x).numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(EXTENSION is not None, reason="the extension calls the loops by itself")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_native_loops_read_and_write_the_tensors_own_memory(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
):
    addresses = []
    for attribute in ("_value_loop", "_backward_loop"):
        loop = getattr(functional._tanh, attribute)

        def spy(kind, threads, count, *given, run=loop._run):
            addresses.append((count, *given))
            run(kind, threads, count, *given)

        monkeypatch.setattr(loop, "_run", spy)
    x = torch.randn(4, 8).to(dtype).requires_grad_()
    y = functional.tanh(x)
    incoming = torch.randn(4, 8).to(dtype)
    (slope,) = torch.autograd.grad(y, x, incoming)
    assert addresses == [
        (32, x.data_ptr(), y.data_ptr()),
        (32, incoming.data_ptr(), x.data_ptr(), slope.data_ptr()),
    ]


@every_subject
def test_one_tensor_is_saved_and_no_copy(subject: Subject):
    saved: list[torch.Tensor] = []
    x = subject.sample(10).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: saved.append(tensor) or tensor, lambda tensor: tensor
    ):
        y = subject(x)
    # relu's derivative is that at its result, which the next layer may save as well.
    kept = y if subject.name == "relu" else x
    assert [tensor.data_ptr() for tensor in saved] == [kept.data_ptr()]


def test_no_graph_where_none_is_wanted():
    x = torch.randn(3, requires_grad=True)
    with torch.no_grad():
        assert not functional.silu(x).requires_grad
    with torch.inference_mode():
        assert functional.silu(x).is_inference()
    assert not functional.silu(x.detach()).requires_grad
    assert functional.silu(x).requires_grad


def test_parameters_are_plain_tensors():
    parameter = torch.nn.Parameter(torch.randn(3))
    result = functional.elu(parameter)
    assert type(result) is torch.Tensor
    assert torch.equal(result.detach(), functional.elu(parameter.detach()))


def test_lazily_negated_tensors():
    x = torch.complex(torch.zeros(4), torch.tensor([1.0, -2.0, 3.0, -4.0])).conj().imag
    assert x.is_neg()
    torch.testing.assert_close(functional.sigmoid(x), torch.sigmoid(x))


class Marked(torch.Tensor):
    """A subclass that gives torch's operations its class."""


def test_subclasses_get_torchs_operations():
    x = torch.randn(5).as_subclass(Marked).requires_grad_()
    y = functional.gelu(x)
    assert type(y) is Marked
    torch.testing.assert_close(
        y.detach().as_subclass(torch.Tensor), functional.gelu(x.detach().as_subclass(torch.Tensor))
    )
    y.sum().backward()
    torch.testing.assert_close(
        x.grad.as_subclass(torch.Tensor),
        grad(functional.gelu, x.detach().as_subclass(torch.Tensor)),
    )


# In place


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


# Dtypes and bad input


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool], ids=str)
def test_integers_as_torch_has_them(dtype: torch.dtype):
    x = torch.tensor([0, 1, 1]).to(dtype)
    for name in ("sigmoid", "logit", "tanh"):
        result = getattr(functional, name)(x)
        assert result.dtype == torch.float32
        torch.testing.assert_close(result, getattr(torch, name)(x))
    for name in ("log_sigmoid", "softplus", "leaky_relu", "elu", "silu", "gelu"):
        with pytest.raises(TypeError, match=f"{name} takes a tensor of float16.* not "):
            getattr(functional, name)(x)


def test_relu_of_integers():
    x = torch.tensor([-1, 2])
    assert functional.relu(x).tolist() == [0, 2]
    assert functional.relu(x).dtype == torch.int64
    assert functional.relu(x, inplace=True) is x
    assert x.tolist() == [0, 2]
    with pytest.raises(TypeError, match=r"relu takes .* not bool"):
        functional.relu(torch.tensor([True]))


@pytest.mark.parametrize("name", sorted(functional.__all__))
def test_not_a_tensor_and_complex(name: str):
    function = getattr(functional, name)
    extra = {"dim": 0} if name in ROWS else {}
    for bad in (1.0, np.ones(3), [1.0], None):
        with pytest.raises(TypeError, match=r"takes a torch\.Tensor, not "):
            function(bad, **extra)
    with pytest.raises(TypeError, match="not complex64"):
        function(torch.zeros(3, dtype=torch.complex64), **extra)


def test_bad_parameters():
    x = torch.zeros(3)
    with pytest.raises(TypeError, match=r"negative_slope is a number, not str '0\.1'"):
        functional.leaky_relu(x, "0.1")
    with pytest.raises(TypeError, match="alpha is a number, not Tensor"):
        functional.elu(x, torch.tensor(1.0))
    with pytest.raises(ValueError, match=r"beta must be a finite number greater than 0, not 0\.0"):
        functional.softplus(x, 0.0)
    with pytest.raises(ValueError, match="approximate is 'none' or 'tanh', not 'erf'"):
        functional.gelu(x, approximate="erf")
    with pytest.raises(TypeError, match="eps is a number or None"):
        functional.logit(x, eps="small")


def test_numbers_of_any_kind_are_parameters():
    x = torch.tensor([-1.0])
    assert functional.leaky_relu(x, np.float64(0.5)).item() == -0.5
    assert functional.leaky_relu(x, 2).item() == -2.0


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


def test_gelu_tanh_is_torchs():
    x = torch.randn(50)
    expected = torch.nn.functional.gelu(x, approximate="tanh")
    assert torch.equal(functional.gelu(x, approximate="tanh"), expected)


def test_log_sigmoid_has_both_names():
    assert functional.log_sigmoid is functional.logsigmoid


# Rows


def own_row(name: str) -> Callable[[torch.Tensor, int], torch.Tensor]:
    return getattr(torch, name)


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
    for name in ("softmax", "log_softmax"):
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
    for name in ("softmax", "log_softmax"):
        with pytest.raises(ValueError, match=f"{name} needs dim"):
            getattr(functional, name)(x)
    for name in ROWS:
        with pytest.raises(IndexError, match="dim is 2, but the tensor has 2 dimensions"):
            getattr(functional, name)(x, 2)
        with pytest.raises(TypeError, match="dim is an integer"):
            getattr(functional, name)(x, 1.0)


# Tracing


@pytest.fixture(autouse=True)
def _forget_compiled_code():
    yield
    torch.compiler.reset()


@every_subject
def test_compiles_without_a_break(subject: Subject):
    compiled = torch.compile(lambda x: subject(x * 1.0) * 2.0, backend="aot_eager", fullgraph=True)
    for dtype in (torch.float64, torch.bfloat16):
        x = subject.sample(64, dtype=dtype).requires_grad_()
        tolerance = {"rtol": 1e-12, "atol": 1e-15} if dtype is torch.float64 else {}
        torch.testing.assert_close(compiled(x), subject(x) * 2.0, **tolerance)
        torch.testing.assert_close(grad(compiled, x), 2.0 * grad(subject, x), **tolerance)


@pytest.mark.parametrize("subject", IN_PLACE, ids=str)
def test_compiles_in_place(subject: Subject):
    def function(x: torch.Tensor) -> torch.Tensor:
        return subject.ours(x * 1.0, *subject.parameters, inplace=True)

    x = subject.sample(64)
    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), subject(x))
    torch.testing.assert_close(grad(compiled, x), grad(subject, x))


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


def test_exports():
    class Network(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return functional.softmax(functional.gelu(functional.silu(x)), 1)

    x = torch.randn(3, 4)
    program = torch.export.export(Network(), (x,))
    torch.testing.assert_close(program.module()(x), Network()(x))


def test_other_devices_take_the_portable_path():
    x = torch.empty(3, 4, device="meta", requires_grad=True)
    for subject in SUBJECTS:
        y = subject(x)
        assert y.is_meta
        assert y.shape == x.shape
        (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
        assert slope.is_meta
