"""Classifier heads: what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from head_cases import (
    CLASSES,
    HEADS,
    LABELS,
    LOGARITHMS,
    PROBABILITIES,
    TRUE,
    D,
    K,
    N,
    X,
    binary,
    every_head,
    multiclass,
    multilabel,
    normal,
)
from torch import nn
from torch.nn import functional as F

from ogive.torch.heads import (
    BinaryClassifier,
    MulticlassClassifier,
    MultilabelClassifier,
    checks,
)

# What torch warns of in its own compiler is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")

# ---- what they refuse ------------------------------------------------------------------------

LAST = {
    "Sigmoid": nn.Sigmoid(),
    "Softmax": nn.Softmax(1),
    "LogSoftmax": nn.LogSoftmax(1),
    "LogSigmoid": nn.LogSigmoid(),
    "Hardsigmoid": nn.Hardsigmoid(),
}


@pytest.mark.parametrize("name", LAST)
def test_a_network_that_ends_with_probabilities_is_refused(name: str) -> None:
    network = nn.Sequential(nn.Linear(D, 1), nn.Sequential(nn.ReLU(), LAST[name]))
    makers: list[Callable[[], Any]] = [
        lambda: BinaryClassifier(None, backbone=network),
        lambda: MultilabelClassifier(None, 1, backbone=network),
    ]
    if not name.startswith("Log"):  # of these the softmax makes the same probabilities, or any
        makers.append(lambda: MulticlassClassifier(None, 2, backbone=network))
    for make in makers:
        with pytest.raises(ValueError, match=f"backbone ends with {name}, but"):
            make()
    # As features of a linear layer they are what the user wants.
    BinaryClassifier(1, backbone=network)


@pytest.mark.parametrize("name", [*PROBABILITIES, *LOGARITHMS])
def test_probabilities_for_logits_are_refused(name: str) -> None:
    function = {**PROBABILITIES, **LOGARITHMS}[name]
    plain = name.removeprefix("ogive ")
    message = f"logits came out of {plain}: "
    several, one, head = multilabel(), multiclass(), binary()
    with pytest.raises(ValueError, match=message) as raised:
        several.loss_from_logits(function(several(X)), LABELS)
    floor = "1 is below 0.693" if name in LOGARITHMS else r"below 0.313 (target 1) or 0.693 (0)"
    assert floor in str(raised.value)
    with pytest.raises(ValueError, match=message):
        head.loss_from_logits(function(head(X)[:, None])[:, 0], TRUE)
    if name in LOGARITHMS:
        one.loss_from_logits(function(one(X)), CLASSES)
    else:
        with pytest.raises(ValueError, match=message) as raised:
            one.loss_from_logits(function(one(X)), CLASSES)
        assert f"Of {K} logits in [0, 1] no loss is below 0.744" in str(raised.value)
    # A network whose modules do not show it.
    network = nn.Linear(D, K).double()
    network.register_forward_hook(lambda module, inputs, output: function(output))
    with pytest.raises(ValueError, match=message):
        MultilabelClassifier(None, K, backbone=network).loss(X, LABELS)


@every_head
def test_predicted_probabilities_for_logits_are_refused(kind: str) -> None:
    make, target = HEADS[kind]
    head = make()
    with torch.no_grad():
        marked = head.predict_proba(X)
    recorded = head.predict_proba(X)
    if kind == "binary":  # of two columns that of the positive class
        marked, recorded = marked[:, 1], recorded[:, 1]
    for probabilities in (marked, recorded):
        with pytest.raises(ValueError, match="logits came out of s"):
            head.loss_from_logits(probabilities, target)
    # What went in has no such mark.
    with torch.no_grad():
        head.loss_from_logits(head(X), target)


def test_the_floors_are_what_a_doubled_function_leaves() -> None:
    x = torch.linspace(-40, 40, 81, dtype=torch.float64)
    for target, floor in zip((1.0, 0.0), checks.floor_of_sigmoid(), strict=True):
        doubled = F.binary_cross_entropy_with_logits(
            x.sigmoid(), torch.full_like(x, target), reduction="none"
        )
        assert doubled.min().item() == pytest.approx(floor, abs=1e-12)
    assert checks.floor_of_sigmoid() == (pytest.approx(0.3133, abs=1e-4), math.log(2))
    for classes in (2, 10):
        logits = torch.zeros(1, classes, dtype=torch.float64)
        logits[0, 0] = 60.0
        doubled = F.cross_entropy(logits.softmax(1), torch.tensor([0]))
        assert doubled.item() == pytest.approx(checks.floor_of_softmax(classes), abs=1e-12)
    assert checks.floor_of_softmax(10) == pytest.approx(1.4612, abs=1e-4)


def _bad() -> dict[str, tuple[Callable[[], Any], type[Exception], str]]:
    head, one, several = binary(), multiclass(), multilabel()
    two = F.one_hot(TRUE, 2)
    logits = normal(N, K)
    return {
        "two columns": (lambda: head.loss(X, two), ValueError, r"shape \(6, 2\), not \(6,\)"),
        "advice": (lambda: head.loss(X, two), ValueError, "use MulticlassClassifier"),
        "class 2": (lambda: head.loss(X, CLASSES), ValueError, r"target\[1\] is 3: .* 0 or 1"),
        "p 1.5": (lambda: head.loss(X, TRUE * 1.5), ValueError, r"is 1.5: a probability"),
        "nan": (lambda: head.loss(X, TRUE * math.nan), ValueError, r"target\[0\] is nan"),
        "list": (lambda: head.loss(X, [0] * N), TypeError, "target must be a torch.Tensor"),
        "complex": (lambda: head.loss(X, TRUE * 1j), TypeError, "not complex64"),
        "no logits": (lambda: head.loss_from_logits([1.0], TRUE), TypeError, "logits must be a"),
        "ints": (lambda: head.loss_from_logits(TRUE, TRUE), TypeError, "be floats, not int64"),
        "one hot": (
            lambda: one.loss(X, F.one_hot(CLASSES, K)),
            TypeError,
            r"holds int64: give classes, target.argmax\(1\), or probabilities, target.float\(\)",
        ),
        "several hold": (
            lambda: one.loss(X, LABELS.double()),
            ValueError,
            r"the sum of target's probabilities\[0\] is 2.0: .* use MultilabelClassifier",
        ),
        "negative": (
            lambda: one.loss(X, torch.tensor([[1.5, -0.5, 0, 0]] * N)),
            ValueError,
            r"target\[0, 1\] is -0.5",
        ),
        "float classes": (lambda: one.loss(X, CLASSES.double()), TypeError, "as integers"),
        "class 4": (lambda: one.loss(X, CLASSES + 1), IndexError, r"target\[1\] is 4"),
        "3 logits": (
            lambda: one.loss_from_logits(logits[:, 1:], CLASSES),
            ValueError,
            r"logits have the shape \(6, 3\), not \(N, 4, ...\)",
        ),
        "classes as labels": (
            lambda: several.loss(X, CLASSES),
            ValueError,
            r"shape \(6,\), not \(6, 4\) .* use MulticlassClassifier",
        ),
        "3 labels": (
            lambda: several.loss_from_logits(logits[:, 1:], LABELS[:, 1:]),
            ValueError,
            r"not \(..., 4\)",
        ),
        "label 2": (lambda: several.loss(X, LABELS * 2), ValueError, r"target\[0, 1\] is 2"),
        "threshold": (lambda: head.predict(X, 1.5), ValueError, "threshold is 1.5"),
        "thresholds": (lambda: head.predict(X, [0.5, 0.5]), ValueError, "one number"),
        "2 thresholds": (lambda: several.predict(X, [0.5] * 2), ValueError, "4, one a label"),
        "bad of 4": (
            lambda: several.predict(X, [0.5, 2, 0.5, 0.5]), ValueError, r"threshold\[1\] is 2"
        ),
        "no size": (lambda: BinaryClassifier(None), ValueError, "in_features is None"),
        "size 0": (lambda: BinaryClassifier(0), ValueError, "at least 1, not 0"),
        "size 1.5": (lambda: BinaryClassifier(1.5), TypeError, "in_features must be an integer"),
        "no classes": (lambda: MulticlassClassifier(3, True), TypeError, "must be an integer"),
        "one class": (lambda: MulticlassClassifier(3, 1), ValueError, "BinaryClassifier"),
        "no module": (lambda: BinaryClassifier(3, backbone=len), TypeError, "torch.nn.Module"),
        "weight": (lambda: multiclass(weight=torch.ones(3)), ValueError, r"shape \(3,\), not"),
        "one weight": (lambda: multiclass(weight=2.0), ValueError, "weight is one number"),
        "negative weight": (
            lambda: multilabel(pos_weight=[1, 1, -1, 1]), ValueError, r"pos_weight\[2\] is -1"
        ),
        "ints as weights": (
            lambda: multiclass(weight=torch.ones(4, dtype=torch.int64)), TypeError, "not int64"
        ),
        "smoothing": (lambda: multiclass(label_smoothing=2), ValueError, "label_smoothing"),
        "reduction": (lambda: binary(reduction="all"), ValueError, "reduction"),
    }  # fmt: skip


BAD = _bad()


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str) -> None:
    call, error, message = BAD[case]
    with pytest.raises(error, match=message):
        call()
