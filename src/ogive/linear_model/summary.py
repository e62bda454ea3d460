"""A table of what was inferred, for people and for pandas."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from ogive.extras import require
from ogive.linear_model.inference import Inference

_KINDS = {
    "hessian": "inverse Hessian",
    "sampling": "sampling, (I + P)^-1 I (I + P)^-1",
    "robust": "robust (HC0)",
}


class Summary:
    """A summary of a fit, one table for every equation.

    Parameters
    ----------
    inferences : sequence of Inference
        Of every problem.
    target : str, optional
        The name of the target. Default "y".
    level : float, optional
        The coverage of the intervals. Default 0.95.

    Raises
    ------
    ValueError
        For a level that is not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.inference import infer
    >>> from ogive.linear_model.in_memory import DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> from ogive.linear_model.summary import Summary
    >>> x = np.repeat([0.0, 1.0], 10)[:, None]
    >>> y = np.array([1] * 3 + [0] * 7 + [1] * 6 + [0] * 4, bool)[:, None]
    >>> rows = DenseRows(x, Observed(y, np.ones((20, 1)), np.zeros((1, 1))))
    >>> best = np.array([[[np.log(6 / 4 * 7 / 3), np.log(3 / 7)]]])
    >>> found = infer(rows, best, np.array([20.0]), alpha=0.0, fit_intercept=True)
    >>> print(str(Summary(found, "cured")).splitlines()[-4])
    x1          1.2528   0.9449   1.326  0.185  -0.5992  3.1048         3.5
    """

    def __init__(
        self, inferences: Sequence[Inference], target: str = "y", level: float = 0.95
    ) -> None:
        self.inferences = tuple(inferences)
        self.target = target
        self.level = level
        self._intervals = [found.confidence_intervals(level) for found in self.inferences]

    def __str__(self) -> str:
        """Return the tables as text."""
        parts = [
            self._table(found, intervals)
            for found, intervals in zip(self.inferences, self._intervals, strict=True)
        ]
        return "\n\n".join(parts)

    __repr__ = __str__

    def to_frame(self) -> Any:
        """Return one row for every coefficient.

        Returns
        -------
        pandas.DataFrame
            Indexed by equation and name.

        Raises
        ------
        ModuleNotFoundError
            Without pandas.
        """
        require("to_frame", "pandas", extra="linear")
        pd = import_module("pandas")

        lower, upper = self._limits()
        columns: dict[str, list[float]] = {
            name: [] for name in ("coef", "std err", "z", "P>|z|", lower, upper, "odds ratio")
        }
        index = []
        for found, intervals in zip(self.inferences, self._intervals, strict=True):
            index += [(e, name) for e in found.equations for name in found.names]
            arrays = (
                found.coefficients,
                found.standard_errors,
                found.z,
                found.p_values,
                intervals[..., 0],
                intervals[..., 1],
                found.odds_ratios,
            )
            for column, array in zip(columns.values(), arrays, strict=True):
                column += array.reshape(-1).tolist()
        of_rows = pd.MultiIndex.from_tuples(index, names=["equation", "name"])
        return pd.DataFrame(columns, index=of_rows)

    def _limits(self) -> tuple[str, str]:
        tail = 0.5 * (1.0 - self.level)
        return f"[{tail:.4g}", f"{1.0 - tail:.4g}]"

    def _table(self, found: Inference, intervals: Any) -> str:
        blocks = []
        for e, equation in enumerate(found.equations):
            versus = "" if found.reference is None else f" against {found.reference}"
            lines = [
                [
                    f"{self.target} = {equation}{versus}",
                    "coef",
                    "std err",
                    "z",
                    "P>|z|",
                    *self._limits(),
                    "odds ratio",
                ]
            ]
            for j, name in enumerate(found.names):
                lines.append(
                    [
                        name,
                        _number(found.coefficients[e, j]),
                        _number(found.standard_errors[e, j]),
                        f"{found.z[e, j]:.3f}",
                        f"{found.p_values[e, j]:.3f}",
                        _number(intervals[e, j, 0]),
                        _number(intervals[e, j, 1]),
                        f"{found.odds_ratios[e, j]:.4g}",
                    ]
                )
            blocks.append(lines)
        widths = [max(len(line[c]) for lines in blocks for line in lines) for c in range(8)]
        facts = self._facts(found)
        text = [
            "  ".join(
                [
                    line[0].ljust(widths[0]),
                    *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True)),
                ]
            )
            for lines in blocks
            for line in lines
        ]
        left = [f"{name:<15}{value:>15}" for name, value in facts[::2]]
        right = [f"{name:<21}{value:>15}" for name, value in facts[1::2]]
        head = [f"{a}    {b}" for a, b in zip(left, right, strict=True)]
        wide = max(len(line) for line in [*text, *head])
        height = len(found.names) + 1
        body = []
        for e in range(len(found.equations)):
            header, *rest = text[e * height : (e + 1) * height]
            body += [header, "-" * wide, *rest, "=" * wide]
        title = "Logistic regression" + (", Firth's correction" if found.firth else "")
        return "\n".join(
            [
                title.center(wide).rstrip(),
                "=" * wide,
                *head,
                "=" * wide,
                *body,
                f"Covariance: {self._covariance(found)}",
            ]
        )

    def _covariance(self, found: Inference) -> str:
        if found.alpha > 0.0 and found.kind == "hessian":
            return f"posterior, Laplace's approximation (L2 penalty, alpha = {found.alpha:g})"
        penalised = f" (L2 penalty, alpha = {found.alpha:g})" if found.alpha > 0.0 else ""
        return _KINDS[found.kind] + penalised

    def _facts(self, found: Inference) -> list[tuple[str, str]]:
        test = found.likelihood_ratio
        return [
            ("Target", self.target),
            ("Log-likelihood", _fixed(found.log_likelihood)),
            ("Rows", str(found.rows)),
            ("Null log-likelihood", _fixed(found.null_log_likelihood)),
            ("Total weight", f"{found.total_weight:g}"),
            ("McFadden's pseudo R2", f"{found.pseudo_r2:.4f}"),
            ("AIC", _fixed(found.aic)),
            ("LR statistic", "-" if test is None else f"{test.statistic:.3f} (df {test.df})"),
            ("BIC", _fixed(found.bic)),
            ("LR p value", "-" if test is None else f"{test.p_value:.4g}"),
        ]


def _number(value: float) -> str:
    """Return four digits after the point, or four significant ones where those say little."""
    if not np.isfinite(value) or value == 0.0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:.4f}"
    return f"{value:.3e}"


def _fixed(value: float) -> str:
    return f"{value:.3f}"
