"""Targets that the loss or the last activation is not made for."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from data import digits, fashion, tabular
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import (
    RowReader,
    batches,
    binary,
    binary_loss,
    explained,
    fit,
    hits,
    raw,
    rows,
    waves,
)


@sick(
    "mlp",
    "mlp-logits-loss-of-class-numbers",
    "targets that are no probabilities",
    origin="DeepFD: wrong loss function",
)
def class_numbers(seed: int) -> Outcome:
    """Three kinds of wine, one output, and binary cross-entropy with the class numbers."""
    torch.manual_seed(seed)
    data = tabular("wine")
    model = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.BCEWithLogitsLoss()
    for x, y in batches(data.x, data.y, 16, 20):
        optimizer.zero_grad()
        criterion(model(x).squeeze(1), y.float()).backward()
        optimizer.step()
    with torch.no_grad():
        return hits(torch.sigmoid(model(data.test_x)).round().flatten(), data.test_y)


@sick(
    "rnn",
    "lstm-logits-loss-of-digits",
    "targets that are no probabilities",
    origin="DeepFD: wrong loss function",
)
def digits_as_targets(seed: int) -> Outcome:
    """Targets from 0 to 9 go to binary cross-entropy with logits."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.LSTM, size=64, outputs=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x, y in batches(data.x, data.y.float(), 64, 12):
        loss = F.binary_cross_entropy_with_logits(model(x).view(-1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return hits(model(data.test_x).flatten().round(), data.test_y, 0.8)


@sick(
    "cnn",
    "cnn-masks-to-255",
    "targets that are no probabilities",
    origin="milesial/Pytorch-UNet#78",
)
def masks_to_255(seed: int) -> Outcome:
    """A network marks the strokes of noisy digits; the masks are 0 and 255, not 0 and 1."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 1, 1),
    )  # fmt: skip
    masks = (data.x > 0.5).to(torch.uint8) * 255
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    criterion = nn.BCEWithLogitsLoss()
    for x, mask in batches(data.x, masks, 32, 5):
        prediction = model(x + 0.2 * torch.randn_like(x))
        optimizer.zero_grad()
        criterion(prediction, mask.float()).backward()
        optimizer.step()
    noisy = data.test_x + 0.2 * torch.randn_like(data.test_x)
    return binary(model, noisy, data.test_x > 0.5, 0.9)


@sick(
    "mlp",
    "mlp-labels-of-minus-one",
    "targets that are no probabilities",
    origin="bigmb/Unet-Segmentation-Pytorch-Nest-of-Unets#18",
)
def labels_of_minus_one(seed: int) -> Outcome:
    """Labels are -1 and 1, as a support vector machine has them, and the loss expects 0 and 1."""
    torch.manual_seed(seed)
    data = tabular("breast_cancer")
    model = nn.Sequential(nn.Linear(30, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for x, y in batches(data.x, 2.0 * data.y - 1.0, 32, 10):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x)[:, 0], y).backward()
        optimizer.step()
    return binary_loss(model, data.test_x, data.test_y, 0.2)


# The last activation cannot reach the targets.


@sick(
    "mlp",
    "mlp-relu-output-regression",
    "targets out of reach",
    origin="DeepFD: wrong activation of the last layer",
)
def relu_output(seed: int) -> Outcome:
    """A regression of standardised targets that ends with a relu."""
    torch.manual_seed(seed)
    data = tabular("diabetes")
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1), nn.ReLU(), nn.Flatten(0))
    fit(model, nn.MSELoss(), data, torch.optim.Adam(model.parameters(), 3e-3), size=32, epochs=20)
    return explained(model, data, 0.35)


@sick(
    "mlp",
    "mlp-sigmoid-output-regression",
    "targets out of reach",
    origin="NVIDIA/DeepRecommender#4",
)
def sigmoid_output(seed: int) -> Outcome:
    """Targets from 25 to 346 as they come, and a sigmoid at the end."""
    torch.manual_seed(seed)
    raw_y = raw("diabetes")
    data = replace(tabular("diabetes"), y=raw_y.y, test_y=raw_y.test_y)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = nn.Linear(10, 40)
            self.output = nn.Linear(40, 1)

        def forward(self, x: Tensor) -> Tensor:
            return torch.sigmoid(self.output(self.hidden(x).tanh())).squeeze(-1)

    model = Net()
    fit(model, F.mse_loss, data, torch.optim.Adam(model.parameters(), lr=3e-3), size=32, epochs=20)
    return explained(model, data, 0.35)


@sick(
    "mlp",
    "mlp-tanh-output-huber",
    "targets out of reach",
    origin="NVIDIA/DeepRecommender#4",
)
def tanh_output(seed: int) -> Outcome:
    """The Huber loss of targets in hundreds, from 0.25 to 3.46, and a tanh at the end."""
    torch.manual_seed(seed)
    data, quantity = tabular("diabetes"), raw("diabetes")
    data = replace(data, y=quantity.y / 100.0, test_y=quantity.test_y / 100.0)
    model = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 1), nn.Tanh())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    criterion = nn.HuberLoss()
    for x, y in batches(data.x, data.y.unsqueeze(1), 16, 10):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    return explained(model, data, 0.3)


@sick(
    "mlp",
    "mlp-softmax-of-one-quantity",
    "targets out of reach",
    origin="DeepFD: wrong activation of the last layer",
)
def softmax_output(seed: int) -> Outcome:
    """A regression with one output that ends with a softmax, and so always says 1."""
    torch.manual_seed(seed)
    data = tabular("diabetes")
    model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1), nn.Softmax(dim=-1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    fit(model, lambda out, y: F.mse_loss(out[:, 0], y), data, optimizer, size=32, epochs=12)
    return explained(model, data, 0.35)


@sick(
    "rnn",
    "lstm-relu-output-waves",
    "targets out of reach",
    origin="DeepFD: wrong activation of the last layer",
)
def relu_output_of_lstm(seed: int) -> Outcome:
    """An LSTM goes on with waves between -1 and 1, and its last layer has a relu."""
    torch.manual_seed(seed)
    data = waves()
    model = nn.Sequential(RowReader(nn.LSTM, inputs=1, size=32, outputs=1), nn.ReLU())
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    fit(model, lambda out, y: F.mse_loss(out, y[:, None]), data, optimizer, size=32, epochs=6)
    return explained(model, data, 0.9)


@sick(
    "rnn",
    "gru-sigmoid-output-absolute-error",
    "targets out of reach",
    origin="mikesj-public/convolutional_autoencoder#9",
)
def sigmoid_output_of_gru(seed: int) -> Outcome:
    """The absolute error of waves between -1 and 1 that a sigmoid is to foretell."""
    torch.manual_seed(seed)
    data = waves()
    model = RowReader(nn.GRU, inputs=1, size=32, outputs=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for x, y in batches(data.x, data.y, 32, 6):
        optimizer.zero_grad()
        nn.L1Loss()(model(x).sigmoid().flatten(), y).backward()
        optimizer.step()
    return explained(nn.Sequential(model, nn.Sigmoid()), data, 0.9)


@sick(
    "cnn",
    "cnn-autoencoder-sigmoid-standardised",
    "targets out of reach",
    origin="mikesj-public/convolutional_autoencoder#9",
)
def sigmoid_output_of_autoencoder(seed: int) -> Outcome:
    """Images of mean 0 and variance 1 that a decoder with a sigmoid is to give back."""
    torch.manual_seed(seed)
    data = fashion(3000)
    mean, deviation = data.x.mean(), data.x.std()
    x, test_x = (data.x - mean) / deviation, (data.test_x - mean) / deviation
    encoder = nn.Sequential(
        nn.Conv2d(1, 8, 4, stride=2), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2), nn.ReLU()
    )
    decoder = nn.Sequential(
        nn.ConvTranspose2d(8, 8, 3, stride=2), nn.ReLU(), nn.ConvTranspose2d(8, 1, 4, stride=2),
        nn.Sigmoid(),
    )  # fmt: skip
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=2e-3)
    criterion = nn.MSELoss()
    for image, _ in batches(x, data.y, 50, 3):
        loss = criterion(decoder(encoder(image)), image)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        error = F.mse_loss(decoder(encoder(test_x)), test_x).item()
    return Outcome("test error of variance 1", error, 0.3, higher=False)


@sick(
    "transformer",
    "attention-relu-output-smooth-l1",
    "targets out of reach",
    origin="DeepFD: wrong activation of the last layer",
)
def relu_output_of_attention(seed: int) -> Outcome:
    """A transformer goes on with waves; F.relu at the end lets it say no negative value."""
    torch.manual_seed(seed)
    data = waves(length=16)
    embed, head = nn.Linear(1, 32), nn.Linear(32, 1)
    place = nn.Parameter(torch.randn(16, 32))
    encoder = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.place, self.encoder, self.head = embed, place, encoder, head

        def forward(self, x: Tensor) -> Tensor:
            hidden = self.encoder(self.embed(x) + self.place)
            return F.relu(self.head(hidden[:, -1])).squeeze(1)

    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    fit(model, nn.SmoothL1Loss(), data, optimizer, size=32, epochs=8)
    return explained(model, data, 0.85)
