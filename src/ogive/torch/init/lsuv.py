"""Layer-sequential unit variance: weights scaled on data, layer after layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ogive.torch.init import operations
from ogive.torch.init.layers import draw_layer_, weight_layers
from ogive.torch.init.nonlinearity import check_number
from ogive.torch.init.running import as_found, run
from ogive.torch.init.weight import check_scheme

__all__ = ["LayerScale", "lsuv_"]


@dataclass(frozen=True)
class LayerScale:
    """What was done to one layer.

    Attributes
    ----------
    scale : float
        The factor by which the weight was multiplied.
    before, after : float
        The variance of the layer's output on the batch, with the weight before and after.
    iterations : int
        How many times the weight was scaled.

    Examples
    --------
    >>> from ogive.torch.init import LayerScale
    >>> LayerScale(scale=2.0, before=0.25, after=1.0, iterations=1).scale
    2.0
    """

    scale: float
    before: float
    after: float
    iterations: int


def lsuv_(
    model: nn.Module,
    data: Any,
    *,
    tolerance: float = 0.1,
    max_iterations: int = 10,
    scheme: str | None = "orthogonal",
    generator: torch.Generator | None = None,
) -> dict[str, LayerScale]:
    """Scale each layer's weight so that its output has unit variance on a batch (LSUV).

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    data : torch.Tensor, sequence or mapping
        A batch, as ``model(data)``, ``model(*data)`` or ``model(**data)``. The larger it is, the
        better its variances stand for those of the data.
    tolerance : float, optional
        How far from 1 the variance of a layer's output may be.
    max_iterations : int, optional
        How many times a weight is scaled at most.
    scheme : str or None, optional
        The law of the draws with which all linear and convolution layers begin, one of `SCHEMES`,
        with gain 1; their biases become 0. None to scale weights and keep biases as they are.
    generator : torch.Generator, optional
        The source of the draws; torch's global one if None.

    Returns
    -------
    dict of str to LayerScale
        By the name of the layer, in the order of execution.

    Raises
    ------
    TypeError
        If an argument is of none of these types.
    ValueError
        If there is no weight layer, a layer has no weight yet (lazy) or one that is computed from
        others (parametrised), an argument is out of its bounds; if a layer is not called, or its
        output has variance 0 (a dead layer), is not finite, or does not reach unit variance.
        Whatever is raised, by the model too, weights and biases are as they were.

    Notes
    -----
    The network runs once. When a layer is called, its weight is divided by the standard deviation
    of its output over samples, positions and units until the variance is within `tolerance` of 1,
    and only then the run goes on: every layer sees its inputs as the scaled layers before it make
    them. With biases of 0 one division does it. A layer that is called several times, or a weight
    that several layers share, is scaled at its first call; the later ones take it as it is.

    The run is in evaluation mode, so that dropout is off and batch normalisation uses its running
    statistics, and without gradients. Afterwards modes, buffers and torch's random state are as
    they were; gradients are not touched.

    The variance is that of the layer's output, before the activation. It holds on this batch: an
    activation with an unstable variance map, such as SiLU, still amplifies an input that differs.

    Source: D. Mishkin, J. Matas (2016), All you need is a good init, ICLR, arXiv 1511.06422; the
    orthogonal draw: A. M. Saxe, J. L. McClelland, S. Ganguli (2014), ICLR.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import init
    >>> network = torch.nn.Sequential(
    ...     torch.nn.Linear(4, 8), torch.nn.SiLU(), torch.nn.Linear(8, 2)
    ... )
    >>> scales = init.lsuv_(network, torch.randn(64, 4), tolerance=1e-3)
    >>> [(name, round(layer.after, 2)) for name, layer in scales.items()]
    [('0', 1.0), ('2', 1.0)]
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"lsuv_ takes a torch.nn.Module, not {type(model).__name__}")
    if not 0.0 < check_number("tolerance", tolerance) < 1.0:
        raise ValueError(f"tolerance is between 0 and 1, not {tolerance!r}")
    if not isinstance(max_iterations, Integral) or isinstance(max_iterations, bool):
        raise TypeError(f"max_iterations is an integer, not {max_iterations!r}")
    if max_iterations < 1:
        raise ValueError(f"max_iterations is at least 1, not {max_iterations}")
    check_scheme(scheme)
    layers = weight_layers(model)
    for name, layer in layers.items():
        if layer.weight.is_meta:
            raise ValueError(f"layer {name!r} is on the device meta, where there is no data")
    # The wrapper of torch.compile would run code that no mode sees into.
    running = getattr(model, "_orig_mod", model)
    with _all_or_nothing(layers), _in_evaluation_mode(running), torch.no_grad():
        if scheme is not None:
            for layer in layers.values():
                draw_layer_(layer, scheme, 1.0, "fan_in", generator)
        scaler = _Scaler(layers, float(tolerance), int(max_iterations))
        with as_found(running), scaler:
            run(running, data)
        idle = [name for name in layers if name not in scaler.covered]
        if idle:
            raise ValueError(
                f"the run on the data does not call layer {idle[0]!r} with its own weight"
            )
    return scaler.scales


class _Scaler(TorchFunctionMode):
    """Scales every weight when it is first used, before its output goes on."""

    def __init__(
        self, layers: Mapping[str, nn.Module], tolerance: float, max_iterations: int
    ) -> None:
        super().__init__()
        self.scales: dict[str, LayerScale] = {}
        self.covered: set[str] = set()
        self._tolerance, self._max_iterations = tolerance, max_iterations
        self._names: dict[int, list[str]] = {}
        for name, layer in layers.items():
            self._names.setdefault(id(layer.weight), []).append(name)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        output = func(*args, **kwargs)
        if operations.name_of(func) not in operations.LAYERS:
            return output
        for tensor in operations.tensors_in((args, kwargs)):
            names = self._names.get(id(tensor))
            if names is not None and names[0] not in self.covered:
                self.covered.update(names)
                output = self._scaled(names[0], tensor, output, lambda: func(*args, **kwargs))
        return output

    def _scaled(self, name: str, weight: Tensor, output: Any, call: Callable[[], Any]) -> Any:
        """Scale a weight until the output of the call has unit variance; return that output."""
        before = variance = _variance(name, output)
        scale = 1.0
        for iteration in range(self._max_iterations + 1):
            if abs(variance - 1.0) < self._tolerance:
                self.scales[name] = LayerScale(scale, before, variance, iteration)
                return output
            if iteration == self._max_iterations:
                break
            weight.div_(math.sqrt(variance))
            # Autocast keeps the weight in 16 bits as it first saw it.
            torch.clear_autocast_cache()
            scale /= math.sqrt(variance)
            output = call()
            variance = _variance(name, output)
        raise ValueError(
            f"the output of layer {name!r} has variance {variance:g} after {self._max_iterations} "
            f"divisions of its weight, not within {self._tolerance:g} of 1"
        )


def _variance(name: str, output: Any) -> float:
    """Return the variance over all elements of what a layer returned, or say what is wrong."""
    values = next(operations.tensors_in(output)).double()
    if values.numel() < 2:
        raise ValueError(
            f"the output of layer {name!r} is {values.numel()} number: too small a batch"
        )
    if not values.isfinite().all():
        raise ValueError(f"the output of layer {name!r} is not finite")
    variance = values.var(correction=0).item()
    if variance == 0.0:
        raise ValueError(
            f"layer {name!r} is dead: its output is {values.flatten()[0].item():g} throughout, of "
            "variance 0, which no scale makes 1"
        )
    return variance


@contextmanager
def _all_or_nothing(layers: Mapping[str, nn.Module]) -> Iterator[None]:
    """Put weights and biases back if anything is raised."""
    parameters = [
        parameter
        for layer in layers.values()
        for parameter in (layer.weight, layer.bias)
        if isinstance(parameter, Tensor)
    ]
    values = [parameter.detach().clone() for parameter in parameters]
    try:
        yield
    except BaseException:
        with torch.no_grad():
            for parameter, value in zip(parameters, values, strict=True):
                parameter.copy_(value)
        raise


@contextmanager
def _in_evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch to evaluation, and each module back to its own mode."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        yield
    finally:
        for module, training in modes:
            module.training = training
