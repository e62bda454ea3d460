"""The torch losses: reductions, empty tensors, modules, bad input, examples."""

from __future__ import annotations

import doctest
import inspect
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from loss_cases import (
    HARD,
    REDUCTIONS,
    P,
    T,
    W,
    X,
    Y,
    native,
    portable,
)
from torch.nn import functional as F

from ogive.torch import losses

# What torch warns of in its own compiler and forward mode is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:DeprecationWarning"),
]


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
    for way in (native, portable):
        value, gradient = way(lambda x: losses.cross_entropy(x, target), X)
        assert value.isnan()
        if way is native:
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
