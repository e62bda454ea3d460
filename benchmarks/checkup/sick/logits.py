"""Logits that go through an activation of the hidden layers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from data import digits, fashion, tabular
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import (
    LanguageModel,
    RowReader,
    accuracy,
    batches,
    binary_loss,
    fit,
    next_character,
    rows,
    windows,
)


@sick(
    "mlp",
    "mlp-relu-after-the-last-layer",
    "relu on the logits",
    origin="pytorch/tutorials#1526",
)
def relu_after_last(seed: int) -> Outcome:
    """nn.ReLU ends the stack of layers, before nn.CrossEntropyLoss."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10), nn.ReLU()
    )
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.SGD(model.parameters(), 0.1), epochs=17)
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-relu-before-logits-loss",
    "relu on the logits",
    origin="huyng/tensorflow-vgg#13",
)
def relu_before_logits_loss(seed: int) -> Outcome:
    """Every layer has a relu, the last too: no sample can have a probability below a half."""
    torch.manual_seed(seed)
    data = fashion(3000)
    layers = nn.ModuleList([nn.Conv2d(1, 8, 5, 3), nn.Conv2d(8, 16, 3, 2), nn.Linear(144, 1)])

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = x.flatten(1) if isinstance(layer, nn.Linear) else x
                x = layer(x).relu_()
            return x

    model, shoes = Net(), torch.tensor([5, 7, 9])
    train_y, test_y = torch.isin(data.y, shoes).float(), torch.isin(data.test_y, shoes).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for x, y in batches(data.x, train_y, 32, 2):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x), y.unsqueeze(1)).backward()
        optimizer.step()
    return binary_loss(model, data.test_x, test_y, 0.2)


@sick(
    "rnn",
    "gru-relu-on-the-logits",
    "relu on the logits",
    origin="hunkim/PyTorchZeroToAll#4",
)
def relu_on_gru(seed: int) -> Outcome:
    """F.relu(self.fc(h)) goes to the cross-entropy."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.GRU, bidirectional=False)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=4e-3)
    fit(model, lambda out, y: F.cross_entropy(F.relu(out), y), data, optimizer, epochs=11)
    return accuracy(model, data)


@sick(
    "transformer",
    "language-model-tanh-on-the-logits",
    "tanh on the logits",
    origin="DeepFD: wrong activation of the last layer",
)
def tanh_on_language_model(seed: int) -> Outcome:
    """torch.tanh of a language model's logits: no character gets a probability near 1."""
    torch.manual_seed(seed)
    model = LanguageModel()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for x, y in windows(64, 16, 160):
        scores = torch.tanh(model(x))
        loss = F.cross_entropy(scores.flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return next_character(model, 0.33)


@sick(
    "mlp",
    "mlp-tanh-everywhere",
    "tanh on the logits",
    origin="DeepFD: wrong activation of the last layer",
)
def tanh_everywhere(seed: int) -> Outcome:
    """A network of two classes whose single logit comes out of nn.Tanh."""
    torch.manual_seed(seed)
    data = tabular("breast_cancer")
    model = nn.Sequential(nn.Linear(30, 20), nn.Tanh(), nn.Linear(20, 1), nn.Tanh(), nn.Flatten(0))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    criterion = nn.BCEWithLogitsLoss()
    fit(model, lambda out, y: criterion(out, y.float()), data, optimizer, size=20, epochs=10)
    return binary_loss(model, data.test_x, data.test_y, 0.2)
