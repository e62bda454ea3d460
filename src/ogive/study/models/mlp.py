"""The multi-layer perceptron."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from ogive.study.data import Shape
from ogive.study.sites import Sites

__all__ = ["build"]


def build(sites: Sites, shape: Shape, *, widths: tuple[int, ...], norm: str) -> nn.Module:
    """Return a perceptron, as torch initialises it.

    Parameters
    ----------
    sites : Sites
        Makes its activations.
    shape : Shape
        Of the data; pictures and sequences are taken as one vector.
    widths : tuple of int
        Units of each hidden layer.
    norm : {"none", "batch", "layer"}
        What stands between a hidden layer and its activation.

    Returns
    -------
    torch.nn.Sequential
        Layers ``linear1``, ``activation1``, ..., and the output layer ``head``, which ends in
        logits.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> shape = Shape("vectors", (64,), 10)
    >>> network = build(Sites(Activation("relu")), shape, widths=(16, 8), norm="none")
    >>> [name for name, _ in network.named_children()]
    ['linear1', 'activation1', 'linear2', 'activation2', 'head']
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if len(shape.inputs) > 1:
        layers["flatten"] = nn.Flatten()
    width = shape.features
    for number, size in enumerate(widths, 1):
        layers[f"linear{number}"] = nn.Linear(width, size)
        if norm == "batch":
            layers[f"norm{number}"] = nn.BatchNorm1d(size)
        elif norm == "layer":
            layers[f"norm{number}"] = nn.LayerNorm(size)
        layers[f"activation{number}"] = sites()
        width = size
    layers["head"] = nn.Linear(width, shape.classes)
    return nn.Sequential(layers)
