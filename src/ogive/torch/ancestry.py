"""Which probability function a tensor came out of, by what autograd recorded."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

_BY_TORCH = {
    "SigmoidBackward": "sigmoid",
    "HardsigmoidBackward": "hard_sigmoid",
    "LogSigmoidBackward": "log_sigmoid",
    "SoftmaxBackward": "softmax",
    "SafeSoftmaxBackward": "softmax",
    "LogSoftmaxBackward": "log_softmax",
}
PROBABILITY_FUNCTIONS = frozenset(_BY_TORCH.values()) | {"sparsemax"}
"""What makes probabilities, or their logarithms, of logits."""

# What leaves every entry as it is, or in [0, 1] if it was there: shapes, dtypes, copies, choices.
_TRANSPARENT = {
    "AliasBackward", "AsStridedBackward", "CatBackward", "ClampBackward", "ClampMaxBackward",
    "ClampMinBackward", "CloneBackward", "CopyBackwards", "DiagonalBackward", "ExpandBackward",
    "FlipBackward", "GatherBackward", "IndexBackward", "IndexSelectBackward",
    "MaskedSelectBackward", "PermuteBackward", "PixelShuffleBackward", "PixelUnshuffleBackward",
    "RepeatBackward", "ReshapeAliasBackward", "RollBackward", "SelectBackward", "SliceBackward",
    "SplitBackward", "SplitWithSizesBackward", "SqueezeBackward", "StackBackward", "TBackward",
    "TakeBackward", "ToCopyBackward", "TransposeBackward", "UnbindBackward",
    "UnsafeSplitBackward", "UnsafeViewBackward", "UnsqueezeBackward", "ViewBackward",
}  # fmt: skip

_marked: Any = WeakTensorKeyDictionary()


def mark(tensor: Tensor, name: str) -> Tensor:
    """Remember which probability function a tensor came out of, for as long as it lives.

    For results that autograd records nothing of. Its views count as marked, outside inference
    mode; copies do not, and nothing does once the memory is changed in place.

    Parameters
    ----------
    tensor : torch.Tensor
        It is not changed.
    name : str
        One of `PROBABILITY_FUNCTIONS`.

    Returns
    -------
    torch.Tensor
        The same tensor.
    """
    if name not in PROBABILITY_FUNCTIONS:
        known = ", ".join(sorted(PROBABILITY_FUNCTIONS))
        raise ValueError(f"name must be one of {known}, not {name!r}")
    if not torch.compiler.is_compiling():
        _marked[tensor] = name, _version(tensor)
    return tensor


def _version(tensor: Tensor) -> int:
    # Those of inference mode count no changes.
    return 0 if tensor.is_inference() else tensor._version


def applied_before(tensor: Tensor) -> str | None:
    """Name the probability function that a tensor came out of.

    It is looked for behind views, reshapes, casts, copies, choices of entries and clamps, which
    leave a probability what it is, and no further: what comes out of a layer *after* a sigmoid is
    no probability. Of tensors that were joined all must have come out of one.

    Parameters
    ----------
    tensor : torch.Tensor
        Of any shape.

    Returns
    -------
    str or None
        One of `PROBABILITY_FUNCTIONS`. None proves nothing: without gradients, and inside a
        compiled network, nothing is recorded, but for what has been marked (see `mark`).

    Raises
    ------
    TypeError
        If it is no tensor.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.ancestry import applied_before
    >>> x = torch.zeros(2, 3, requires_grad=True)
    >>> applied_before(x.softmax(1).view(-1).double())
    'softmax'
    >>> applied_before(x.sigmoid() @ torch.ones(3, 1)) is None
    True
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"applied_before takes a torch.Tensor, not {type(tensor).__name__}")
    if torch.compiler.is_compiling():
        return None
    if tensor.grad_fn is None:
        owner = tensor if tensor._base is None else tensor._base
        name, version = _marked.get(tensor) or _marked.get(owner) or (None, 0)
        return name if version == _version(tensor) else None
    return function_behind(tensor.grad_fn)


def function_behind(node: Any) -> str | None:
    """Name the probability function that a node of the graph hands on, as `applied_before` does.

    Parameters
    ----------
    node : torch.autograd.graph.Node
        The `grad_fn` of a tensor.

    Returns
    -------
    str or None
        One of `PROBABILITY_FUNCTIONS`.
    """
    known: dict[Any, str | None] = {}
    waiting = [node]
    while waiting:
        node = waiting[-1]
        if node in known:
            waiting.pop()
            continue
        name = _function(node.name())
        parents = [parent for parent, _ in node.next_functions if parent is not None]
        if name is not None or not parents or not is_transparent(node):
            known[waiting.pop()] = name
            continue
        unknown = [parent for parent in parents if parent not in known]
        if unknown:
            waiting += unknown
            continue
        names = {known[parent] for parent in parents}
        known[waiting.pop()] = names.pop() if len(names) == 1 else None
    return known[node]


def is_transparent(node: Any) -> bool:
    """Whether a node leaves every entry as it is, or in [0, 1] if it was there."""
    name: str = node.name()
    return name.rstrip("0123456789").removeprefix("torch::autograd::") in _TRANSPARENT


def _function(name: str) -> str | None:
    """Return the probability function of a node's name, torch's or Ogive's own."""
    plain = name.rstrip("0123456789")
    if plain in _BY_TORCH:
        return _BY_TORCH[plain]
    # Ogive's autograd functions are called Eager_sigmoid, Transformable_softmax and the like.
    _, _, own = plain.removesuffix("Backward").partition("_")
    return own if own in PROBABILITY_FUNCTIONS else None
