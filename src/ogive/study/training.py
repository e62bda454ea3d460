"""One training: a spec in, a finished run out.

Everything that is random follows from the spec's seed: the initial draw and the order of the data
have a stream each, neither of which depends on the activation, and what an activation draws in
training (rrelu) has another. With one thread and torch's
deterministic algorithms a run gives the same numbers, bit for bit, whenever it is repeated on one
machine with one version of torch; only its ``timing`` differs.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from ogive.health.signal import signal_by_depth
from ogive.study.data import Dataset, Part, load
from ogive.study.declaration import RunSpec
from ogive.study.environment import environment
from ogive.study.models import build, seed_for

SIGNAL_ROWS = 256
"""Rows of the fixed training batch on which the signal by depth is measured."""


def train(spec: RunSpec, dataset: Dataset | None = None) -> dict[str, Any]:
    """Train one network and return the finished run.

    Parameters
    ----------
    spec : RunSpec
        What to train.
    dataset : Dataset, optional
        The data that `spec` names, when the caller has it loaded already.

    Returns
    -------
    dict
        ``key``, ``spec``, ``outcome`` ("finished" or "diverged"), ``test`` (accuracy in [0, 1] and
        mean cross-entropy in nats), ``curves`` (one value an epoch), ``signal`` (RMS of
        activations and of their gradients, and the share of the variance that is between samples,
        first hidden layer to last, at start and end),
        ``timing`` (seconds), ``environment``. A number that is not finite is None.

    Notes
    -----
    The network after the last epoch counts: no epoch is chosen, and the test part is evaluated
    once, at the end. A loss that is not finite ends the training with the outcome "diverged"; the
    run is scored like any other, on the network it ended with (see `evaluate`).

    Examples
    --------
    >>> from ogive.study import Protocol, RunSpec
    >>> run = train(RunSpec(hidden=(8,), protocol=Protocol(epochs=1)))
    >>> run["outcome"], len(run["curves"]["train_loss"])
    ('finished', 1)
    """
    data = load(spec.data) if dataset is None else dataset
    if data.name != spec.data:
        raise ValueError(f"the spec asks for the data {spec.data!r}, not {data.name!r}")
    with _reproducible():
        # Only from here on: what a process loads before its first run is no cost of the run.
        begun = perf_counter()
        network = build(spec, features=data.features, classes=data.classes)
        torch.manual_seed(seed_for("activation", spec.seed))
        fixed = Part(data.train.inputs[:SIGNAL_ROWS], data.train.targets[:SIGNAL_ROWS])
        start = _signal(network, fixed)
        curves, seconds, outcome = _epochs(network, spec, data)
        end = _signal(network, fixed)
        accuracy, loss = evaluate(network, data.test)
        seconds_total = perf_counter() - begun
    return {
        "key": spec.key,
        "spec": spec.to_dict(),
        "outcome": outcome,
        "test": {"accuracy": accuracy, "loss": loss},
        "curves": curves,
        "signal": {"start": start, "end": end},
        "timing": {
            "seconds_per_epoch": statistics.median(seconds),
            "seconds_total": seconds_total,
        },
        "environment": environment(),
    }


def data_order(seed: int, rows: int, epochs: int) -> Iterator[Tensor]:
    """Yield for each epoch the order of the training rows: the same for every activation."""
    generator = torch.Generator().manual_seed(seed_for("order", seed))
    for _ in range(epochs):
        yield torch.randperm(rows, generator=generator)


@torch.no_grad()
def evaluate(network: nn.Module, part: Part) -> tuple[float, float | None]:
    """Return accuracy and mean cross-entropy of `network` on `part`.

    A row for which the network gives no finite answer is worth 1 / classes, a blind guess. Leaving
    a diverged run out instead would favour whichever activation diverges most, and calling
    every such row wrong would put it below a network that has learned nothing.
    """
    targets = torch.from_numpy(part.targets)
    training = network.training
    try:
        # Activations that draw in training have their mean here.
        outputs = network.eval()(torch.from_numpy(part.inputs))
    finally:
        network.train(training)
    answered = outputs.isfinite().all(dim=1)
    right = (outputs.argmax(dim=1) == targets) & answered
    guessed = int((~answered).sum()) / outputs.shape[1]
    accuracy = (int(right.sum()) + guessed) / len(part)
    return accuracy, _finite(nn.functional.cross_entropy(outputs, targets).item())


def _epochs(
    network: nn.Module, spec: RunSpec, data: Dataset
) -> tuple[dict[str, list[float | None]], list[float], str]:
    """Train `network` and return its curves, the seconds of each epoch, and the outcome."""
    protocol = spec.protocol
    inputs, targets = torch.from_numpy(data.train.inputs), torch.from_numpy(data.train.targets)
    # The fused step is the same arithmetic in one pass over each parameter.
    optimizer = torch.optim.Adam(network.parameters(), lr=protocol.learning_rate, fused=True)
    curves: dict[str, list[float | None]] = {
        "train_loss": [],
        "validation_loss": [],
        "validation_accuracy": [],
    }
    seconds: list[float] = []
    outcome = "finished"
    for order in data_order(spec.seed, len(data.train), protocol.epochs):
        begun = perf_counter()
        total = torch.zeros((), dtype=torch.float64)
        for batch in torch.split(order, protocol.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(network(inputs[batch]), targets[batch])
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
            total += loss.detach() * len(batch)
        # The time is that of training alone: validation costs every activation the same anyway.
        seconds.append(perf_counter() - begun)
        train_loss = _finite(total.item() / len(data.train))
        accuracy, validation_loss = evaluate(network, data.validation)
        curves["train_loss"].append(train_loss)
        curves["validation_loss"].append(validation_loss)
        curves["validation_accuracy"].append(accuracy)
        if train_loss is None or validation_loss is None:
            outcome = "diverged"
            break
    return curves, seconds, outcome


def _signal(network: nn.Module, part: Part) -> dict[str, list[float | None]]:
    """Return what `signal_by_depth` measures on `part`, first hidden layer to last."""
    signal = signal_by_depth(
        network,
        torch.from_numpy(part.inputs),
        torch.from_numpy(part.targets),
        nn.functional.cross_entropy,
    )
    return {
        "activation_rms": list(map(_finite, signal.activation_rms)),
        "gradient_rms": list(map(_finite, signal.gradient_rms)),
        "between_sample_share": list(map(_finite, signal.between_sample_share)),
    }


@contextmanager
def _reproducible() -> Iterator[None]:
    """One thread and deterministic algorithms; the caller's own settings come back afterwards."""
    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
