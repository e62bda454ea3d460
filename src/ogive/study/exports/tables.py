"""Runs and cells as rows of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from ogive.study.results import CellResult, Results, SettingResult
from ogive.study.statistics import Summary
from ogive.study.tuning import trials

__all__ = ["as_csv", "run_rows", "summary_rows"]

Row = dict[str, Any]


def run_rows(results: Results) -> list[Row]:
    """Return one row a run that is there, for each setting that it is of, trials included.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of dict
        Setting by setting, activation by activation, seed by seed; the trials last. ``setting`` is
        a setting's place in the study, and ``recipe_...`` what it declares: a run has its own
        ``learning_rate`` under the tuned protocol, and ``epochs`` that end where it diverged.
        ``part`` is what a run was judged on: test columns are None for trials, which never see the
        test part.
    """
    rows = [
        _run(run, cell.label, result)
        for result in results.settings
        for cell in result.cells
        for run in cell.runs
    ]
    return [*rows, *_trials(results)]


def summary_rows(results: Results) -> list[Row]:
    """Return one row a cell: an activation in a setting.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of dict
        Setting by setting, in the order of the declaration. Accuracies are shares in [0, 1],
        losses nats; ``difference`` and its interval are those of the compared quantity.
    """
    return [_cell(result, cell, results) for result in results.settings for cell in result.cells]


def as_csv(rows: Sequence[Row]) -> str:
    """Return rows as CSV with a head, None as an empty field, numbers to their last digit.

    Parameters
    ----------
    rows : sequence of dict
        All with the keys of the first.

    Returns
    -------
    str
        Empty without a row.

    Raises
    ------
    ValueError
        If a row has a key that the first has not.

    Examples
    --------
    >>> as_csv([{"seed": 0, "loss": 0.1}, {"seed": 1, "loss": None}]).splitlines()
    ['seed,loss', '0,0.1', '1,']
    """
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return out.getvalue()


def _place(result: SettingResult) -> Row:
    setting = result.setting
    recipe = {f"recipe_{name}": value for name, value in setting.recipe.to_dict().items()}
    return {
        "setting": result.number,
        "model": str(setting.model),
        "initialization": setting.initialization,
        "protocol": setting.protocol,
        **recipe,
    }


def _run(run: dict[str, Any], label: str, result: SettingResult) -> Row:
    return {**_place(result), "activation": label, **_numbers(run)}


def _trials(results: Results) -> Iterator[Row]:
    stored = {run["key"]: run for run in results.trials}
    for result in results.settings:
        if result.setting.protocol == "tuned":
            for cell in result.cells:
                for spec in trials(results.study, result.setting, cell.activation):
                    if spec.key in stored:
                        yield _run(stored[spec.key], cell.label, result)


def _numbers(run: dict[str, Any]) -> Row:
    spec = run["spec"]
    test = run.get("test", {"accuracy": None, "loss": None})
    return {
        "seed": spec["seed"],
        "part": spec["part"],
        "learning_rate": spec["recipe"]["learning_rate"],
        "gain": spec["gain"],
        "outcome": run["outcome"],
        "test_accuracy": test["accuracy"],
        "test_loss": test["loss"],
        "validation_accuracy": run["validation"]["accuracy"],
        "validation_loss": run["validation"]["loss"],
        "epochs": len(run["curves"]["train_loss"]),
        "seconds_per_epoch": run["timing"]["seconds_per_epoch"],
        "seconds_total": run["timing"]["seconds_total"],
        "key": run["key"],
    }


def _cell(result: SettingResult, cell: CellResult, results: Results) -> Row:
    difference, chance, choice = cell.difference, cell.superiority, cell.choice
    outcomes, time = cell.outcomes, cell.time
    signals, disagreement = outcomes.signals, outcomes.disagreement
    sparsity, calibrated = outcomes.sparsity, outcomes.calibrated
    cost = next((c for c in results.costs if c.fits(result.setting)), None)
    row = None if cost is None else cost.rows.get(cell.label)
    return {
        **_place(result),
        "activation": cell.label,
        "reference": cell.label == result.reference,
        "runs": cell.n,
        "asked": cell.asked,
        "diverged": cell.diverged,
        "accuracy": cell.accuracy.mean,
        "accuracy_sd": cell.accuracy.sd,
        "loss": cell.loss.mean,
        "loss_sd": cell.loss.sd,
        "compared": results.measure.key,
        "difference": None if difference is None else difference.mean,
        "difference_lower": None if difference is None else difference.lower,
        "difference_upper": None if difference is None else difference.upper,
        "p": None if difference is None else difference.p,
        "p_holm": cell.p_holm,
        "group": None if result.groups is None else result.groups.letters.get(cell.label),
        "superiority": None if chance is None else chance.probability,
        "superiority_lower": None if chance is None else chance.lower,
        "superiority_upper": None if chance is None else chance.upper,
        "learning_rate": None if choice is None else choice.learning_rate,
        "gain": None if choice is None else choice.gain,
        "at_edge": None if choice is None else choice.at_edge,
        "epochs_to_target": None if time is None else time.epochs,
        "gradient_reach_start": None if signals is None else signals.start.reach,
        "gradient_reach_end": None if signals is None else signals.end.reach,
        "calibration_error": _mean(None if calibrated is None else calibrated.error),
        "disagreement": None if disagreement is None else disagreement.share,
        "disagreement_relative": None if disagreement is None else disagreement.relative,
        **_noise(cell, results),
        "zero_share": _average(None if sparsity is None else sparsity.zero),
        "small_share": _average(None if sparsity is None else sparsity.small),
        "seconds_per_epoch": cell.seconds_per_epoch,
        "seconds_to_target": None if time is None else time.seconds,
        "forward_seconds": None if row is None else row.forward.median,
        "step_seconds": None if row is None else row.step.median,
        "bytes_kept_per_row": None if row is None else row.bytes_kept_per_row,
        "parameters": None if row is None else row.parameters,
    }


def _noise(cell: CellResult, results: Results) -> Row:
    """Return the accuracies under noise, all on the same rows: the same columns for every row."""
    levels = sorted(
        {
            level
            for result in results.settings
            for other in result.cells
            if other.outcomes.robustness is not None
            for level in other.outcomes.robustness.noise
        }
    )
    found = cell.outcomes.robustness
    means = {} if found is None else dict(zip(found.noise, found.accuracy, strict=True))
    without = _mean(None if found is None else found.without)
    return ({"accuracy_noise_0": without} if levels else {}) | {
        f"accuracy_noise_{level:g}": _mean(means.get(level)) for level in levels
    }


def _mean(summary: Summary | None) -> float | None:
    return None if summary is None else summary.mean


def _average(values: Sequence[float | None] | None) -> float | None:
    known = [value for value in values or () if value is not None]
    return sum(known) / len(known) if known else None
