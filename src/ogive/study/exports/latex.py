"""The main table for a paper, with the rules of the booktabs package."""

from __future__ import annotations

from ogive.page.wording import counted, p_value
from ogive.study.results import CellResult, Measure, Results, SettingResult
from ogive.study.results.naming import data_name

__all__ = ["escaped", "latex_table"]

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "−": "$-$",
    "–": "--",
    "±": r"$\pm$",
    "×": r"$\times$",
}


def escaped(text: str) -> str:
    r"""Return a text as LaTeX prints it.

    Examples
    --------
    >>> print(escaped("leaky_relu 50 % ± 1"))
    leaky\_relu 50 \% $\pm$ 1
    """
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def latex_table(results: Results) -> str:
    r"""Return the comparison as a LaTeX table: a block a setting, a row an activation.

    It needs ``\usepackage{booktabs}`` and nothing else; ``\textquotedbl`` asks for the T1
    encoding, where a name has such a mark.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str

    Examples
    --------
    >>> from ogive.study import Grid, Study
    >>> from ogive.study.results import assemble
    >>> latex_table(assemble(Study(grids=(Grid(seeds=2),)), [])).splitlines()[0]
    '% Needs \\usepackage{booktabs}.'
    """
    measure = results.measure
    head = [
        "Activation",
        f"{measure.name.capitalize()} ({measure.unit})",
        f"Difference ({measure.short})",
        "95 % interval",
        "p",
        "Group",
        "Runs",
    ]
    lines = [
        r"% Needs \usepackage{booktabs}.",
        r"\begin{table}",
        rf"\caption{{{escaped(_caption(results))}}}",
        r"\begin{tabular}{lrrrrlr}",
        r"\toprule",
        _row([escaped(text) for text in head]),
    ]
    for result in results.compared:
        lines.append(r"\midrule")
        if result.title:
            lines.append(rf"\multicolumn{{7}}{{l}}{{\emph{{{escaped(result.title)}}}}} \\")
        lines += [_row(_cells(result, cell, measure)) for cell in result.cells]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cells(result: SettingResult, cell: CellResult, measure: Measure) -> list[str]:
    difference = cell.difference
    shown, interval, p = "–", "–", "–"
    if cell.label == result.reference:
        shown, interval, p = "reference", "", ""
    elif difference is not None:
        shown, p = measure.difference(difference.mean), p_value(cell.p_holm)
        if difference.lower is not None and difference.upper is not None:
            ends = (difference.lower, difference.upper)
            interval = " to ".join(measure.difference(end) for end in ends)
    level = measure.level(cell.mean)
    level += "" if cell.sd is None else f" ± {measure.size(cell.sd)}"
    runs = str(cell.n) + (f" ({cell.diverged} diverged)" if cell.diverged else "")
    group = "" if result.groups is None else result.groups.letters.get(cell.label, "")
    return [escaped(text) for text in (cell.label, level, shown, interval, p, group, runs)]


def _caption(results: Results) -> str:
    study, measure = results.study, results.measure
    epochs = counted(results.main.setting.recipe.epochs, "epoch")
    better = "higher" if measure.higher_is_better else "lower"
    return (
        f"{measure.name.capitalize()} on {data_name(study.data)} after "
        f"{epochs}, mean ± standard deviation over the seeds "
        f"({better} is better); paired differences from "
        f"{results.study.reference} with 95 % t intervals, p-values after Holm within each block. "
        "Activations that share a letter cannot be told apart."
    )
