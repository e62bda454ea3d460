"""Initialisation that fits the activation: `torch.nn.init`, and what it cannot do.

Every name of `torch.nn.init` is here, so that ``from ogive.torch import init`` can stand in for
``from torch.nn import init``. What differs: gains are computed for every function of the
catalogue, instead of looked up for five; `init_network_` finds which activation follows which
layer; `lsuv_` measures on data what no formula knows. The draws are torch's.
"""

from __future__ import annotations

from typing import Any

from torch.nn import init as _torch_init

from ogive.torch.init.draws import (
    kaiming_normal_,
    kaiming_uniform_,
    lecun_normal_,
    lecun_uniform_,
)
from ogive.torch.init.gains import MeanField, calculate_gain, mean_field
from ogive.torch.init.lsuv import LayerScale, lsuv_
from ogive.torch.init.network import init_network_
from ogive.torch.init.weight import SCHEMES as SCHEMES
from ogive.torch.init.weight import init_weight_

__all__ = [
    "LayerScale",
    "MeanField",
    "calculate_gain",
    "init_network_",
    "init_weight_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lecun_normal_",
    "lecun_uniform_",
    "lsuv_",
    "mean_field",
]


def __getattr__(name: str) -> Any:
    # What torch draws as it should, such as orthogonal_ and trunc_normal_, is torch's own.
    if not name.startswith("_") and hasattr(_torch_init, name):
        return getattr(_torch_init, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *(name for name in vars(_torch_init) if not name.startswith("_"))})
