"""What each activation costs: time and memory, alone and in the network."""

from __future__ import annotations

from ogive.page.wording import duration, listing
from ogive.study.figures.dots import Dot, dot_panel
from ogive.study.machine import Machine
from ogive.study.report.context import Context
from ogive.study.report.section import Block, Column, Drawing, Figures, Prose, Section, Table
from ogive.study.results.costs import Cost, CostRow, Timing

__all__ = ["cost"]


def cost(context: Context) -> Section | None:
    """Return the page of costs; None where none was measured."""
    costs = context.results.costs
    if not costs:
        return None
    blocks: list[Block] = []
    if busy := [c for c in costs if c.flagged]:
        blocks.append(
            Prose(
                "The machine was busy with other work while "
                f"{'this was' if len(busy) == len(costs) else 'some of this was'} measured: take "
                "the times with care.",
            )
        )
    settings = [result.setting for result in context.pictured]
    shown = [each for each in costs if any(map(each.fits, settings))] or list(costs[:1])
    for found in shown:
        blocks += _network(context, found)
    if others := [found for found in costs if found not in shown]:
        blocks.append(_others(context, others))
    blocks.append(_alone(context, costs[0]))
    blocks.append(Prose(_how(context), note=True))
    return Section("cost", "What they cost", "Cost", blocks, machine=True)


def _network(context: Context, found: Cost) -> list[Block]:
    reference = context.results.study.reference
    base = found.rows.get(reference)
    model = _network_name(context, found)
    place = context.results.costs.index(found) + 1
    pictures = []
    for key, title, timing in (
        ("step", "Step of training", _step),
        ("forward", "Forward pass", _forward),
    ):
        if base is not None:
            dots = {n: _time_dot(timing(r), timing(base)) for n, r in _named(context, found)}
            pictures.append(_panel(context, dots, f"cost-{place}-{key}", title, model))
    if base is not None and base.bytes_kept_per_row:
        dots = {
            name: Dot(ratio := row.bytes_kept_per_row / base.bytes_kept_per_row, said=_times(ratio))
            for name, row in _named(context, found)
        }
        pictures.append(_panel(context, dots, f"cost-{place}-memory", "Memory", model))
    rows = [
        (
            "",
            [
                context.named(context.results.main.cell(label)),
                duration(row.forward.median),
                duration(row.step.median),
                "–" if base is None else _times(row.step.median / base.step.median),
                _bytes(row.bytes_kept_per_row),
                f"{row.parameters:,}",
                f"{row.learned:,}" if row.learned else "none",
            ],
        )
        for label, row in found.rows.items()
    ]
    name = context.results.reference
    return [
        Figures(
            pictures,
            "cost",
            f"As multiples of {name}'s, whose line is drawn. The point is the ratio of the medians "
            "over many rounds taken in turns, the line reaches to that of the best rounds; memory "
            "is what one row more makes the backward pass keep.",
            "three",
            heading=f"In the network: {model}",
        ),
        Table(
            [
                Column("Activation", number=False),
                Column("Forward", "a batch, median", machine=True),
                Column("Step", "of training, median", machine=True),
                Column("Step", f"over {name}'s", machine=True),
                Column("Memory", "kept per row", machine=True),
                Column("Parameters", "of the network", machine=True),
                Column("Learned", "by the activation", machine=True),
            ],
            rows,
        ),
    ]


def _network_name(context: Context, found: Cost) -> str:
    """Return the network, and how it was trained where it was measured more than once."""
    others = [each for each in context.results.costs if each.model == found.model]
    if len(others) == 1:
        return str(found.model)
    momentum = f" with momentum {found.momentum:g}" if found.momentum else ""
    how = f"{found.optimizer}{momentum}, batches of {found.batch_size}, {found.precision}"
    return f"{found.model}, {how}"


def _others(context: Context, costs: list[Cost]) -> Table:
    """Return a step of training over the reference's in the networks that are not drawn."""
    reference = context.results.study.reference
    rows = []
    for cell in context.results.main.cells:
        texts: list[object] = [context.named(cell)]
        for found in costs:
            row, base = found.rows.get(cell.label), found.rows.get(reference)
            ratio = None if row is None or base is None else row.step.median / base.step.median
            texts.append("–" if ratio is None else _times(ratio))
        rows.append(("", texts))
    return Table(
        [
            Column("Activation", number=False),
            *(Column(_network_name(context, each), machine=True) for each in costs),
        ],
        rows,
        heading=f"A step of training over {context.results.reference}'s, in the other networks",
    )


def _alone(context: Context, found: Cost) -> Table:
    rows = []
    for label, row in found.rows.items():
        timings = [*(row.in_cache or (None, None)), *(row.beyond_cache or (None, None))]
        kept = "–" if row.bytes_kept is None else f"{row.bytes_kept:.3g}"
        times = [_nanoseconds(timing) for timing in timings]
        rows.append(("", [context.named(context.results.main.cell(label)), *times, kept]))
    return Table(
        [
            Column("Activation", number=False),
            Column("Forward", "ns, in the cache", machine=True),
            Column("With backward", "ns, in the cache", machine=True),
            Column("Forward", "ns, beyond it", machine=True),
            Column("With backward", "ns, beyond it", machine=True),
            Column("Memory", "bytes kept", machine=True),
        ],
        rows,
        heading="Alone",
        reading="For one element of the result, float32, one thread; medians. A gated unit reads "
        "two elements for each that it gives.",
    )


def _how(context: Context) -> str:
    costs = context.results.costs
    shares = [found.busy for found in costs if found.busy is not None]
    told = (
        f"Other processes used {max(shares):.2g} of a core meanwhile, at most."
        if shares
        else "Whether the machine was busy meanwhile could not be told."
    )
    return (
        f"All of this page depends on the machine: {_machines(context)}. It was measured after the "
        "training, with nothing else of the study running, one thread, all activations in turns. "
        f"{told}"
    )


def _machines(context: Context) -> str:
    """Return where the costs were measured; of several machines which has which network."""
    networks: dict[Machine, list[str]] = {}
    for found in context.results.costs:
        networks.setdefault(found.machine, []).append(_network_name(context, found))
    if len(networks) == 1:
        return _machine(next(iter(networks)))
    return "; ".join(f"{_machine(each)} ({listing(names)})" for each, names in networks.items())


def _machine(machine: Machine) -> str:
    return f"{machine.cpu}, torch {machine.torch}, Ogive {machine.ogive}"


def _named(context: Context, found: Cost) -> list[tuple[str, CostRow]]:
    return [(context.results.main.cell(label).name, row) for label, row in found.rows.items()]


def _step(row: CostRow) -> Timing:
    return row.step


def _forward(row: CostRow) -> Timing:
    return row.forward


def _time_dot(timing: Timing, base: Timing) -> Dot:
    median, best = timing.median / base.median, timing.best / base.best
    return Dot(median, min(median, best), max(median, best), _times(median))


def _panel(context: Context, dots: dict[str, Dot], name: str, title: str, model: str) -> Drawing:
    said = ", ".join(f"{key} {dot.said}" for key, dot in dots.items())
    reference = context.results.reference
    return dot_panel(
        dots,
        context.styles,
        name=name,
        title=title,
        subtitle=f"over {reference}'s",
        axis=f"times {reference}'s",
        description=f"{title} in {model} over that of {reference}: {said}.",
        line=1.0,
        width=345,
    )


def _times(ratio: float) -> str:
    return f"{ratio:.2f} ×"


def _bytes(number: float) -> str:
    return f"{number / 1024:,.1f} kB" if number >= 1024 else f"{number:.0f} B"


def _nanoseconds(timing: Timing | None) -> str:
    return "–" if timing is None else f"{timing.median:.3g}"
