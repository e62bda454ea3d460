"""Calibration over the seeds: what chance shows, and bars, are those of the rows of one seed."""

from dataclasses import astuple

import numpy as np
import pytest
from synthetic_study import synthetic_runs

from ogive.study import Grid, Recipe, Study
from ogive.study.report.calibration import calibration as calibration_page
from ogive.study.report.context import Context
from ogive.study.results import assemble
from ogive.study.results.outcomes import outcomes
from ogive.study.statistics import calibration, pooled

STUDY = Study(activations=("relu", "gelu"), grids=(Grid(seeds=5),), recipe=Recipe(epochs=3))
BINS = 15


def exact(random, rows=450):
    """Return the bins of a network whose every probability is exact."""
    confidence = np.maximum(random.beta(8, 1, rows), 0.2)
    right = random.random(rows) < confidence
    place = np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1).astype(int)
    return {
        "count": np.bincount(place, minlength=BINS).tolist(),
        "confidence": np.bincount(place, confidence, minlength=BINS).tolist(),
        "right": np.bincount(place, right, minlength=BINS).astype(int).tolist(),
        "unanswered": 0,
    }


def calibrated(bins):
    runs = [
        {"key": str(seed), "spec": {"seed": seed + 1}, "calibration": each}
        for seed, each in enumerate(bins)
    ]
    return outcomes(runs).calibrated


def test_what_chance_shows_is_that_of_one_seed_where_the_seeds_answer_alike():
    random = np.random.default_rng(0)
    found = [calibrated([exact(random)] * 5) for _ in range(200)]
    error = np.mean([each.error.mean for each in found])
    assert np.mean([each.by_chance for each in found]) == pytest.approx(error, rel=0.06)


def test_bars_cover_where_the_seeds_answer_alike():
    random = np.random.default_rng(1)
    inside, inside_pooled, points = 0, 0, 0
    for _ in range(100):
        bins = [exact(random)] * 5
        for point in calibrated(bins).curve:
            points += 1
            inside += point.lower <= point.confidence <= point.upper
        narrow = calibration(pooled(bins)).points
        inside_pooled += sum(each.lower <= each.confidence <= each.upper for each in narrow)
    assert inside / points > 0.93
    assert inside_pooled / points < 0.8  # what five times the rows would have claimed


def test_bars_of_different_seeds_hold_their_points():
    random = np.random.default_rng(2)
    bins = [exact(random, rows) for rows in (30, 100, 450)]
    curve = calibrated(bins).curve
    assert [p.count for p in curve] == [p.count for p in calibration(pooled(bins)).points]
    for point in curve:
        assert point.lower <= point.accuracy <= point.upper
    alone = calibrated(bins[2:])
    for point, expected in zip(alone.curve, calibration(bins[2]).points, strict=True):
        assert astuple(point) == pytest.approx(astuple(expected))
    assert alone.by_chance == calibration(bins[2]).by_chance


def test_the_report_has_the_level_of_one_seed():
    results = assemble(STUDY, synthetic_runs(STUDY))
    text = calibration_page(Context(results)).blocks[0].reading
    found = [cell.outcomes.calibrated for cell in results.main.cells]
    level = 100 * np.median([each.by_chance for each in found])
    assert f"would show about {level:.1f} on so many rows" in text
