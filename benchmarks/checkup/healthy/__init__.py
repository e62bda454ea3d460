"""Healthy programs: what people train, and train well. No warning is right for any of them."""

from __future__ import annotations

from program import Program

from . import (
    amp,
    binary,
    cnn,
    gated_and_shared,
    language,
    mlp,
    optimizers,
    peculiar,
    recurrent,
    regression,
    regularised,
    residual,
    small_rates,
    transfer,
    transformer,
    unsupervised,
)

__all__ = ["PROGRAMS"]

PROGRAMS: list[Program] = [
    program
    for file in (
        mlp,
        regularised,
        gated_and_shared,
        binary,
        regression,
        optimizers,
        small_rates,
        amp,
        peculiar,
        transfer,
        unsupervised,
        residual,
        cnn,
        recurrent,
        language,
        transformer,
    )
    for program in file.PROGRAMS
]
