"""Losses whose gradient is computed with them and kept for the backward pass.

The autograd function returns two tensors: the loss, and its gradient with respect to the logits,
which the user does not see. The gradient is saved as an *output*, so that autograd knows where it
comes from: if it is differentiated again, the Hessian's product with what comes back follows. For
cross-entropies that product is computed from the gradient itself, and the logits need not live.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ogive.torch.autograd import autograd_function
from ogive.torch.memory import view

# Torch's own question whether retain_graph was asked for, in no public module; where a version of
# torch lacks it, the gradient is always copied.
_keeps_graph: Callable[[], bool] = getattr(
    torch._C._autograd, "_get_current_graph_task_keep_graph", lambda: True
)

Curvature = Callable[..., Tensor]
"""(gradient, vector, *saved) to the product of the Hessian with the vector; differentiable."""


class Computed(NamedTuple):
    """A loss, its gradient, and what the Hessian needs besides.

    Parameters
    ----------
    loss : torch.Tensor
        One number, or every loss.
    gradient : torch.Tensor
        Of the shape of the logits: of the loss; of every loss with respect to its own logits.
    curvature : callable
        Of the gradient, a vector and `saved`.
    saved : tuple of (torch.Tensor or None)
        None of them is changed by the backward pass.
    dim : int, optional
        The dimension that the gradient has and losses one by one have not.
    """

    loss: Tensor
    gradient: Tensor
    curvature: Curvature
    saved: tuple[Tensor | None, ...]
    dim: int | None = None


def _forward(ctx: Any, input: Tensor, computed: Computed) -> tuple[Tensor, Tensor]:
    ctx.save_for_backward(computed.gradient, *computed.saved)
    ctx.curvature = computed.curvature
    ctx.dim = computed.dim
    # Of the gradient, which nobody asks for, nothing comes back in a first backward pass.
    ctx.set_materialize_grads(False)
    return computed.loss, computed.gradient


def _backward(ctx: Any, grad: Tensor | None, onto_gradient: Tensor | None) -> Any:
    gradient, *saved = ctx.saved_tensors
    result = None
    if grad is not None:
        of_each = grad.unsqueeze(ctx.dim) if grad.dim() and ctx.dim is not None else grad
        result = scaled(gradient, of_each)
    if onto_gradient is not None:
        product = ctx.curvature(gradient, onto_gradient, *saved)
        result = product if result is None else result + product
    return result, None


_with_gradient = autograd_function("LossWithGradient", forward=_forward, backward=_backward)


def attach(input: Tensor, computed: Computed) -> Tensor | None:
    """Return the loss with its place in the graph; None inside a transform of `torch.func`.

    Parameters
    ----------
    input : torch.Tensor
        The logits, which require a gradient.
    computed : Computed
        Of these logits.
    """
    try:
        loss: Tensor = _with_gradient.apply(input, computed)[0]
    except RuntimeError:
        # A transform wants a function with a separate setup_context, whatever it transforms.
        return None
    return loss


def scaled(kept: Tensor, grad: Tensor) -> Tensor:
    """Multiply a kept gradient with the incoming one: where nobody will ask again, in place.

    The engine frees what was saved right after this pass unless the graph is retained: then, and
    only then, the memory is the caller's to overwrite, or to have as it is if `grad` is 1.

    Parameters
    ----------
    kept : torch.Tensor
        A saved tensor.
    grad : torch.Tensor
        Broadcasts to it.
    """
    if torch.is_grad_enabled():
        return kept * grad
    kept = kept.detach()
    # Of a batch of gradients, as `is_grads_batched` makes it, there is no array.
    if _keeps_graph() or kept.dtype is not grad.dtype or (factor := view(grad)) is None:
        return kept * grad
    if not factor.ndim and factor.item() == 1.0:
        return kept
    return kept.mul_(grad)
