"""The results of a study as files: tables, everything as JSON, a LaTeX table, every figure."""

from ogive.study.exports.files import export
from ogive.study.exports.latex import latex_table
from ogive.study.exports.markdown import as_markdown
from ogive.study.exports.tables import run_rows, summary_rows

__all__ = ["as_markdown", "export", "latex_table", "run_rows", "summary_rows"]
