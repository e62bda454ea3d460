"""Where in the network an activation is: after which layer, and along which dimension its units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from ogive.health.graph import (
    CARRIERS,
    Node,
    inputs_of,
    nearest_parameters,
    parameters_of,
    plain_name,
    saved,
)
from ogive.health.names import Names
from ogive.health.recognised import Activation
from ogive.torch.ancestry import function_behind

__all__ = ["Site", "first_input", "linear_pairs", "nodes_of_head", "site_of", "softmax_before"]

_BY_CHANNEL = frozenset(
    {
        *("ConvolutionBackward", "MkldnnConvolutionBackward", "CudnnConvolutionBackward"),
        *("NativeBatchNormBackward", "CudnnBatchNormBackward", "MiopenBatchNormBackward"),
        *("NativeGroupNormBackward", "SlowConvDilated2DBackward", "SlowConv3DBackward"),
        *("ConvDepthwise2DBackward", "MpsConvolutionBackward", "BatchNormImplIndexBackward"),
    }
)

_NORMS = frozenset(
    {
        *("NativeBatchNormBackward", "CudnnBatchNormBackward", "MiopenBatchNormBackward"),
        *("BatchNormImplIndexBackward", "NativeGroupNormBackward"),
    }
)
_LAYERS = (_BY_CHANNEL - _NORMS) | {"AddmmBackward", "MmBackward", "LinearBackward"}
# Between two layers these leave a product of matrices one: sums, scales, shapes.
_LINEAR = CARRIERS | frozenset(
    {
        *("AddBackward", "SubBackward", "NegBackward", "CatBackward", "StackBackward"),
        *("MeanBackward", "SumBackward", "AvgPool2DBackward", "AdaptiveAvgPool2DBackward"),
        *("MkldnnAdaptiveAvgPool2DBackward", "NativeDropoutBackward", "FlipBackward"),
        *("RepeatBackward", "IndexBackward", "ConstantPadNdBackward"),
        # Linear but for the statistics of the batch.
        *_NORMS,
    }
)
# Linear where only one factor is a signal: by a constant, or by the mask of a dropout.
_SCALES = frozenset({"MulBackward", "DivBackward"})


@dataclass(frozen=True)
class Site:
    """Where an activation is.

    Attributes
    ----------
    layer : str
        The nearest layer with parameters before it.
    feature_dim : int
        The dimension of its units: 1 behind a convolution, -1 elsewhere.
    """

    layer: str
    feature_dim: int


def site_of(activation: Activation, names: Names) -> Site:
    """Find out where an activation is.

    Parameters
    ----------
    activation : Activation
    names : Names

    Returns
    -------
    Site
    """
    found = nearest_parameters(activation.node)
    if found is None:
        return Site("the input", -1)
    node, parameters = found
    dimensions = 0
    for tensor in (activation.result, activation.argument):
        if tensor is not None:
            dimensions = tensor.dim()
    by_channel = plain_name(node) in _BY_CHANNEL and dimensions > 2
    return Site(names.module_of(parameters[0]), 1 if by_channel else -1)


def first_input(nodes: Iterable[Node]) -> Tensor | None:
    """Return what enters the first layer with parameters, if it was saved.

    Parameters
    ----------
    nodes : iterable of Node
        Those of a graph, each after what it depends on.

    Returns
    -------
    torch.Tensor or None
        The data; None if they are indices, go into a normalisation or a recurrent layer first, or
        were not saved.
    """
    for node in nodes:
        if not parameters_of(node):
            continue
        if plain_name(node) not in _LAYERS:
            return None
        for kept in ("mat1", "self", "input"):
            tensor = saved(node, kept)
            if tensor is not None and tensor.dim() > 1:
                return tensor if tensor.is_floating_point() else None
        return None
    return None


def nodes_of_head(roots: Iterable[Node]) -> set[Node]:
    """Return the nodes between the last layers and the loss: what no layer comes after.

    Parameters
    ----------
    roots : iterable of Node
        The losses.

    Returns
    -------
    set of Node
    """
    waiting, seen = list(roots), set[Node]()
    for node in waiting:
        if node not in seen:
            seen.add(node)
            if not parameters_of(node):
                waiting += inputs_of(node)
    return seen


def linear_pairs(nodes: Iterable[Node], names: Names) -> tuple[list[tuple[str, str]], bool]:
    """Find layers that follow each other without anything nonlinear between.

    Parameters
    ----------
    nodes : iterable of Node
        Those of a whole graph.
    names : Names

    Returns
    -------
    tuple of (list of (str, str), bool)
        The pairs, first and second layer, and whether any other pair of layers has something
        nonlinear between.
    """
    pairs: list[tuple[str, str]] = []
    nonlinear = False
    for node in nodes:
        if plain_name(node) not in _LAYERS or not parameters_of(node):
            continue
        reached, other = _layers_before(node)
        nonlinear |= other
        here = names.module_of(parameters_of(node)[0])
        pairs += [(names.module_of(parameters_of(each)[0]), here) for each in reached]
    return pairs, nonlinear


def softmax_before(nodes: Iterable[Node], names: Names) -> list[str]:
    """Find layers whose input is what came out of a softmax, and nothing else.

    Parameters
    ----------
    nodes : iterable of Node
        Those of a whole graph.
    names : Names

    Returns
    -------
    list of str
    """
    return [
        names.module_of(parameters_of(node)[0])
        for node in nodes
        if plain_name(node) in _LAYERS
        and parameters_of(node)
        and any(function_behind(each) == "softmax" for each in inputs_of(node))
    ]


def _layers_before(node: Node) -> tuple[list[Node], bool]:
    """Return the layers that a layer's input is a linear function of; whether there is another."""
    waiting, seen = list(inputs_of(node)), set[Node]()
    found: list[Node] = []
    nonlinear = False
    for reached in waiting:
        if reached in seen:
            continue
        seen.add(reached)
        name = plain_name(reached)
        if name in ("AccumulateGrad", "EmbeddingBackward"):
            continue
        if name in _LAYERS and parameters_of(reached):
            found.append(reached)
        elif name in _LINEAR or (name in _SCALES and len(inputs_of(reached)) == 1):
            waiting += inputs_of(reached)
        else:
            nonlinear = True
    return found, nonlinear
