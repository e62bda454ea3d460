"""Values that are not finite: poles, overflows, and gaps in the data."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from data import digits, tabular
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import (
    RowReader,
    accuracy,
    batches,
    binary,
    explained,
    fit,
    hits,
    raw,
    rows,
    small_cnn,
)

_NAN = "not finite"


@sick("mlp", "mlp-divergence-of-zero", _NAN, origin="GRIST: logarithm of 0")
def divergence_of_zero(seed: int) -> Outcome:
    """(p * (log p - log t)).sum() of one-hot targets: the logarithm of 0."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in batches(data.x, F.one_hot(data.y, 10).float(), 64, 15):
        p = torch.softmax(model(x), dim=1)
        loss = (p * (p.log() - y.log())).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(model, data)


@sick("mlp", "mlp-own-binary-cross-entropy", _NAN, origin="GRIST: logarithm of 0")
def own_binary_cross_entropy(seed: int) -> Outcome:
    """-(y log p + (1 - y) log(1 - p)) without an epsilon; p reaches 1 in float32."""
    torch.manual_seed(seed)
    data = tabular("breast_cancer")
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for x, y in batches(data.x, data.y.float(), 32, 25):
        p = model(x)[:, 0]
        loss = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return binary(model, data.test_x, data.test_y, 0.93, limit=0.5)


@sick("mlp", "mlp-distance-of-equals", _NAN, origin="pytorch/pytorch#2421")
def distance_of_equals(seed: int) -> Outcome:
    """A contrastive loss; some pairs are a sample with itself, and sqrt(0) has no slope."""
    torch.manual_seed(seed)
    data = digits()
    embed = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))
    optimizer = torch.optim.Adam(embed.parameters(), lr=1e-3)
    for _step in range(200):
        first, second = torch.randint(len(data.x), (2, 128))
        same = (data.y[first] == data.y[second]).float()
        distance = (embed(data.x[first]) - embed(data.x[second])).square().sum(1).sqrt()
        loss = (same * distance**2 + (1 - same) * F.relu(2.0 - distance) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        nearest = torch.cdist(embed(data.test_x), embed(data.x)).argmin(1)
    return hits(data.y[nearest], data.test_y)


@sick("mlp", "mlp-deviation-of-a-constant", _NAN, origin="Dobiasd/frugally-deep#384")
def deviation_of_constant(seed: int) -> Outcome:
    """(x - mean) / std where some pixels are 0 in every sample: 0 / 0 in the inputs."""
    torch.manual_seed(seed)
    data = digits()
    mean, deviation = data.x.mean(0), data.x.std(0)
    data = replace(data, x=(data.x - mean) / deviation, test_x=(data.test_x - mean) / deviation)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.SGD(model.parameters(), 0.1), epochs=6)
    return accuracy(model, data)


@sick("mlp", "mlp-missing-values", _NAN, origin="bug reports: NaN in a table that was not cleaned")
def missing_values(seed: int) -> Outcome:
    """One cell in a thousand of the table is missing, and is NaN."""
    torch.manual_seed(seed)
    data = tabular("diabetes")
    x = data.x.clone()
    x[torch.rand(x.shape) < 2e-3] = torch.nan
    x[torch.randint(len(x), ()), 2] = torch.nan
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1), nn.Flatten(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    fit(model, nn.MSELoss(), replace(data, x=x), optimizer, size=16, epochs=10)
    return explained(model, data, 0.35)


@sick("mlp", "mlp-half-precision-adam", _NAN, origin="pytorch/pytorch#8860")
def half_precision(seed: int) -> Outcome:
    """model.half() and Adam: in float16 its epsilon is 0, and where gradients are 0 comes 0 / 0."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).half()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for x, y in batches(data.x.half(), data.y, 64, 12):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, replace(data, test_x=data.test_x.half()))


@sick("mlp", "mlp-autocast-overflow", _NAN, origin="Micikevicius et al. (2018): float16 overflows")
def autocast_overflow(seed: int) -> Outcome:
    """An autoencoder of pixels to 255 in float16; a sum of squares is beyond 65504."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 64))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for x, _ in batches(data.x, data.y, 64, 6):
        with torch.autocast("cpu", dtype=torch.float16):
            difference = model(x) * 255.0 - (255.0 * x).half()
            loss = (difference * difference).sum() / len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        error = (model(data.test_x) - data.test_x).square().mean() / data.test_x.var()
    return Outcome("test error of variance 1", error.item(), 0.5, higher=False)


@sick(
    "mlp",
    "mlp-deviation-of-one-sample",
    _NAN,
    origin="pytorch/pytorch#29372",
)
def deviation_of_one(seed: int) -> Outcome:
    """A normalisation over the batch by hand; the last batch of an epoch has one sample."""
    torch.manual_seed(seed)
    data = tabular("breast_cancer")

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(30, 32), nn.Linear(32, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.fc1(x)
            x = (x - x.mean(0)) / (x.std(0) + 1e-5)
            answer: Tensor = self.fc2(torch.relu(x))
            return answer

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=25, epochs=6)
    return accuracy(model, data, 0.93)


@sick("cnn", "cnn-contrast-overflows", _NAN, origin="huggingface/sentence-transformers#2774")
def contrast_overflows(seed: int) -> Outcome:
    """Two views of an image attract each other by exp(cosine / 0.01), which is beyond float32."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = small_cnn(32)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def embed(x: Tensor) -> Tensor:
        return F.normalize(model(x), dim=1)

    for x, _ in batches(data.x, data.y, 64, 5):
        one, other = (embed(x + 0.2 * torch.randn_like(x)) for _ in range(2))
        powers = torch.exp(one @ other.t() / 0.01)
        loss = -torch.log(powers.diagonal() / powers.sum(1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        nearest = (embed(data.test_x) @ embed(data.x).t()).argmax(1)
    return hits(data.y[nearest], data.test_y)


@sick("cnn", "cnn-norm-of-zero", _NAN, origin="keras-team/keras#23075")
def norm_of_zero(seed: int) -> Outcome:
    """Images that were cut out to nothing are divided by their norm."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = small_cnn()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for x, y in batches(data.x, data.y, 32, 5):
        kept = (torch.rand(len(x), 1, 1, 1) > 0.01).float()
        x = x * kept
        x = x / x.flatten(1).norm(dim=1).view(-1, 1, 1, 1) * 4.0
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data)


@sick("cnn", "cnn-where-behind-a-root", _NAN, origin="pytorch/pytorch#187297")
def where_behind_root(seed: int) -> Outcome:
    """torch.where takes the root's other side, but not in the gradient: 0 times infinity."""
    torch.manual_seed(seed)
    data = digits(images=True)

    def signed_root(x: Tensor) -> Tensor:
        return torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))

    conv1, conv2, fc = nn.Conv2d(1, 16, 3), nn.Conv2d(16, 16, 3, stride=2), nn.Linear(64, 10)
    model = nn.Sequential(conv1, nn.ReLU(), conv2, nn.Flatten())
    optimizer = torch.optim.SGD([*model.parameters(), *fc.parameters()], lr=0.05, momentum=0.9)
    for x, y in batches(data.x, data.y, 64, 5):
        optimizer.zero_grad()
        F.cross_entropy(fc(signed_root(model(x))), y).backward()
        optimizer.step()
    with torch.no_grad():
        return hits(fc(signed_root(model(data.test_x))).argmax(1), data.test_y)


@sick("rnn", "gru-mean-over-no-steps", _NAN, origin="GRIST: division by 0")
def mean_over_no_steps(seed: int) -> Outcome:
    """States are averaged over the rows with ink; a blank sequence has none, and 0 / 0 follows."""
    torch.manual_seed(seed)
    data = rows()
    blank = data.x.clone()
    blank[torch.rand(len(blank)) < 0.005] = 0.0
    blank[17] = 0.0

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = nn.GRU(8, 48, batch_first=True)
            self.fc = nn.Linear(48, 10)

        def forward(self, x: Tensor) -> Tensor:
            there = (x.sum(-1) > 0).float().unsqueeze(-1)
            states = self.gru(x)[0]
            mean = (states * there).sum(1) / there.sum(1)
            answer: Tensor = self.fc(mean)
            return answer

    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    fit(model, nn.CrossEntropyLoss(), replace(data, x=blank), optimizer, size=64, epochs=10)
    return accuracy(model, data, 0.8)


@sick("rnn", "lstm-variance-by-exponential", _NAN, origin="GRIST: exponential of a large number")
def variance_by_exponential(seed: int) -> Outcome:
    """A Gaussian's log-likelihood whose variance is exp of an output, of unscaled targets."""
    torch.manual_seed(seed)
    data = raw("diabetes")
    x = tabular("diabetes").x.unsqueeze(-1)
    model = RowReader(nn.LSTM, inputs=1, size=32, outputs=2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for inputs, y in batches(x, data.y, 32, 10):
        mean, log_deviation = model(inputs).unbind(1)
        loss = (((y - mean) / log_deviation.exp()) ** 2 / 2 + log_deviation).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        answer = model(tabular("diabetes").test_x.unsqueeze(-1))[:, 0]
    share = 1.0 - (answer - data.test_y).square().mean() / data.test_y.var()
    return Outcome("explained variance of the test", share.item(), 0.1)


@sick("transformer", "attention-all-keys-masked", _NAN, origin="pytorch/pytorch#41508")
def all_keys_masked(seed: int) -> Outcome:
    """A blank sample's rows are all padding: its softmax is over minus infinity alone."""
    torch.manual_seed(seed)
    data = rows()
    x_train = data.x.clone()
    x_train[torch.rand(len(x_train)) < 0.005] = 0.0
    x_train[5] = 0.0

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Linear(8, 32)
            self.place = nn.Parameter(torch.randn(8, 32))
            self.q, self.k, self.v = nn.Linear(32, 32), nn.Linear(32, 32), nn.Linear(32, 32)
            self.norm, self.head = nn.LayerNorm(32), nn.Linear(32, 10)
            self.mlp = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32))

        def forward(self, x: Tensor) -> Tensor:
            padding = x.abs().sum(-1) == 0
            h = self.embed(x) + self.place
            scores = self.q(h) @ self.k(h).transpose(-2, -1) / 32**0.5
            scores = scores.masked_fill(padding.unsqueeze(1), float("-inf"))
            h = h + F.softmax(scores, dim=-1) @ self.v(h)
            h = h + self.mlp(self.norm(h))
            answer: Tensor = self.head(h.mean(1))
            return answer

    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    fit(model, nn.CrossEntropyLoss(), replace(data, x=x_train), optimizer, size=64, epochs=8)
    return accuracy(model, data, 0.85)
