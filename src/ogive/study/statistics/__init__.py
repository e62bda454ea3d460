"""Statistics of a study: what can be told from noise, and what cannot.

docs/statistics.md says what each answers, and how often it is right on simulated studies whose
truth is known. Pure functions over plain numbers; SciPy loads when one is called that needs it.
"""

from __future__ import annotations

from ogive.study.statistics.calibration import Calibration, Reliability, calibration, pooled
from ogive.study.statistics.detectable import detectable_difference, power, smallest_called
from ogive.study.statistics.disagreement import Disagreement, disagreement
from ogive.study.statistics.groups import Groups, Pair, group, letters, maximal_groups
from ogive.study.statistics.multiplicity import holm
from ogive.study.statistics.paired import Difference, Summary, paired_difference, summarize
from ogive.study.statistics.pareto import pareto
from ogive.study.statistics.proportion import wilson
from ogive.study.statistics.ranks import Kendall, RankCorrelation, kendall, rank_correlation
from ogive.study.statistics.superiority import Superiority, superiority

__all__ = [
    "Calibration",
    "Difference",
    "Disagreement",
    "Groups",
    "Kendall",
    "Pair",
    "RankCorrelation",
    "Reliability",
    "Summary",
    "Superiority",
    "calibration",
    "detectable_difference",
    "disagreement",
    "group",
    "holm",
    "kendall",
    "letters",
    "maximal_groups",
    "paired_difference",
    "pareto",
    "pooled",
    "power",
    "rank_correlation",
    "smallest_called",
    "summarize",
    "superiority",
    "wilson",
]
