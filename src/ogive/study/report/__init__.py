"""The report: one HTML file that needs nothing else, one file here for each of its pages.

It is a function of the results alone, and so of the declaration and the stored runs: the same runs
give the same bytes. What tells of the machine (times, versions, processor) is marked as such.
"""

from ogive.study.report.build import build_report, sections
from ogive.study.report.command import command

__all__ = ["build_report", "command", "sections"]
