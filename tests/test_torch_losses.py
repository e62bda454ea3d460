"""The torch losses beside torch's: values and gradients, dtypes, tails, laws."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import (
    BOTH,
    REDUCTIONS,
    assert_same,
    assert_torchs,
    cast,
    classes,
    focal,
    grad,
    native,
    normal,
    portable,
    uniform,
)
from torch.nn import functional as F

from ogive.torch import losses

# What torch warns of in its own compiler and forward mode is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:DeprecationWarning"),
]

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


@pytest.mark.parametrize(("way", "bound"), [(native, 3), (portable, 8)])
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


@pytest.mark.parametrize(("way", "bound"), [(native, 2), (portable, 8)])
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
    for way in (native, lambda f, x: (torch.func.vmap(f)(x[None])[0], grad(f, x))):
        value, gradient = way(loss, x)
        assert value.tolist() == [0, 0, math.inf, math.inf]
        assert gradient.tolist() == [0, 0, 1, -1]


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
