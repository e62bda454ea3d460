"""Stored runs assembled into what the report and the exports show.

Everything here is a function of the declaration and the stored runs alone: the same runs give the
same `Results`, whatever the order in which they were made. Only times, costs and `environments`
tell of the machine.
"""

from ogive.study.results.assembly import Results, assemble
from ogive.study.results.cell import CellResult
from ogive.study.results.measure import ACCURACY, LOSS, Measure
from ogive.study.results.setting import SettingResult

__all__ = ["ACCURACY", "LOSS", "CellResult", "Measure", "Results", "SettingResult", "assemble"]
