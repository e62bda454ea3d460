"""How the study was made and checked, and what it cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ogive.page.wording import counted, listing
from ogive.study.declaration import Study
from ogive.study.quantity import compared_by
from ogive.study.recipe import Recipe
from ogive.study.report.context import Context
from ogive.study.report.section import Section

__all__ = ["Facts", "method"]


@dataclass(frozen=True)
class Facts:
    """Terms and what is to be said of each."""

    facts: Sequence[tuple[str, str]]
    template: ClassVar[str] = "facts.j2"


def method(context: Context) -> Section:
    """Return the page on method and limits."""
    results = context.results
    study = results.study
    facts = [
        ("Data", study.data.about),
        ("Networks", _networks(study)),
        ("Training", _training(context)),
        ("Initialisation", _initialization(study)),
        ("Seeds", _seeds(context)),
        ("Protocol", _protocol(study)),
        (
            "Pairing",
            "A seed sets the order of the data and the initial draw, and does so alike for every "
            "activation; differences are taken seed by seed.",
        ),
        (
            "Comparison",
            "Student's t interval of the paired differences. p-values are adjusted by Holm's "
            f"method over the comparisons with {results.reference} within one setting, so that "
            "each table has its own family: in a report with many tables, one false claim among "
            "all of them is likelier than 5 %. Groups come from all pairs of a setting, with a "
            "Holm family of their own. The chance to be better is that of one training of each, "
            "with Newcombe's interval.",
        ),
        (
            "Honesty",
            "The last epoch counts, not the best. The test part is looked at once, at the end of "
            "each run, and never in tuning. A run that diverges counts with what it ended with. "
            "Every figure on this page follows from the stored runs alone.",
        ),
        ("Limits", _limits(study)),
    ]
    return Section("method", "How it was made and checked", "Method", [Facts(facts)])


def _networks(study: Study) -> str:
    kinds: dict[str, list[str]] = {}
    for model in dict.fromkeys(setting.model for setting in study.settings()):
        summary = "a person's own" if model.kind is None else model.kind.summary
        kinds.setdefault(summary, []).append(str(model))
    return f"{'; '.join(f'{listing(names)} ({kind})' for kind, names in kinds.items())}."


def _training(context: Context) -> str:
    """Return the recipe; where settings have several, each with its settings."""
    recipes: dict[Recipe, list[str]] = {}
    for result in context.results.settings:
        recipes.setdefault(result.setting.recipe, []).append(context.title(result))
    if len(recipes) == 1:
        return f"{_recipe(next(iter(recipes)))}; one thread a run."
    said = [f"{_recipe(recipe)} ({'; '.join(where)})" for recipe, where in recipes.items()]
    return f"{'. '.join(said)}. One thread a run."


def _recipe(recipe: Recipe) -> str:
    parts = [
        recipe.optimizer.capitalize() if recipe.optimizer != "sgd" else "SGD",
        f"learning rate {recipe.learning_rate:g}",
        f"{recipe.schedule} schedule",
        f"batches of {recipe.batch_size}",
        counted(recipe.epochs, "epoch"),
    ]
    if recipe.momentum:
        parts.append(f"momentum {recipe.momentum:g}")
    if recipe.weight_decay:
        parts.append(f"weight decay {recipe.weight_decay:g}")
    if recipe.clip:
        parts.append(f"gradients clipped to a norm of {recipe.clip:g}")
    if recipe.augmentation != "none":
        parts.append(f"augmentation {recipe.augmentation}")
    if recipe.precision != "float32":
        parts.append(f"products in {recipe.precision}")
    return ", ".join(parts)


_STARTS = {
    "default": "Default: the network's own.",
    "matched": "Matched: the one that the catalogue names for each activation.",
    "lsuv": "LSUV: each layer scaled to unit variance on the first 256 training rows.",
}


def _initialization(study: Study) -> str:
    names = dict.fromkeys(setting.initialization for setting in study.settings())
    return " ".join(_STARTS[name] for name in names)


def _seeds(context: Context) -> str:
    said = []
    for result in context.results.settings:
        seeds = result.setting.seeds
        number = max((cell.asked for cell in result.cells), default=0)
        if seeds.fixed:
            said.append(counted(seeds.least, "seed"))
        else:
            width = context.results.measure.size(seeds.width)
            said.append(
                f"{counted(number, 'seed')}, added from {seeds.least} until no 95 % interval was "
                f"wider than {width} {context.results.measure.step} or {seeds.most} were reached; "
                "never until something differed"
            )
    kinds = list(dict.fromkeys(said))
    if len(kinds) == 1:
        return f"{kinds[0]} for each activation, from 0 on."
    parts = []
    for kind in kinds:
        settings = [r for r, s in zip(context.results.settings, said, strict=True) if s == kind]
        where = [context.title(result) for result in settings]
        told = "; ".join(where) if len(where) <= 4 else f"{len(where)} settings"
        parts.append(f"{kind} ({told})")
    return f"{', '.join(parts)}."


def _protocol(study: Study) -> str:
    protocols = {setting.protocol for setting in study.settings()}
    text = []
    if "drop-in" in protocols:
        text.append("Drop-in: one recipe for all.")
    if "tuned" in protocols:
        tuning = study.tuning
        rates = listing([f"{rate:g}" for rate in tuning.rates])
        gains = listing([f"{gain:g}" for gain in tuning.gains])
        text.append(
            f"Tuned: for each activation the best pair of factors on the learning rate ({rates}) "
            f"and on the initial weights ({gains}) by validation {compared_by(study.data)}, "
            f"{counted(tuning.seeds, 'seed')} a pair, the same budget for all; then trained anew "
            "with other seeds and tested once."
        )
    return " ".join(text)


def _limits(study: Study) -> str:
    settings = study.settings()
    text = "One data set and one split of it"
    text += ", one network" if len({s.model for s in settings}) == 1 else ""
    if all(setting.protocol == "drop-in" for setting in settings):
        text += (
            ", and one learning rate for all: an activation that wants another rate is at a "
            "disadvantage here"
        )
    return f"{text}. The differences hold for these settings."
