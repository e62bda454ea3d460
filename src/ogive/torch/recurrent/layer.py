"""One layer in one direction: which way it is computed, and the native way's autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ogive.torch.autograd import autograd_function
from ogive.torch.memory import HALF_DTYPES, in_forward_mode, is_native, view
from ogive.torch.recurrent.backward import run_backward
from ogive.torch.recurrent.blocks import CELL
from ogive.torch.recurrent.forward import run_forward
from ogive.torch.recurrent.portable import State, Weights, portable_layer
from ogive.torch.recurrent.steps import Steps


def run_layer(
    mode: str, data: Tensor, state: State, weights: Weights, steps: Steps
) -> tuple[Tensor, ...]:
    """Run one layer over a sequence in one direction, natively where the tensors allow.

    Parameters
    ----------
    mode : {"LSTM", "GRU"}
        The kind of cell.
    data, state, weights, steps
        As `ogive.torch.recurrent.portable.portable_layer` has them.

    Returns
    -------
    tuple of torch.Tensor
        The outputs, of shape (rows, units), and the state after the last step of each sequence.
    """
    tensors = [data, *state, *weights.tensors()]
    if weights.hr is not None or not all(map(_is_plain, tensors)):
        return portable_layer(mode, data, state, weights, steps)
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
        arguments = (data, *weights[:4], *state)
        results: tuple[Tensor, ...] = _FUNCTION[mode].apply(steps, *arguments)
        return results
    with torch.no_grad():
        _, states, last = run_forward(mode, data, state, weights, steps, keep=False)
        return (states[0], *last)


def under_autocast(tensor: Tensor) -> bool:
    """Whether torch would compute with this tensor in another dtype."""
    device = tensor.device.type
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def _is_plain(tensor: Tensor) -> bool:
    """Whether a tensor has memory that the native loops can read, and no tangent."""
    return (
        is_native(tensor)
        and tensor.dtype not in HALF_DTYPES
        and view(tensor) is not None
        and not in_forward_mode()
    )


def _function(mode: str) -> Any:
    """Build the autograd function of one kind of cell."""

    def forward(
        ctx: Any,
        steps: Steps,
        data: Tensor,
        ih: Tensor,
        hh: Tensor,
        bias_ih: Tensor | None,
        bias_hh: Tensor | None,
        *state: Tensor,
    ) -> tuple[Tensor, ...]:
        weights = Weights(ih, hh, bias_ih, bias_hh)
        gates, states, last = run_forward(mode, data, state, weights, steps, keep=True)
        ctx.steps = steps
        ctx.save_for_backward(data, *weights[:4], *state, gates, *states)
        return (states[0], *last)

    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        number = len(grads) - 1
        data, ih, hh, bias_ih, bias_hh, *rest = ctx.saved_tensors
        weights, state = Weights(ih, hh, bias_ih, bias_hh), tuple(rest[:number])
        needed = ctx.needs_input_grad[1:]
        if torch.is_grad_enabled() or not all(map(_is_plain, grads)):
            return (None, *_differentiable(mode, grads, data, state, weights, ctx.steps, needed))
        gates, *states = rest[number:]
        found = run_backward(
            mode, grads, data, state, weights, ctx.steps, gates, tuple(states), needed[:5]
        )
        return (None, found.data, *found.weights, *found.state)

    return autograd_function(f"Layer_{mode}", forward=forward, backward=backward)


def _differentiable(
    mode: str,
    grads: tuple[Tensor, ...],
    data: Tensor,
    state: State,
    weights: Weights,
    steps: Steps,
    needed: tuple[bool, ...],
) -> list[Tensor | None]:
    """Return the same gradients, computed so that they can be differentiated again.

    The layer is run once more in differentiable operations. Its arguments are taken as views, so
    that what they themselves depend on does not count.
    """
    given, differentiated = (data, *weights[:4], *state), torch.is_grad_enabled()
    with torch.enable_grad():
        fresh = [None if tensor is None else tensor.view_as(tensor) for tensor in given]
        again, *others = fresh
        assert again is not None
        ih, hh, bias_ih, bias_hh, *states = others
        assert ih is not None
        assert hh is not None
        results = portable_layer(
            mode,
            again,
            tuple([part for part in states if part is not None]),
            Weights(ih, hh, bias_ih, bias_hh),
            steps,
        )
        wanted = [
            tensor
            for tensor, need in zip(fresh, needed, strict=True)
            if need and tensor is not None
        ]
        found = iter(
            torch.autograd.grad(
                results, wanted, grads, create_graph=differentiated, allow_unused=True
            )
        )
    return [next(found) if need else None for need in needed]


_FUNCTION = {mode: _function(mode) for mode in CELL}
