"""What the examination found, as lines and as a page; and which code it was that judged."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from typing import Any

__all__ = ["fingerprint", "page", "report"]

Row = dict[str, Any]
_JUDGES = ("checks", "diagnosis.py", "progress.py", "findings.py")


def fingerprint() -> str:
    """Return the hash of the code that judges, without its comments and docstrings."""
    import ogive.health

    folder = Path(ogive.health.__file__).parent
    files = [
        file
        for name in _JUDGES
        for file in (sorted((folder / name).glob("*.py")) if name == "checks" else [folder / name])
    ]
    found = hashlib.sha256()
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            first = body[0] if isinstance(body, list) and body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                first.value = ast.Constant(None)
        found.update(f"{file.name}:{ast.dump(tree)}".encode())
    return found.hexdigest()


def report(rows: list[dict[str, Any]]) -> None:
    """Print what was found, and what was missed, by name."""
    for part in ("A", "B"):
        some = [row for row in rows if row["half"] == part and "missing" not in row]
        ill = [row for row in some if row["faults"]]
        well = [row for row in some if not row["faults"]]
        found, right = sum(r["found"] for r in ill), sum(r["right"] for r in ill)
        false = [row for row in well if row["found"]]
        print(
            f"half {part}: {len(ill)} sick, {found} found, {right} rightly diagnosed; "
            f"{len(well)} healthy, {len(false)} false alarms"
        )
    for row in rows:
        if "missing" in row:
            print(f"not run: {row['name']}")
        elif row["crashed"] and not row["faults"]:
            print(f"crashed: {row['name']}: {row['crashed']}")
        elif row["faults"] and not row["right"]:
            said = [kind for _, kind, _ in row["alarms"]] or "nothing"
            print(f"missed: {row['name']} ({', '.join(row['faults'])}): said {said}")
        elif not row["faults"] and row["found"]:
            print(f"false alarm: {row['name']}: {row['alarms']}")
        if "learned" in row and row["learned"] is not None:
            if row["learned"] and row["faults"]:
                print(f"learned all the same: {row['name']}: {row['outcome']}")
            if not row["learned"] and not row["faults"]:
                print(f"did not learn: {row['name']}: {row['outcome']}")


def _summary(rows: list[Row]) -> list[str]:
    lines = [
        "| half | sick | found | rightly diagnosed | healthy | false alarms |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, chosen in (("A", "A"), ("B", "B"), ("both", "AB")):
        some = [row for row in rows if row["half"] in chosen and "missing" not in row]
        ill = [row for row in some if row["faults"]]
        well = [row for row in some if not row["faults"]]
        found, right = (sum(row[key] for row in ill) for key in ("found", "right"))
        false = sum(row["found"] for row in well)
        lines.append(
            f"| {name} | {len(ill)} | {found} ({_share(found, len(ill))}) "
            f"| {right} ({_share(right, len(ill))}) | {len(well)} "
            f"| {false} ({_share(false, len(well))}) |"
        )
    return lines


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g} %" if whole else "–"


def _by_fault(rows: list[Row]) -> list[str]:
    """Detection of every fault, and the false alarms of the check that finds it."""
    kinds = sorted({row["faults"][0] for row in rows if row["faults"]})
    alarms = {
        (row["half"], kind)
        for row in rows
        if not row["faults"]
        for _, kind, _ in row.get("alarms", ())
    }
    kinds += sorted({kind for _, kind in alarms} - set(kinds))
    lines = [
        "| fault | half A: found, right, of | half B: found, right, of "
        "| false alarms of this kind, A | B |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for kind in kinds:
        cells = []
        for half in "AB":
            some = [r for r in rows if r["half"] == half and r["faults"][:1] == [kind]]
            found, right = (sum(r.get(key, False) for r in some) for key in ("found", "right"))
            cells.append(f"{found}, {right}, {len(some)}" if some else "–")
        cells += [str(sum(_alarmed(row, half, kind) for row in rows)) for half in "AB"]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return lines


def _alarmed(row: Row, half: str, kind: str) -> bool:
    return (
        row["half"] == half
        and not row["faults"]
        and any(said == kind for _, said, _ in row.get("alarms", ()))
    )


def _by_network(rows: list[Row]) -> list[str]:
    lines = [
        "| networks | sick | rightly diagnosed | healthy | false alarms |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for kind in ("mlp", "cnn", "rnn", "transformer"):
        some = [row for row in rows if row["kind"] == kind and "missing" not in row]
        ill = [row for row in some if row["faults"]]
        well = [row for row in some if not row["faults"]]
        right, false = sum(row["right"] for row in ill), sum(row["found"] for row in well)
        lines.append(f"| {kind} | {len(ill)} | {right} | {len(well)} | {false} |")
    return lines


def _misses(rows: list[Row]) -> list[str]:
    lines = []
    for row in rows:
        if row["faults"] and "missing" not in row and not row["right"]:
            said = ", ".join(kind for _, kind, _ in row["alarms"]) or "nothing"
            expected = " or ".join(row["faults"])
            lines.append(f"- {row['half']}, `{row['name']}`: {expected}; it said: {said}.")
    return lines or ["None."]


def _false_alarms(rows: list[Row]) -> list[str]:
    lines = []
    for row in rows:
        if not row["faults"] and row.get("found"):
            said = ", ".join(f"{word} {kind}" for word, kind, _ in row["alarms"])
            lines.append(f"- {row['half']}, `{row['name']}`: {said} ({row['outcome']}).")
    return lines or ["None."]


def page(rows: list[Row]) -> str:
    """Return the page with all tables."""
    absent = [row["name"] for row in rows if "missing" in row]
    return "\n".join(
        [
            "# The examination of the check-up",
            "",
            "Written by `make checkup-exam` (`benchmarks/checkup/run.py`, which says how). Each",
            "program is somebody's training script, run under a check-up that is told nothing of",
            "it. *Found*: a warning or an error. *Rightly diagnosed*: with a finding that names",
            "the fault, or what is counted beside it in the program. *False alarm*: a warning or",
            "an error on a healthy program.",
            "",
            "Thresholds were set on half A and frozen before half B was run.",
            "",
            *_summary(rows),
            "",
            "## By fault",
            "",
            *_by_fault(rows),
            "",
            "## By network",
            "",
            *_by_network(rows),
            "",
            "## Missed, or called otherwise",
            "",
            *_misses(rows),
            "",
            "## False alarms",
            "",
            *_false_alarms(rows),
            "",
            *([f"Not run on this machine: {', '.join(absent)}.", ""] if absent else []),
        ]
    )
