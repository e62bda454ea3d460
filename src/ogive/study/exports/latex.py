"""The main table for a paper, with the rules of the booktabs package."""

from __future__ import annotations

from ogive.page.wording import counted, p_value
from ogive.study.results import CellResult, Measure, Results, SettingResult
from ogive.study.results.naming import data_name

__all__ = ["escaped", "latex_table"]

PAGE = 46
"""Lines and rules between head and foot that fit on a page of the class article."""

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
    r"""Return the comparison as LaTeX tables: a block a setting, a row an activation.

    It needs ``\usepackage{booktabs}`` and nothing else; ``\textquotedbl`` asks for the T1
    encoding, where a name has such a mark. What is too long for a page of the class article goes on
    in a further table.

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
    pages: list[list[list[str]]] = [[]]
    for result in results.compared:
        block = [r"\midrule", *_block(result, results.measure)]
        if pages[-1] and sum(map(len, pages[-1])) + len(block) > PAGE:
            pages.append([])
        pages[-1].append(block)
    lines = [r"% Needs \usepackage{booktabs}."]
    for number, page in enumerate(pages):
        caption = _caption(results) if number == 0 else "Further settings of the table before."
        lines += [r"\begin{table}", r"\small", r"\setlength{\tabcolsep}{4pt}"]
        lines += [rf"\caption{{{escaped(caption)}}}", r"\begin{tabular}{lrrrrlr}", r"\toprule"]
        lines += _head(results.measure)
        lines += [line for block in page for line in block]
        lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join([*lines, ""])


def _head(measure: Measure) -> list[str]:
    names = ["Activation", measure.key.capitalize(), "Difference", "95 % interval"]
    units = ["", f"({measure.unit})", f"({measure.short})", f"({measure.short})", "(Holm)", "", ""]
    return [
        _row([escaped(text) for text in row]) for row in ([*names, "p", "Group", "Runs"], units)
    ]


def _block(result: SettingResult, measure: Measure) -> list[str]:
    title = rf"\multicolumn{{7}}{{l}}{{\emph{{{escaped(result.title)}}}}} \\"
    rows = [_row(_cells(result, cell, measure)) for cell in result.cells]
    return [title, *rows] if result.title else rows


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
    epochs = {result.setting.recipe.epochs for result in results.compared}
    long = f" after {counted(min(epochs), 'epoch')}" if len(epochs) == 1 else ""
    better = "higher" if measure.higher_is_better else "lower"
    return (
        f"{measure.name.capitalize()} on {data_name(study.data)}{long}, "
        f"mean ± standard deviation over the seeds ({better} is better); "
        f"paired differences from {results.study.reference} with 95 % t intervals, "
        "p-values after Holm within each block. "
        "Activations that share a letter cannot be told apart."
    )
