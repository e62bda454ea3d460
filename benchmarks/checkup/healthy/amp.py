"""Mixed precision, other dtypes, checkpoints of activations, torch.compile."""

from __future__ import annotations

from functools import partial

import torch
from data import digits
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

from .parts import accuracy, batches, fit, gather, perceptron


@healthy("mlp", "amp-bfloat16-mlp")
def bfloat16_mlp(seed: int) -> Outcome:
    """Autocast to bfloat16 around forward pass and loss."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 256, 128, 10)
    optimizer = AdamW(model.parameters(), 2e-3)
    for x, y in batches(data.x, data.y, 64, 200):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("cnn", "amp-bfloat16-cnn")
def bfloat16_cnn(seed: int) -> Outcome:
    """Autocast around convolutions with BatchNorm."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
    optimizer = SGD(model.parameters(), 0.05, momentum=0.9)
    for x, y in batches(data.x, data.y, 64, 120):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device_type="cpu"):
            output = model(x)
        F.cross_entropy(output.float(), y).backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("transformer", "amp-bfloat16-transformer")
def bfloat16_transformer(seed: int) -> Outcome:
    """Autocast around an encoder of the images' rows."""
    torch.manual_seed(seed)
    data = digits()
    embed, head = nn.Linear(8, 32), nn.Linear(32, 10)
    layer = nn.TransformerEncoderLayer(32, 4, 64, 0.0, batch_first=True, norm_first=True)
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    place = nn.Parameter(torch.randn(8, 32) * 0.1)

    def model(x: Tensor) -> Tensor:
        return head(encoder(embed(x.unflatten(1, (8, 8))) + place).mean(1))

    modules = nn.ModuleList([embed, encoder, head])
    optimizer = AdamW([*modules.parameters(), place], 2e-3)
    for x, y in batches(data.x, data.y, 64, 200):
        with torch.autocast("cpu", torch.bfloat16):
            loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
    modules.eval()
    return accuracy(model, data)


def _scaled(seed: int, dtype: torch.dtype, clip: bool, scale: float) -> Outcome:
    """Train with a scaler of gradients, as for float16."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 64, 10, activation=nn.SiLU)
    optimizer = Adam(model.parameters(), 2e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    for x, y in batches(data.x, data.y, 64, 200):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=dtype):
            loss = F.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        if clip:
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    return accuracy(model, data)


SCALED = [
    healthy("mlp", f"amp-scaler-{name}")(partial(_scaled, dtype=dtype, clip=clip, scale=scale))
    for name, dtype, clip, scale in (
        ("bfloat16", torch.bfloat16, False, 2.0**16),
        ("float16", torch.float16, False, 2.0**12),
        ("float16-clipped", torch.float16, True, 2.0**10),
        # The first steps overflow and are left out, until the scale has been halved often enough.
        ("float16-overflowing", torch.float16, True, 2.0**24),
    )
]


@healthy("mlp", "dtype-bfloat16-weights")
def bfloat16_weights(seed: int) -> Outcome:
    """Everything in bfloat16 but the loss."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 10).to(torch.bfloat16)
    optimizer = SGD(model.parameters(), 0.2, momentum=0.5)
    for x, y in batches(data.x, data.y, 64, 250):
        optimizer.zero_grad()
        F.cross_entropy(model(x.bfloat16()).float(), y).backward()
        optimizer.step()
    return accuracy(lambda x: model(x.bfloat16()), data)


@healthy("mlp", "dtype-float64")
def float64(seed: int) -> Outcome:
    """Double precision."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 64, 64, 10, activation=nn.Tanh).double()
    optimizer = Adam(model.parameters(), 3e-3)
    for x, y in batches(data.x.double(), data.y, 64, 200):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(lambda x: model(x.double()), data)


class _Blocks(nn.Module):
    """Residual blocks whose activations are computed again in the backward pass."""

    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(64, 96), nn.Linear(96, 10)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(96), nn.Linear(96, 96), nn.GELU(), nn.Linear(96, 96))
            for _ in range(4)
        )
        self.reentrant = reentrant

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for block in self.blocks:
            x = x + checkpoint(block, x, use_reentrant=self.reentrant)
        return self.leave(x)


def _checkpointed(seed: int, reentrant: bool) -> Outcome:
    """Train with checkpoints of activations."""
    torch.manual_seed(seed)
    data = digits()
    model = _Blocks(reentrant)
    fit(model, AdamW(model.parameters(), 1e-3), data, 200)
    return accuracy(model, data)


CHECKPOINTED = [
    healthy("mlp", f"checkpoint-{name}")(partial(_checkpointed, reentrant=reentrant))
    for name, reentrant in (("reentrant", True), ("not-reentrant", False))
]


@healthy("cnn", "checkpoint-sequential-cnn")
def sequential_cnn(seed: int) -> Outcome:
    """A sequence of convolutions in two segments."""
    torch.manual_seed(seed)
    data = digits(images=True)
    body = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
    optimizer = Adam(body.parameters(), 2e-3)
    for x, y in batches(data.x, data.y, 64, 120):
        optimizer.zero_grad()
        output = checkpoint_sequential(body, 2, x, use_reentrant=False)
        F.cross_entropy(output, y).backward()
        optimizer.step()
    return accuracy(body, data)


def _compiled(seed: int, backend: str) -> Outcome:
    """Train what torch.compile returns."""
    torch.manual_seed(seed)
    data = digits()
    plain = perceptron(64, 96, 96, 10, activation=nn.SiLU)
    model = torch.compile(plain, backend=backend)
    optimizer = Adam(plain.parameters(), 2e-3)
    for x, y in batches(data.x, data.y, 64, 200):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(plain, data)


COMPILED = [
    healthy("mlp", f"compile-{backend.replace('_', '-')}")(partial(_compiled, backend=backend))
    for backend in ("eager", "aot_eager")
]


@healthy("cnn", "compile-cnn-in-place")
def compiled_cnn(seed: int) -> Outcome:
    """A convolutional network compiled in place, with Module.compile."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
    model.compile(backend="eager")
    fit(model, Adam(model.parameters(), 2e-3), data, 120)
    return accuracy(model, data)


@healthy("mlp", "compile-whole-step")
def compiled_step(seed: int) -> Outcome:
    """A function of network and loss that is compiled."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 64, 10, activation=nn.Tanh)
    optimizer = SGD(model.parameters(), 0.2, momentum=0.9)

    @torch.compile(backend="aot_eager")
    def loss_of(x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(model(x), y)

    for x, y in batches(data.x, data.y, 64, 150):
        optimizer.zero_grad()
        loss_of(x, y).backward()
        optimizer.step()
    return accuracy(model, data)


PROGRAMS = gather(globals())
