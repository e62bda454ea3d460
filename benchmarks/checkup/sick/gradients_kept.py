"""Gradients of earlier steps that nobody sets to 0."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from data import digits
from program import Outcome, sick
from torch import nn

from sick.parts import (
    LanguageModel,
    RowReader,
    accuracy,
    batches,
    next_character,
    rows,
    small_cnn,
    windows,
)

_KEPT = "gradients are not reset"


@sick("mlp", "mlp-without-zero-grad", _KEPT, origin="yastrebksv/TennisCourtDetector#7")
def mlp_without(seed: int) -> Outcome:
    """Stochastic gradient descent that never calls zero_grad."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    for x, y in batches(data.x, data.y, 64, 8):
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    return accuracy(model, data)


@sick("cnn", "cnn-without-zero-grad", _KEPT, origin="wenet-e2e/wekws#73")
def cnn_without(seed: int) -> Outcome:
    """A convolutional network and Adam, without zero_grad."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = small_cnn()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _epoch in range(5):
        for x, y in batches(data.x, data.y, 32):
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    return accuracy(model, data)


@sick("rnn", "gru-zero-grad-once-an-epoch", _KEPT, origin="pytorch/pytorch#47175")
def gru_once_an_epoch(seed: int) -> Outcome:
    """zero_grad stands before the loop over the batches instead of in it."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.GRU)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _epoch in range(6):
        optimizer.zero_grad()
        for x, y in batches(data.x, data.y, 32):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
    return accuracy(model, data)


@sick(
    "transformer",
    "language-model-without-zero-grad",
    _KEPT,
    origin="tenstorrent/tt-blacksmith#711",
)
def language_model_without(seed: int) -> Outcome:
    """A language model's loop clips the gradients, and never resets them."""
    torch.manual_seed(seed)
    model = LanguageModel()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for x, y in windows(64, 16, 160):
        F.cross_entropy(model(x).flatten(0, 1), y.flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return next_character(model, 0.33)
