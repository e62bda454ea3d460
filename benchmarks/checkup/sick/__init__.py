"""Programs with exactly one fault, as people make it; what is right to say of each stands by it."""

from __future__ import annotations

from program import Program

from sick import (
    collapse,
    dead,
    doubled,
    gradients,
    gradients_kept,
    initialization,
    input_scale,
    learning_rate,
    likelihood,
    logits,
    nonlinearity,
    not_finite,
    recurrent,
    saturation,
    shapes,
    targets,
)

__all__ = ["PROGRAMS"]

PROGRAMS: list[Program] = [
    value
    for module in (
        doubled,
        likelihood,
        logits,
        targets,
        shapes,
        gradients_kept,
        learning_rate,
        input_scale,
        initialization,
        saturation,
        dead,
        collapse,
        gradients,
        recurrent,
        nonlinearity,
        not_finite,
    )
    for value in vars(module).values()
    if isinstance(value, Program)
]
