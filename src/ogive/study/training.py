"""One training: a spec in, a finished run out.

Everything that is random follows from the spec's seed: the initial draw, the order of the data and
the augmentation have a stream each, none of which depends on the activation, and what a network or
an activation draws in training (dropout, rrelu) has another. With one thread and torch's
deterministic algorithms a run gives the same numbers, bit for bit, whenever it is repeated on one
machine with one version of torch; only its ``timing`` differs.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, process_time
from typing import Any

import torch
import torch._dynamo  # torch.optim loads it at its first step, for a second: better beforehand
from torch import Tensor, nn

from ogive.study.augment import augmented
from ogive.study.data import Dataset
from ogive.study.environment import environment
from ogive.study.evaluation import Judgement, cross_entropy, finite, judge
from ogive.study.models.build import build
from ogive.study.outcomes.health import examined
from ogive.study.outcomes.measured import outcomes
from ogive.study.recipe import Recipe
from ogive.study.schedules import rate_at
from ogive.study.seeding import seed_for, stream
from ogive.study.signal import signal
from ogive.study.sites import Sites
from ogive.study.spec import RunSpec
from ogive.study.tensors import Tensors, as_tensors, laid_out_

__all__ = ["SIGNAL_ROWS", "batches", "data_order", "loss_of", "optimizer_for", "train"]

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
        ``key``, ``spec``, ``data`` (kind, shape of a row's inputs, classes, rows of each part),
        ``outcome`` ("finished" or "diverged"), ``validation`` and ``test`` (accuracy in [0, 1] and
        mean cross-entropy in nats; no ``test`` where the spec's part is "validation"), ``curves``
        (one value an epoch), ``signal`` (RMS of activations and of their gradients, and the share
        of the variance that is between samples, first activation to last, at start and end),
        ``timing`` (seconds), ``environment``, and with a test part what `ogive.study.outcomes`
        measures. A number that is not finite is None.

    Notes
    -----
    The network after the last epoch counts: no epoch is chosen, and the test part is evaluated
    once, at the end. A loss that is not finite ends the training with the outcome "diverged"; the
    run is scored like any other, on the network it ended with (see `judge`).

    Examples
    --------
    >>> from ogive.study import Recipe, RunSpec
    >>> run = train(RunSpec(model="mlp:8x1", recipe=Recipe(epochs=1)))
    >>> run["outcome"], len(run["curves"]["train_loss"])
    ('finished', 1)
    """
    data = spec.data.load() if dataset is None else dataset
    parts = {name: as_tensors(part) for name, part in data.parts.items()}
    with _reproducible():
        # Only from here on: what a process loads before its first run is no cost of the run.
        begun, begun_cpu = perf_counter(), process_time()
        fixed = parts["train"].head(SIGNAL_ROWS)
        network, sites = build(spec, data.shape, fixed.inputs)
        layout = laid_out_(network, data)
        torch.manual_seed(seed_for("activation", spec.seed))
        start = signal(network, sites, fixed)
        optimizer = optimizer_for(network, sites, spec.recipe)
        # One check-up tells of them all, and the numbers are the same with and without.
        wanted = spec.seed == 0 and spec.part == "test"
        with examined(network, optimizer, spec.activation, wanted=wanted) as examination:
            curves, seconds, outcome, last = _epochs(network, optimizer, spec, parts, layout)
        end = signal(network, sites, fixed)
        run: dict[str, Any] = {
            "key": spec.key,
            "spec": spec.to_dict(),
            "data": _described(data),
            "outcome": outcome,
            "validation": last.to_dict(),
            "curves": curves,
            "signal": {"start": start, "end": end},
        }
        if spec.part == "test":
            run |= outcomes(network, sites, parts["test"])
            run["health"] = examination.result
        seconds_total, cpu_seconds = perf_counter() - begun, process_time() - begun_cpu
    run["timing"] = {
        "seconds_per_epoch": statistics.median(seconds),
        "seconds_total": seconds_total,
        "cpu_seconds": cpu_seconds,
    }
    run["environment"] = environment()
    return run


def _described(data: Dataset) -> dict[str, Any]:
    shape = data.shape
    return {
        "kind": shape.kind,
        "inputs": list(shape.inputs),
        "classes": shape.classes,
        "rows": {name: len(part) for name, part in data.parts.items()},
    }


def data_order(seed: int, rows: int, epochs: int) -> Iterator[Tensor]:
    """Yield for each epoch the order of the training rows: the same for every activation.

    Parameters
    ----------
    seed : int
        Of the run.
    rows : int
        Of the training part.
    epochs : int

    Yields
    ------
    torch.Tensor of int64, shape (rows,)
        Every row once.

    Examples
    --------
    >>> [sorted(order.tolist()) for order in data_order(0, 3, 2)]
    [[0, 1, 2], [0, 1, 2]]
    """
    generator = stream("order", seed)
    for _ in range(epochs):
        yield torch.randperm(rows, generator=generator)


def batches(order: Tensor, size: int) -> list[Tensor]:
    """Return the rows of each step of an epoch; a last row that is alone joins the step before.

    Batch normalisation can make nothing of a single row.

    Parameters
    ----------
    order : torch.Tensor of int64, shape (rows,)
        Of the rows in the epoch.
    size : int
        Rows of a step.

    Returns
    -------
    list of torch.Tensor of int64

    Examples
    --------
    >>> [len(batch) for batch in batches(torch.arange(9), 4)]
    [4, 5]
    """
    parts = list(torch.split(order, size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts


def _epochs(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    spec: RunSpec,
    parts: dict[str, Tensors],
    layout: torch.memory_format,
) -> tuple[dict[str, list[float | None]], list[float], str, Judgement]:
    """Train `network`; return its curves, each epoch's seconds, the outcome and the last look."""
    recipe, data = spec.recipe, parts["train"]
    draws = stream("augmentation", spec.seed)
    steps = recipe.epochs * len(batches(torch.arange(len(data)), recipe.batch_size))
    curves: dict[str, list[float | None]] = {
        "train_loss": [],
        "validation_loss": [],
        "validation_accuracy": [],
    }
    seconds: list[float] = []
    outcome = "finished"
    step = 0
    for order in data_order(spec.seed, len(data), recipe.epochs):
        begun = perf_counter()
        total = torch.zeros((), dtype=torch.float64)
        for batch in batches(order, recipe.batch_size):
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * rate_at(recipe.schedule, step / steps)
            inputs = data.inputs[batch]
            if recipe.augmentation != "none":
                inputs = augmented(inputs, recipe.augmentation, draws)
            if inputs.dim() == 4:
                inputs = inputs.contiguous(memory_format=layout)
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(network, inputs, data.targets[batch], recipe)
            torch.autograd.backward(loss)
            if recipe.clip:
                nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimizer.step()
            total += loss.detach() * len(batch)
            step += 1
        # The time is that of training alone: validation costs every activation the same anyway.
        seconds.append(perf_counter() - begun)
        train_loss = finite(total.item() / len(data))
        last = judge(network, parts["validation"])
        curves["train_loss"].append(train_loss)
        curves["validation_loss"].append(last.loss)
        curves["validation_accuracy"].append(last.accuracy)
        if train_loss is None or last.loss is None:
            outcome = "diverged"
            break
    return curves, seconds, outcome, last


def loss_of(network: nn.Module, inputs: Tensor, targets: Tensor, recipe: Recipe) -> Tensor:
    """Return the mean cross-entropy of a batch, in the recipe's precision.

    Parameters
    ----------
    network : torch.nn.Module
        In the mode that it is in.
    inputs : torch.Tensor, shape (rows, ...)
        The batch.
    targets : torch.Tensor of int64
        Their classes.
    recipe : Recipe
        Names the precision.

    Returns
    -------
    torch.Tensor of float32, shape ()
        In nats, with its graph.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
        outputs = network(inputs)
    return cross_entropy(outputs.float(), targets)


def optimizer_for(network: nn.Module, sites: Sites, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the optimiser of a recipe.

    Parameters
    ----------
    network : torch.nn.Module
        What is trained. Biases and scales (parameters of fewer than two axes) do not decay.
    sites : Sites
        The places of its activations, whose own parameters do not decay whatever their shape.
    recipe : Recipe
        Names optimiser, learning rate, momentum and weight decay.

    Returns
    -------
    torch.optim.Optimizer
        Before its first step.
    """
    learned = {id(parameter) for made in sites.made for parameter in made.parameters()}
    weights: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for parameter in network.parameters():
        decays = parameter.dim() >= 2 and id(parameter) not in learned
        (weights if decays else others).append(parameter)
    groups: list[dict[str, Any]] = [
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    rate = recipe.learning_rate
    # The fused step is the same arithmetic in one pass over each parameter.
    match recipe.optimizer:
        case "adam":
            return torch.optim.Adam(groups, lr=rate, fused=True)
        case "adamw":
            return torch.optim.AdamW(groups, lr=rate, fused=True)
        case _:
            momentum = recipe.momentum
            return torch.optim.SGD(
                groups, lr=rate, momentum=momentum, nesterov=momentum > 0, fused=True
            )


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
