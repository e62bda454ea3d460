"""What an activation costs by itself, on a tensor that fits in the cache and on a larger one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ogive.study.activation import Activation
from ogive.study.cost.memory import kept_bytes
from ogive.study.cost.rounds import Clock, Timings, in_turns
from ogive.study.seeding import stream
from ogive.study.sites import Sites

__all__ = ["SIZES", "alone"]

SIZES: Mapping[str, int] = {"in_cache": 2**16, "beyond_cache": 2**22}
"""Elements of the result, float32."""

_FEATURES = 128
_SECONDS = {
    ("in_cache", "forward"): 0.06,
    ("in_cache", "forward_backward"): 0.12,
    ("beyond_cache", "forward"): 0.12,
    ("beyond_cache", "forward_backward"): 0.2,
}
"""For each activation."""


def alone(
    activations: tuple[Activation, ...],
    *,
    sizes: Mapping[str, int] = SIZES,
    effort: float = 1.0,
    clock: Clock | None = None,
) -> tuple[dict[str, dict[str, Any] | None], list[Timings]]:
    """Measure each activation by itself, all in turns.

    Parameters
    ----------
    activations : tuple of Activation
        Whose costs.
    sizes : mapping of str to int
        Elements of the result, multiples of 128, by what they are called.
    effort : float
        Factor on the time that it takes.
    clock : Clock, optional
        What time is read from.

    Returns
    -------
    costs : dict
        By label and size, ``forward`` (in evaluation mode, no gradient wanted) and
        ``forward_backward``: best and median, nanoseconds for each element of the result; and
        ``bytes_kept``: bytes for each element of the result that are kept for the backward pass,
        parameters not counted. None for a person's own activation that cannot be called with a
        matrix.
    timings : list of Timings
        The readings.
    """
    modules = {activation.label: Sites(activation)() for activation in activations}
    gated = {activation.label for activation in activations if activation.gated}
    own = {activation.label for activation in activations if activation.own}
    unfit = {label for label in own if not _takes_a_matrix(modules[label])}
    costs: dict[str, dict[str, Any] | None] = {
        label: None
        if label in unfit
        else {"bytes_kept": _bytes_kept(module, 2 if label in gated else 1)}
        for label, module in modules.items()
    }
    timings = []
    for size, elements in sizes.items():
        result = _normal(elements, 1)
        inputs = {
            width: _normal(elements, width).requires_grad_()
            for width in {2 if label in gated else 1 for label in modules}
        }
        for way, call in (("forward", _forward), ("forward_backward", _there_and_back)):
            for module in modules.values():
                # As in a network: what draws in training has its mean otherwise.
                module.train(way == "forward_backward")
            calls = {
                label: call(module, inputs[2 if label in gated else 1], result)
                for label, module in modules.items()
                if label not in unfit
            }
            if not calls:
                continue
            seconds = effort * len(calls) * _SECONDS.get((size, way), 0.1)
            found = in_turns(calls, seconds, clock)
            timings.append(found)
            for label in calls:
                cost = costs[label]
                assert cost is not None
                cost.setdefault(size, {})[way] = found.of(label, 1e9 / elements)
    return costs, timings


def _normal(elements: int, width: int) -> Tensor:
    shape = (elements // _FEATURES, width * _FEATURES)
    return torch.randn(shape, generator=stream("cost", width))


def _forward(module: nn.Module, input: Tensor, gradient: Tensor) -> Callable[[], Any]:
    def call() -> Tensor:
        with torch.no_grad():
            found: Tensor = module(input)
        return found

    return call


def _there_and_back(module: nn.Module, input: Tensor, gradient: Tensor) -> Callable[[], Any]:
    wanted = [input, *module.parameters()]
    return lambda: torch.autograd.grad(module(input), wanted, gradient)


def _takes_a_matrix(module: nn.Module) -> bool:
    # Whatever a person's own code raises, it says that: it is made for its network.
    try:
        given = _normal(2 * _FEATURES, 1).requires_grad_()
        found = module(given)
        torch.autograd.grad(found, [given], torch.ones_like(given))
    except Exception:
        return False
    return True


def _bytes_kept(module: nn.Module, width: int) -> float:
    elements = 64 * _FEATURES
    leaf = _normal(elements, width).requires_grad_()
    # Between two additions, which keep nothing: the argument is no leaf, the result not the last.
    return kept_bytes(lambda: module(leaf + 1.0) + 1.0, module.parameters()) / elements
