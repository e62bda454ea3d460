"""Finished runs made of thin air: what a study's store would hold, without an hour of training.

The numbers are shaped like real ones (sigmoid learns late, its gradient fades with depth unless the
initialisation is matched) and follow from the spec alone, so that every call gives the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ogive.study.declaration import RunSpec, Study

_LEVEL = {"sigmoid": 0.955, "tanh": 0.968, "relu": 0.973, "leaky_relu": 0.9731, "elu": 0.971,
          "silu": 0.975, "gelu": 0.976}  # fmt: skip
_FADE = {"sigmoid": 0.16, "tanh": 0.75, "relu": 0.55, "leaky_relu": 0.56, "elu": 0.72,
         "silu": 0.42, "gelu": 0.45}  # fmt: skip


def synthetic_run(spec: RunSpec, outcome: str = "finished") -> dict[str, Any]:
    """Return a plausible finished run of `spec`."""
    random = np.random.default_rng(int(spec.key[:12], 16))
    shared = np.random.default_rng(spec.seed).normal(0, 0.004)
    accuracy = round((_LEVEL.get(spec.activation, 0.96) + shared + random.normal(0, 0.003)) * 449)
    epochs = spec.protocol.epochs
    time = np.arange(1, epochs + 1)
    pace = 6.0 if spec.activation == "sigmoid" else 2.5
    noise = np.exp(random.normal(0, 0.05, epochs))
    train = (2.2 * np.exp(-time / pace) + 0.4 / time**1.5 / 10) * noise
    validation = (2.1 * np.exp(-time / pace) + 0.09 + 0.0004 * time) * noise
    reached = accuracy / 449 - 0.9 * np.exp(-time / (0.6 * pace)) + random.normal(0, 0.003, epochs)
    fade = _FADE.get(spec.activation, 0.6)
    if spec.initialization == "matched":
        fade = fade ** (0.55 if spec.activation == "sigmoid" else 0.15)
    layers = np.arange(spec.depth)
    start = 2e-3 * fade ** (spec.depth - 1 - layers) * np.exp(random.normal(0, 0.08, spec.depth))
    end = 1e-3 * np.sqrt(fade) ** (spec.depth - 1 - layers)
    values = np.full(spec.depth, 0.6) * np.exp(random.normal(0, 0.05, spec.depth))
    curves: dict[str, list[float | None]] = {
        "train_loss": train.tolist(),
        "validation_loss": validation.tolist(),
        "validation_accuracy": np.clip(reached, 0.1, 1).tolist(),
    }
    if outcome == "diverged":
        cut = max(1, epochs // 3)
        curves = {name: [*values[: cut - 1], None] for name, values in curves.items()}
        accuracy = 45
    seconds = 0.02 * (1 + 0.1 * random.random()) * (spec.depth + 1) / 3
    return {
        "key": spec.key,
        "spec": spec.to_dict(),
        "outcome": outcome,
        "test": {
            "accuracy": accuracy / 449,
            "loss": None if outcome == "diverged" else -math.log(accuracy / 449),
        },
        "curves": curves,
        "signal": {
            "start": {"activation_rms": values.tolist(), "gradient_rms": start.tolist()},
            "end": {"activation_rms": values.tolist(), "gradient_rms": end.tolist()},
        },
        "timing": {"seconds_per_epoch": seconds, "seconds_total": seconds * epochs},
        "environment": {
            "python": "3.11.0",
            "torch": "2.13.0",
            "numpy": "2.4.0",
            "ogive": "0.1.0",
            "isa": "v3",
            "cpu": "A processor <of> the tests",
        },
    }


def synthetic_runs(study: Study, diverged: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Return a run for every cell of `study`; those named by key in `diverged` have diverged."""
    return [
        synthetic_run(spec, "diverged" if spec.key in diverged else "finished")
        for spec in study.runs()
    ]
