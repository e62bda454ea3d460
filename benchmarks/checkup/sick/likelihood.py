"""Likelihoods of what is no logarithm, of one class, or over the wrong dimension."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from data import digits, tabular, text
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import (
    LanguageModel,
    RowReader,
    accuracy,
    batches,
    binary,
    fit,
    next_character,
    rows,
    small_cnn,
    windows,
)


@sick(
    "mlp",
    "mlp-nll-of-logits",
    "logits before NLL",
    origin="yanx27/Pointnet_Pointnet2_pytorch#30",
)
def nll_of_logits(seed: int) -> Outcome:
    """nn.NLLLoss is given the output of the last layer."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    fit(model, nn.NLLLoss(), data, torch.optim.Adam(model.parameters(), lr=1e-3), epochs=15)
    return accuracy(model, data)


@sick(
    "rnn",
    "lstm-nll-of-logits",
    "logits before NLL",
    origin="pytorch/pytorch#12703",
)
def lstm_nll_of_logits(seed: int) -> Outcome:
    """The logits of an LSTM go to F.nll_loss, without log_softmax."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.LSTM)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x, y in batches(data.x, data.y, 64, 8):
        loss = F.nll_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(model, data, 0.85)


@sick(
    "cnn",
    "cnn-nll-of-softmax",
    "softmax before NLL",
    origin="pytorch/pytorch#10033",
)
def nll_of_softmax(seed: int) -> Outcome:
    """nn.NLLLoss is given probabilities instead of their logarithms."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(small_cnn(), nn.Softmax(dim=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    fit(model, nn.NLLLoss(), data, optimizer, size=32, epochs=5)
    return accuracy(model, data, 0.85)


@sick(
    "transformer",
    "language-model-nll-of-softmax",
    "softmax before NLL",
    origin="AnubhavGupta3377/Text-Classification-Models-Pytorch#9",
)
def language_model_nll_of_softmax(seed: int) -> Outcome:
    """A language model trained with F.nll_loss of its softmax."""
    torch.manual_seed(seed)
    model = LanguageModel()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for x, y in windows(64, 16, 160):
        probabilities = model(x).softmax(-1)
        loss = F.nll_loss(probabilities.transpose(1, 2), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return next_character(model, 0.33)


@sick(
    "mlp",
    "mlp-cross-entropy-of-one-output",
    "cross-entropy of one class",
    origin="ultralytics/yolov3#191",
)
def one_output(seed: int) -> Outcome:
    """Two classes, but one output and nn.CrossEntropyLoss with targets of shape (n, 1)."""
    torch.manual_seed(seed)
    data = tabular("breast_cancer")
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    criterion = nn.CrossEntropyLoss()
    for x, y in batches(data.x, data.y.float().unsqueeze(1), 32, 10):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    return binary(model, data.test_x, data.test_y, 0.93)


@sick(
    "cnn",
    "cnn-softmax-of-one-output",
    "cross-entropy of one class",
    origin="darioizzo/dcgp#86",
)
def softmax_of_one_output(seed: int) -> Outcome:
    """One output with a softmax, which is 1 for every image, and nn.BCELoss."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(small_cnn(1), nn.Softmax(dim=1))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    criterion = nn.BCELoss()
    for x, y in batches(data.x, data.y % 2, 64, 10):
        optimizer.zero_grad()
        criterion(model(x), y.float().view(-1, 1)).backward()
        optimizer.step()
    return binary(model, data.test_x, data.test_y % 2, 0.9, limit=0.5)


@sick(
    "mlp",
    "mlp-log-softmax-of-the-batch",
    "softmax over the batch",
    origin="perone/euclidesdb#2",
)
def log_softmax_of_batch(seed: int) -> Outcome:
    """F.log_softmax(x, dim=0) of (samples, classes), then the NLL."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1 = nn.Linear(64, 80)
            self.fc2 = nn.Linear(80, 10)

        def forward(self, x: Tensor) -> Tensor:
            return F.log_softmax(self.fc2(F.relu(self.fc1(x))), dim=0)

    model = Net()
    fit(model, F.nll_loss, data, torch.optim.SGD(model.parameters(), lr=0.1), size=32, epochs=9)
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-softmax-dim-0-cross-entropy",
    "softmax over the batch",
    "softmax before cross-entropy",
    origin="DeepReinforcementLearning/DeepReinforcementLearningInAction#32",
)
def softmax_of_batch(seed: int) -> Outcome:
    """nn.Softmax(dim=0) is the last layer, before nn.CrossEntropyLoss."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = small_cnn().append(nn.Softmax(dim=0))
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 1e-3), epochs=5)
    return accuracy(model, data)


class _BatchSecond(nn.Module):
    """An LSTM over characters with the time first, as torch has it by default."""

    def __init__(self) -> None:
        super().__init__()
        characters = len(text()[1])
        self.embed = nn.Embedding(characters, 32)
        self.lstm = nn.LSTM(32, 96)
        self.out = nn.Linear(96, characters)

    def forward(self, x: Tensor) -> Tensor:
        hidden, _ = self.lstm(self.embed(x.t()))
        return F.log_softmax(self.out(hidden), dim=1)


@sick(
    "rnn",
    "lstm-log-softmax-batch-second",
    "softmax over the batch",
    origin="ethanfetaya/NRI#25",
)
def log_softmax_with_batch_second(seed: int) -> Outcome:
    """Outputs of shape (time, samples, classes), and log_softmax over dimension 1."""
    torch.manual_seed(seed)
    model = _BatchSecond()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for x, y in windows(40, 32, 120):
        optimizer.zero_grad()
        F.nll_loss(model(x).flatten(0, 1), y.t().flatten()).backward()
        optimizer.step()

    class BatchFirst(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            answer: Tensor = model(x).transpose(0, 1)
            return answer

    return next_character(BatchFirst(), 0.33)


@sick(
    "transformer",
    "attention-log-softmax-dim-0",
    "softmax over the batch",
    origin="ikostrikov/pytorch-meta-optimizer#10",
)
def log_softmax_of_encoder(seed: int) -> Outcome:
    """A transformer's class scores, nn.LogSoftmax(0) and nn.NLLLoss."""
    torch.manual_seed(seed)
    data = rows()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, dropout=0.0)
            self.embed = nn.Linear(8, 32)
            self.place = nn.Parameter(torch.randn(1, 8, 32))
            self.encoder = nn.TransformerEncoder(layer, 1)
            self.classify = nn.Sequential(nn.Linear(32, 10), nn.LogSoftmax(0))

        def forward(self, x: Tensor) -> Tensor:
            hidden = self.encoder(self.embed(x) + self.place)
            answer: Tensor = self.classify(hidden.mean(dim=1))
            return answer

    model = Net()
    fit(model, nn.NLLLoss(), data, torch.optim.Adam(model.parameters(), lr=2e-3), epochs=10)
    return accuracy(model, data, 0.88)
