"""Heads, features and targets for the tests, and functions that make probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from ogive.torch import functional
from ogive.torch.heads import (
    BinaryClassifier,
    MulticlassClassifier,
    MultilabelClassifier,
)

N, D, K = 6, 3, 4


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X = normal(N, D)
LABELS = torch.tensor([[0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]] * 2)
TRUE, CLASSES = LABELS[:, 1], torch.tensor([0, 3, 1, 2, 2, 0])


def binary(**keywords: Any) -> BinaryClassifier:
    torch.manual_seed(0)
    return BinaryClassifier(D, dtype=torch.float64, **keywords)


def multiclass(**keywords: Any) -> MulticlassClassifier:
    torch.manual_seed(0)
    return MulticlassClassifier(D, K, dtype=torch.float64, **keywords)


def multilabel(**keywords: Any) -> MultilabelClassifier:
    torch.manual_seed(0)
    return MultilabelClassifier(D, K, dtype=torch.float64, **keywords)


HEADS: dict[str, tuple[Callable[..., Any], torch.Tensor]] = {
    "binary": (binary, TRUE),
    "multiclass": (multiclass, CLASSES),
    "multilabel": (multilabel, LABELS),
}
every_head = pytest.mark.parametrize("kind", HEADS)


PROBABILITIES = {
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: x.softmax(1),
    "hard_sigmoid": F.hardsigmoid,
    "ogive sigmoid": functional.sigmoid,
    "ogive softmax": lambda x: functional.softmax(x, 1),
}
LOGARITHMS = {
    "log_softmax": lambda x: F.log_softmax(x, 1),
    "log_sigmoid": F.logsigmoid,
    "ogive log_softmax": lambda x: functional.log_softmax(x, 1),
}
