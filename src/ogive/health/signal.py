"""The signal by depth: how large activations and their gradients are, first layer to last.

The ratio of the gradient's RMS in the first layer to that in the last separates healthy networks
from sick ones better than any other single figure: near 1 the error reaches every layer, towards
0 it vanishes on its way to the first, towards infinity it explodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from ogive.torch.init.running import as_found, run
from ogive.torch.nn import recognise

__all__ = ["SignalByDepth", "signal_by_depth"]


@dataclass(frozen=True)
class SignalByDepth:
    """The signal at each activation's output, in the order in which the activations were called.

    Attributes
    ----------
    names : tuple of str
        The module's name in the network; ``name#2`` for the second call of a shared module.
    activation_rms : tuple of float
        sqrt(E[a²]) of the output a, over the batch and all units.
    gradient_rms : tuple of float
        sqrt(E[(∂loss/∂a)²]), likewise. With a loss averaged over the batch it is proportional to
        1 / batch size; compare it between layers, not between batches of different size.
    between_sample_share : tuple of float
        Var over the batch(a), averaged over the units, as a share of E[a²]: in [0, 1], near 0
        where the layer gives nearly the same output for every sample. 0 where a is 0 throughout.

    Examples
    --------
    >>> from ogive.health.signal import SignalByDepth
    >>> SignalByDepth(("act",), (1.0,), (0.1,), (0.5,)).to_dict()["gradient_rms"]
    [0.1]
    """

    names: tuple[str, ...]
    activation_rms: tuple[float, ...]
    gradient_rms: tuple[float, ...]
    between_sample_share: tuple[float, ...]

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the fields as lists, fit for JSON save that NaN and infinities stay floats."""
        return {key: list(values) for key, values in asdict(self).items()}


@dataclass
class _Call:
    """One call of an activation: what was measured, and where its gradient will come by."""

    name: str
    rms: float
    share: float
    edge: GradientEdge


def signal_by_depth(
    model: nn.Module,
    inputs: Any,
    targets: Any,
    loss_function: Callable[[Any, Any], Tensor],
    *,
    layers: Sequence[str] | None = None,
) -> SignalByDepth:
    """Measure the RMS of the activations and of the loss's gradient there, first layer to last.

    Parameters
    ----------
    model : torch.nn.Module
        The network; run once, in the mode (training or evaluation) in which it is.
    inputs : torch.Tensor, sequence or mapping
        The batch, of at least two samples along the first dimension: called as ``model(inputs)``,
        ``model(*inputs)`` or ``model(**inputs)``.
    targets : object
        Passed to `loss_function`.
    loss_function : callable
        ``loss_function(output, targets)`` gives the loss, a tensor of one element.
    layers : sequence of str, optional
        Names of the modules whose outputs are measured, as `model.named_modules` has them. By
        default all activation modules of the catalogue, Ogive's and torch's.

    Returns
    -------
    SignalByDepth
        One entry for each call of an activation module, in the order of the calls.

    Raises
    ------
    TypeError
        If `model` is no module, or a measured module's output is no floating-point tensor.
    ValueError
        If there is no module to measure or none was called, a name in `layers` is unknown, the
        batch has fewer than two samples, gradients are switched off inside the model, or the loss
        is not one element that depends on the model.

    Notes
    -----
    The measures are computed in float64 relative to the largest element, so that neither a
    gradient of 1e-30 nor its square vanishes.

    The model is left as it was found: parameters' ``grad``, mode, buffers (such as the running
    statistics of batch normalisation), torch's random state and hooks, also when an exception
    ends the measurement. The random state is that of the CPU and of the devices that hold the
    model.

    The gradient is asked for at the very edge of the graph that a module's output has when the
    module returns it, so that operations in place, before or behind, do not disturb it; nor do
    frozen layers. Activations without gradient at all, because the loss does not depend on them,
    have the RMS 0.

    Source: X. Glorot, Y. Bengio (2010), Understanding the difficulty of training deep feedforward
    neural networks, AISTATS, figures 6 and 7.

    Examples
    --------
    >>> import torch
    >>> from ogive.health.signal import signal_by_depth
    >>> model = torch.nn.Sequential(
    ...     torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2)
    ... )
    >>> batch, labels = torch.randn(8, 2), torch.zeros(8, dtype=torch.long)
    >>> signal_by_depth(model, batch, labels, torch.nn.functional.cross_entropy).names
    ('1',)
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"signal_by_depth takes a torch.nn.Module, not {type(model).__name__}")
    # The wrapper of torch.compile would run code that was made before the hooks were added.
    unwrapped = getattr(model, "_orig_mod", model)
    measured = _measured_modules(unwrapped, layers)
    calls: list[_Call] = []
    with as_found(unwrapped), torch.enable_grad():
        with _recording(measured, calls):
            output = run(unwrapped, inputs)
        if not calls:
            raise ValueError(
                "none of the measured modules was called: "
                f"{', '.join(measured)}; a compiled part of a model does not call hooks"
            )
        loss = loss_function(output, targets)
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            got = tuple(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
            raise ValueError(f"the loss must be a tensor of one element, not {got}")
        if not loss.requires_grad:
            raise ValueError("the loss does not depend on the model in a differentiable way")
        gradients = torch.autograd.grad(
            loss, [call.edge for call in calls], torch.ones_like(loss), allow_unused=True
        )
        return SignalByDepth(
            names=tuple(call.name for call in calls),
            activation_rms=tuple(call.rms for call in calls),
            gradient_rms=tuple(0.0 if g is None else _rms(g) for g in gradients),
            between_sample_share=tuple(call.share for call in calls),
        )


def _measured_modules(model: nn.Module, layers: Sequence[str] | None) -> dict[str, nn.Module]:
    modules = dict(model.named_modules())
    if layers is None:
        found = {name: part for name, part in modules.items() if recognise(part) is not None}
        if not found:
            raise ValueError(
                f"{type(model).__name__} has no activation module of the catalogue; name the "
                "modules to measure with layers="
            )
        return found
    if isinstance(layers, str) or not layers:
        raise ValueError(f"layers is a sequence of one or more module names, not {layers!r}")
    for name in layers:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}; it has: {', '.join(modules)}")
    return {name: modules[name] for name in layers}


@contextmanager
def _recording(modules: Mapping[str, nn.Module], calls: list[_Call]) -> Iterator[None]:
    """Record every call of the modules; afterwards the hooks are gone.

    They go before the backward pass, in which checkpointed parts run forward a second time.
    """
    counts = dict.fromkeys(modules, 0)

    def observe(name: str, output: Any) -> Tensor | None:
        if not isinstance(output, Tensor) or not output.is_floating_point():
            kind = output.dtype if isinstance(output, Tensor) else type(output).__name__
            raise TypeError(f"the output of {name!r} must be a floating-point tensor, not {kind}")
        if output.dim() == 0 or output.shape[0] < 2:
            raise ValueError(
                f"the output of {name!r} has shape {tuple(output.shape)}: at least two samples "
                "along the first dimension are needed"
            )
        if not torch.is_grad_enabled():
            raise ValueError(f"{name!r} is called with gradients switched off (torch.no_grad)")
        counts[name] += 1
        label = name if counts[name] == 1 else f"{name}#{counts[name]}"
        replaced = None
        if not output.requires_grad:
            # Everything before is frozen. The copy is no leaf, so that it may be changed in place.
            output = replaced = output.detach().requires_grad_().clone()
        values = output.detach()
        calls.append(_Call(label, _rms(values), _share(values), get_gradient_edge(output)))
        return replaced

    def hook_for(name: str) -> Callable[..., Tensor | None]:
        return lambda module, arguments, output: observe(name, output)

    handles = []
    try:
        for name, part in modules.items():
            handles.append(part.register_forward_hook(hook_for(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _scaled(values: Tensor) -> tuple[float, Tensor]:
    """Return the largest magnitude and the values in float64 divided by it."""
    wide = values.to(torch.float64)
    scale = wide.abs().max().item() if wide.numel() else 0.0
    return scale, wide / scale if 0.0 < scale < math.inf else wide


def _rms(values: Tensor) -> float:
    """Return sqrt(E[v²]), without overflow or underflow of the squares."""
    scale, scaled = _scaled(values)
    if not 0.0 < scale < math.inf:
        return scale
    return scale * math.sqrt(scaled.square().mean().item())


def _share(values: Tensor) -> float:
    """Return the variance over the batch as a share of E[v²]."""
    scale, scaled = _scaled(values)
    if scale == 0.0:
        return 0.0
    variance = scaled.var(dim=0, correction=0).mean().item()
    return variance / scaled.square().mean().item() if scale < math.inf else math.nan
