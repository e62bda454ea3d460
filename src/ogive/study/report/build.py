"""The pages of the report, put together."""

from __future__ import annotations

from ogive.page import wording
from ogive.page.frame import environment, glyph
from ogive.page.style import PALETTE
from ogive.study import findings
from ogive.study.report.answer import answer
from ogive.study.report.calibration import calibration
from ogive.study.report.command import command
from ogive.study.report.comparison import comparison
from ogive.study.report.context import Context
from ogive.study.report.cost import cost
from ogive.study.report.depth import depth
from ogive.study.report.disagreement import disagreement
from ogive.study.report.health import health
from ogive.study.report.learning import learning
from ogive.study.report.method import method
from ogive.study.report.pareto import pareto
from ogive.study.report.ranks import ranks
from ogive.study.report.robustness import robustness
from ogive.study.report.section import Section
from ogive.study.report.shapes import maps, shapes
from ogive.study.report.sparsity import sparsity
from ogive.study.results import Results
from ogive.study.results.naming import data_name

__all__ = ["build_report", "sections"]

_PAGES = (
    *(answer, comparison, learning, cost, pareto, health, depth, sparsity, calibration),
    *(disagreement, robustness, ranks, shapes, maps, method),
)


def sections(results: Results) -> list[Section]:
    """Return the pages of the report of `results`; those without data are left out.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of Section

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is missing: ``pip install "ogive[study]"``.
    """
    context = Context(results)
    return [section for page in _PAGES if (section := page(context)) is not None]


def build_report(results: Results) -> str:
    """Return the report of a study as one self-contained HTML document.

    Parameters
    ----------
    results : Results
        Of whatever runs there are; the report says what is missing.

    Returns
    -------
    str
        HTML without a reference to anything outside itself.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib or Jinja2 is missing: ``pip install "ogive[study]"``.
    """
    templates = environment("ogive.study")
    from markupsafe import Markup

    # Pictures are our own mark-up; every other text goes through the template's escaping.
    html: str = templates.get_template("report.html.j2").render(
        study=results.study,
        palette=PALETTE,
        asked=_asked(results),
        command=command(results.study),
        total=results.total,
        missing=[str(spec) for spec in results.missing],
        later=results.later,
        headline=findings.headline(results),
        sections=sections(results),
        environments=results.environments,
        glyph=Markup(glyph()),
        markup=Markup,
        counted=wording.counted,
    )
    return html


def _asked(results: Results) -> str:
    """Return what was asked, in two sentences."""
    study, main = results.study, results.main
    number = len(study.activations)
    what = f"{wording.count(number).capitalize()} activation{'' if number == 1 else 's'}"
    settings = len(results.compared)
    where = f"{settings} settings" if settings > 1 else str(main.setting.model)
    epochs = {result.setting.recipe.epochs for result in results.compared}
    long = f" for {wording.counted(min(epochs), 'epoch')}" if len(epochs) == 1 else ""
    alike = "Within a setting everything" if settings > 1 else "Everything"
    tuned = any(result.setting.protocol == "tuned" for result in results.compared)
    but = ", but for what tuning chose" if tuned else ""
    return (
        f"{what} in {where}, trained on {data_name(study.data)}{long}, {_seeds(results)} each. "
        f"{alike} else is the same for all of them{but}."
    )


def _seeds(results: Results) -> str:
    """Return how many seeds the compared settings have by now."""
    numbers = [
        max((cell.asked for cell in result.cells), default=0) or result.setting.seeds.least
        for result in results.compared
    ]
    least, most = min(numbers), max(numbers)
    return wording.counted(most, "seed") if least == most else f"{least} to {most} seeds"
