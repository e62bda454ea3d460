"""Functions under the names, signatures and defaults of `torch.nn.functional`.

Every function of the catalogue is here, under torch's name and under its own, with those that work
on rows and the losses. The elementwise ones take a tensor of any shape and layout and return one
of the same shape, dtype and memory format. Values and gradients of tensors on the CPU come from
the native loops, within the error bounds of `ogive.catalog`. All of them can be differentiated
twice, in forward mode, and through `torch.func`; parameters that can be learned may be tensors,
and get their gradients.

Every other public name of `torch.nn.functional` is torch's own object, so that
``import ogive.torch.functional as F`` serves a whole script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch.nn.functional

from ogive.torch.functional.adaptive import abrelu, pau, pdelu, srs, xielu
from ogive.torch.functional.exponential import celu, celu_, elu, elu_, selu, selu_
from ogive.torch.functional.logistic import (
    hard_sigmoid,
    hard_tanh,
    hardsigmoid,
    hardtanh,
    hardtanh_,
    log1mexp,
    log_sigmoid,
    logit,
    logsigmoid,
    odds,
    sigmoid,
    softplus,
    softsign,
    squareplus,
    tanh,
)
from ogive.torch.functional.rectifier import (
    hard_swish,
    hardswish,
    leaky_relu,
    leaky_relu_,
    prelu,
    relu,
    relu6,
    relu_,
    relu_squared,
    rrelu,
    rrelu_,
    threshold,
    threshold_,
)
from ogive.torch.functional.rows import log_softmax, logsumexp, softmax, softmin
from ogive.torch.functional.shrinkage import hardshrink, softshrink, tanhshrink
from ogive.torch.functional.smooth import (
    gelu,
    gelu_tanh,
    lisht,
    mish,
    quick_gelu,
    silu,
    swish,
)
from ogive.torch.gates import gated, geglu, glu, reglu, swiglu
from ogive.torch.losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    linear_cross_entropy,
    multilabel_soft_margin_loss,
    sigmoid_focal_loss,
)

if TYPE_CHECKING:
    # For type checkers alone, what __getattr__ finds; what is named above stays Ogive's, which they
    # take for a contradiction.
    from torch.nn.functional import *  # type: ignore[assignment]  # noqa: F403

__all__ = [
    "abrelu",
    "binary_cross_entropy_with_logits",
    "celu",
    "celu_",
    "cross_entropy",
    "elu",
    "elu_",
    "gated",
    "geglu",
    "gelu",
    "gelu_tanh",
    "glu",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "linear_cross_entropy",
    "lisht",
    "log1mexp",
    "log_sigmoid",
    "log_softmax",
    "logit",
    "logsigmoid",
    "logsumexp",
    "mish",
    "multilabel_soft_margin_loss",
    "odds",
    "pau",
    "pdelu",
    "prelu",
    "quick_gelu",
    "reglu",
    "relu",
    "relu6",
    "relu_",
    "relu_squared",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "sigmoid",
    "sigmoid_focal_loss",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "squareplus",
    "srs",
    "swiglu",
    "swish",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
    "xielu",
]

for _name in __all__:
    # Where they are public: pickles and graphs name them so, wherever they move in the package.
    globals()[_name].__module__ = __name__
del _name


def __getattr__(name: str) -> Any:
    """Find what is not Ogive's in `torch.nn.functional`."""
    if not name.startswith("_") and hasattr(torch.nn.functional, name):
        return getattr(torch.nn.functional, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    theirs = [name for name in dir(torch.nn.functional) if not name.startswith("_")]
    return sorted({*globals(), *theirs})
