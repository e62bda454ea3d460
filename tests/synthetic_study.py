"""Finished runs made of thin air: what a study's store would hold, without an hour of training.

The numbers are shaped like real ones (sigmoid learns late, its gradient fades with depth unless the
initialisation is matched) and follow from the spec alone, so that every call gives the same.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from ogive.study.cost import CostSpec, cost_specs
from ogive.study.declaration import Study
from ogive.study.outcomes.mistakes import NO_ANSWER, encode
from ogive.study.plan import plan
from ogive.study.spec import RunSpec

ROWS = 449
BINS = 15
GUESS = 0.1
NOISE = (0.1, 0.2, 0.5, 1.0)
_LEVEL = {"sigmoid": 0.955, "tanh": 0.968, "relu": 0.973, "leaky_relu": 0.9731, "elu": 0.971,
          "silu": 0.975, "gelu": 0.976}  # fmt: skip
_FADE = {"sigmoid": 0.16, "tanh": 0.75, "relu": 0.55, "leaky_relu": 0.56, "elu": 0.72,
         "silu": 0.42, "gelu": 0.45}  # fmt: skip
_EXACT_ZEROS = {"relu", "relu6", "relu_squared", "reglu"}
_ENVIRONMENT = {
    "python": "3.11.0",
    "torch": "2.13.0",
    "numpy": "2.4.0",
    "ogive": "0.1.0",
    "isa": "v3",
    "cpu": "A processor <of> the tests",
}


def _own(label: str) -> float:
    """Return a number from 0 to 1 that belongs to a name."""
    return sum(ord(letter) * (place + 7) for place, letter in enumerate(label)) % 97 / 96


def synthetic_run(spec: RunSpec, outcome: str = "finished") -> dict[str, Any]:
    """Return a plausible finished run of `spec`."""
    random = np.random.default_rng(int(spec.key[:12], 16))
    shared = np.random.default_rng(spec.seed).normal(0, 0.004)
    name = spec.activation.label
    epochs = spec.recipe.epochs
    depth = spec.model.depth or 4
    fade = _FADE.get(name, 0.35 + 0.5 * _own(name))
    if spec.initialization != "default":
        fade = fade ** (0.55 if name == "sigmoid" else 0.15)
    reach = fade ** (depth - 1)
    level = _LEVEL.get(name, 0.962 + 0.012 * _own(name))
    # Far from its best rate or gain a network learns less; so it does without a gradient.
    level -= 0.01 * abs(math.log(spec.gain) - 0.5 * (_own(name) - 0.5))
    level -= 0.008 * abs(math.log(spec.recipe.learning_rate / 2e-3))
    level = 0.1 + (level - 0.1) / (1 + 1e-6 / max(reach, 1e-300))
    right = round(min(ROWS, max(30, (level + shared + random.normal(0, 0.003)) * ROWS)))
    time = np.arange(1, epochs + 1)
    pace = 6.0 if name == "sigmoid" else 2.5
    noise = np.exp(random.normal(0, 0.05, epochs))
    train = (2.2 * np.exp(-time / pace) + 0.4 / time**1.5 / 10) * noise
    validation = (2.1 * np.exp(-time / pace) + 0.09 + 0.0004 * time) * noise
    reached = right / ROWS - 0.9 * np.exp(-time / (0.6 * pace)) + random.normal(0, 0.003, epochs)
    curves: dict[str, list[float | None]] = {
        "train_loss": train.tolist(),
        "validation_loss": validation.tolist(),
        "validation_accuracy": np.clip(reached, 0.1, 1).tolist(),
    }
    diverged = outcome == "diverged"
    if diverged:
        cut = max(1, epochs // 3)
        ends = {"train_loss": None, "validation_loss": None, "validation_accuracy": GUESS}
        curves = {name: [*values[: cut - 1], ends[name]] for name, values in curves.items()}
    seconds = 0.02 * (1 + 0.1 * random.random()) * (depth + 1) / 3
    run: dict[str, Any] = {
        "key": spec.key,
        "spec": spec.to_dict(),
        "data": {
            "kind": "tokens" if spec.data.name == "text" else "images",
            "inputs": [1, 8, 8],
            "classes": 10,
            "rows": {"train": 1078, "validation": 269, "test": ROWS},
        },
        "outcome": outcome,
        "validation": {
            "accuracy": curves["validation_accuracy"][-1],
            "loss": curves["validation_loss"][-1],
        },
        "curves": curves,
        "signal": _signal(depth, fade, random),
        "timing": {"seconds_per_epoch": seconds, "seconds_total": seconds * epochs},
        "environment": dict(_ENVIRONMENT),
    }
    if spec.part == "test":
        run["test"] = {
            "accuracy": GUESS if diverged else right / ROWS,
            "loss": None if diverged else -math.log(right / ROWS) + 0.05,
        }
        tokens = spec.data.name == "text"
        run |= _measured(spec, right, depth, fade, random, tokens=tokens)
        if diverged:
            run |= _unanswered(tokens=tokens)
    return run


def _signal(depth: int, fade: float, random: np.random.Generator) -> dict[str, Any]:
    layers = np.arange(depth)
    wobble = np.exp(random.normal(0, 0.08, depth))
    rms = np.full(depth, 0.6) * np.exp(random.normal(0, 0.05, depth))
    start = {"gradient_rms": (2e-3 * fade ** (depth - 1 - layers) * wobble).tolist()}
    end = {"gradient_rms": (1e-3 * np.sqrt(fade) ** (depth - 1 - layers)).tolist()}
    share = {"between_sample_share": (0.9 * np.sqrt(fade) ** layers).tolist()}
    return {when: {"activation_rms": rms.tolist(), **kept, **share}
            for when, kept in (("start", start), ("end", end))}  # fmt: skip


def _measured(
    spec: RunSpec,
    right: int,
    depth: int,
    fade: float,
    random: np.random.Generator,
    *,
    tokens: bool,
) -> dict[str, Any]:
    name = spec.activation.label
    # Rows that are hard are hard for all: the first ones, then some of each network's own.
    wrong = ROWS - right
    hard = np.arange(wrong // 2)
    others = random.choice(np.arange(len(hard), ROWS), wrong - len(hard), replace=False)
    rows = [*hard.tolist(), *sorted(others.tolist())]
    answers = random.integers(0, 10, len(rows)).tolist()
    centres = (np.arange(BINS) + 0.5) / BINS
    count = random.multinomial(ROWS, (weights := np.exp(5 * centres)) / weights.sum())
    sure = np.clip(centres + 0.05 * (_own(name) - 0.5), 0, 1)
    hits = random.binomial(count, sure)
    accuracy = right / ROWS
    zeros = 0.5 if name in _EXACT_ZEROS else 0.0
    return {
        "calibration": {
            "count": count.tolist(),
            "confidence": (count * centres).tolist(),
            "right": hits.tolist(),
            "unanswered": 0,
        },
        "mistakes": None if tokens else encode(dict(zip(rows, answers, strict=True))),
        "robustness": None if tokens else {
            "noise": list(NOISE),
            "accuracy": [0.1 + (accuracy - 0.1) * math.exp(-(0.3 + 0.5 * _own(name)) * sd * sd)
                         for sd in NOISE],
        },
        "sparsity": {
            "zero": (zeros + 0.1 * zeros * random.random(depth)).tolist(),
            "small": (zeros + 0.01 + 0.02 * random.random(depth)).tolist(),
        },
        "health": _health(name, depth, fade) if spec.seed == 0 else None,
    }  # fmt: skip


def _unanswered(*, tokens: bool) -> dict[str, Any]:
    """Return what is measured of a network that has no finite answer to any row."""
    nothing = [0] * BINS
    bins = {"count": nothing, "confidence": nothing, "right": nothing, "unanswered": ROWS}
    return {
        "calibration": bins,
        "mistakes": None if tokens else encode(dict.fromkeys(range(ROWS), NO_ANSWER)),
        "robustness": None if tokens else {
            "noise": list(NOISE), "accuracy": [GUESS] * len(NOISE)
        },
    }  # fmt: skip


def _health(name: str, depth: int, fade: float) -> dict[str, Any]:
    findings = []
    if fade ** (depth - 1) < 1e-3:
        findings.append(
            {"kind": "vanishing_gradient", "severity": "error", "title": "The gradient vanishes"}
        )
    if name in _EXACT_ZEROS:
        findings.append({"kind": "dead", "severity": "warning", "title": "Some units are dead"})
    return {
        "findings": findings,
        "saturation": [0.4 * (name in ("sigmoid", "tanh"))] * depth,
        "dead": [0.05 * (name in _EXACT_ZEROS)] * depth,
    }


def synthetic_runs(
    study: Study, diverged: Collection[str] = (), *, cost: bool = False
) -> list[dict[str, Any]]:
    """Return a run for every cell of `study`; those named by key in `diverged` have diverged.

    What is tuned or gets more seeds asks for later runs by the results of earlier ones, so that
    the plan is made again until nothing is missing.
    """
    stored: dict[str, dict[str, Any]] = {}
    while missing := [spec for spec in plan(study, stored).specs() if spec.key not in stored]:
        for spec in missing:
            stored[spec.key] = synthetic_run(
                spec, "diverged" if spec.key in diverged else "finished"
            )
    return [*stored.values(), *(synthetic_costs(study) if cost else [])]


def synthetic_costs(study: Study) -> list[dict[str, Any]]:
    """Return a record of costs for every network of `study`."""
    return [synthetic_cost(spec) for spec in cost_specs(study)]


def synthetic_cost(spec: CostSpec) -> dict[str, Any]:
    """Return a plausible record of the costs that `spec` asks for."""

    def timing(seconds: float) -> dict[str, float]:
        return {"best": seconds, "median": 1.04 * seconds}

    alone, network = {}, {}
    for activation in spec.activations:
        name = activation.label
        extra = 0.0 if name == "relu" else 0.2 + 0.8 * _own(name)
        alone[name] = {
            "bytes_kept": 4.0 if name in ("relu", "tanh", "sigmoid") else 8.0,
            "in_cache": {
                "forward": timing(0.1 + 0.3 * extra),
                "forward_backward": timing(0.3 + 0.6 * extra),
            },
            "beyond_cache": {
                "forward": timing(0.4 + 0.3 * extra),
                "forward_backward": timing(1.2 + 0.6 * extra),
            },
        }
        network[name] = {
            "forward": timing(1e-4 * spec.model.weight * (1 + 0.2 * extra)),
            "step": timing(4e-4 * spec.model.weight * (1 + 0.25 * extra)),
            "bytes_kept_per_row": 3000.0 + (0 if name == "relu" else 1024.0),
            "parameters": 26_000,
            "learned": 2 if name in ("prelu", "swish") else 0,
        }
    return {
        "key": spec.key,
        "spec": spec.to_dict(),
        "alone": alone,
        "network": network,
        "rounds": {"made": 400, "disturbed": 3, "network": 40},
        "busy": 0.02,
        "flagged": False,
        "environment": dict(_ENVIRONMENT),
    }
