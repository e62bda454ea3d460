"""Cross-entropy of a linear layer in chunks: values, gradients, memory, dtypes, bad input."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from ogive.torch.losses import LinearCrossEntropyLoss, chunks, cross_entropy, linear_cross_entropy

# What torch warns of in its own compiler and forward mode is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
]

N, C, K = 11, 9, 4
TWO_ROWS = 2 * C * 8


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


def operands(*dims: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    """Examples, matrix and bias that require gradients."""
    made = (normal(N, K), normal(C, *dims, K, seed=1), normal(C, *dims, seed=2))
    return tuple(x.to(dtype).requires_grad_() for x in made)


def classes(*dims: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    target = torch.randint(0, C, (N, *dims), generator=generator)
    target[2] = -100
    return target


def targets(kind: str, *dims: int) -> torch.Tensor:
    return classes(*dims) if kind == "classes" else normal(N, C, *dims, seed=4).softmax(1)


def plain(x: Any, w: Any, target: torch.Tensor, b: Any, **keywords: Any) -> torch.Tensor:
    """The whole logits, and torch's cross-entropy of them."""
    logits = torch.einsum("nk,c...k->nc...", x, w) + b
    return F.cross_entropy(logits, target, **keywords)


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "weight": {"weight": normal(C, seed=5).exp()},
    "smoothing": {"label_smoothing": 0.1},
    "both": {"weight": normal(C, seed=5).exp(), "label_smoothing": 0.25},
}
REDUCTIONS = ["none", "mean", "sum"]


def test_the_signatures_are_torchs_and_one_more() -> None:
    for ours, theirs in (
        (linear_cross_entropy, F.linear_cross_entropy),
        (LinearCrossEntropyLoss, torch.nn.LinearCrossEntropyLoss),
    ):
        own = list(inspect.signature(ours).parameters.values())
        assert own.pop().name == "chunk_bytes"
        expected = inspect.signature(theirs).parameters.values()
        assert [(p.name, p.default, p.kind) for p in own] == [
            (p.name, p.default, p.kind) for p in expected
        ]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["classes", "probabilities"])
@pytest.mark.parametrize("dims", [(), (2,)], ids=str)
def test_value_and_gradients_are_those_of_all_logits(
    dims: tuple[int, ...], kind: str, case: str, reduction: str
) -> None:
    x, w, b = operands(*dims)
    target, keywords = targets(kind, *dims), {**CASES[case], "reduction": reduction}
    expected = plain(x, w, target, b, **keywords)
    onto = normal(*expected.shape, seed=6)
    wanted = torch.autograd.grad(expected, (x, w, b), onto)
    for chunk_bytes in (1, TWO_ROWS, 1 << 26):
        loss = linear_cross_entropy(
            x, w, target, linear_bias=b, chunk_bytes=chunk_bytes, **keywords
        )
        torch.testing.assert_close(loss, expected)
        torch.testing.assert_close(torch.autograd.grad(loss, (x, w, b), onto), wanted)
        with torch.no_grad():
            alone = linear_cross_entropy(
                x, w, target, linear_bias=b, chunk_bytes=chunk_bytes, **keywords
            )
        torch.testing.assert_close(alone, expected.detach())


@pytest.mark.parametrize("kind", ["classes", "probabilities"])
def test_one_example(kind: str) -> None:
    x, w, b = operands()
    target = targets(kind)[0]
    for reduction in REDUCTIONS:
        got = linear_cross_entropy(x[0], w, target, linear_bias=b, reduction=reduction)
        expected = F.linear_cross_entropy(x[0], w, target, linear_bias=b, reduction=reduction)
        torch.testing.assert_close(got, expected)
        assert got.shape == expected.shape == ()


def test_no_examples() -> None:
    x, w, _ = operands()
    none = torch.empty(0, dtype=torch.int64)
    assert linear_cross_entropy(x[:0], w, none).isnan()
    loss = linear_cross_entropy(x[:0], w, none, reduction="sum")
    assert loss == 0
    loss.backward()
    assert torch.equal(w.grad, torch.zeros_like(w))


def test_a_certain_and_right_class_keeps_its_loss() -> None:
    x, w = torch.tensor([[1.0]]), torch.tensor([[20.0], [0.0]], requires_grad=True)
    loss = linear_cross_entropy(x, w, torch.tensor([0]))
    loss.backward()
    assert loss.item() == pytest.approx(2.0611536181902037e-09, rel=1e-7)
    assert w.grad.flatten().tolist() == pytest.approx([-2.0611536e-09, 2.0611536e-09], rel=1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_only_the_gradients_that_are_needed(reduction: str) -> None:
    target = classes()
    every = operands()
    expected = plain(*every[:2], target, every[2], reduction=reduction).sum()
    wanted = torch.autograd.grad(expected, every)
    for needed in ((0,), (1,), (2,), (0, 2)):
        leaves = [t.detach().requires_grad_(i in needed) for i, t in enumerate(operands())]
        x, w, b = leaves
        linear_cross_entropy(
            x, w, target, linear_bias=b, reduction=reduction, chunk_bytes=TWO_ROWS
        ).sum().backward()
        for i, leaf in enumerate(leaves):
            if i in needed:
                torch.testing.assert_close(leaf.grad, wanted[i])
            else:
                assert leaf.grad is None


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("kind", ["classes", "probabilities"])
def test_gradients_are_differences(kind: str, reduction: str) -> None:
    target = targets(kind)

    def loss(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return linear_cross_entropy(
            x, w, target, linear_bias=b, reduction=reduction, chunk_bytes=TWO_ROWS
        )

    leaves = operands()
    assert gradcheck(loss, leaves)
    assert gradgradcheck(loss, leaves, fast_mode=True)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_retained_graph_can_be_asked_again(reduction: str) -> None:
    x, w, b = operands()
    target = classes()
    expected = torch.autograd.grad(plain(x, w, target, b, reduction=reduction).sum(), (x, w, b))
    loss = linear_cross_entropy(x, w, target, linear_bias=b, reduction=reduction).sum()
    for passes in (1, 2, 3):
        loss.backward(retain_graph=True)
        for leaf, gradient in zip((x, w, b), expected, strict=True):
            torch.testing.assert_close(leaf.grad, passes * gradient)
    w.grad = None
    (0.5 * loss).backward()
    torch.testing.assert_close(w.grad, 0.5 * expected[1])
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_transforms_compiler_and_forward_mode_take_the_plain_way() -> None:
    x, w, b = (t.detach() for t in operands())
    target = classes()

    def loss(w: torch.Tensor) -> torch.Tensor:
        return linear_cross_entropy(x, w, target, linear_bias=b, chunk_bytes=TWO_ROWS)

    def expected(w: torch.Tensor) -> torch.Tensor:
        return plain(x, w, target, b)

    gradient = torch.func.grad(expected)(w)
    torch.testing.assert_close(torch.func.grad(loss)(w), gradient)
    torch.testing.assert_close(torch.func.jacfwd(loss)(w), gradient)
    both = torch.stack([w, -w])
    torch.testing.assert_close(torch.func.vmap(loss)(both), torch.stack([loss(w), loss(-w)]))
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(w), expected(w))
    leaf = w.clone().requires_grad_()
    compiled(leaf).backward()
    torch.testing.assert_close(leaf.grad, gradient)
    assert linear_cross_entropy(x.to("meta"), w.to("meta"), target.to("meta")).shape == ()


def test_targets_and_class_weights_have_gradients_too() -> None:
    x, w, b = operands()
    target = targets("probabilities").requires_grad_()
    weight = normal(C, seed=5).exp().requires_grad_()
    got = linear_cross_entropy(x, w, target, linear_bias=b, weight=weight)
    logits = x @ w.T + b
    expected = -(target * weight * logits.log_softmax(1)).sum(1).mean()
    wanted = torch.autograd.grad(expected, (target, weight, w))
    torch.testing.assert_close(torch.autograd.grad(got, (target, weight, w)), wanted)


# ---- dtypes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_half_types_are_accumulated_in_float32(
    dtype: torch.dtype, reduction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "_CONVERTED_BYTES", 4 * K * 4)  # blocks of four classes
    x, w, b = (t.detach().to(dtype).requires_grad_() for t in operands())
    wide = [t.detach().double().requires_grad_() for t in (x, w, b)]
    target = classes()
    loss = linear_cross_entropy(
        x, w, target, linear_bias=b, reduction=reduction, chunk_bytes=TWO_ROWS
    )
    expected = plain(wide[0], wide[1], target, wide[2], reduction=reduction)
    # One rounding of the result: half a unit.
    close = {"rtol": 0.51 * torch.finfo(dtype).eps, "atol": 2e-7}
    assert loss.dtype == dtype
    torch.testing.assert_close(loss.double(), expected, **close)
    onto = torch.ones_like(loss)
    got = torch.autograd.grad(loss, (x, w, b), onto)
    for own, true in zip(got, torch.autograd.grad(expected, wide, onto.double()), strict=True):
        assert own.dtype == dtype
        torch.testing.assert_close(own.double(), true, **close)


def test_mixed_dtypes_and_autocast() -> None:
    x, w, b = (t.detach().float() for t in operands())
    target, half = classes(), x.bfloat16()
    w.requires_grad_()
    expected = plain(half.float(), w, target, b)
    assert linear_cross_entropy(half, w, target, linear_bias=b).dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for features in (half, half.float()):
            loss = linear_cross_entropy(features, w, target, linear_bias=b)
            assert loss.dtype == torch.float32
            torch.testing.assert_close(loss, expected)
        low = linear_cross_entropy(half, w.bfloat16(), target)
        assert low.dtype == torch.float32
        gradients = torch.autograd.grad(loss, w)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, w))


def test_the_portable_kernels_are_those_of_other_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "is_native", lambda tensor: False)
    for kind in ("classes", "probabilities"):
        for reduction in REDUCTIONS:
            x, w, b = operands()
            target, keywords = targets(kind), {**CASES["both"], "reduction": reduction}
            expected = plain(x, w, target, b, **keywords)
            loss = linear_cross_entropy(
                x, w, target, linear_bias=b, chunk_bytes=TWO_ROWS, **keywords
            )
            torch.testing.assert_close(loss, expected)
            onto = normal(*expected.shape, seed=6)
            torch.testing.assert_close(
                torch.autograd.grad(loss, (x, w, b), onto),
                torch.autograd.grad(expected, (x, w, b), onto),
            )
    w = operands()[1]
    loss = linear_cross_entropy(operands()[0], w, torch.full((N,), -100))
    loss.backward()
    assert loss.isnan()
    assert torch.equal(w.grad, torch.zeros_like(w))


# ---- memory ----------------------------------------------------------------------------------


class Largest(TorchDispatchMode):
    """The largest tensor that any operation returns, in elements."""

    elements = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(tensor, torch.Tensor):
                self.elements = max(self.elements, tensor.untyped_storage().nbytes() // 4)
        return result


@pytest.mark.parametrize("reduction", ["none", "mean"])
@pytest.mark.parametrize("kernels", ["native", "portable"])
def test_all_logits_are_never_there(
    kernels: str, reduction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, vocabulary, features = 64, 500, 8
    x = normal(tokens, features, dtype=torch.float32).requires_grad_()
    w = normal(vocabulary, features, seed=1, dtype=torch.float32).requires_grad_()
    target = torch.arange(tokens)
    if kernels == "portable":
        monkeypatch.setattr(chunks, "is_native", lambda tensor: False)
    with Largest() as largest:
        linear_cross_entropy(
            x, w, target, reduction=reduction, chunk_bytes=8 * vocabulary * 4
        ).sum().backward()
    assert largest.elements == max(8 * vocabulary, vocabulary * features)
    with Largest() as largest:
        F.cross_entropy(x @ w.T, target)
    assert largest.elements == tokens * vocabulary


def test_the_size_of_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    from ogive.torch.losses import linear

    x, w, _ = operands()
    sizes = []
    passed = linear.passed

    def watched(*arguments: Any) -> Any:
        sizes.append(arguments[5].chunk)
        return passed(*arguments)

    monkeypatch.setattr(linear, "passed", watched)
    options = torch.nn.LinearCrossEntropyOptions
    for keywords in (
        {},
        {"chunk_bytes": 1},
        {"chunk_bytes": 10 * C * 8},  # 11 examples: six and five, not ten and one
        {"options": options(batch_chunk_size=3), "chunk_bytes": 1},
        {"options": options(), "chunk_bytes": TWO_ROWS},
    ):
        linear_cross_entropy(x, w, classes(), **keywords)
    assert sizes == [11, 1, 6, 3, 2]
    monkeypatch.setattr(linear, "_CHUNK_BYTES", 1)
    linear_cross_entropy(x, w.repeat(1, 2)[:, :K], classes())
    assert sizes[-1] == K // 4


# ---- the module and what is refused ----------------------------------------------------------


@pytest.mark.parametrize(
    "keywords",
    [{}, {"bias": True, "weight": normal(C).exp()}, {"out_features": (2,), "reduction": "none"}],
    ids=["plain", "weighted", "two"],
)
def test_the_module_is_torchs_with_another_computation(keywords: dict[str, Any]) -> None:
    theirs = torch.nn.LinearCrossEntropyLoss(K, C, dtype=torch.float64, **keywords)
    ours = LinearCrossEntropyLoss(K, C, dtype=torch.float64, chunk_bytes=TWO_ROWS, **keywords)
    assert isinstance(ours, torch.nn.LinearCrossEntropyLoss)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    x, target = normal(N, K), classes(*keywords.get("out_features", ()))
    for module in (ours, pickle.loads(pickle.dumps(ours))):
        torch.testing.assert_close(module(x, target), theirs(x, target))
    assert repr(ours).startswith(f"LinearCrossEntropyLoss(\n  in_features={K}, num_classes={C}, ")
    assert "(linear): Linear(" in repr(ours)


def test_it_is_the_cross_entropy_of_a_linear_layer() -> None:
    x, w, b = operands()
    loss = linear_cross_entropy(x, w, classes(), linear_bias=b)
    torch.testing.assert_close(loss, cross_entropy(F.linear(x, w, b), classes()))


x0, w0, b0 = (t.detach() for t in operands())
BAD: list[tuple[Any, type[Exception], str]] = [
    (lambda: linear_cross_entropy([1], w0, classes()), TypeError, "input must be a torch.Tensor"),
    (lambda: linear_cross_entropy(x0.long(), w0, classes()), TypeError, "input .* not int64"),
    (lambda: linear_cross_entropy(x0, w0.long(), classes()), TypeError, "linear_weight .* int64"),
    (lambda: linear_cross_entropy(x0[None], w0, classes()), ValueError, r"input has the shape \(1"),
    (lambda: linear_cross_entropy(x0, w0[0], classes()), ValueError, "linear_weight has the shape"),
    (lambda: linear_cross_entropy(x0[:, 1:], w0, classes()), ValueError, "3 features, .* 4"),
    (lambda: linear_cross_entropy(x0[0], w0[:, None], classes()), ValueError, "wants examples of"),
    (
        lambda: linear_cross_entropy(x0, w0, classes(), linear_bias=b0[1:]),
        ValueError,
        r"linear_bias has the shape \(8,\), not \(9,\)",
    ),
    (lambda: linear_cross_entropy(x0, w0, classes()[1:]), ValueError, "target has the shape"),
    (lambda: linear_cross_entropy(x0, w0, classes() + C), IndexError, r"target\[0\] is .* 0 to 8"),
    (
        lambda: linear_cross_entropy(x0, w0, targets("probabilities"), ignore_index=1),
        ValueError,
        "ignore_index is 1",
    ),
    (
        lambda: linear_cross_entropy(x0, w0, classes(), weight=b0[1:]),
        ValueError,
        r"weight has the shape \(8,\), not \(9,\), one a class",
    ),
    (lambda: linear_cross_entropy(x0, w0, classes(), reduction="all"), ValueError, "'all'"),
    (lambda: linear_cross_entropy(x0, w0, classes(), label_smoothing=2), ValueError, "not 2"),
    (lambda: linear_cross_entropy(x0, w0, classes(), chunk_bytes=0), ValueError, "at least 1"),
    (lambda: linear_cross_entropy(x0, w0, classes(), chunk_bytes=0.5), TypeError, "not 0.5"),
    (lambda: linear_cross_entropy(x0, w0, classes(), options=3), TypeError, "options must be"),
    (lambda: LinearCrossEntropyLoss(K, C, weight=b0[1:]), ValueError, "weight has the shape"),
    (lambda: LinearCrossEntropyLoss(K, C, label_smoothing=-1), ValueError, "not -1"),
    (lambda: LinearCrossEntropyLoss(K, C, chunk_bytes=0), ValueError, "at least 1"),
    (lambda: LinearCrossEntropyLoss(K, C, reduction="all"), ValueError, "'all'"),
]


@pytest.mark.parametrize("case", range(len(BAD)))
def test_bad_input(case: int) -> None:
    call, error, message = BAD[case]
    with pytest.raises(error, match=message):
        call()
