"""Classifier heads: what they compute."""

from __future__ import annotations

import doctest
import inspect
import pickle
from typing import Any

import pytest
import torch
from head_cases import (
    CLASSES,
    HEADS,
    LABELS,
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

from ogive.torch import ancestry, heads, losses
from ogive.torch.heads import (
    BinaryClassifier,
    MulticlassClassifier,
    MultilabelClassifier,
)

# What torch warns of in its own compiler is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")

# ---- what they compute -----------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_losses_are_those_of_the_logits(reduction: str) -> None:
    weight = torch.arange(1.0, K + 1, dtype=torch.float64)
    head = binary(pos_weight=3.0, reduction=reduction)
    logits = F.linear(X, head.linear.weight, head.linear.bias)[:, 0]
    torch.testing.assert_close(head(X), logits)
    expected = F.binary_cross_entropy_with_logits(
        logits, TRUE.double(), reduction=reduction, pos_weight=torch.tensor(3.0)
    )
    for target in (TRUE, TRUE.bool(), TRUE.double(), TRUE.double()[:, None]):
        torch.testing.assert_close(head.loss(X, target), expected)

    several = multilabel(pos_weight=weight, reduction=reduction)
    expected = F.binary_cross_entropy_with_logits(
        several.linear(X), LABELS.double(), reduction=reduction, pos_weight=weight
    )
    torch.testing.assert_close(several.loss(X, LABELS), expected)

    one = multiclass(weight=weight, label_smoothing=0.1, ignore_index=2, reduction=reduction)
    expected = F.cross_entropy(
        one.linear(X), CLASSES, weight, ignore_index=2, reduction=reduction, label_smoothing=0.1
    )
    torch.testing.assert_close(one.loss(X, CLASSES), expected)
    soft = normal(N, K, seed=1).softmax(1)
    one = multiclass(reduction=reduction)
    expected = F.cross_entropy(one.linear(X), soft, reduction=reduction)
    torch.testing.assert_close(one.loss(X, soft), expected)


def test_predictions() -> None:
    head = binary()
    p = head(X).sigmoid()
    torch.testing.assert_close(head.predict_proba(X), torch.stack([1 - p, p], 1))
    torch.testing.assert_close(head.predict_log_proba(X), torch.stack([1 - p, p], 1).log())
    for threshold in (0.0, 0.3, 0.5, 1.0):
        assert torch.equal(head.predict(X, threshold), (p > threshold).long())

    several = multilabel()
    p = several(X).sigmoid()
    torch.testing.assert_close(several.predict_proba(X), p)
    torch.testing.assert_close(several.predict_log_proba(X), p.log())
    assert torch.equal(several.predict(X), (p > 0.5).long())
    limits = [0.1, 0.5, 0.9, 0.4]
    for each in (limits, torch.tensor(limits)):
        assert torch.equal(several.predict(X, each), (p > torch.tensor(limits)).long())

    one = multiclass()
    torch.testing.assert_close(one.predict_proba(X), one(X).softmax(1))
    torch.testing.assert_close(one.predict_log_proba(X), one(X).log_softmax(1))
    assert torch.equal(one.predict(X), one(X).argmax(1))
    assert one.predict(X).dtype == several.predict(X).dtype == head.predict(X).dtype == torch.int64


def test_the_logarithm_of_a_certain_prediction_is_not_0() -> None:
    head = BinaryClassifier(1)
    with torch.no_grad():
        head.linear.weight.fill_(1.0)
        head.linear.bias.zero_()
    both = head.predict_log_proba(torch.tensor([[20.0], [-200.0]])).detach()
    assert both[0, 1] == pytest.approx(-2.0611536e-09, rel=1e-6)
    assert both[1, 1] == -200.0


def behind_a_sigmoid_layer(kind: str) -> Any:
    """A head whose features are the outputs of a sigmoid."""
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Linear(D, 16), nn.Sigmoid()).double()
    more = {"backbone": backbone, "dtype": torch.float64}
    if kind == "binary":
        return BinaryClassifier(16, **more)
    make = MulticlassClassifier if kind == "multiclass" else MultilabelClassifier
    return make(16, K, **more)


@every_head
def test_they_learn(kind: str) -> None:
    _, target = HEADS[kind]
    head = behind_a_sigmoid_layer(kind)
    optimiser = torch.optim.Adam(head.parameters(), lr=0.1)
    for _ in range(80):
        optimiser.zero_grad()
        head.loss(X, target).backward()
        optimiser.step()
    assert torch.equal(head.predict(X), target)
    assert head.loss(X, target) < 0.1


@every_head
def test_state_and_pickles(kind: str) -> None:
    make, target = HEADS[kind]
    head, other = make(), make()
    with torch.no_grad():
        other.linear.weight.zero_()
    other.load_state_dict(head.state_dict())
    assert list(head.state_dict()) == ["linear.weight", "linear.bias"]
    for same in (other, pickle.loads(pickle.dumps(head))):
        assert torch.equal(same.loss(X, target), head.loss(X, target))
    assert list(make(bias=False).state_dict()) == ["linear.weight"]
    assert "reduction='mean'" in repr(head)
    weighted = {"weight": torch.ones(K)} if kind == "multiclass" else {"pos_weight": 2.0}
    assert next(iter(weighted)) in make(**weighted).state_dict()


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_compiled(kind: str) -> None:
    make, target = HEADS[kind]
    head = make()
    compiled = torch.compile(
        lambda x: (head.loss(x, target), head.predict_proba(x), head.predict(x)),
        fullgraph=True,
        backend="aot_eager",
    )
    loss, probabilities, prediction = compiled(X)
    torch.testing.assert_close(loss, head.loss(X, target))
    torch.testing.assert_close(probabilities, head.predict_proba(X))
    assert torch.equal(prediction, head.predict(X))


def test_transforms_and_other_devices() -> None:
    for make, target in HEADS.values():
        head = make()
        parameters = dict(head.named_parameters())

        def loss(values: Any, x: Any, y: Any, head: Any = head) -> torch.Tensor:
            logits = torch.func.functional_call(head, values, (x,))
            return head.loss_from_logits(logits, y)

        each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
        gradients = each(parameters, X[:, None], target[:, None])
        head.loss(X, target).backward()
        torch.testing.assert_close(gradients["linear.bias"].mean(0), head.linear.bias.grad)
        assert head.to("meta").loss(X.to("meta"), target.to("meta")).is_meta


def test_a_network_that_gives_the_logits() -> None:
    network = nn.Linear(D, 1).double()
    head = BinaryClassifier(None, backbone=network)
    torch.testing.assert_close(head(X), network(X)[:, 0])
    flat = BinaryClassifier(None, backbone=nn.Sequential(network, nn.Flatten(0)))
    torch.testing.assert_close(flat(X), head(X))
    assert list(head.state_dict()) == ["backbone.weight", "backbone.bias"]
    with pytest.raises(ValueError, match=r"shape \(6, 2\), not \(..., 1\)"):
        BinaryClassifier(None, backbone=nn.Linear(D, 2).double())(X)
    pixels = MulticlassClassifier(None, K, backbone=nn.Conv2d(2, K, 1))
    images = torch.zeros(2, 2, 3, 3)
    pixels.loss(images, pixels.predict(images)).backward()
    assert pixels.predict(images).shape == (2, 3, 3)
    # log_softmax of log-probabilities is the same again.
    ends = nn.Sequential(nn.Linear(D, K).double(), nn.LogSoftmax(1))
    once = MulticlassClassifier(None, K, backbone=ends[0]).loss(X, CLASSES)
    torch.testing.assert_close(MulticlassClassifier(None, K, backbone=ends).loss(X, CLASSES), once)


@pytest.mark.parametrize("thing", [*heads.__all__, "applied_before"])
def test_examples(thing: str) -> None:
    found = getattr(heads, thing, None) or getattr(ancestry, thing)
    said: list[str] = []
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(found), {}, thing, None, None)
    assert example.examples
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    assert not runner.run(example, out=said.append).failed, "".join(said)


def test_the_loss_is_the_one_that_keeps_its_gradient() -> None:
    head = multiclass()
    assert (
        head.loss(X, CLASSES).grad_fn.name()
        == losses.cross_entropy(head(X), CLASSES).grad_fn.name()
    )
