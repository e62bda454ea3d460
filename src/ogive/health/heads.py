"""The losses in autograd's graph: what they are computed of, and what was applied before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ogive.health.graph import Node, inputs_of, plain_name, saved
from ogive.torch.ancestry import function_behind, is_transparent

__all__ = ["Loss", "losses_among"]


@dataclass
class Loss:
    """One loss of a graph.

    Attributes
    ----------
    name : str
        "cross_entropy", "nll_loss", "binary_cross_entropy_with_logits", "binary_cross_entropy",
        "mse_loss", "l1_loss", "squared_error", "smooth_l1_loss", "huber_loss"; "log_softmax"
        where that is all that is known, "loss_from_logits" for one of Ogive's own.
    applied : str or None
        The probability function that its input came out of, behind whatever the loss itself
        applies.
    activation : str or None
        The node just before, of what keeps no entry as it was: "ReluBackward" and the like.
    classes : int or None
        How many classes it tells apart.
    over_batch : bool
        Whether the softmax is over the dimension of the samples.
    broadcast : bool
        Whether predictions and targets have different shapes, so that each is compared with all.
    target, prediction, difference : torch.Tensor or None
        What was saved of them; the difference is prediction less target.
    """

    name: str
    applied: str | None = None
    activation: str | None = None
    classes: int | None = None
    over_batch: bool = False
    broadcast: bool = False
    target: Tensor | None = None
    prediction: Tensor | None = None
    difference: Tensor | None = None


_REGRESSIONS = {
    "MseLossBackward": "mse_loss",
    "SmoothL1LossBackward": "smooth_l1_loss",
    "HuberLossBackward": "huber_loss",
}
_BINARY = {
    "BinaryCrossEntropyWithLogitsBackward": "binary_cross_entropy_with_logits",
    "BinaryCrossEntropyBackward": "binary_cross_entropy",
}
_OF_DIFFERENCES = {"AbsBackward": "l1_loss", "PowBackward": "squared_error"}
_CATEGORICAL = frozenset({"NllLossBackward", "NllLoss2DBackward", "NllLossNdBackward"})
_LOG_SOFTMAX = frozenset({"LogSoftmaxBackward", "Eager_log_softmaxBackward"})


def losses_among(nodes: Iterable[Node]) -> list[Loss]:
    """Find the losses among nodes.

    Parameters
    ----------
    nodes : iterable of Node
        Those of a whole graph.

    Returns
    -------
    list of Loss

    Examples
    --------
    >>> import torch
    >>> from ogive.health.graph import nodes_before
    >>> from ogive.health.heads import losses_among
    >>> x = torch.zeros(4, 3, requires_grad=True)
    >>> loss = torch.nn.functional.cross_entropy(x.softmax(1), torch.zeros(4, dtype=torch.long))
    >>> [(found.name, found.applied) for found in losses_among(nodes_before([loss.grad_fn]))]
    [('cross_entropy', 'softmax')]
    """
    nodes = list(nodes)
    found: list[Loss] = []
    taken: set[Node] = set()
    for node in nodes:
        name = plain_name(node)
        if name in _CATEGORICAL:
            found.append(_categorical(node, taken))
        elif name in _BINARY:
            found.append(_of_input(_BINARY[name], node))
        elif name in _REGRESSIONS:
            found.append(_of_input(_REGRESSIONS[name], node))
        elif name in _OF_DIFFERENCES:
            found += _of_difference(_OF_DIFFERENCES[name], node)
        elif name == "LossWithGradientBackward":
            found.append(_of_input("loss_from_logits", node))
    # From the loss on, so that one that goes into another is known to be its input.
    for node in reversed(nodes):
        if plain_name(node) in _LOG_SOFTMAX and node not in taken:
            found.append(_log_softmax("log_softmax", node, taken))
    return found


def _before(node: Node) -> Node | None:
    """Return the node whose entries these still are."""
    while is_transparent(node):
        parents = inputs_of(node)
        if len(parents) != 1:
            return node
        node = parents[0]
    return node


def _input(node: Node) -> Node | None:
    edges = node.next_functions
    first: Node | None = edges[0][0] if edges else None
    return first


def _of_input(name: str, node: Node) -> Loss:
    parent = _input(node)
    loss = Loss(name, target=saved(node, "target"), prediction=saved(node, "self"))
    if parent is not None:
        loss.applied = function_behind(parent)
        loss.broadcast = plain_name(parent) == "ExpandBackward"
        reached = _before(parent)
        loss.activation = None if reached is None else plain_name(reached)
    return loss


def _categorical(node: Node, taken: set[Node]) -> Loss:
    parent = _input(node)
    scores = saved(node, "self")
    classes = None if scores is None or scores.dim() == 0 else _classes(scores)
    if parent is not None:
        reached = _before(parent)
        if reached is not None and plain_name(reached) in _LOG_SOFTMAX:
            loss = _log_softmax("cross_entropy", reached, taken)
            # Not over the classes, but over what they stand beside.
            loss.over_batch |= None not in (classes, loss.classes) and loss.classes != classes
            loss.classes = classes
            return loss
    loss = _of_input("nll_loss", node)
    loss.classes, loss.target = classes, None
    return loss


def _classes(scores: Tensor) -> int:
    classes: int = scores.shape[0 if scores.dim() == 1 else 1]
    return classes


def _log_softmax(name: str, node: Node, taken: set[Node]) -> Loss:
    loss = _of_input(name, node)
    parent = _input(node)
    taken.add(node)
    if parent is not None and (reached := _before(parent)) is not None:
        taken.add(reached)
    result, dim = saved(node, "result"), getattr(node, "_saved_dim", None)
    if result is not None and dim is not None:
        dim = _signed(dim) % max(result.dim(), 1)
        loss.classes = int(result.shape[dim]) if result.dim() else 1
        loss.over_batch = result.dim() == 2 and dim == 0
    return loss


def _signed(number: Any) -> int:
    """Return a whole number that torch shows without its sign."""
    whole = int(number)
    return whole - (1 << 64) if whole >= 1 << 63 else whole


def _of_difference(name: str, node: Node) -> list[Loss]:
    """Read |prediction - target| or its square, as torch writes l1_loss and people mse_loss."""
    parent = _input(node)
    if parent is None or plain_name(parent) != "SubBackward":
        return []
    # Of two signals it is a distance; a loss has a signal and a target.
    sources = inputs_of(parent)
    if len(sources) != 1:
        return []
    reached = _before(sources[0])
    difference = saved(node, "self")
    return [
        Loss(
            name,
            function_behind(sources[0]),
            None if reached is None else plain_name(reached),
            broadcast=_is_broadcast(difference, sources[0]),
            difference=difference if parent.next_functions[0][0] is not None else None,
        )
    ]


def _is_broadcast(difference: Tensor | None, source: Node) -> bool:
    """Whether a column of predictions has become a square of differences."""
    given = getattr(source, "_input_metadata", None)
    if difference is None or difference.dim() != 2 or not given:
        return False
    rows, columns = difference.shape
    return rows == columns > 1 and tuple(given[0].shape) in ((rows, 1), (rows,), (1, rows))
