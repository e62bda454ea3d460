"""What activations are compared by: a quantity, its direction and its units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ogive.page import wording

__all__ = ["ACCURACY", "LOSS", "Measure"]


@dataclass(frozen=True)
class Measure:
    """The quantity that a study compares.

    Attributes
    ----------
    key : {"accuracy", "loss"}
        Its name in a stored run.
    name : str
        What it is called in a sentence.
    higher_is_better : bool
        Its direction: of accuracies the higher is better, of losses the lower.
    unit : str
        Of a value, as the head of a table has it.
    step : str
        Of a difference, in a sentence.
    short : str
        The same in the head of a table.
    largest : float
        Difference beyond which none can be.
    """

    key: str
    name: str
    higher_is_better: bool
    unit: str
    step: str
    short: str
    largest: float = math.inf

    def of(self, judgement: Mapping[str, Any]) -> float | None:
        """Return the quantity that a run was judged by; None where it is not finite.

        Parameters
        ----------
        judgement : mapping
            What a run holds under ``test`` or ``validation``.

        Returns
        -------
        float or None
            An accuracy in [0, 1], or a loss in nats.

        Examples
        --------
        >>> ACCURACY.of({"accuracy": 0.97, "loss": 0.1})
        0.97
        """
        value = judgement[self.key]
        return None if value is None else float(value)

    def gain(self, difference: float) -> float:
        """Return a difference with the sign turned so that positive is better.

        Parameters
        ----------
        difference : float
            In [−1, 1] of accuracies, in nats of losses.

        Returns
        -------
        float

        Examples
        --------
        >>> ACCURACY.gain(0.01), LOSS.gain(0.01)
        (0.01, -0.01)
        """
        return difference if self.higher_is_better else -difference

    def level(self, value: float | None) -> str:
        """Write a value without its unit.

        Parameters
        ----------
        value : float or None
            In [0, 1] of an accuracy, in nats of a loss.

        Returns
        -------
        str
            A dash for None.

        Examples
        --------
        >>> ACCURACY.level(0.97328), LOSS.level(1.38042)
        ('97.33', '1.3804')
        """
        if value is None:
            return "–"
        return wording.percentage(value) if self.key == "accuracy" else f"{value:.4f}"

    def size(self, value: float | None) -> str:
        """Write a spread, or the size of a difference, without sign and unit.

        Parameters
        ----------
        value : float or None
            In [−1, 1] of an accuracy, in nats of a loss.

        Returns
        -------
        str
            A dash for None.

        Examples
        --------
        >>> ACCURACY.size(-0.00282), LOSS.size(0.00282)
        ('0.28', '0.0028')
        """
        return self.level(None if value is None else abs(value))

    def difference(self, value: float | None) -> str:
        """Write a difference with its sign and without its unit.

        Parameters
        ----------
        value : float or None
            In [−1, 1] of an accuracy, in nats of a loss.

        Returns
        -------
        str
            Without a sign where it rounds to 0; a dash for None.

        Examples
        --------
        >>> ACCURACY.difference(-0.0134), LOSS.difference(0.012)
        ('−1.34', '+0.0120')
        """
        if value is None:
            return "–"
        text = self.size(value)
        if float(text) == 0:
            return text
        return f"{'−' if value < 0 else '+'}{text}"

    @property
    def scale(self) -> float:
        """Factor from a difference to the number that is written."""
        return 100.0 if self.key == "accuracy" else 1.0

    def said(self, value: float | None) -> str:
        """Write a value as a sentence has it, in bits per character too where it is a loss.

        Parameters
        ----------
        value : float or None
            In [0, 1] of an accuracy, in nats of a loss.

        Returns
        -------
        str

        Examples
        --------
        >>> ACCURACY.said(0.97328)
        'an accuracy of 97.33 %'
        >>> LOSS.said(1.38042)
        'a loss of 1.3804 nats (1.992 bits per character)'
        """
        if self.key == "accuracy":
            return f"an accuracy of {self.level(value)} %"
        return f"a loss of {self.level(value)} nats ({bits(value)} bits per character)"


def bits(nats: float | None) -> str:
    """Write nats as bits.

    Examples
    --------
    >>> bits(0.6931471805599453)
    '1.000'
    """
    return "–" if nats is None else f"{nats / math.log(2):.3f}"


ACCURACY = Measure("accuracy", "test accuracy", True, "%", "percentage points", "points", 1.0)
LOSS = Measure("loss", "test loss", False, "nats", "nats", "nats")
