"""The survey's figures as numbers."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
DATA_SETS = {"CIFAR-10": "survey_cifar10.csv", "CIFAR-100": "survey_cifar100.csv"}
RUNS = 5


@dataclass(frozen=True)
class Cell:
    """Mean and standard deviation over the runs, in per cent."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Column:
    """One network on one data set."""

    data: str
    network: str
    cells: dict[str, Cell]

    def __str__(self) -> str:
        return f"{self.network}, {self.data}"


def columns(folder: Path = HERE) -> list[Column]:
    """The twelve columns of the two tables."""
    found = []
    for data, name in DATA_SETS.items():
        rows = _rows(folder / name)
        networks = [key.removesuffix("_mean") for key in rows[0] if key.endswith("_mean")]
        for network in networks:
            cells = {
                row["activation"]: Cell(float(row[f"{network}_mean"]), float(row[f"{network}_std"]))
                for row in rows
            }
            found.append(Column(data, network, cells))
    return found


def times(folder: Path = HERE) -> dict[str, dict[str, float]]:
    """Training times in seconds, by network and activation."""
    rows = _rows(folder / "survey_time.csv")
    return {
        network: {row["activation"]: _seconds(row[network]) for row in rows}
        for network in rows[0]
        if network != "activation"
    }


def _seconds(text: str) -> float:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return 3600.0 * hours + 60 * minutes + seconds


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))
