"""The process that measures: a request as JSON on standard input, a row a line on standard output.

``python -m ogive.bench.worker``; `ogive.bench.run` starts it.
"""

from __future__ import annotations

import json
import os
import sys

from ogive.bench.timing import Request, run_rows


def main() -> None:
    """Measure what is asked and print the rows."""
    request = Request.from_dict(json.load(sys.stdin))
    # A library that prints, prints elsewhere: standard output is for rows.
    rows = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for row in run_rows(request):
        print(json.dumps(row.to_dict()), file=rows, flush=True)


if __name__ == "__main__":
    main()
