"""Verify every one of the 2**32 float32 inputs, at every instruction-set level at once.

``make exhaustive`` runs it for all functions and writes docs/exhaustive.json, the certificate. What
has been verified for the same native sources is not done again, so that an interrupted run goes on
where it was. It exits with 1 if a bound of the catalogue is exceeded.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from certificate import PATH, ROOT, Certificate, Entry, Key, expected, made_with, module_file
from sweep import INPUTS, Finding, Part, error_at, sweep

import ogive
from ogive import _core
from ogive.catalog import CATALOG, Kind

# About a second of work: an interrupted run does not keep one waiting.
PARTS = 64

# Tells how large the errors are, before the sweep; odd, so that the last bits vary.
SAMPLE = 4099


def parts(
    name: str, kind: Kind, levels: tuple[str, ...], every: int = 1, known: float = 0.0
) -> list[Part]:
    """All inputs, or every so many, in parts."""
    step = INPUTS // PARTS
    return [
        Part(name, kind, levels, start + -start % every, start + step, every, known)
        for start in range(0, INPUTS, step)
    ]


def swept(
    pool: Executor, name: str, kind: Kind, levels: tuple[str, ...], every: int
) -> tuple[dict[str, Finding], float]:
    """What is found over all inputs, or every so many, by level; and the CPU-seconds."""
    sample, seconds = pool.submit(sweep, Part(name, kind, levels, 0, INPUTS, SAMPLE)).result()
    known = min(max(finding.candidates).ulp for finding in sample.values())
    # What makes the known error known; a trial need not come by it again.
    findings = {level: Finding(candidates=sample[level].candidates) for level in levels}
    work = parts(name, kind, levels, every, known)
    for future in as_completed([pool.submit(sweep, part) for part in work]):
        found, spent = future.result()
        seconds += spent
        for level, finding in found.items():
            findings[level].add(finding)
    return findings, seconds


def told(entries: Iterable[Entry], cpu_seconds: float, seconds: float) -> str:
    """One line of progress."""
    entries = list(entries)
    name, kind, _ = entries[0].key
    worst = "  ".join(f"{e.level} {e.ulp:.4g} at {e.x_bits}" for e in entries)
    bound = CATALOG[name].error_bound[kind, "float32"]
    verdict = "FAIL" if any(e.fault for e in entries) else "ok  "
    return (
        f"{verdict} {name:13} {kind:5}  {worst}  of {bound:g} ulp"
        f"  {entries[0].inputs} inputs, {cpu_seconds:.0f} CPU-s, {seconds:.0f} s"
    )


def verify(keys: list[Key], jobs: int, every: int = 1, path: Path = PATH) -> list[str]:
    """Sweep what the certificate lacks of these, and write it there; return the faults of all.

    With `every` above 1 it is a trial: everything is swept, and nothing is written.
    """
    certificate = Certificate.to_continue(path)
    trial = every > 1
    if trial:
        certificate.entries.clear()
    todo: dict[tuple[str, Kind], list[str]] = {}
    for name, kind, level in keys:
        if trial or not certificate.has((name, kind, level)):
            todo.setdefault((name, kind), []).append(level)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        try:
            for (name, kind), levels in todo.items():
                began = time.perf_counter()
                findings, spent = swept(pool, name, kind, tuple(levels), every)
                entries = [Entry.of(name, kind, level, findings[level]) for level in levels]
                print(told(entries, spent, time.perf_counter() - began), flush=True)
                certificate.entries |= {entry.key: entry for entry in entries}
                if not trial:
                    environment = made_with()
                    if environment not in certificate.made_with:
                        certificate.made_with.append(environment)
                    certificate.write(path)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return list(certificate.faults(keys))


def replayed() -> list[dict[str, object]]:
    """The error, here and now, at the worst input of every entry for the level in use."""
    results = []
    for (name, kind, level), entry in Certificate.read().entries.items():
        if level == _core.isa and name in CATALOG:
            x = np.array([int(entry.x_bits, 16)], np.uint32).view(np.float32)
            function = getattr({"value": ogive, "grad": ogive.grad}[kind], name)
            bits = int(function(x).view(np.uint32)[0])
            ulp = error_at(name, kind, int(entry.x_bits, 16), bits)
            results.append({"function": name, "kind": kind, "level": level, "ulp": ulp})
    return results


def _arguments() -> argparse.Namespace:
    def among(choices: Iterable[str]) -> Callable[[str], list[str]]:
        def parse(text: str) -> list[str]:
            names = text.split(",")
            unknown = [name for name in names if name not in choices]
            if unknown:
                raise argparse.ArgumentTypeError(
                    f"{', '.join(unknown)}: there are {', '.join(choices)}"
                )
            return names

        return parse

    def positive(text: str) -> int:
        if not text.isdecimal() or not 0 < int(text) < INPUTS:
            raise argparse.ArgumentTypeError(f"{text}: must be a whole number above 0")
        return int(text)

    levels = _core.isa_supported
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--functions", type=among(CATALOG), default=list(CATALOG), metavar="A,B")
    parser.add_argument("--levels", type=among(levels), default=list(levels), metavar="A,B")
    parser.add_argument("--jobs", type=positive, default=len(os.sched_getaffinity(0)))
    parser.add_argument(
        "--every",
        type=positive,
        default=1,
        metavar="N",
        help="a trial over every Nth input; it does not count, and nothing is written",
    )
    parser.add_argument(
        "--replay",
        action="store_true",
        help="instead, print the errors at the recorded worst inputs at the level in use, as JSON",
    )
    arguments = parser.parse_args()
    newest = max((ROOT / "native").iterdir(), key=lambda path: path.stat().st_mtime)
    stale = newest.stat().st_mtime > module_file().stat().st_mtime
    if stale and arguments.every == 1 and not arguments.replay:
        parser.error(f"native/{newest.name} is newer than the native module: build it first")
    return arguments


def main() -> int:
    """Verify, and say what is wrong."""
    arguments = _arguments()
    if arguments.replay:
        print(json.dumps(replayed()))
        return 0
    keys = [
        (name, kind, level)
        for name, kind, level in expected()
        if name in arguments.functions and level in arguments.levels
    ]
    try:
        faults = verify(keys, arguments.jobs, arguments.every)
    except KeyboardInterrupt:
        print("interrupted: the functions finished so far are kept", file=sys.stderr)
        return 130
    for fault in faults:
        print(fault, file=sys.stderr)
    if arguments.every > 1:
        print(f"a trial over every {arguments.every}th input: nothing is recorded")
    else:
        print(f"{len(keys) - len(faults)} of {len(keys)} verified: {PATH.relative_to(ROOT)}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
