"""Activation modules under the names, arguments and attributes of `torch.nn`.

There is one for every function of the catalogue. Where torch has the class, Ogive's derives from
it, so that its constructor, attributes, representation, `state_dict` and `isinstance` checks are
torch's, and only the computation is replaced: a checkpoint of a network with torch's modules loads
unchanged. The others have the names of the literature; parameters that are learned follow
`torch.nn.PReLU`.

Every other public name of `torch.nn` is torch's own object, so that
``import ogive.torch.nn as nn`` serves a whole script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch.nn

from ogive.torch.fused import ActivationLinear
from ogive.torch.gates import GEGLU, GLU, ReGLU, SwiGLU
from ogive.torch.heads import BinaryClassifier, MulticlassClassifier, MultilabelClassifier
from ogive.torch.losses import (
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    LinearCrossEntropyLoss,
    MultiLabelSoftMarginLoss,
    SigmoidFocalLoss,
)
from ogive.torch.nn import functional
from ogive.torch.nn.adaptive import PAU, PDELU, SRS, XIELU, ABReLU
from ogive.torch.nn.by_name import MODULES, activation
from ogive.torch.nn.exponential import CELU, ELU, SELU
from ogive.torch.nn.logistic import (
    Hardsigmoid,
    Hardtanh,
    Log1mexp,
    Logit,
    LogSigmoid,
    Odds,
    Sigmoid,
    Softplus,
    Softsign,
    Squareplus,
    Tanh,
)
from ogive.torch.nn.recognition import recognise
from ogive.torch.nn.rectifier import (
    Hardswish,
    LeakyReLU,
    PReLU,
    ReLU,
    ReLU6,
    ReLUSquared,
    RReLU,
    Threshold,
)
from ogive.torch.nn.rows import LogSoftmax, Softmax, Softmax2d, Softmin
from ogive.torch.nn.shrinkage import Hardshrink, Softshrink, Tanhshrink
from ogive.torch.nn.smooth import GELU, GELUTanh, LiSHT, Mish, QuickGELU, SiLU, Swish
from ogive.torch.recurrent import GRU, LSTM, GRUCell, LSTMCell

if TYPE_CHECKING:
    # For type checkers alone, what __getattr__ finds; what is named above stays Ogive's, which they
    # take for a contradiction.
    from torch.nn import *  # type: ignore[assignment, no-redef]  # noqa: F403

__all__ = [
    "CELU",
    "ELU",
    "GEGLU",
    "GELU",
    "GLU",
    "GRU",
    "LSTM",
    "MODULES",
    "PAU",
    "PDELU",
    "SELU",
    "SRS",
    "XIELU",
    "ABReLU",
    "ActivationLinear",
    "BCEWithLogitsLoss",
    "BinaryClassifier",
    "CrossEntropyLoss",
    "GELUTanh",
    "GRUCell",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LSTMCell",
    "LeakyReLU",
    "LiSHT",
    "LinearCrossEntropyLoss",
    "Log1mexp",
    "LogSigmoid",
    "LogSoftmax",
    "Logit",
    "Mish",
    "MultiLabelSoftMarginLoss",
    "MulticlassClassifier",
    "MultilabelClassifier",
    "Odds",
    "PReLU",
    "QuickGELU",
    "RReLU",
    "ReGLU",
    "ReLU",
    "ReLU6",
    "ReLUSquared",
    "SiLU",
    "Sigmoid",
    "SigmoidFocalLoss",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Squareplus",
    "SwiGLU",
    "Swish",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "activation",
    "functional",
    "recognise",
]

for _name in __all__:
    # Where they are public: pickles name them so, wherever they move in the package.
    if isinstance(_class := globals()[_name], type):
        _class.__module__ = __name__
del _name, _class


def __getattr__(name: str) -> Any:
    """Find what is not Ogive's in `torch.nn`."""
    if not name.startswith("_") and hasattr(torch.nn, name):
        return getattr(torch.nn, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    theirs = [name for name in dir(torch.nn) if not name.startswith("_")]
    return sorted({*globals(), *theirs})
