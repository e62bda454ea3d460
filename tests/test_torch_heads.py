"""Classifier heads: what they compute, what they refuse, and how a probability is recognised."""

from __future__ import annotations

import doctest
import gc
import inspect
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ogive.torch import ancestry, functional, heads, losses
from ogive.torch.ancestry import applied_before, mark
from ogive.torch.heads import (
    BinaryClassifier,
    MulticlassClassifier,
    MultilabelClassifier,
    checks,
)

# What torch warns of in its own compiler is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")

N, D, K = 6, 3, 4


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X = normal(N, D)
LABELS = torch.tensor([[0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]] * 2)
TRUE, CLASSES = LABELS[:, 1], torch.tensor([0, 3, 1, 2, 2, 0])


def binary(**keywords: Any) -> BinaryClassifier:
    torch.manual_seed(0)
    return BinaryClassifier(D, dtype=torch.float64, **keywords)


def multiclass(**keywords: Any) -> MulticlassClassifier:
    torch.manual_seed(0)
    return MulticlassClassifier(D, K, dtype=torch.float64, **keywords)


def multilabel(**keywords: Any) -> MultilabelClassifier:
    torch.manual_seed(0)
    return MultilabelClassifier(D, K, dtype=torch.float64, **keywords)


HEADS: dict[str, tuple[Callable[..., Any], torch.Tensor]] = {
    "binary": (binary, TRUE),
    "multiclass": (multiclass, CLASSES),
    "multilabel": (multilabel, LABELS),
}
every_head = pytest.mark.parametrize("kind", HEADS)


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


PROBABILITIES = {
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: x.softmax(1),
    "hard_sigmoid": F.hardsigmoid,
    "ogive sigmoid": functional.sigmoid,
    "ogive softmax": lambda x: functional.softmax(x, 1),
}
LOGARITHMS = {
    "log_softmax": lambda x: F.log_softmax(x, 1),
    "log_sigmoid": F.logsigmoid,
    "ogive log_softmax": lambda x: functional.log_softmax(x, 1),
}


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


# ---- how a probability is recognised ---------------------------------------------------------

TRANSPARENT: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "nothing": lambda p: p,
    "view": lambda p: p.view(-1),
    "reshape": lambda p: p.T.reshape(-1),
    "flatten": lambda p: p.flatten(),
    "transpose": lambda p: p.transpose(0, 1),
    "permute": lambda p: p.permute(1, 0),
    "squeeze": lambda p: p[:, :1].squeeze(),
    "unsqueeze": lambda p: p.unsqueeze(0),
    "expand": lambda p: p[:1].expand(3, -1),
    "contiguous": lambda p: p.T.contiguous(),
    "cast": lambda p: p.float().bfloat16(),
    "clone": lambda p: p.clone(),
    "index": lambda p: p[torch.tensor([0, 2])],
    "mask": lambda p: p[p > 0],
    "select": lambda p: p.select(0, 1),
    "gather": lambda p: p.gather(1, torch.zeros(N, 1, dtype=torch.int64)),
    "cat": lambda p: torch.cat([p, p[:1]]),
    "stack": lambda p: torch.stack([p, p]),
    "unbind": lambda p: p.unbind()[1],
    "split": lambda p: p.split(2)[0],
    "clamp": lambda p: p.clamp(1e-6, 1 - 1e-6),
    "roll": lambda p: p.roll(1, 0).flip(1),
    "repeat": lambda p: p.repeat(2, 1),
    "copy": lambda p: torch.empty_like(p).copy_(p),
    "deep": lambda p: p.view(-1)[1:].double().unsqueeze(0).clamp(min=0.1).clone(),
}


@pytest.mark.parametrize("way", TRANSPARENT)
@pytest.mark.parametrize("name", [*PROBABILITIES, *LOGARITHMS])
def test_a_probability_is_seen_through_what_leaves_it_one(name: str, way: str) -> None:
    x = normal(N, K).requires_grad_()
    p = {**PROBABILITIES, **LOGARITHMS}[name](x)
    assert applied_before(TRANSPARENT[way](p)) == name.removeprefix("ogive ")


OPAQUE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "logits": lambda x: x,
    "layer": lambda x: x.sigmoid() @ torch.ones(K, 2, dtype=x.dtype),
    "scaled": lambda x: 3 * x.sigmoid(),
    "shifted": lambda x: x.softmax(1) - 0.5,
    "gate": lambda x: x * x.sigmoid(),
    "silu": functional.silu,
    "logit": lambda x: functional.logit(x.sigmoid()),
    "mixed": lambda x: torch.cat([x, x.sigmoid()]),
    "two kinds": lambda x: torch.cat([x.softmax(1), x.sigmoid()]),
    "before": lambda x: x.sigmoid().tanh(),
    "detached": lambda x: x.sigmoid().detach(),
    "softplus": functional.softplus,
}


@pytest.mark.parametrize("name", OPAQUE)
def test_what_is_no_probability_is_not_taken_for_one(name: str) -> None:
    assert applied_before(OPAQUE[name](normal(N, K).requires_grad_())) is None


def test_a_long_chain_and_a_wide_one() -> None:
    p = normal(N, K).requires_grad_().sigmoid()
    for _ in range(3000):
        p = p.view(-1)
    assert applied_before(p) == "sigmoid"
    q = normal(2).requires_grad_().sigmoid()
    for _ in range(40):  # 2 to the 40 paths
        q = torch.stack([q, q])[0]
    assert applied_before(q) == "sigmoid"


def test_marks() -> None:
    p = torch.full((3,), 0.5)
    assert applied_before(p) is None
    assert mark(p, "softmax") is p
    assert applied_before(p) == "softmax"
    assert applied_before(p[1:].view(2, 1)) == "softmax"
    assert applied_before(p.clone()) is None
    view = mark(torch.full((3,), 0.5), "sigmoid")[1:]
    assert applied_before(view) == "sigmoid"
    view.logit_()  # what it holds are logits now
    assert applied_before(view) is None
    with torch.inference_mode():
        assert applied_before(mark(torch.ones(1), "sigmoid")) == "sigmoid"
    gc.collect()
    before = len(ancestry._marked)
    del p, view
    gc.collect()
    assert len(ancestry._marked) == before - 2
    with pytest.raises(ValueError, match="not 'tanh'"):
        mark(torch.zeros(1), "tanh")
    with pytest.raises(TypeError, match="not list"):
        applied_before([0.5])


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
