"""The torch losses: derivatives of every order and kind, tracing, and what is kept for them."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from functools import partial

import pytest
import torch
from loss_cases import (
    SUBJECTS,
    P,
    T,
    W,
    X,
    Y,
    every_subject,
    grad,
    normal,
)
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.nn import functional as F

from ogive.torch import losses

# What torch warns of in its own compiler and forward mode is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:DeprecationWarning"),
]


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
