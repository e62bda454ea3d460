"""Units that are 0 for every sample."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from data import digits, fashion
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import RowReader, accuracy, batches, draw, fit, linear_chain, rows, small_cnn


@sick(
    "mlp",
    "mlp-biases-of-minus-ten",
    "dead units",
    "initialisation",
    origin="TheDeepChecker: dead relus",
)
def biases_of_minus_ten(seed: int) -> Outcome:
    """Biases begin at -10, far below what the weights give."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )
    for module in model:
        if isinstance(module, nn.Linear):
            nn.init.constant_(module.bias, -10.0)
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 1e-3), epochs=8)
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-biases-of-minus-five",
    "dead units",
    "initialisation",
    origin="AUTOTRAINER: dying ReLU",
)
def kernels_biased(seed: int) -> Outcome:
    """The second convolution's biases begin at -5, and its relus give nothing."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 16, 3)
            self.conv2 = nn.Conv2d(16, 32, 3)
            self.fc = nn.Linear(128, 10)
            self.conv2.bias.data.fill_(-5.0)

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv1(x).relu()
            x = F.max_pool2d(self.conv2(x).relu(), 2)
            answer: Tensor = self.fc(x.view(len(x), -1))
            return answer

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for x, y in batches(data.x, data.y, 50, 5):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-narrow-and-deep",
    "dead units",
    "input collapse",
    "vanishing gradient",
    origin="Lu et al. (2020): dying ReLU and initialisation",
)
def narrow_and_deep(seed: int) -> Outcome:
    """Twenty layers of four relus each, drawn after He: nothing gets through."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, *([4] * 20), 10, between=nn.ReLU)
    draw(model, nn.init.kaiming_normal_)
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 1e-3), epochs=6)
    return accuracy(model, data, 0.7)


@sick(
    "cnn",
    "cnn-negative-kernels",
    "dead units",
    "initialisation",
    origin="TheDeepChecker: dead relus",
)
def negative_kernels(seed: int) -> Outcome:
    """Kernels drawn from [-1, 0] and images in [0, 1]: no relu is ever awake."""
    torch.manual_seed(seed)
    data = fashion(3000)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=3), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(144, 10),
    )  # fmt: skip
    draw(model, lambda weight: nn.init.uniform_(weight, -1.0, 0.0))
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
    fit(model, F.cross_entropy, data, torch.optim.Adam(model.parameters(), 1e-3), size=32, epochs=2)
    return accuracy(model, data, 0.65)


@sick(
    "rnn",
    "rnn-relu-with-negative-biases",
    "dead units",
    "initialisation",
    origin="AUTOTRAINER: dying ReLU",
)
def dead_rnn(seed: int) -> Outcome:
    """A recurrent network of relus whose biases begin at -3."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.RNN, nonlinearity="relu")
    for name, parameter in model.rnn.named_parameters():
        if "bias" in name:
            nn.init.constant_(parameter, -3.0)
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 1e-3), epochs=8)
    return accuracy(model, data, 0.75)


@sick(
    "transformer",
    "attention-relu-bottleneck-dead",
    "dead units",
    "initialisation",
    origin="TheDeepChecker: dead relus",
)
def dead_bottleneck(seed: int) -> Outcome:
    """What an encoder says goes through a layer of relus whose biases begin at -20."""
    torch.manual_seed(seed)
    data = rows()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Linear(8, 32)
            self.place = nn.Parameter(0.1 * torch.randn(8, 32))
            layer = nn.TransformerEncoderLayer(
                32, 4, 64, dropout=0.0, activation="gelu", batch_first=True
            )
            self.encoder = nn.TransformerEncoder(layer, 1)
            self.head = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10))
            nn.init.constant_(self.head[0].bias, -20.0)

        def forward(self, x: Tensor) -> Tensor:
            hidden = self.encoder(self.embed(x) + self.place)
            answer: Tensor = self.head(hidden.mean(1))
            return answer

    model = Net()
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.AdamW(model.parameters(), 2e-3), epochs=8)
    return accuracy(model, data, 0.85)


@sick(
    "cnn",
    "cnn-relu6-biased",
    "dead units",
    "initialisation",
    origin="TheDeepChecker: dead relus",
)
def biased_relu6(seed: int) -> Outcome:
    """nn.ReLU6 after convolutions whose biases are drawn around -8 by mistake of sign."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = small_cnn(activation=nn.ReLU6)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.bias, mean=-8.0, std=0.5)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=32, epochs=4)
    return accuracy(model, data)
