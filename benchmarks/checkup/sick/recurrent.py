"""Gradients that vanish or explode over time."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import RowReader, accuracy, explained, fit, memory, waves


@sick(
    "rnn",
    "rnn-forgets-the-first-symbol",
    "vanishing gradient",
    origin="Pascanu et al. (2013): vanishing gradients over time",
)
def forgets(seed: int) -> Outcome:
    """What nn.RNN is to remember came sixty steps ago, and its weights shrink it away."""
    torch.manual_seed(seed)
    data = memory(length=60)
    model = RowReader(nn.RNN, inputs=5, size=48, outputs=4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=50, epochs=5)
    return accuracy(model, data)


class _Loop(nn.Module):
    """A loop over an RNNCell."""

    def __init__(self, inputs: int, size: int, outputs: int) -> None:
        super().__init__()
        self.size = size
        self.cell = nn.RNNCell(inputs, size)
        self.out = nn.Linear(size, outputs)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(x.shape[0], self.size)
        for step in range(x.shape[1]):
            state = self.cell(x[:, step], state)
        answer: Tensor = self.out(state)
        return answer


@sick(
    "rnn",
    "rnn-cell-small-recurrent-weights",
    "vanishing gradient",
    "initialisation",
    origin="Pascanu et al. (2013): vanishing gradients over time",
)
def small_recurrent_weights(seed: int) -> Outcome:
    """A loop over nn.RNNCell whose recurrent weights begin with standard deviation 0.01."""
    torch.manual_seed(seed)
    data = memory(length=25)
    model = _Loop(5, 48, 4)
    nn.init.normal_(model.cell.weight_hh, std=0.01)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _epoch in range(5):
        for part in torch.randperm(len(data.x)).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(data.x[part]), data.y[part]).backward()
            optimizer.step()
    return accuracy(model, data)


@sick(
    "rnn",
    "rnn-relu-grows-over-time",
    "exploding gradient",
    "initialisation",
    "not finite",
    origin="Pascanu et al. (2013): exploding gradients over time",
)
def grows_over_time(seed: int) -> Outcome:
    """nn.RNN of relus follows waves for sixty steps; its recurrent weights are 1.3 times one."""
    torch.manual_seed(seed)
    data = waves(length=60)
    model = RowReader(nn.RNN, inputs=1, size=32, outputs=1, nonlinearity="relu")
    with torch.no_grad():
        model.rnn.weight_hh_l0.copy_(1.3 * torch.eye(32))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    fit(model, lambda out, y: F.mse_loss(out[:, 0], y), data, optimizer, size=32, epochs=8)
    return explained(model, data, 0.8)


@sick(
    "rnn",
    "rnn-cell-linear-growth",
    "exploding gradient",
    "initialisation",
    "not finite",
    origin="AUTOTRAINER: exploding gradient",
)
def cell_grows(seed: int) -> Outcome:
    """A hand-written recurrence h = relu(W x + U h) with U of standard deviation 0.5."""
    torch.manual_seed(seed)
    data = memory(length=25)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.W, self.U = nn.Linear(5, 40), nn.Linear(40, 40, bias=False)
            self.V = nn.Linear(40, 4)
            nn.init.normal_(self.U.weight, std=0.5)

        def forward(self, x: Tensor) -> Tensor:
            h = x.new_zeros(len(x), 40)
            for step in x.unbind(dim=1):
                h = F.leaky_relu(self.W(step) + self.U(h))
            answer: Tensor = self.V(h)
            return answer

    model = Net()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=50, epochs=5)
    return accuracy(model, data)
