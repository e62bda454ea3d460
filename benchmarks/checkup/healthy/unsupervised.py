"""Autoencoders, embeddings by comparison, generators."""

from __future__ import annotations

import math
from functools import partial

import torch
from data import Data, digits
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, RMSprop

from .parts import Loss, accuracy, batches, fit, gather, perceptron


def _itself() -> Data:
    """Return the digits, each its own target."""
    data = digits()
    return Data(data.x, data.x, data.test_x, data.test_x)


@torch.no_grad()
def _restored(model: nn.Module, enough: float, noise: float = 0.0) -> Outcome:
    """Measure the mean squared error of what comes out; that of the mean image is 0.073."""
    model.eval()
    x = digits().test_x
    error = F.mse_loss(model(x + noise * torch.randn_like(x)), x).item()
    return Outcome("test squared error", error, enough, higher=False)


def _autoencoder(seed: int, loss: Loss, activation: type[nn.Module], sigmoid: bool) -> Outcome:
    """Train an autoencoder of twelve features."""
    torch.manual_seed(seed)
    encoder = nn.Sequential(nn.Linear(64, 48), activation(), nn.Linear(48, 12))
    decoder = nn.Sequential(nn.Linear(12, 48), activation(), nn.Linear(48, 64))
    model = nn.Sequential(encoder, decoder, *([nn.Sigmoid()] if sigmoid else []))
    fit(model, Adam(model.parameters(), 5e-3), _itself(), 400, loss=loss)
    return _restored(model, 0.035)


AUTOENCODERS = [
    healthy("mlp", f"autoencoder-{name}")(
        partial(_autoencoder, loss=loss, activation=activation, sigmoid=sigmoid)
    )
    for name, loss, activation, sigmoid in (
        ("sigmoid-bce", F.binary_cross_entropy, nn.ReLU, True),
        ("sigmoid-mse", F.mse_loss, nn.Tanh, True),
        ("linear-mse", F.mse_loss, nn.ELU, False),
    )
]


@healthy("mlp", "autoencoder-logits")
def logits(seed: int) -> Outcome:
    """BCEWithLogits on grey values."""
    torch.manual_seed(seed)
    model = perceptron(64, 64, 16, 64, 64, activation=nn.LeakyReLU)
    data = _itself()
    fit(
        model,
        AdamW(model.parameters(), 3e-3),
        data,
        400,
        loss=F.binary_cross_entropy_with_logits,
    )
    return _restored(nn.Sequential(model, nn.Sigmoid()), 0.035)


@healthy("mlp", "autoencoder-denoising")
def denoising(seed: int) -> Outcome:
    """Clean images from noisy ones."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 128, 64)
    optimizer = Adam(model.parameters(), 2e-3)
    for x, _ in batches(data.x, data.y, 64, 350):
        optimizer.zero_grad()
        F.mse_loss(model(x + 0.3 * torch.randn_like(x)), x).backward()
        optimizer.step()
    return _restored(model, 0.035, 0.3)


@healthy("mlp", "autoencoder-sparse")
def sparse(seed: int) -> Outcome:
    """More features than pixels, most of them pressed to zero by an L1 penalty."""
    torch.manual_seed(seed)
    data = digits()
    encoder, decoder = nn.Sequential(nn.Linear(64, 256), nn.ReLU()), nn.Linear(256, 64)
    model = nn.Sequential(encoder, decoder)
    optimizer = Adam(model.parameters(), 2e-3)
    for x, _ in batches(data.x, data.y, 64, 350):
        code = encoder(x)
        loss = F.mse_loss(decoder(code), x) + 1e-3 * code.abs().sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return _restored(model, 0.035)


@healthy("cnn", "autoencoder-convolutional")
def convolutional(seed: int) -> Outcome:
    """Strided convolutions down, transposed ones up, a sigmoid at the end."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 8, 3, 2, 1), nn.ReLU(),
        nn.ConvTranspose2d(8, 16, 2, 2), nn.ReLU(), nn.ConvTranspose2d(16, 1, 2, 2), nn.Sigmoid(),
    )  # fmt: skip
    optimizer = Adam(model.parameters(), 5e-3)
    for x, _ in batches(data.x, data.y, 64, 300):
        optimizer.zero_grad()
        F.mse_loss(model(x), x).backward()
        optimizer.step()
    with torch.no_grad():
        error = F.mse_loss(model(data.test_x), data.test_x).item()
    return Outcome("test squared error", error, 0.035, higher=False)


class _Variational(nn.Module):
    def __init__(self, activation: type[nn.Module]) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 128), activation())
        self.mu, self.logvar = nn.Linear(128, 8), nn.Linear(128, 8)
        self.decoder = nn.Sequential(nn.Linear(8, 128), activation(), nn.Linear(128, 64))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = self.encoder(x)
        mu, logvar = self.mu(hidden), self.logvar(hidden)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return torch.sigmoid(self.decoder(z)), mu, logvar


@healthy("mlp", "vae-bce")
def vae(seed: int) -> Outcome:
    """The variational autoencoder of the tutorials: binary cross-entropy, summed."""
    torch.manual_seed(seed)
    data, model = digits(), _Variational(nn.ReLU)
    optimizer = Adam(model.parameters(), 3e-3)
    for x, _ in batches(data.x, data.y, 64, 400):
        restored, mu, logvar = model(x)
        bce = F.binary_cross_entropy(restored, x, reduction="sum")
        kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        optimizer.zero_grad()
        (bce + kl).backward()
        optimizer.step()
    with torch.no_grad():
        mu = model.mu(model.encoder(data.test_x))
        error = F.mse_loss(torch.sigmoid(model.decoder(mu)), data.test_x).item()
    return Outcome("test squared error", error, 0.055, higher=False)


@healthy("mlp", "vae-mse-warm-up-of-kl")
def vae_mse(seed: int) -> Outcome:
    """Squared errors on [0, 1] and a weight of the divergence that grows."""
    torch.manual_seed(seed)
    data, model = digits(), _Variational(nn.SiLU)
    optimizer = AdamW(model.parameters(), 3e-3)
    for step, (x, _) in enumerate(batches(data.x, data.y, 64, 400)):
        restored, mu, logvar = model(x)
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
        loss = 10 * (restored - x).square().sum(1).mean() + min(step / 200, 1.0) * kl
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        mu = model.mu(model.encoder(data.test_x))
        error = F.mse_loss(torch.sigmoid(model.decoder(mu)), data.test_x).item()
    return Outcome("test squared error", error, 0.045, higher=False)


@healthy("mlp", "vae-vector-quantised")
def vector_quantised(seed: int) -> Outcome:
    """Four codes of a book of 32, with the gradient let through and a commitment loss."""
    torch.manual_seed(seed)
    data = digits()
    encoder, decoder = perceptron(64, 96, 32), perceptron(32, 96, 64)
    book = nn.Embedding(32, 8)
    nn.init.uniform_(book.weight, -0.5, 0.5)

    def restore(x: Tensor) -> tuple[Tensor, Tensor]:
        z = encoder(x).unflatten(1, (4, 8))
        near = book(torch.cdist(z, book.weight[None].expand(len(x), -1, -1)).argmin(2))
        loss = F.mse_loss(near, z.detach()) + 0.25 * F.mse_loss(z, near.detach())
        return decoder((z + (near - z).detach()).flatten(1)), loss

    weights = [*encoder.parameters(), *decoder.parameters(), *book.parameters()]
    optimizer = Adam(weights, 3e-3)
    for x, _ in batches(data.x, data.y, 64, 400):
        restored, loss = restore(x)
        optimizer.zero_grad()
        (F.mse_loss(restored, x) + loss).backward()
        optimizer.step()
    with torch.no_grad():
        error = F.mse_loss(restore(data.test_x)[0], data.test_x).item()
    return Outcome("test squared error", error, 0.05, higher=False)


@torch.no_grad()
def _nearest(embed: nn.Module, enough: float) -> Outcome:
    """Measure how often the nearest sample of the training has the label of the test's."""
    embed.eval()
    data = digits()
    near = torch.cdist(embed(data.test_x), embed(data.x)).argmin(1)
    right = (data.y[near] == data.test_y).float().mean().item()
    return Outcome("test accuracy of the nearest", right, enough)


@healthy("mlp", "embedding-contrastive-siamese")
def siamese(seed: int) -> Outcome:
    """Pairs: the same near, others at least one apart."""
    torch.manual_seed(seed)
    data = digits()
    embed = perceptron(64, 96, 8)
    optimizer = Adam(embed.parameters(), 2e-3)
    for x, y in batches(data.x, data.y, 128, 250):
        a, b = embed(x[:64]), embed(x[64:])
        same, distance = (y[:64] == y[64:]).float(), F.pairwise_distance(a, b)
        loss = (same * distance**2 + (1 - same) * F.relu(1 - distance) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return _nearest(embed, 0.9)


@healthy("mlp", "embedding-triplet")
def triplet(seed: int) -> Outcome:
    """Anchor, another of the class, one of another class."""
    torch.manual_seed(seed)
    data = digits()
    of_class = [data.x[data.y == k] for k in range(10)]
    embed = perceptron(64, 128, 16, activation=nn.PReLU)
    criterion = nn.TripletMarginLoss(margin=0.5)
    optimizer = Adam(embed.parameters(), 1e-3)
    for _ in range(250):
        k = torch.randint(10, (64,))
        other = (k + torch.randint(1, 10, (64,))) % 10

        def draw(classes: Tensor) -> Tensor:
            rows = [of_class[c][torch.randint(len(of_class[c]), ())] for c in classes.tolist()]
            return torch.stack(rows)

        loss = criterion(embed(draw(k)), embed(draw(k)), embed(draw(other)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return _nearest(embed, 0.9)


class _Unit(nn.Module):
    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.body = perceptron(*sizes, norm=nn.BatchNorm1d)

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(self.body(x), dim=1)


@healthy("mlp", "embedding-two-views")
def two_views(seed: int) -> Outcome:
    """Two noisy views of an image are to find one another among the batch."""
    torch.manual_seed(seed)
    data = digits()
    embed = _Unit(64, 128, 32)
    optimizer = Adam(embed.parameters(), 2e-3)

    def view(x: Tensor) -> Tensor:
        return x * (torch.rand_like(x) > 0.2) + 0.1 * torch.randn_like(x)

    for x, _ in batches(data.x, data.y, 128, 200):
        similar = embed(view(x)) @ embed(view(x)).T / 0.2
        labels = torch.arange(len(x))
        loss = (F.cross_entropy(similar, labels) + F.cross_entropy(similar.T, labels)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return _nearest(embed, 0.9)


@healthy("mlp", "embedding-prototypes")
def prototypes(seed: int) -> Outcome:
    """Few-shot episodes: distances to the means of five samples of a class."""
    torch.manual_seed(seed)
    data = digits()
    of_class = [data.x[data.y == k] for k in range(10)]
    embed = perceptron(64, 96, 32)
    optimizer = Adam(embed.parameters(), 2e-3)
    for _ in range(150):
        classes = torch.randperm(10)[:5].tolist()
        drawn = [of_class[c][torch.randperm(len(of_class[c]))[:15]] for c in classes]
        z = embed(torch.cat(drawn)).unflatten(0, (5, 15))
        centres, queries = z[:, :5].mean(1), z[:, 5:].flatten(0, 1)
        loss = F.cross_entropy(
            -torch.cdist(queries, centres).square(), torch.arange(5).repeat_interleave(10)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return _nearest(embed, 0.93)


def _far(samples: Tensor, centre: Tensor) -> Outcome:
    away = (samples.mean(0) - centre).norm().item()
    return Outcome("distance of the mean", away, 0.6, higher=False)


@healthy("mlp", "gan-two-dimensions")
def gan(seed: int) -> Outcome:
    """Generator against discriminator on a shifted normal cloud."""
    torch.manual_seed(seed)
    centre = torch.tensor([2.0, -1.0])
    generator = perceptron(4, 32, 32, 2, activation=nn.ReLU)
    discriminator = perceptron(2, 32, 32, 1, activation=partial(nn.LeakyReLU, 0.2))
    of_g = Adam(generator.parameters(), 1e-3, betas=(0.5, 0.99))
    of_d = Adam(discriminator.parameters(), 2e-3, betas=(0.5, 0.99))
    criterion = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(128, 1), torch.zeros(128, 1)
    for _ in range(400):
        real = centre + 0.5 * torch.randn(128, 2)
        fake = generator(torch.randn(128, 4))
        of_d.zero_grad()
        loss = criterion(discriminator(real), ones) + criterion(discriminator(fake.detach()), zeros)
        loss.backward()
        of_d.step()
        of_g.zero_grad()
        criterion(discriminator(fake), ones).backward()
        of_g.step()
    with torch.no_grad():
        return _far(generator(torch.randn(1000, 4)), centre)


@healthy("mlp", "gan-wasserstein-clipped")
def wasserstein(seed: int) -> Outcome:
    """A critic whose weights are clipped, five steps of it for each of the generator."""
    torch.manual_seed(seed)
    centre = torch.tensor([-1.0, 1.5])
    generator, critic = perceptron(2, 32, 2), perceptron(2, 64, 64, 1)
    of_g, of_c = RMSprop(generator.parameters(), 3e-3), RMSprop(critic.parameters(), 1e-3)
    for _ in range(150):
        for _ in range(3):
            real = centre + 0.4 * torch.randn(128, 2)
            with torch.no_grad():
                fake = generator(torch.randn(128, 2))
            of_c.zero_grad()
            (critic(fake).mean() - critic(real).mean()).backward()
            of_c.step()
            with torch.no_grad():
                for p in critic.parameters():
                    p.clamp_(-0.1, 0.1)
        of_g.zero_grad()
        (-critic(generator(torch.randn(128, 2))).mean()).backward()
        of_g.step()
    with torch.no_grad():
        return _far(generator(torch.randn(1000, 2)), centre)


@healthy("mlp", "flow-affine-couplings")
def flow(seed: int) -> Outcome:
    """A normalising flow of six affine couplings, by likelihood."""
    torch.manual_seed(seed)
    angle = torch.rand(3000) * 2 * math.pi
    x = torch.stack([angle.cos(), angle.sin()], 1) + 0.1 * torch.randn(3000, 2)
    couplings = nn.ModuleList(perceptron(1, 32, 32, 2, activation=nn.Tanh) for _ in range(6))
    for coupling in couplings:
        nn.init.zeros_(coupling[-1].weight)
        nn.init.zeros_(coupling[-1].bias)

    def nll(x: Tensor) -> Tensor:
        a, b = x[:, :1], x[:, 1:]
        volume = torch.zeros(len(x), 1)
        for coupling in couplings:
            scale, shift = coupling(a).chunk(2, 1)
            scale = torch.tanh(scale)
            a, b = b * scale.exp() + shift, a
            volume = volume + scale
        return (0.5 * (a**2 + b**2) + math.log(2 * math.pi) - volume).mean()

    optimizer = Adam(couplings.parameters(), 5e-3)
    for batch, _ in batches(x[:2500], x[:2500], 256, 300):
        optimizer.zero_grad()
        nll(batch).backward()
        optimizer.step()
    with torch.no_grad():
        return Outcome("test loss in nats", nll(x[2500:]).item(), 1.8, higher=False)


@healthy("mlp", "diffusion-two-dimensions")
def diffusion(seed: int) -> Outcome:
    """The noise in noisy points of a circle; one that knows nothing is wrong by 1."""
    torch.manual_seed(seed)
    model = perceptron(4, 96, 96, 96, 2, activation=nn.SiLU)
    optimizer = AdamW(model.parameters(), 3e-3)

    def loss() -> Tensor:
        angle, time = torch.rand(256) * 2 * math.pi, torch.rand(256, 1)
        x = torch.stack([angle.cos(), angle.sin()], 1)
        noise, keep = torch.randn(256, 2), torch.cos(time * math.pi / 2)
        noisy = keep * x + (1 - keep**2).clamp(min=0).sqrt() * noise
        return F.mse_loss(model(torch.cat([noisy, time, time.square()], 1)), noise)

    for _ in range(300):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    with torch.no_grad():
        error = torch.stack([loss() for _ in range(20)]).mean().item()
    return Outcome("test squared error", error, 0.45, higher=False)


@healthy("mlp", "words-skip-gram")
def skip_gram(seed: int) -> Outcome:
    """Words of twelve topics, by words beside them and five that are not; sparse gradients."""
    torch.manual_seed(seed)
    topics, words = 12, 10
    inner = nn.Embedding(topics * words, 16, sparse=True)
    outer = nn.Embedding(topics * words, 16, sparse=True)
    nn.init.uniform_(inner.weight, -0.5 / 16, 0.5 / 16)
    nn.init.zeros_(outer.weight)
    optimizer = torch.optim.SparseAdam([*inner.parameters(), *outer.parameters()], 0.02)
    for _ in range(250):
        topic = torch.randint(topics, (256,))
        word, beside = (topic * words + torch.randint(words, (256,)) for _ in range(2))
        other = torch.randint(topics * words, (256, 5))
        vector = inner(word)
        near = F.logsigmoid((vector * outer(beside)).sum(1))
        far = F.logsigmoid(-(outer(other) @ vector.unsqueeze(2)).squeeze(2)).sum(1)
        optimizer.zero_grad()
        (-(near + far).mean()).backward()
        optimizer.step()
    with torch.no_grad():
        unit = F.normalize(inner.weight)
        similar = unit @ unit.T - 2 * torch.eye(len(unit))
        same = torch.arange(len(unit)) // words
        right = (same[similar.argmax(1)] == same).float().mean().item()
    return Outcome("words whose nearest has their topic", right, 0.8)


@healthy("mlp", "probe-of-an-autoencoder")
def probe(seed: int) -> Outcome:
    """An autoencoder, and then a linear classifier of its frozen features."""
    torch.manual_seed(seed)
    data = digits()
    encoder, decoder = perceptron(64, 96, 32, activation=nn.GELU), perceptron(32, 96, 64)
    fit(
        nn.Sequential(encoder, decoder),
        Adam([*encoder.parameters(), *decoder.parameters()], 2e-3),
        _itself(),
        250,
        loss=F.mse_loss,
    )
    for p in encoder.parameters():
        p.requires_grad_(False)
    head = nn.Linear(32, 10)
    model = nn.Sequential(encoder, head)
    fit(model, SGD(head.parameters(), 0.3, momentum=0.9), data, 200)
    return accuracy(model, data)


PROGRAMS = gather(globals())
