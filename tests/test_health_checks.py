"""Every check: what it says of a sick history, and that it is silent on its healthy twin."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from ogive.health.checks import CHECKS
from ogive.health.diagnosis import CAUSES, diagnose, with_causes
from ogive.health.findings import Finding, Severity
from ogive.health.history import (
    ActivationHistory,
    HeadHistory,
    History,
    Incident,
    ParameterHistory,
)
from ogive.health.moments import Units
from ogive.health.progress import progress_of

SAMPLES = [*range(10), 50, 100, 150]
FLAT_LOSS = [(step, 2.3) for step in range(200)]
FALLING = [(step, 2.3 * 0.97**step) for step in range(200)]
SLOWLY = [(step, 2.3 - 0.005 * step) for step in range(200)]


def units(n: int = 8, slope: float = 0.9, share: float = 0.5, size: float = 1.0) -> Units:
    spread = 1.0 + np.arange(n) / n
    second = size**2 * spread
    return Units(64, np.sqrt((1 - share) * second), share * second, np.full(n, slope))


def healthy(layers: int = 4, name: str = "tanh", losses: Any = FLAT_LOSS) -> History:
    history = History(
        steps=200, nonlinear=True, sampled=list(SAMPLES), losses=list(losses),
        input_rms=[1.0] * len(SAMPLES),
        networks=["Net, 10 parameters"], learning_rates=[[1e-3]] * len(SAMPLES),
    )  # fmt: skip
    for i in range(layers):
        each = ActivationHistory(name, f"{i}", float(i))
        parameter = ParameterHistory(f"{i}.weight", (16, 16))
        for step in SAMPLES:
            each.add(step, units(), units().slope, 1e-3)
            parameter.steps.append(step)
            parameter.rms.append(0.4)
            parameter.gradient_rms.append(1e-3)
            parameter.update_rms.append(4e-4)
        history.activations[each.label] = each
        history.parameters[parameter.name] = parameter
    history.stepped = history.reached = sorted(history.parameters)
    return history


def head(history: History, loss: str, applied: str | None = None, **facts: Any) -> History:
    entry = HeadHistory(loss, applied, facts.pop("activation", "AddmmBackward"),
                        facts.pop("classes", 10), facts.pop("over_batch", False),
                        facts.pop("broadcast", False), list(SAMPLES))  # fmt: skip
    for name, value in facts.items():
        setattr(entry, name, value)
    history.heads["head"] = entry
    return history


def replaced(history: History, values: str, number: float, layers: Any = slice(None)) -> History:
    for each in history.by_depth()[layers]:
        setattr(each, values, [number] * len(each.steps))
    return history


def learned_flat(history: History, slope: float) -> History:
    for each in history.by_depth():
        each.slope = [0.8] * 6 + [slope] * (len(each.steps) - 6)
    return history


def gradient(history: History, ratio: float) -> History:
    chain = history.by_depth()
    for i, each in enumerate(chain):
        size = ratio ** (1 - i / (len(chain) - 1))
        each.gradient_rms = [size] * len(each.steps)
    return history


def dead(history: History, share: float, since: int = 0) -> History:
    for each in history.by_depth():
        each.name, each.last_alive = "relu", np.full(20, len(SAMPLES) - 1)
        each.units = 20
        each.last_alive[: round(20 * share)] = since - 1
    return history


def updates(history: History, ratio: float) -> History:
    for each in history.parameters.values():
        each.update_rms = [0.4 * ratio] * len(each.steps)
    return history


def gain(history: History, rms: float) -> History:
    for each in history.parameters.values():
        each.rms = [rms] * len(each.steps)
        each.update_rms = [1e-3 * rms] * len(each.steps)
    return history


def lost(history: History) -> History:
    history.losses = history.losses[:37] + [(37 + i, math.nan) for i in range(20)]
    return history


def incident(history: History, kind: str, steps: int = 1, scaled: bool = False) -> History:
    history.incidents = [Incident(step, kind, "conv1.weight", scaled) for step in SAMPLES[:steps]]
    return history


def with_fields(history: History, **values: Any) -> History:
    for name, value in values.items():
        setattr(history, name, value)
    return history


Case = tuple[Callable[[History], History], Callable[[History], History], str]
CASES: dict[str, Case] = {
    "softmax": (
        lambda h: head(h, "cross_entropy", "softmax"),
        lambda h: head(h, "cross_entropy"),
        "softmax before cross-entropy",
    ),
    "sigmoid": (
        lambda h: head(h, "binary_cross_entropy_with_logits", "sigmoid"),
        lambda h: head(h, "binary_cross_entropy", "sigmoid"),
        "sigmoid before binary cross-entropy with logits",
    ),
    "bounded logits": (
        lambda h: head(h, "binary_cross_entropy_with_logits", prediction_low=0.1,
                       prediction_high=0.99),
        lambda h: head(h, "binary_cross_entropy_with_logits", prediction_low=-0.1,
                       prediction_high=0.99),
        "sigmoid before binary cross-entropy with logits",
    ),
    "softmax before NLL": (
        lambda h: head(h, "nll_loss", "softmax"),
        lambda h: head(h, "nll_loss", activation="LogBackward"),
        "softmax before NLL",
    ),
    "logits before NLL": (
        lambda h: head(h, "nll_loss"),
        lambda h: head(h, "nll_loss", activation="SubBackward"),
        "logits before NLL",
    ),
    "one class": (
        lambda h: head(h, "cross_entropy", classes=1),
        lambda h: head(h, "cross_entropy", classes=2),
        "cross-entropy of one class",
    ),
    "over the batch": (
        lambda h: head(h, "cross_entropy", over_batch=True),
        lambda h: head(h, "cross_entropy", over_batch=False),
        "softmax over the batch",
    ),
    "class numbers": (
        lambda h: head(h, "binary_cross_entropy_with_logits", target_low=0.0, target_high=9.0),
        lambda h: head(h, "binary_cross_entropy_with_logits", target_low=0.0, target_high=1.0),
        "targets that are no probabilities",
    ),
    "out of reach": (
        lambda h: head(h, "mse_loss", "sigmoid", target_low=-2.0, target_high=2.0),
        lambda h: head(h, "mse_loss", "sigmoid", target_low=0.0, target_high=1.02),
        "targets out of reach",
    ),
    "out of reach by difference": (
        lambda h: head(h, "l1_loss", "sigmoid", difference_low=-3.0, difference_high=0.5),
        lambda h: head(h, "l1_loss", "sigmoid", difference_low=-0.9, difference_high=0.5),
        "targets out of reach",
    ),
    "shapes": (
        lambda h: head(h, "mse_loss", broadcast=True),
        lambda h: head(h, "mse_loss"),
        "shapes of prediction and target differ",
    ),
    "relu on logits": (
        lambda h: head(h, "cross_entropy", activation="ReluBackward"),
        lambda h: head(h, "cross_entropy", activation="MeanBackward"),
        "relu on the logits",
    ),
    "vanishing": (lambda h: gradient(h, 1e-4), lambda h: gradient(h, 5e-3), "vanishing gradient"),
    "exploding": (lambda h: gradient(h, 2e3), lambda h: gradient(h, 200.0), "exploding gradient"),
    "through time": (
        lambda h: replaced(h, "through_time", 1e-6),
        lambda h: replaced(h, "through_time", 0.1),
        "vanishing gradient",
    ),
    "collapse": (
        lambda h: replaced(h, "share", 1e-6, slice(-1, None)),
        lambda h: replaced(h, "share", 1e-3, slice(-1, None)),
        "input collapse",
    ),
    "dead": (lambda h: dead(h, 0.95), lambda h: dead(h, 0.6), "dead units"),
    "all dead": (lambda h: dead(h, 1.0), lambda h: dead(h, 1.0, since=12), "dead units"),
    "all dead of late": (
        lambda h: dead(h, 1.0, since=11), lambda h: dead(h, 0.95, since=11), "dead units"
    ),
    "saturation": (
        lambda h: replaced(h, "slope", 0.05, slice(2, 3)),
        lambda h: replaced(h, "slope", 0.35, slice(2, 3)),
        "saturation",
    ),
    "saturation that was learned": (
        lambda h: learned_flat(h, 0.04), lambda h: learned_flat(h, 0.1), "saturation"
    ),
    "too large": (lambda h: updates(h, 0.8), lambda h: updates(h, 0.1), "updates too large"),
    "too small": (lambda h: updates(h, 1e-9), lambda h: updates(h, 1e-5), "updates too small"),
    "another network's": (
        lambda h: with_fields(h, stepped=["other.weight"]),
        lambda h: with_fields(h, stepped=["other.weight", "0.weight"]),
        "updates too small",
    ),
    "alike": (
        lambda h: replaced(h, "spread", 0.0, slice(1, 2)),
        lambda h: replaced(h, "spread", 1e-3, slice(1, 2)),
        "units are alike",
    ),
    "zero weights": (
        lambda h: replaced(gain(h, 0.0), "rms", 0.0),
        lambda h: gain(h, 0.0),
        "units are alike",
    ),
    "linear": (
        lambda h: with_fields(h, linear_pairs=[("0", "1")], nonlinear=False),
        lambda h: with_fields(h, linear_pairs=[("0", "1")], nonlinear=True),
        "no nonlinearity",
    ),
    "softmax between": (
        lambda h: with_fields(h, softmax_before=["2"]),
        lambda h: h,
        "softmax between layers",
    ),
    "kept": (
        lambda h: with_fields(h, kept_gradients=SAMPLES[1:]),
        lambda h: with_fields(h, kept_gradients=SAMPLES[1:5]),
        "gradients are not reset",
    ),
    "inputs": (
        lambda h: with_fields(h, input_rms=[150.0] * 13),
        lambda h: with_fields(h, input_rms=[12.0] * 13),
        "input scale",
    ),
    "lost": (lost, lambda h: h, "not finite"),
    "incident": (
        lambda h: incident(h, "forward"),
        lambda h: incident(h, "gradient", 3, scaled=True),
        "not finite",
    ),
    "always overflowing": (
        lambda h: incident(h, "gradient", len(SAMPLES), scaled=True),
        lambda h: incident(h, "gradient", len(SAMPLES) // 2, scaled=True),
        "not finite",
    ),
}  # fmt: skip


def alarms(history: History) -> list[str]:
    found = [f for root in diagnose(history) for f in (root, *root.consequences)]
    return [f.kind for f in found if f.severity > Severity.INFO]


def test_a_healthy_history_has_no_finding() -> None:
    assert [f.kind for f in diagnose(healthy())] == []
    assert diagnose(History()) == []


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_found_and_its_absence_is_not(case: str) -> None:
    sick, twin, kind = CASES[case]
    assert alarms(sick(healthy())) == [kind]
    assert alarms(twin(healthy())) == []


LOWERED = {"vanishing", "exploding", "collapse", "saturation", "too large", "alike"}


@pytest.mark.parametrize("case", sorted(LOWERED))
def test_what_need_not_matter_is_lowered_while_the_loss_falls(case: str) -> None:
    sick, _, kind = CASES[case]
    for losses, severity in ((FLAT_LOSS, "error"), (SLOWLY, "warning"), (FALLING, "info")):
        findings = diagnose(sick(healthy(losses=losses)))
        (found,) = [f for f in findings if f.kind == kind]
        assert found.severity.word == severity


@pytest.mark.parametrize("case", [c for c in CASES if CASES[c][2] in ("not finite",)])
def test_what_is_proved_is_never_lowered(case: str) -> None:
    sick, _, kind = CASES[case]
    assert kind in alarms(sick(healthy(losses=FALLING)))


def test_every_finding_has_evidence_a_remedy_and_a_source() -> None:
    for sick, _, _ in CASES.values():
        for finding in diagnose(sick(healthy())):
            assert finding.title.endswith(".")
            assert finding.evidence
            assert all(line.endswith((".", "…")) for line in finding.evidence), finding.evidence
            assert finding.remedy.endswith(".")
            assert finding.source
            assert finding.to_dict()["severity"] in ("info", "warning", "error")


def test_a_chain_of_findings_has_one_root() -> None:
    history = gradient(replaced(gain(healthy(), 5.0), "slope", 0.01), 1e-5)
    (root,) = [f for f in diagnose(history) if f.severity > Severity.INFO]
    assert root.kind == "initialisation"
    assert root.severity == Severity.ERROR
    assert {f.kind for f in root.consequences} == {"vanishing gradient", "saturation"}


def test_causes_that_explain_each_other_end_in_one_of_them() -> None:
    kinds = sorted({kind for pair in CAUSES.items() for kind in (pair[0], *pair[1])})
    found = [Finding(kind, Severity.ERROR, ".", ["."], ".", ".") for kind in kinds]
    roots = with_causes(found)
    everything = [f for root in roots for f in (root, *root.consequences)]
    assert sorted(f.kind for f in everything) == kinds
    assert not any(consequence.consequences for root in roots for consequence in root.consequences)


def test_every_check_says_what_it_measures() -> None:
    for check in CHECKS:
        text = check.__globals__["__doc__"]
        for word in ("Measure:", "Threshold:", "Persistence:", "Remedy:", "Source:"):
            assert word in text or check.__module__.endswith("facts"), (check.__module__, word)


def test_a_loss_above_chance_does_not_count_as_fallen() -> None:
    history = head(healthy(losses=[(s, 30.0 - 0.1 * s) for s in range(200)]), "cross_entropy")
    assert not progress_of(history).falls
    history.losses = [(s, 3.0 * 0.99**s) for s in range(200)]
    assert progress_of(history).falls
