"""Classifier heads: train from logits, predict probabilities, and neither twice.

Each is a linear layer with the loss and the probability function that belong to it, after a
backbone if one is given. What can be proved wrong raises, with the reason: logits that came out of
a sigmoid or a softmax, and targets that are another head's.
"""

from __future__ import annotations

from ogive.torch.heads.binary import BinaryClassifier
from ogive.torch.heads.multiclass import MulticlassClassifier
from ogive.torch.heads.multilabel import MultilabelClassifier

__all__ = ["BinaryClassifier", "MulticlassClassifier", "MultilabelClassifier"]
