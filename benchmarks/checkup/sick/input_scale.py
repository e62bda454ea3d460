"""Inputs that nobody has scaled, or scaled twice."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from data import Data, digits, fashion
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import RowReader, accuracy, batches, binary, fit, linear_chain, raw, rows


def _scaled(data: Data, by: float) -> Data:
    return replace(data, x=data.x * by, test_x=data.test_x * by)


@sick(
    "mlp",
    "mlp-wine-as-it-comes",
    "input scale",
    "saturation",
    origin="UMLAUT: input not normalised",
)
def wine_as_it_comes(seed: int) -> Outcome:
    """Features from 0.1 to 1680 into sigmoids."""
    torch.manual_seed(seed)
    data = raw("wine")
    model = linear_chain(13, 32, 3, between=nn.Sigmoid)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=16, epochs=25)
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-pixels-to-255-tanh",
    "input scale",
    "saturation",
    origin="TheDeepChecker: unnormalised data",
)
def pixels_to_255(seed: int) -> Outcome:
    """Pixels from 0 to 255 into a network of tanh."""
    torch.manual_seed(seed)
    data = _scaled(digits(), 255.0)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(64, 48), nn.Linear(48, 32)
            self.fc3 = nn.Linear(32, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = torch.tanh(self.fc1(x))
            x = torch.tanh(self.fc2(x))
            answer: Tensor = self.fc3(x)
            return answer

    model = Net()
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.SGD(model.parameters(), 0.1), epochs=17)
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-pixels-to-255-tanh",
    "input scale",
    "saturation",
    origin="UMLAUT: input not normalised",
)
def images_to_255(seed: int) -> Outcome:
    """Images from 0 to 255 into a network in the manner of LeNet, with tanh."""
    torch.manual_seed(seed)
    data = _scaled(fashion(3000), 255.0)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, stride=2), nn.Tanh(), nn.Conv2d(6, 16, 3, stride=2), nn.Tanh(),
        nn.Flatten(), nn.Linear(400, 64), nn.Tanh(), nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=64, epochs=8)
    return accuracy(model, data, 0.77)


@sick(
    "mlp",
    "mlp-raw-table-relu",
    "input scale",
    "updates too large",
    "dead units",
    origin="UMLAUT: input not normalised",
)
def raw_table(seed: int) -> Outcome:
    """Features up to 4000 into relus: the first steps are enormous."""
    torch.manual_seed(seed)
    data = raw("breast_cancer")
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(),
                          nn.Linear(16, 1))  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for x, y in batches(data.x, data.y.float(), 32, 15):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x).squeeze(1), y).backward()
        optimizer.step()
    return binary(model, data.test_x, data.test_y, 0.93)


@sick(
    "rnn",
    "lstm-inputs-of-thousands",
    "input scale",
    "saturation",
    origin="TheDeepChecker: unnormalised data",
)
def lstm_of_thousands(seed: int) -> Outcome:
    """Rows of 16-bit pixels as they come: every gate is open or shut."""
    torch.manual_seed(seed)
    data = _scaled(rows(), 65535.0)
    model = RowReader(nn.LSTM)
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 5e-3), epochs=12)
    return accuracy(model, data)


class _CellLoop(nn.Module):
    """A loop over an LSTMCell."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(8, 48)
        self.fc = nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Tensor:
        h, c = torch.zeros(len(x), 48), torch.zeros(len(x), 48)
        for step in range(x.shape[1]):
            h, c = self.cell(x[:, step], (h, c))
        answer: Tensor = self.fc(h)
        return answer


@sick(
    "rnn",
    "lstm-cell-inputs-of-thousands",
    "input scale",
    "saturation",
    origin="TheDeepChecker: unnormalised data",
)
def cell_of_thousands(seed: int) -> Outcome:
    """A loop over nn.LSTMCell with inputs of up to 1000."""
    torch.manual_seed(seed)
    data = _scaled(rows(), 1000.0)
    model = _CellLoop()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
    fit(model, F.cross_entropy, data, optimizer, size=64, epochs=12)
    return accuracy(model, data, 0.85)


@sick(
    "cnn",
    "cnn-pixels-divided-twice",
    "input scale",
    origin="facebookresearch/InterHand2.6M#110",
)
def divided_twice(seed: int) -> Outcome:
    """Images in [0, 1] are divided by 255 once more."""
    torch.manual_seed(seed)
    data = _scaled(fashion(3000), 1.0 / 255.0)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=3), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(144, 10),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=64, epochs=4)
    return accuracy(model, data, 0.7)
