"""The tuned settings, each beside the same one under one recipe for all."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.study.results.setting import SettingResult

__all__ = ["protocol_pairs", "same_runs"]


def protocol_pairs(
    settings: Sequence[SettingResult],
) -> list[tuple[SettingResult | None, SettingResult]]:
    """Return every tuned setting after the same one under drop-in.

    Parameters
    ----------
    settings : sequence of SettingResult

    Returns
    -------
    list of (SettingResult or None, SettingResult)
        None where that setting is not among them.
    """
    plain = {_apart_from_protocol(r): r for r in settings if r.setting.protocol == "drop-in"}
    return [
        (plain.get(_apart_from_protocol(r)), r) for r in settings if r.setting.protocol == "tuned"
    ]


def _apart_from_protocol(result: SettingResult) -> tuple[object, ...]:
    setting = result.setting
    return setting.model, setting.initialization, setting.recipe


def same_runs(one: SettingResult, other: SettingResult) -> bool:
    """Tell whether two settings hold the same runs of every activation.

    Parameters
    ----------
    one, other : SettingResult

    Returns
    -------
    bool
        False where neither has any.
    """
    return one.begun and _keys(one) == _keys(other)


def _keys(result: SettingResult) -> list[list[str]]:
    return [[run["key"] for run in cell.runs] for cell in result.cells]
