"""The command in a report's head: what it says is what the command line reads."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from ogive.cli import asked
from ogive.cli.study import run
from ogive.study import Data, Grid, Recipe, Seeds, Study, Tuning, depth_grid
from ogive.study.data.known import DATASETS
from ogive.study.report import command
from ogive.study.report.command import FROM_FILE
from ogive.study.shipped import SHIPPED, declaration_of, study_of
from ogive.study.toml import words_of
from ogive.study.words import WORDS

USUAL_DEPTHS = depth_grid((2, 10))


def read(text: str) -> Study:
    """Return the study that the command line makes of a command."""
    words = shlex.split(text)
    assert words[:2] == ["ogive", "study"]
    options = run.make_context("run", words[2:]).params
    epochs = options.pop("epochs")
    if epochs is not None:
        options["recipe"] = {**(options["recipe"] or {}), "epochs": epochs}
    told = {name: value for name, value in options.items() if name in (*WORDS, "depths")}
    return asked.study_asked(None, told)


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (Study(), "ogive study"),
        (Study(grids=(Grid(),)), "ogive study --depths none"),
        (
            Study(
                activations=("relu", "elu:alpha=2"),
                grids=(Grid(models=("mlp:32x1",), initializations=("default",), seeds=3),),
                recipe=Recipe(epochs=7, optimizer="sgd", momentum=0.9, learning_rate=0.05),
                cost=False,
            ),
            "ogive study --model mlp:32x1 --activations relu,elu:alpha=2 --init default --seeds 3 "
            "--epochs 7 --recipe optimizer=sgd,learning_rate=0.05,momentum=0.9 --no-cost",
        ),
        (
            Study(
                grids=(Grid(seeds=Seeds(least=5, most=20, width=0.005)), USUAL_DEPTHS),
                name="it's a name",
            ),
            "ogive study --seeds 5..20@0.005 --name 'it'\"'\"'s a name'",
        ),
        (
            Study(
                reference="tanh",
                grids=(Grid(protocols=("drop-in", "tuned")), depth_grid((2, 30))),
                tuning=Tuning(rates=(0.5, 1, 2), gains=(1,), seeds=2),
            ),
            "ogive study --reference tanh --protocol drop-in,tuned --depths 2,30 "
            "--tuning rates=0.5/1.0/2.0,gains=1.0,seeds=2",
        ),
    ],
)
def test_a_command_is_short_and_says_the_study(study: Study, said: str) -> None:
    assert command(study) == said
    assert read(said) == study


def test_what_options_cannot_say_is_said_by_a_file() -> None:
    grids = (Grid(), depth_grid((2, 10)), Grid(models=("mlp:8x1",)))
    assert command(Study(grids=grids)) == FROM_FILE
    assert command(Study(grids=(Grid(), Grid(models=("mlp:8x1",), seeds=2)))) == FROM_FILE


@pytest.mark.parametrize("name", SHIPPED)
def test_a_study_that_ships_is_said_by_its_name_and_by_no_other(name: str) -> None:
    data = words_of(declaration_of(name))["data"]
    # The data need not be here; of their options those of the declaration are the usual ones.
    usual = tuple(sorted((option.name, option.default) for option in DATASETS[data].options))
    study = study_of(name, Data(data, usual))
    assert command(study) == f"ogive study {name}"
    assert command(replace(study, name="another")) != f"ogive study {name}"
    more = replace(study, activations=(*study.activations, "hard_swish"))
    assert command(more) != f"ogive study {name}"
