"""A finding: what is wrong, the evidence, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any

__all__ = ["Finding", "Severity"]


class Severity(IntEnum):
    """How much a finding matters.

    An error keeps the network from learning what it could; a warning may; an info is told for
    those who want to know.
    """

    INFO = 0
    WARNING = 1
    ERROR = 2

    @property
    def word(self) -> str:
        """The name in small letters."""
        return self.name.lower()


@dataclass
class Finding:
    """Something that was found in a training run.

    Attributes
    ----------
    kind : str
        Which check, or which of its faults: "vanishing", "softmax before cross-entropy" …
    severity : Severity
    title : str
        One sentence.
    evidence : list of str
        The figures that prove it.
    remedy : str
        What to do.
    source : str
        Where measure and threshold come from.
    where : list of str
        Layers or parameters.
    consequences : list of Finding
        What follows from it, and needs no remedy of its own.

    Examples
    --------
    >>> from ogive.health.findings import Finding, Severity
    >>> Finding("dead", Severity.WARNING, "Units are dead.", [], "…", "").to_dict()["severity"]
    'warning'
    """

    kind: str
    severity: Severity
    title: str
    evidence: list[str]
    remedy: str
    source: str
    where: list[str] = field(default_factory=list)
    consequences: list[Finding] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as what JSON has."""
        result = {**asdict(self), "severity": self.severity.word}
        result["consequences"] = [each.to_dict() for each in self.consequences]
        return result
