"""What a study says of how far it is: of what the percentage is, and when a number is a bound."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ogive.cli.progress import Bar
from ogive.study import Counts, Grid, RunSpec, Study
from ogive.study.plan import plan

STUDY = Study(
    activations=("relu",),
    grids=(Grid(models=("mlp:8x1",), protocols=("drop-in", "tuned"), seeds=2),),
    cost=False,
)
SPECS = plan(STUDY, {}).specs()
TRIAL = next(spec for spec in SPECS if spec.part == "validation")
RUN = next(spec for spec in SPECS if spec.part == "test")


def made(bar: Bar, spec: RunSpec, before: Counts) -> Counts:
    """Make one run of work 1, and return the counts after it."""
    bar.started(spec, before)
    after = replace(before, finished=before.finished + 1, work_done=before.work_done + 1)
    bar.finished(spec, {}, after)
    return after


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_the_percentage_is_that_of_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    counts = Counts(total=4, reused=0, finished=0, failed=0, running=0, work=4.0, work_done=0.0)
    bar.begin(counts)
    counts = made(bar, RUN, counts)
    # The next run is three times as long as the first.
    bar.finished(RUN, {}, replace(counts, finished=2, work_done=4.0))
    bar.close()
    assert lines(capsys) == [
        "4 runs to make",
        "1 of 4 runs, 25 % of the work",
        "2 of 4 runs, 100 % of the work",
    ]


@pytest.mark.parametrize("kept", [True, False], ids=["fewer runs", "as many runs"])
def test_while_trials_are_made_the_number_of_runs_is_a_bound(
    kept: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    bar = Bar()
    # One run under drop-in and one trial are asked for, and two more will be, as far as is known.
    counts = Counts(
        total=4, reused=0, finished=0, failed=0, running=0, work=2.0, work_done=0.0, later=2
    )
    bar.begin(counts)
    counts = made(bar, RUN, counts)
    counts = made(bar, TRIAL, counts)
    # Where tuning keeps the recipe, one of the two is there already.
    counts = replace(counts, later=0, **({"total": 3, "work": 3.0} if kept else {"work": 4.0}))
    made(bar, RUN, counts)
    bar.close()
    said = lines(capsys)
    assert said[:3] == [
        "at most 4 runs to make",
        "1 of at most 4 runs, 50 % of the work known so far",
        "2 of at most 4 runs, 100 % of the work known so far",
    ]
    assert said[3:] == [f"3 of {3 if kept else 4} runs, {100 if kept else 75} % of the work"]
