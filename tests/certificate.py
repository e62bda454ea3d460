"""The certificate: what `make exhaustive` has found, and for which native sources it holds."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sources import ROOT, fingerprint
from sweep import INPUTS, KINDS, Finding, as_float, confirm

from ogive import _core
from ogive.catalog import CATALOG

PATH = ROOT / "docs" / "exhaustive.json"

Key = tuple[str, str, str]


def made_with() -> dict[str, str]:
    """The versions, compiler and processor of this run."""
    # Loads torch, which only a run that writes needs.
    from ogive.study.environment import environment

    names = re.findall(rb"GCC: \(.*?\) [\d.]+|clang version [\d.]+", module_file().read_bytes())
    compilers = ", ".join(sorted({name.decode() for name in names})) or "unknown"
    versions = {name: environment()[name] for name in ("ogive", "numpy", "python", "cpu")}
    return versions | {"compiler": compilers}


def module_file() -> Path:
    """The native module that is being verified."""
    return Path(_core.__file__)


@dataclass(frozen=True)
class Entry:
    """The result of one function and kind at one level, over all inputs.

    `sources` is the fingerprint of the native sources for which it holds.
    """

    function: str
    kind: str
    level: str
    sources: str
    parameters: dict[str, float]
    inputs: int
    ulp: float
    x: float
    x_bits: str
    got_bits: str
    mismatches: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, kind: str, level: str, finding: Finding) -> Entry:
        """Make an entry of a finding, its worst result measured by mpmath."""
        worst = confirm(name, kind, finding)
        mismatches = {
            what: {"inputs": count, "first": f"0x{finding.examples[what]:08x}"}
            for what, count in sorted(finding.mismatches.items())
        }
        return cls(
            function=name,
            kind=kind,
            level=level,
            sources=fingerprint(name),
            parameters=CATALOG[name].defaults(),
            inputs=finding.inputs,
            ulp=worst.ulp,
            x=as_float(worst.x),
            x_bits=f"0x{worst.x:08x}",
            got_bits=f"0x{worst.got:08x}",
            mismatches=mismatches,
        )

    @property
    def key(self) -> Key:
        return self.function, self.kind, self.level

    @property
    def holds(self) -> bool:
        """Whether it is about the present sources."""
        return self.function in CATALOG and self.sources == fingerprint(self.function)

    @property
    def fault(self) -> str:
        """What is wrong with it, in words; empty if nothing is."""
        what = f"{self.kind} of {self.function} at {self.level}"
        for mismatch, told in self.mismatches.items():
            return (
                f"{what}: {mismatch} wrong for {told['inputs']} inputs, the first {told['first']}"
            )
        bound = CATALOG[self.function].error_bound[self.kind, "float32"]
        if not self.ulp <= bound:
            return f"{what}: {self.ulp:g} ulp at {self.x!r} ({self.x_bits}), the bound is {bound:g}"
        return ""


@dataclass
class Certificate:
    """All entries, and the environments they were made in."""

    made_with: list[dict[str, str]] = field(default_factory=list)
    entries: dict[Key, Entry] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path = PATH) -> Certificate:
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = [Entry(**entry) for entry in content["entries"]]
        return cls(content["made_with"], {e.key: e for e in entries})

    @classmethod
    def to_continue(cls, path: Path = PATH) -> Certificate:
        """Return what is there and about the present sources."""
        if not path.exists():
            return cls()
        there = cls.read(path)
        there.entries = {key: entry for key, entry in there.entries.items() if entry.holds}
        return there

    def write(self, path: Path = PATH) -> None:
        """Write it whole or not at all, in the order of the catalogue."""
        entries = [asdict(self.entries[key]) for key in expected() if key in self.entries]
        content = {"made_with": self.made_with, "entries": entries}
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(partial, path)

    def has(self, key: Key) -> bool:
        """Whether an entry is there and about all inputs, at what are the defaults today."""
        entry = self.entries.get(key)
        return (
            entry is not None
            and entry.inputs == INPUTS
            and entry.parameters == CATALOG[entry.function].defaults()
        )

    def faults(self, keys: Iterable[Key]) -> Iterator[str]:
        """What is wrong with those entries that are there, in words."""
        for key in keys:
            if key in self.entries and self.entries[key].fault:
                yield self.entries[key].fault


def expected() -> list[Key]:
    """What a complete certificate has, in order."""
    return [(name, kind, level) for name in CATALOG for kind in KINDS for level in _core.isa_levels]
