"""What a head refuses: probabilities for logits, and targets that are another head's."""

from __future__ import annotations

from collections.abc import Callable
from math import e, exp, log, log1p
from typing import Any

import torch
from torch import Tensor, nn

from ogive.torch.ancestry import applied_before
from ogive.torch.memory import view

_MAKES_PROBABILITIES = (
    nn.Hardsigmoid,
    nn.LogSigmoid,
    nn.LogSoftmax,
    nn.Sigmoid,
    nn.Softmax,
    nn.Softmax2d,
    nn.Softmin,
)


def last_module(module: nn.Module) -> nn.Module:
    """Return what a network ends with: the last module of an `nn.Sequential`, or of its last."""
    while isinstance(module, nn.Sequential) and len(module):
        module = module[-1]
    return module


def gives_logits(network: nn.Module, allowed: tuple[type[nn.Module], ...] = ()) -> None:
    """Raise ValueError if a network that is to give logits ends with a probability function."""
    last = last_module(network)
    if isinstance(last, _MAKES_PROBABILITIES) and not isinstance(last, allowed):
        raise ValueError(
            f"backbone ends with {type(last).__name__}, but without in_features it must give "
            "logits: the head applies the probability function itself. Remove that last module, "
            "or give in_features if its outputs are features of a linear layer"
        )


def floor_of_sigmoid() -> tuple[float, float]:
    """Return the least binary cross-entropy of targets 1 and 0 for a logit in [0, 1]."""
    return log1p(exp(-1.0)), log(2.0)


def consequence_for_sigmoid(applied: str) -> str:
    """Say what binary cross-entropy is like if its logits came out of a probability function."""
    of_one, of_zero = floor_of_sigmoid()
    if applied.startswith("log_"):
        return f"Of logits that are at most 0 no loss of a target 1 is below {of_zero:.3f}."
    return f"Of logits in [0, 1] no loss is below {of_one:.3f} (target 1) or {of_zero:.3f} (0)."


def floor_of_softmax(classes: int) -> float:
    """Return the least cross-entropy of a class for logits in [0, 1]: ln(e + K - 1) - 1."""
    return log(e + classes - 1.0) - 1.0


def not_probabilities(
    logits: Any, harmless: frozenset[str], consequence: Callable[[str], str]
) -> None:
    """Raise unless logits are a tensor of floats that is not known to be one of probabilities.

    Parameters
    ----------
    logits : torch.Tensor
        What is to be looked at.
    harmless : frozenset of str
        The probability functions that make no difference to this loss.
    consequence : callable
        Of the function's name: what the loss would be like, for the message.

    Raises
    ------
    TypeError
        If it is no tensor of floats.
    ValueError
        If it came out of a probability function.
    """
    if not isinstance(logits, Tensor):
        raise TypeError(f"logits must be a torch.Tensor, not {type(logits).__name__}")
    if not logits.is_floating_point():
        raise TypeError(f"logits must be floats, not {_short(logits)}")
    applied = applied_before(logits)
    if applied is not None and applied not in harmless:
        raise ValueError(
            f"logits came out of {applied}: they are probabilities, or their logarithms, and the "
            f"loss applies its own probability function to them. {consequence(applied)} Give it "
            f"what went into {applied}"
        )


def _short(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def looks_at_values(target: Tensor) -> bool:
    """Whether values can be looked at: where no device and no compiler or transform waits."""
    if torch.compiler.is_compiling() or type(target) not in (Tensor, nn.Parameter):
        return False
    # NumPy does not know bfloat16.
    held = target.view(torch.int16) if target.dtype is torch.bfloat16 else target
    return target.is_cpu and view(held) is not None


def first_wrong(name: str, values: Tensor, wrong: Tensor, condition: str) -> None:
    """Raise ValueError naming the first value that is wrong, and its position."""
    if not bool(wrong.any()):
        return
    first = tuple(int(i) for i in wrong.nonzero()[0])
    place = f"[{', '.join(map(str, first))}]" if first else ""
    raise ValueError(f"{name}{place} is {values[first].item()}: {condition}")


def truths(target: Any, logits: Tensor, instead: str) -> Tensor:
    """Return targets of single logits, each 0 or 1 or a probability, in the dtype of the logits.

    Parameters
    ----------
    target : torch.Tensor
        Booleans, integers or floats, of the shape of the logits.
    logits : torch.Tensor
        Of floats.
    instead : str
        What to do with a target of another shape, for the message.
    """
    if not isinstance(target, Tensor):
        raise TypeError(f"target must be a torch.Tensor, not {type(target).__name__}")
    if target.shape != logits.shape:
        raise ValueError(
            f"target has the shape {tuple(target.shape)}, not {tuple(logits.shape)} as the "
            f"logits. {instead}"
        )
    if target.is_complex():
        raise TypeError(f"target must be booleans, integers or floats, not {_short(target)}")
    if target.dtype is not torch.bool and target.numel() and looks_at_values(target):
        low, high = target.aminmax()
        if not bool((low >= 0) & (high <= 1)):
            condition = (
                "a probability is in [0, 1]"
                if target.is_floating_point()
                else f"it must be 0 or 1. {instead}"
            )
            first_wrong("target", target, ~((target >= 0) & (target <= 1)), condition)
    return target if target.is_floating_point() else target.to(logits.dtype)


def distributions(target: Tensor, dim: int) -> None:
    """Raise ValueError unless probabilities are at least 0 and their sums along `dim` are 1."""
    if not looks_at_values(target):
        return
    first_wrong("target", target, ~(target >= 0), "a probability is at least 0")
    sums = target.double().sum(dim)
    allowed = 4.0 * torch.finfo(target.dtype).eps ** 0.5
    first_wrong(
        "the sum of target's probabilities",
        sums,
        (sums - 1.0).abs() > allowed,
        "it must be 1. Where several classes hold at once, use MultilabelClassifier",
    )
