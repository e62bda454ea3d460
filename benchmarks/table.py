"""Write docs/speed.md's tables from what `ogive bench --json` measured.

python benchmarks/table.py FILE.json [FILE.json ...]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PEERS = ("numpy", "scipy", "torch")
HEAD = "| function | elements | ns each | numpy | scipy | torch | copy |"


def row(result: dict[str, Any]) -> str:
    """One line of Markdown; a ratio below 1, a loss, is set in bold."""
    ours, middle = result["best"]["ogive"], result["median"]["ogive"]
    cells = [result["function"], f"{result['count']:.0e}".replace("e+0", "e"), f"{ours:.2f}"]
    for library in (*PEERS, "copy"):
        if library not in result["best"]:
            cells.append("–")
            continue
        best = result["best"][library] / ours
        text = f"{best:.2f} ({result['median'][library] / middle:.2f})"
        cells.append(f"**{text}**" if best < 1 and library != "copy" else text)
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    for file in sys.argv[1:]:
        results = json.loads(Path(file).read_text(encoding="utf-8"))
        first = results[0]
        threads = f"{first['threads']} thread{'s' * (first['threads'] > 1)}"
        print(f"### {first['kind']}, {first['dtype']}, {threads}\n")
        print(HEAD)
        print("| --- |" + " ---: |" * 6)
        print("\n".join(row(result) for result in results) + "\n")


if __name__ == "__main__":
    main()
