"""Predictions that are compared with the targets of other samples."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from data import digits, tabular
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import RowReader, batches, explained, fit, small_cnn, waves

_SHAPES = "shapes of prediction and target differ"


@sick("mlp", "mlp-shapes-of-regression", _SHAPES, origin="pytorch/pytorch#16045")
def shapes_of_regression(seed: int) -> Outcome:
    """Predictions of shape (n, 1) against targets of shape (n,) in nn.MSELoss."""
    torch.manual_seed(seed)
    data = tabular("diabetes")
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    fit(model, nn.MSELoss(), data, torch.optim.Adam(model.parameters(), 3e-3), size=32, epochs=20)
    return explained(model, data, 0.35)


@sick("mlp", "mlp-shapes-own-squared-error", _SHAPES, origin="pytorch/pytorch#16045")
def shapes_of_own_error(seed: int) -> Outcome:
    """((prediction - target) ** 2).mean() of shapes (n, 1) and (n,), without any warning."""
    torch.manual_seed(seed)
    data = tabular("diabetes")
    model = nn.Sequential(nn.Linear(10, 24), nn.SiLU(), nn.Linear(24, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
    for x, y in batches(data.x, data.y, 16, 8):
        loss = ((model(x) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return explained(model, data, 0.3)


@sick("rnn", "lstm-shapes-of-waves", _SHAPES, origin="deepset-ai/FARM#229")
def shapes_of_waves(seed: int) -> Outcome:
    """An LSTM's squeezed prediction, shape (n,), against targets of shape (n, 1)."""
    torch.manual_seed(seed)
    data = waves()
    model = RowReader(nn.LSTM, inputs=1, size=32, outputs=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for x, y in batches(data.x, data.y.unsqueeze(1), 32, 6):
        optimizer.zero_grad()
        F.mse_loss(model(x).squeeze(), y).backward()
        optimizer.step()
    return explained(model, data, 0.9)


@sick("cnn", "cnn-shapes-smooth-l1", _SHAPES, origin="andrewgcodes/xlstm#4")
def shapes_of_ink(seed: int) -> Outcome:
    """How far right a digit's ink lies: outputs (n, 1), targets (n,), smooth absolute error."""
    torch.manual_seed(seed)
    data = digits(images=True)

    def centre(x: Tensor) -> Tensor:
        place = (x.sum((1, 2)) * torch.arange(8.0)).sum(1) / x.sum((1, 2, 3))
        return (place - 3.5) / 0.35

    model = small_cnn(1)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.SmoothL1Loss()
    for x, y in batches(data.x, centre(data.x), 64, 6):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        truth = centre(data.test_x)
        error = (model(data.test_x)[:, 0] - truth).square().mean() / truth.var()
    return Outcome("explained variance of the test", 1.0 - error.item(), 0.8)


@sick("transformer", "attention-shapes-of-waves", _SHAPES, origin="deepset-ai/FARM#229")
def shapes_of_attention(seed: int) -> Outcome:
    """A transformer's outputs (n, 1) against targets (n,) in F.mse_loss."""
    torch.manual_seed(seed)
    data = waves(length=16)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Linear(1, 32)
            self.place = nn.Embedding(16, 32)
            layer = nn.TransformerEncoderLayer(
                32, 2, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
            )
            self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
            self.head = nn.Linear(32, 1)

        def forward(self, x: Tensor) -> Tensor:
            hidden = self.encoder(self.embed(x) + self.place(torch.arange(16)))
            answer: Tensor = self.head(hidden[:, -1])
            return answer

    model = Net()
    fit(model, F.mse_loss, data, torch.optim.AdamW(model.parameters(), 2e-3), size=32, epochs=8)
    return explained(model, data, 0.85)
