"""The torch losses: values, gradients of every order and kind, memory, tracing, bad input."""

from __future__ import annotations

import doctest
import gc
import inspect
import math
import pickle
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.nn import functional as F

from ogive.torch import losses

# What torch warns of in its own compiler and forward mode is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:DeprecationWarning"),
]

REDUCTIONS = ["none", "mean", "sum"]
BOTH = [torch.float32, torch.float64]
Loss = Callable[[torch.Tensor], torch.Tensor]


def focal(x: torch.Tensor, t: torch.Tensor, alpha: float, gamma: float) -> torch.Tensor:
    """The focal loss as its authors write it."""
    p = x.sigmoid()
    ce = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    right = p * t + (1 - p) * (1 - t)
    loss = ce * (1 - right) ** gamma
    return loss if alpha < 0 else loss * (alpha * t + (1 - alpha) * (1 - t))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> torch.Tensor:
    x = torch.randn(shape, generator=seeded(seed), dtype=torch.float64) * 3.0
    return x.to(dtype)


def uniform(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 1) -> torch.Tensor:
    return torch.rand(shape, generator=seeded(seed), dtype=torch.float64).to(dtype)


def classes(*shape: int, of: int, seed: int = 2) -> torch.Tensor:
    return torch.randint(0, of, shape, generator=seeded(seed))


def grad(loss: Loss, x: torch.Tensor, onto: torch.Tensor | None = None) -> torch.Tensor:
    x = x.detach().requires_grad_()
    value = loss(x)
    (result,) = torch.autograd.grad(value, x, torch.ones_like(value) if onto is None else onto)
    return result


def assert_same(ours: Loss, theirs: Loss, x: torch.Tensor, seed: int = 7) -> None:
    """Value, value without gradients, and gradient times something agree with torch's."""
    expected = theirs(x.double())
    eps = torch.finfo(x.dtype).eps
    close = {"rtol": 32 * eps, "atol": 32 * eps}
    value = ours(x)
    assert value.dtype == x.dtype
    torch.testing.assert_close(value.double(), expected, **close)
    torch.testing.assert_close(ours(x.detach().requires_grad_()).detach(), value, rtol=0, atol=0)
    onto = torch.randn(expected.shape, generator=seeded(seed), dtype=torch.float64)
    gradient = grad(ours, x, onto.to(x.dtype))
    expected = grad(theirs, x.double(), onto.to(x.dtype).double())
    torch.testing.assert_close(gradient.double(), expected, **close)


def cast(thing: Any, dtype: torch.dtype) -> Any:
    """Floats of another dtype; anything else as it is."""
    floats = isinstance(thing, torch.Tensor) and thing.is_floating_point()
    return thing.to(dtype) if floats else thing


def assert_torchs(name: str, x: torch.Tensor, target: torch.Tensor, **keywords: Any) -> None:
    """One of the functions is that of torch's that has its name."""

    def call(function: Any, x: torch.Tensor) -> torch.Tensor:
        given = {key: cast(value, x.dtype) for key, value in keywords.items()}
        return function(x, cast(target, x.dtype), **given)

    assert_same(lambda x: call(getattr(losses, name), x), lambda x: call(getattr(F, name), x), x)


# ---- the same as torch -----------------------------------------------------------------------

FUNCTIONS = ["binary_cross_entropy_with_logits", "cross_entropy", "multilabel_soft_margin_loss"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures_are_torchs(name: str) -> None:
    ours = inspect.signature(getattr(losses, name)).parameters.values()
    theirs = inspect.signature(getattr(F, name)).parameters.values()
    assert [(p.name, p.default, p.kind) for p in ours] == [
        (p.name, p.default, p.kind) for p in theirs
    ]


def test_the_signature_of_the_focal_loss_is_torchvisions() -> None:
    assert str(inspect.signature(losses.sigmoid_focal_loss)).startswith(
        "(inputs: 'Tensor', targets: 'Tensor', alpha: 'float' = 0.25, gamma: 'float' = 2, "
        "reduction: 'str' = 'none')"
    )


LAYOUTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "contiguous": torch.Tensor.contiguous,
    "channels_last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "transposed": lambda x: x.transpose(0, -1).contiguous().transpose(0, -1),
    "sliced": lambda x: x.repeat_interleave(2, 0)[::2],
    "last_sliced": lambda x: x.repeat_interleave(2, -1)[..., ::2],
    "expanded": lambda x: x[:1].expand_as(x),
}
SHAPE = (4, 3, 2, 5)


def weights(dtype: torch.dtype) -> dict[str, dict[str, torch.Tensor]]:
    weight, positive = uniform(5, dtype=dtype) + 0.5, uniform(3, 1, 1, dtype=dtype, seed=3) + 0.5
    return {
        "plain": {},
        "weight": {"weight": weight},
        "pos_weight": {"pos_weight": positive},
        "both": {"weight": weight, "pos_weight": positive},
    }


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", ["plain", "weight", "pos_weight", "both"])
@pytest.mark.parametrize("dtype", BOTH, ids=str)
def test_binary_cross_entropy_is_torchs(dtype: torch.dtype, case: str, reduction: str) -> None:
    t, given = uniform(*SHAPE, dtype=dtype), weights(dtype)[case]
    for layout in LAYOUTS.values():
        x = layout(normal(*SHAPE, dtype=dtype))
        assert_torchs("binary_cross_entropy_with_logits", x, t, reduction=reduction, **given)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", ["plain", "weight"])
@pytest.mark.parametrize("dtype", BOTH, ids=str)
def test_multilabel_soft_margin_is_torchs(dtype: torch.dtype, case: str, reduction: str) -> None:
    t, given = uniform(*SHAPE, dtype=dtype).round(), weights(dtype)[case]
    for layout in LAYOUTS.values():
        x = layout(normal(*SHAPE, dtype=dtype))
        assert_torchs("multilabel_soft_margin_loss", x, t, reduction=reduction, **given)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2.0), (-1.0, 0.5), (1.0, 0.0), (0.5, 5)])
@pytest.mark.parametrize("dtype", BOTH, ids=str)
def test_focal_loss_is_its_formula(
    dtype: torch.dtype, alpha: float, gamma: float, reduction: str
) -> None:
    reduced = {"none": lambda v: v, "mean": torch.mean, "sum": torch.sum}[reduction]
    t = uniform(*SHAPE, dtype=dtype)
    t[0].round_()
    for layout in LAYOUTS.values():
        assert_same(
            lambda x: losses.sigmoid_focal_loss(x, t, alpha, gamma, reduction),
            lambda x: reduced(focal(x, t.double(), alpha, gamma)),
            layout(normal(*SHAPE, dtype=dtype)),
        )


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "weight": {"weight": uniform(3) + 0.25},
    "smoothing": {"label_smoothing": 0.1},
    "both": {"weight": uniform(3) + 0.25, "label_smoothing": 0.25},
}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", BOTH, ids=str)
def test_cross_entropy_of_classes_is_torchs(dtype: torch.dtype, case: str, reduction: str) -> None:
    given = {key: cast(value, dtype) for key, value in CASES[case].items()}
    for ignored in (-100, 2):
        target = classes(4, 2, 5, of=3)
        target[1] = ignored
        for layout in LAYOUTS.values():
            x = layout(normal(*SHAPE, dtype=dtype))
            assert_torchs(
                "cross_entropy", x, target, ignore_index=ignored, reduction=reduction, **given
            )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", BOTH, ids=str)
def test_cross_entropy_of_probabilities_is_torchs(
    dtype: torch.dtype, case: str, reduction: str
) -> None:
    given = {key: cast(value, dtype) for key, value in CASES[case].items()}
    target = normal(*SHAPE, dtype=dtype, seed=5).softmax(1)
    for layout in LAYOUTS.values():
        x = layout(normal(*SHAPE, dtype=dtype))
        assert_torchs("cross_entropy", x, target, reduction=reduction, **given)


def test_cross_entropy_of_one_example_and_of_other_integers() -> None:
    x = normal(6)
    for target in (torch.tensor(4), normal(6).softmax(0)):
        assert_torchs("cross_entropy", x, target)
    # What torch takes, but cannot differentiate.
    one = lambda x: losses.cross_entropy(x, torch.tensor([4]))  # noqa: E731
    torch.testing.assert_close(one(x), F.cross_entropy(x, torch.tensor([4])))
    torch.testing.assert_close(grad(one, x), grad(lambda x: F.cross_entropy(x, torch.tensor(4)), x))
    x, target = normal(7, 6), classes(7, of=6)
    expected = losses.cross_entropy(x, target)
    for dtype in (torch.uint8, torch.int16, torch.int32):
        assert torch.equal(losses.cross_entropy(x, target.to(dtype)), expected)


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 192, 193, 700])
def test_rows_of_every_length(n: int) -> None:
    assert_torchs("cross_entropy", normal(37, n, dtype=torch.float32), classes(37, of=n))


def test_dtypes_are_promoted_as_torch_does() -> None:
    for a, b in ((torch.float32, torch.float64), (torch.bfloat16, torch.float32)):
        for x, t in ((normal(3, 4, dtype=a), uniform(3, 4, dtype=b)),
                     (normal(3, 4, dtype=b), uniform(3, 4, dtype=a))):  # fmt: skip
            x.requires_grad_()
            for name in ("binary_cross_entropy_with_logits", "cross_entropy"):
                ours = getattr(losses, name)(x, t)
                assert ours.dtype == torch.promote_types(a, b)
                ours.backward()
                assert x.grad.dtype == x.dtype


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_half_types_are_rounded_once(dtype: torch.dtype, reduction: str) -> None:
    # Computed in more digits: what is left is the rounding of the result, half a unit.
    eps = torch.finfo(dtype).eps
    close = {"rtol": 0.51 * eps, "atol": torch.finfo(dtype).smallest_normal * eps}
    x, t, y = normal(40, 9, dtype=dtype), uniform(40, 9, dtype=dtype), classes(40, of=9)
    for loss in (
        lambda x: losses.binary_cross_entropy_with_logits(x, t.to(x.dtype), reduction=reduction),
        lambda x: losses.multilabel_soft_margin_loss(x, t.to(x.dtype), reduction=reduction),
        lambda x: losses.sigmoid_focal_loss(x, t.to(x.dtype), reduction=reduction),
        lambda x: losses.cross_entropy(x, y, reduction=reduction),
        lambda x: losses.cross_entropy(x, y, reduction=reduction, label_smoothing=0.1),
    ):
        value, expected = loss(x), loss(x.double())
        assert value.dtype == dtype
        torch.testing.assert_close(value.double(), expected, **close)
        if reduction != "mean":  # the gradient of a mean is tiny: float16's are subnormal
            torch.testing.assert_close(grad(loss, x).double(), grad(loss, x.double()), **close)


def test_autocast_computes_in_float32() -> None:
    x, t = normal(5, 4, dtype=torch.bfloat16), uniform(5, 4, dtype=torch.bfloat16)
    x.requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for loss, theirs in (
            (losses.binary_cross_entropy_with_logits, F.binary_cross_entropy_with_logits),
            (losses.cross_entropy, F.cross_entropy),
        ):
            value = loss(x, t)
            assert value.dtype == theirs(x, t).dtype == torch.float32
            torch.testing.assert_close(value, theirs(x.float(), t.float()))
            value.backward()
            assert x.grad.dtype == torch.bfloat16


# ---- both tails ------------------------------------------------------------------------------


def _units(got: torch.Tensor, exact: Any) -> float:
    exact_number = torch.tensor(float(exact), dtype=got.dtype)
    unit = torch.nextafter(exact_number.abs(), torch.tensor(math.inf, dtype=got.dtype))
    unit = float(unit.double() - exact_number.abs().double())
    return float(abs(mpmath.mpf(float(got)) - exact) / unit)


def _portable(loss: Loss, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Value and gradient where no native loop can see the tensors."""
    gradient, value = torch.func.grad_and_value(loss)(x)
    return value, gradient


def _native(loss: Loss, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return loss(x), grad(loss, x)


@pytest.mark.parametrize(("way", "bound"), [(_native, 3), (_portable, 8)])
@pytest.mark.parametrize("dtype", BOTH, ids=str)
def test_binary_tails(dtype: torch.dtype, way: Any, bound: float) -> None:
    with mpmath.workdps(60):
        for point in (-80.0, -40.0, -17.0, -5.5, -1e-3, 0.0, 1e-3, 3.25, 17.0, 20.0, 40.0, 80.0):
            for t in (0.0, 1.0):
                x, target = torch.tensor(point, dtype=dtype), torch.tensor(t, dtype=dtype)
                value, gradient = way(
                    lambda x: losses.binary_cross_entropy_with_logits(x, target),  # noqa: B023
                    x,
                )
                side = mpmath.mpf(float(x)) * (1 if t == 0 else -1)
                loss = mpmath.log1p(mpmath.exp(side))
                slope = (1 if t == 0 else -1) / (1 + mpmath.exp(-side))
                assert _units(value, loss) <= bound, (point, t)
                assert _units(gradient, slope) <= bound, (point, t)


@pytest.mark.parametrize(("way", "bound"), [(_native, 2), (_portable, 8)])
@pytest.mark.parametrize("dtype", BOTH, ids=str)
def test_a_certain_and_right_class_keeps_its_loss(
    dtype: torch.dtype, way: Any, bound: float
) -> None:
    with mpmath.workdps(60):
        for gap in (0.0, 1.0, 10.0, 20.0, 60.0):
            x = torch.tensor([[gap, 0.0, -1.0]], dtype=dtype)
            value, gradient = way(lambda x: losses.cross_entropy(x, torch.tensor([0])), x)
            rest = mpmath.exp(-gap) + mpmath.exp(-gap - 1)
            assert _units(value, mpmath.log1p(rest)) <= bound
            assert _units(gradient[0, 0], -rest / (1 + rest)) <= bound
            assert _units(gradient[0, 2], mpmath.exp(-gap - 1) / (1 + rest)) <= bound


def test_what_torch_loses_is_here() -> None:
    x, t = torch.tensor([20.0]), torch.tensor([1.0])
    assert grad(lambda x: F.binary_cross_entropy_with_logits(x, t), x) == 0
    assert grad(lambda x: losses.binary_cross_entropy_with_logits(x, t), x) == -2.0611537e-09
    x, y = torch.tensor([[0.0, -20.0]]), torch.tensor([0])
    assert F.cross_entropy(x, y) == 0
    assert losses.cross_entropy(x, y) == 2.0611537e-09


def test_infinite_logits_have_their_limits() -> None:
    x = torch.tensor([math.inf, -math.inf, math.inf, -math.inf])
    t = torch.tensor([1.0, 0.0, 0.0, 1.0])
    loss = lambda x: losses.binary_cross_entropy_with_logits(x, t, reduction="none")  # noqa: E731
    for way in (_native, lambda f, x: (torch.func.vmap(f)(x[None])[0], grad(f, x))):
        value, gradient = way(loss, x)
        assert value.tolist() == [0, 0, math.inf, math.inf]
        assert gradient.tolist() == [0, 0, 1, -1]


# ---- derivatives of every order and kind -----------------------------------------------------

X = normal(3, 4, seed=11)
T, Y, P = uniform(3, 4, seed=12), classes(3, of=4), normal(3, 4, seed=13).softmax(1)
HARD = T.round()
W = uniform(4, seed=14) + 0.25

SUBJECTS: dict[str, Loss] = {
    "binary": lambda x: losses.binary_cross_entropy_with_logits(x, T),
    "binary_none": lambda x: losses.binary_cross_entropy_with_logits(x, HARD, reduction="none"),
    "binary_weighted": lambda x: losses.binary_cross_entropy_with_logits(
        x, T, W, reduction="sum", pos_weight=W.flip(0)
    ),
    "multilabel_none": lambda x: losses.multilabel_soft_margin_loss(x, HARD, W, reduction="none"),
    "focal": lambda x: losses.sigmoid_focal_loss(x, T),
    "focal_sum": lambda x: losses.sigmoid_focal_loss(x, HARD, 0.5, 0.5, "sum"),
    "classes": lambda x: losses.cross_entropy(x, Y),
    "classes_none": lambda x: losses.cross_entropy(x, Y, reduction="none"),
    "classes_weighted": lambda x: losses.cross_entropy(x, Y, W, ignore_index=2),
    "classes_smoothed": lambda x: losses.cross_entropy(x, Y, W, label_smoothing=0.2),
    "probabilities": lambda x: losses.cross_entropy(x, P, W, reduction="none"),
}
every_subject = pytest.mark.parametrize("subject", SUBJECTS)


@every_subject
def test_gradients_are_differences(subject: str) -> None:
    x = X.clone().requires_grad_()
    assert gradcheck(SUBJECTS[subject], (x,), check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(SUBJECTS[subject], (x,))


@every_subject
def test_third_derivatives(subject: str) -> None:
    def slope(x: torch.Tensor) -> torch.Tensor:
        value = SUBJECTS[subject](x)
        return torch.autograd.grad(value.sum(), x, create_graph=True)[0]

    x = X.clone().requires_grad_()
    (curved,) = torch.autograd.grad(slope(x).pow(2).sum(), x, create_graph=True)
    step = 1e-5
    direction = normal(3, 4, seed=15)
    (third,) = torch.autograd.grad((curved * direction).sum(), x)

    def along(x: torch.Tensor) -> torch.Tensor:
        x = x.detach().requires_grad_()
        return (torch.autograd.grad(slope(x).pow(2).sum(), x)[0] * direction).sum().detach()

    probe = normal(3, 4, seed=16)
    difference = (along(X + step * probe) - along(X - step * probe)) / (2 * step)
    torch.testing.assert_close((third * probe).sum(), difference, rtol=1e-6, atol=1e-8)


@every_subject
def test_functional_transforms(subject: str) -> None:
    loss = SUBJECTS[subject]
    total = lambda x: loss(x).sum()  # noqa: E731
    expected = grad(loss, X)
    torch.testing.assert_close(torch.func.grad(total)(X), expected)
    jacobian = torch.func.jacrev(loss)(X)
    torch.testing.assert_close(jacobian, torch.autograd.functional.jacobian(loss, X))
    torch.testing.assert_close(torch.func.jacfwd(loss)(X), jacobian)
    torch.testing.assert_close(
        torch.func.hessian(total)(X), torch.autograd.functional.hessian(total, X)
    )
    batch = torch.stack([X, 2 * X, -X])
    torch.testing.assert_close(torch.func.vmap(loss)(batch), torch.stack([loss(x) for x in batch]))
    _, product = torch.func.jvp(total, (X,), (T,))
    torch.testing.assert_close(product, (expected * T).sum())
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(X, T)
        torch.testing.assert_close(forward_ad.unpack_dual(total(dual)).tangent, product)


def test_tensors_of_the_surroundings_of_a_transform() -> None:
    # The loss is of a plain tensor, within a transform of something else.
    x = X.clone().requires_grad_()
    product = torch.func.grad(lambda s: (s * losses.cross_entropy(x, Y)).sum())(torch.tensor(2.0))
    torch.testing.assert_close(product, losses.cross_entropy(X, Y).float())


@pytest.mark.parametrize("subject", ["focal", "classes_smoothed"])
def test_compiled_in_one_graph(subject: str) -> None:
    loss = SUBJECTS[subject]
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    x = X.clone().requires_grad_()
    torch.testing.assert_close(compiled(x), loss(x))
    torch.testing.assert_close(grad(compiled, X), grad(loss, X))


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_other_devices_and_traces() -> None:
    for loss in SUBJECTS.values():
        shape = loss(X).shape
        traced = torch.jit.trace(loss, X, check_trace=False)
        torch.testing.assert_close(traced(2 * X), loss(2 * X))
        assert shape == traced(X).shape
    x = torch.empty(3, 4, device="meta", requires_grad=True)
    loss = losses.cross_entropy(x, torch.empty(3, dtype=torch.int64, device="meta"))
    loss.backward()
    assert loss.is_meta
    assert x.grad.shape == x.shape


@pytest.mark.parametrize("name", ["binary_cross_entropy_with_logits", "cross_entropy"])
def test_targets_have_gradients_too(name: str) -> None:
    x, t = X.clone().requires_grad_(), P.clone().requires_grad_()
    got = torch.autograd.grad(getattr(losses, name)(x, t), (x, t))
    expected = torch.autograd.grad(getattr(F, name)(x, t), (x, t))
    torch.testing.assert_close(got, expected)
    assert gradcheck(getattr(losses, name), (x, t))


def test_weights_have_gradients_too() -> None:
    # Torch refuses them.
    x, w = X.clone().requires_grad_(), W.clone().requires_grad_()
    assert gradcheck(losses.binary_cross_entropy_with_logits, (x, T, w))
    assert gradcheck(lambda x, w: losses.cross_entropy(x, Y, w, label_smoothing=0.1), (x, w))


# ---- what is kept for the backward pass ------------------------------------------------------


def saved(loss: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """A loss, and what was saved for its backward pass."""
    kept: list[torch.Tensor] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        return loss(), kept


@pytest.mark.parametrize("name", ["binary_cross_entropy_with_logits", "cross_entropy"])
def test_the_gradient_is_kept_and_the_logits_are_not(name: str) -> None:
    weights = normal(4, 4, dtype=torch.float32).requires_grad_()
    features, target = normal(3, 4, dtype=torch.float32), P.float()
    logits = features @ weights
    gone = weakref.ref(logits)
    memory = logits.untyped_storage().data_ptr()
    loss, kept = saved(partial(getattr(losses, name), logits, target))
    del logits
    assert gone() is None
    assert [t.untyped_storage().data_ptr() for t in kept].count(memory) == 0
    own = [t for t in kept if t.data_ptr() != target.data_ptr()]
    assert [t.shape for t in own] == [(3, 4)]
    del kept, own
    loss.backward()
    expected = features.T @ grad(lambda x: getattr(F, name)(x, target), features @ weights.detach())
    torch.testing.assert_close(weights.grad, expected)


@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_the_backward_pass_returns_the_memory_that_was_kept(factor: float) -> None:
    x = X.clone().requires_grad_()
    loss = losses.cross_entropy(x, Y)
    memory = loss.grad_fn.saved_tensors[0].data_ptr()
    (factor * loss).backward()
    assert x.grad.data_ptr() == memory
    torch.testing.assert_close(x.grad, factor * grad(lambda x: F.cross_entropy(x, Y), X))
    assert not x.grad.requires_grad


@every_subject
def test_a_retained_graph_can_be_asked_again(subject: str) -> None:
    x = X.clone().requires_grad_()
    once = grad(SUBJECTS[subject], X)
    loss = SUBJECTS[subject](x).sum()
    for passes in (1, 2, 3):
        loss.backward(retain_graph=True)
        torch.testing.assert_close(x.grad, passes * once)
    with torch.no_grad():
        x.grad.zero_()  # as an optimiser's zero_grad(set_to_none=False)
    (0.5 * loss).backward(retain_graph=True)
    torch.testing.assert_close(x.grad, 0.5 * once)
    (first,) = torch.autograd.grad(loss, x, retain_graph=True)
    first.mul_(100)
    x.grad = None
    loss.backward()
    torch.testing.assert_close(x.grad, once)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_gradients_that_are_changed_in_place_change_nothing_else() -> None:
    x = X.clone().requires_grad_()
    once = grad(lambda x: losses.cross_entropy(x, Y), X)
    x.register_hook(lambda gradient: gradient.mul_(2))
    losses.cross_entropy(x, Y).backward()
    torch.testing.assert_close(x.grad, 2 * once)
    x = X.clone().requires_grad_()
    a, b = losses.cross_entropy(x, Y), losses.binary_cross_entropy_with_logits(x, T)
    (a + b).backward()
    expected = once + grad(lambda x: losses.binary_cross_entropy_with_logits(x, T), X)
    torch.testing.assert_close(x.grad, expected)
    a, b = losses.cross_entropy(x, Y), losses.cross_entropy(x, Y)
    x.grad = None
    a.backward()
    b.backward()
    torch.testing.assert_close(x.grad, 2 * once)


def test_a_loss_used_twice_and_a_gradient_that_is_kept_in_the_graph() -> None:
    x = X.clone().requires_grad_()
    loss = losses.cross_entropy(x, Y)
    (loss * loss).backward()
    torch.testing.assert_close(x.grad, grad(lambda x: F.cross_entropy(x, Y) ** 2, X))
    loss = losses.cross_entropy(x, Y)
    (slope,) = torch.autograd.grad(loss, x, create_graph=True)
    assert slope.requires_grad
    (slope**2).sum().backward()
    expected = torch.func.grad(
        lambda x: (torch.func.grad(lambda z: F.cross_entropy(z, Y))(x) ** 2).sum()
    )(X)
    x_grad = x.grad - grad(lambda x: F.cross_entropy(x, Y) ** 2, X)
    torch.testing.assert_close(x_grad, expected)


def test_checkpoints_and_offloading() -> None:
    x = X.clone().requires_grad_()
    once = grad(lambda x: F.cross_entropy(x, Y), X)
    for reentrant in (False, True):
        x.grad = None
        loss = torch.utils.checkpoint.checkpoint(
            lambda x: losses.cross_entropy(x, Y), x, use_reentrant=reentrant
        )
        loss.backward()
        torch.testing.assert_close(x.grad, once)
    x.grad = None
    with torch.autograd.graph.save_on_cpu():
        loss = losses.cross_entropy(x, Y)
    loss.backward()
    torch.testing.assert_close(x.grad, once)


def test_nothing_waits_for_the_garbage_collector() -> None:
    x = X.clone().requires_grad_()

    def compute() -> None:
        for subject in SUBJECTS.values():
            subject(x)
            subject(x).sum().backward()

    compute()  # what is only made once
    while gc.collect():  # what compilers left behind goes by and by
        compute()
    gc.disable()
    try:
        compute()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_of_the_second_derivative_the_right_tail_is_right() -> None:
    # With p next to 1 for the right class, p (1 - p) comes from the small gradient itself.
    x = torch.tensor([[20.0, 0.0]], requires_grad=True)
    (slope,) = torch.autograd.grad(losses.cross_entropy(x, torch.tensor([0])), x, create_graph=True)
    (curved,) = torch.autograd.grad(slope[0, 0], x)
    exact = 2.0611536139418e-09
    torch.testing.assert_close(curved, torch.tensor([[exact, -exact]]), rtol=1e-6, atol=0.0)


# ---- reductions, empty tensors, what is ignored ----------------------------------------------


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_no_examples(reduction: str) -> None:
    x = torch.empty(0, 4, dtype=torch.float64, requires_grad=True)
    for ours, theirs, target in (
        (losses.cross_entropy, F.cross_entropy, torch.empty(0, dtype=torch.int64)),
        (losses.cross_entropy, F.cross_entropy, torch.empty_like(X[:0])),
        (
            losses.binary_cross_entropy_with_logits,
            F.binary_cross_entropy_with_logits,
            torch.empty_like(X[:0]),
        ),
    ):
        value = ours(x, target, reduction=reduction)
        expected = theirs(x, target, reduction=reduction)
        torch.testing.assert_close(value, expected, equal_nan=True)
        value.sum().backward()
        assert x.grad.shape == (0, 4)


def test_the_mean_of_none_is_nan_and_its_gradient_is_0() -> None:
    target = torch.full((3,), -100)
    for way in (_native, _portable):
        value, gradient = way(lambda x: losses.cross_entropy(x, target), X)
        assert value.isnan()
        if way is _native:
            assert torch.equal(gradient, torch.zeros_like(X))
    assert losses.cross_entropy(X, target, reduction="sum") == 0


def test_the_old_words_for_reduction() -> None:
    for size_average, reduce in ((True, None), (False, None), (None, False), (False, True)):
        for name, target in (("cross_entropy", Y), ("binary_cross_entropy_with_logits", T)):
            old = {"size_average": size_average, "reduce": reduce}
            with pytest.warns(UserWarning, match="size_average and reduce"):
                ours = getattr(losses, name)(X, target, **old)
            with pytest.warns(UserWarning, match="size_average and reduce"):
                theirs = getattr(F, name)(X, target, **old)
            torch.testing.assert_close(ours, theirs)


# ---- laws ------------------------------------------------------------------------------------

logit = st.floats(-60, 60)


@settings(deadline=None, max_examples=60)
@given(logit, st.sampled_from([0.0, 1.0]))
def test_the_two_classes_are_mirror_images(x: float, t: float) -> None:
    def of(x: float, t: float) -> tuple[float, float]:
        z = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        loss = losses.binary_cross_entropy_with_logits(z, torch.tensor(t, dtype=torch.float64))
        loss.backward()
        return loss.item(), z.grad.item()

    loss, slope = of(x, t)
    assert of(-x, 1 - t) == (loss, -slope)
    # Of two classes the cross-entropy is that of their difference.
    z = torch.tensor([0.0, x], dtype=torch.float64)
    assert losses.cross_entropy(z, torch.tensor(int(t))).item() == pytest.approx(loss, rel=1e-15)


@settings(deadline=None, max_examples=60)
@given(st.lists(logit, min_size=2, max_size=9), st.integers(0, 1), st.integers(-64, 64))
def test_a_shift_of_all_logits_changes_nothing(row: list[float], t: int, shift: int) -> None:
    x = torch.tensor([row], dtype=torch.float64).round(decimals=0)
    loss = lambda x: losses.cross_entropy(x, torch.tensor([t]))  # noqa: E731
    assert loss(x + shift).item() == loss(x).item()
    gradient = grad(loss, x)
    assert gradient.sum().item() == pytest.approx(0.0, abs=1e-15)
    assert gradient[0, t] <= 0


# ---- what is refused -------------------------------------------------------------------------

I64 = torch.int64
BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: losses.cross_entropy([1.0], Y), TypeError, "input must be a torch.Tensor, not list"),
    (lambda: losses.cross_entropy(X.long(), Y), TypeError, "input must be of .*, not int64"),
    (lambda: losses.cross_entropy(X, [0]), TypeError, "target must be a torch.Tensor, not list"),
    (lambda: losses.cross_entropy(X, T[0]), ValueError, r"target has the shape \(4,\), not \(3,\)"),
    (lambda: losses.cross_entropy(X, X.long()), TypeError, "probabilities, as floats, not int64"),
    (lambda: losses.cross_entropy(X, T[:, 0]), TypeError, "classes, as integers, not float64"),
    (lambda: losses.cross_entropy(X, Y.bool()), TypeError, "classes, as integers, not bool"),
    (lambda: losses.cross_entropy(torch.tensor(1.0), Y), ValueError, "no dimension of classes"),
    (lambda: losses.cross_entropy(X, Y, W[:3]), ValueError, r"weight has the shape \(3,\), not"),
    (lambda: losses.cross_entropy(X, Y, W[:1]), ValueError, r"weight has the shape \(1,\), not"),
    (lambda: losses.cross_entropy(X, Y, W.long()), TypeError, "weight must be of .*, not int64"),
    (lambda: losses.cross_entropy(X, P, ignore_index=1), ValueError, "ignore_index is 1, but"),
    (lambda: losses.cross_entropy(X, Y, label_smoothing=1.5), ValueError, "in .0, 1., not 1.5"),
    (lambda: losses.cross_entropy(X, Y, label_smoothing=math.nan), ValueError, "not nan"),
    (lambda: losses.cross_entropy(X, Y, reduction="avg"), ValueError, "not 'avg'"),
    (
        lambda: losses.cross_entropy(X, torch.tensor([0, 4, -1])),
        IndexError,
        r"target\[1\] is 4: out of bounds, a class is 0 to 3, or ignore_index, -100",
    ),
    (
        lambda: losses.cross_entropy(X, torch.tensor([0, -100, -1])),
        IndexError,
        r"target\[2\] is -1: out of bounds",
    ),
    (lambda: losses.cross_entropy(X[0], torch.tensor(9)), IndexError, "target is 9: out of"),
    (
        lambda: losses.binary_cross_entropy_with_logits(X, T[0]),
        ValueError,
        r"target has the shape \(4,\), not \(3, 4\) as the input",
    ),
    (
        lambda: losses.binary_cross_entropy_with_logits(X, T.long()),
        TypeError,
        r"target holds probabilities, as .*, not int64: target.to\(input.dtype\)",
    ),
    (
        lambda: losses.binary_cross_entropy_with_logits(X, T, W[:3]),
        ValueError,
        r"weight has the shape \(3,\), which does not broadcast to \(3, 4\)",
    ),
    (
        lambda: losses.binary_cross_entropy_with_logits(X, T, pos_weight=torch.ones(2, 3, 4)),
        ValueError,
        "pos_weight has the shape",
    ),
    (
        lambda: losses.multilabel_soft_margin_loss(torch.tensor(1.0), torch.tensor(1.0)),
        ValueError,
        "no dimension of labels",
    ),
    (lambda: losses.sigmoid_focal_loss(X, T, alpha=2.0), ValueError, "alpha .* not 2.0"),
    (lambda: losses.sigmoid_focal_loss(X, T, alpha=math.nan), ValueError, "alpha .* not nan"),
    (lambda: losses.sigmoid_focal_loss(X, T, gamma=-1), ValueError, "gamma .* not -1"),
    (lambda: losses.sigmoid_focal_loss(X, T, gamma=math.inf), ValueError, "gamma .* not inf"),
    (lambda: losses.sigmoid_focal_loss(X, T, gamma="2"), TypeError, "gamma must be a number"),
]


@pytest.mark.parametrize("case", range(len(BAD)))
def test_bad_input(case: int) -> None:
    call, error, message = BAD[case]
    with pytest.raises(error, match=message):
        call()


# ---- modules ---------------------------------------------------------------------------------

MODULES: dict[str, tuple[dict[str, Any], torch.Tensor]] = {
    "BCEWithLogitsLoss": ({"weight": W, "pos_weight": W.flip(0), "reduction": "sum"}, T),
    "CrossEntropyLoss": ({"weight": W, "ignore_index": 1, "label_smoothing": 0.1}, Y),
    "MultiLabelSoftMarginLoss": ({"weight": W, "reduction": "none"}, HARD),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_torchs_with_another_computation(name: str) -> None:
    arguments, target = MODULES[name]
    ours, theirs = getattr(losses, name)(**arguments), getattr(torch.nn, name)(**arguments)
    assert isinstance(ours, getattr(torch.nn, name))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    ours.load_state_dict(theirs.state_dict())
    for module in (ours, pickle.loads(pickle.dumps(ours))):
        torch.testing.assert_close(module(X, target), theirs(X, target))
    functional = {"BCEWithLogitsLoss": "binary_cross_entropy_with_logits"}.get(name)
    if functional:
        expected = getattr(losses, functional)(X, target, **arguments)
        assert torch.equal(ours(X, target), expected)


def test_the_module_of_the_focal_loss() -> None:
    module = losses.SigmoidFocalLoss(0.5, 1.0, reduction="mean")
    expected = losses.sigmoid_focal_loss(X, T, 0.5, 1.0, "mean")
    assert torch.equal(module(X, T), expected)
    assert repr(module) == "SigmoidFocalLoss(alpha=0.5, gamma=1.0, reduction='mean')"
    with pytest.raises(ValueError, match="gamma"):
        losses.SigmoidFocalLoss(gamma=-1)
    with pytest.raises(ValueError, match="reduction"):
        losses.SigmoidFocalLoss(reduction="all")


@pytest.mark.parametrize("name", losses.__all__)
def test_examples(name: str) -> None:
    thing = getattr(losses, name)
    said: list[str] = []
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(thing), {}, name, None, None)
    assert example.examples
    result = doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert not result.failed, "".join(said)
