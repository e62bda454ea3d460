"""Pictures of a fit: matplotlib axes in, axes out.

matplotlib is imported by the first picture, not before.  Colours are Okabe and Ito's (2008, "Color
Universal Design"), which colour-blind readers tell apart, and dashes differ as well.
"""

from __future__ import annotations

from ogive.linear_model.plot.calibration import reliability, reliability_diagram
from ogive.linear_model.plot.decision import decision_curve, net_benefit
from ogive.linear_model.plot.path import coefficient_path

__all__ = [
    "coefficient_path",
    "decision_curve",
    "net_benefit",
    "reliability",
    "reliability_diagram",
]
