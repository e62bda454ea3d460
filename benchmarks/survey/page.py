"""The page on the audit: every number in it is computed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from statistics import median

from audit import (
    LEVEL,
    POPULATION,
    REFERENCE,
    SAME,
    Audited,
    audited,
    best_epoch,
    fisher,
    of_the_same,
    runs_needed,
    whole_table,
)
from figures import RUNS, Cell, Column, times
from welch import Welch, welch

from ogive.page.wording import count, listing


def page(found: list[Audited]) -> str:
    """The whole page, in Markdown."""
    parts = (
        opening,
        noise,
        best,
        power,
        alike,
        faults,
        selection,
        durations,
        assumptions,
    )
    return "\n\n".join(part(found).strip() for part in parts) + "\n"


def prose(text: str) -> str:
    """Paragraphs filled to the width of the page."""
    paragraphs = textwrap.dedent(text).strip().split("\n\n")
    return "\n\n".join(
        textwrap.fill(" ".join(p.split()), 99, break_long_words=False, break_on_hyphens=False)
        for p in paragraphs
    )


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def signed(value: float) -> str:
    text = f"{abs(value):.2f}"
    return text if float(text) == 0 else f"{'−' if value < 0 else '+'}{text}"


def ranged(test: Welch) -> str:
    lower, upper = test.interval()
    return f"{signed(lower)} to {signed(upper)}"


def p_value(p: float) -> str:
    return f"{p:.2g}" if p >= 0.0005 else "< 0.001"


def column(found: list[Audited], network: str, data: str) -> Column:
    return next(a.column for a in found if (a.column.network, a.column.data) == (network, data))


def opening(found: list[Audited]) -> str:
    beaten = [a for a in found if a.better]
    comparisons = sum(len(a.against) for a in found)
    ahead = sum(len(a.ahead) for a in found)
    better = sum(len(a.better) for a in found)
    worse = sum(len(a.worse) for a in found)
    whole = whole_table(found)
    survive = [key for key, (difference, p) in whole.items() if p < LEVEL and difference > 0]
    named = listing([f"{name} ({where})" for where, name in survive])
    winners = [a for a in found if a.best != REFERENCE]
    told = [a for a in winners if a.best in a.better]
    renamed = [a for a in found if a.best == "PDELU"]
    networks = sorted({a.column.network for a in beaten})
    facts = prose(f"""
        The benchmark that is cited for the choice of an activation is that of Dubey, Singh and
        Chaudhuri (arXiv:2109.14545): {len(found[0].column.cells)} activations in
        {len(found) // 2} networks on CIFAR-10 and CIFAR-100, {RUNS} runs each, printed as means
        and standard deviations. Whoever reads such a table takes the highest mean of a column for
        its winner. This page asks of the published figures themselves which differences can be
        told from noise. `make survey-audit` computes every
        number here from the figures in benchmarks/survey, where their source is given.

        **In {len(found) - len(beaten)} of the {len(found)} columns nothing can be told to be
        better than ReLU.** The exceptions are both in {listing(networks)}:
        {listing([f"{listing(a.better)} on {a.column.data}" for a in beaten])}. Of the
        {comparisons} differences from ReLU, {ahead} are above it in print, {better} of them
        beyond noise (Welch's t test, Holm's adjustment within the column at 5 %); {worse} are
        worse beyond noise; about the other {comparisons - better - worse} the table says nothing.
        With one adjustment for the whole table {count(len(survive))} are left: {named}.

        **Of {count(len(winners))} winners other than ReLU, {count(len(told))} can be told from
        ReLU and {count(len(winners) - len(told))} cannot.** In {count(len(renamed))}
        columns ({listing([str(a.column) for a in renamed])}) the winner is PDELU, which in the
        published code *is* ReLU.
    """)
    return f"""# The survey's table, audited

{facts}

![Every published difference from ReLU](survey_audit_differences.svg)

*A dot for each activation. The grey band is what would not be called a difference (the typical
smallest difference that passes Holm's first step).*"""


def noise(found: list[Audited]) -> str:
    rows = [
        [
            str(a.column),
            f"{a.column.cells[REFERENCE].mean:.2f} ± {a.column.cells[REFERENCE].sd:.2f}",
            str(len(a.ahead)),
            ", ".join(a.better) or "none",
            str(len(a.worse)),
            f"{a.typical('smallest_called'):.2f}",
            f"{a.typical('detectable'):.2f}",
        ]
        for a in found
    ]
    heading = (
        "column",
        "ReLU",
        "above ReLU in print",
        "better beyond noise",
        "worse beyond noise",
        "smallest called",
        "detectable",
    )
    text = prose(f"""
        *Smallest called* is the difference from ReLU, in percentage points, that would just have
        passed Holm's first step; *detectable* is the true difference that four studies of five
        would have found. Both are the median over the {len(found[0].against)} comparisons of a
        column, from their own standard deviations; the second is rather a little more than that,
        as Welch's test has to estimate its degrees of freedom, which are taken here as they were
        met.
    """)
    return f"## Against ReLU, column by column\n\n{table(heading, rows)}\n\n{text}"


def best(found: list[Audited]) -> str:
    rows = [
        [
            str(a.column),
            a.best,
            f"{a.column.cells[a.best].mean:.2f}",
            f"{a.lead:.2f}",
            "–" if a.best == REFERENCE else p_value(a.adjusted[a.best]),
            str(len(a.with_best)),
            listing([name for name in a.order if name not in a.with_best]) or "none",
        ]
        for a in found
    ]
    heading = (
        "column",
        "best in print",
        "mean",
        "lead over the second",
        "p against ReLU",
        "not told from the best",
        "told from the best",
    )
    sizes = [len(a.with_best) for a in found]
    text = prose(f"""
        The honest form of a winner is the group that cannot be told from it. All
        {len(found[0].order) * (len(found[0].order) - 1) // 2} pairs of a column are compared and
        adjusted together: between {min(sizes)} and {max(sizes)} of the
        {len(found[0].order)} activations stand with the best (it is counted), and the median is
        {median(sizes):g}. What can be told from it are the activations that everybody would have
        ruled out, sigmoid and its kin before all. In {len([a for a in found if a.lead < 0.1])} of
        the {len(found)} columns the lead of the best over the second is below 0.1 points.
    """)
    return f"## The winners\n\n{table(heading, rows)}\n\n{text}"


def power(found: list[Audited]) -> str:
    one = welch(Cell(0, 1.5), Cell(0, 1.5))
    comparisons = len(found[0].against)
    wanted = (1.0, 0.5, 0.2)
    spans = [a.column.cells[a.order[0]].mean - a.column.cells[a.order[5]].mean for a in found]
    rows = []
    for a in found:
        sd = median(cell.sd for cell in a.column.cells.values())
        runs = [str(runs_needed(sd, size, comparisons)) for size in wanted]
        rows.append([str(a.column), f"{sd:.2f}", *runs])
    text = prose(f"""
        Two means of {RUNS} runs with a standard deviation of 1.5 points each, about what half of
        the CIFAR-100 columns have, are called different from {one.smallest_called(1):.1f} points
        on, and a true difference of {one.detectable(1):.1f} is found in four studies of five. That
        is for a single comparison; in a family of {comparisons} it takes
        {one.smallest_called(comparisons):.1f} and {one.detectable(comparisons):.1f}. What one
        would like to see is smaller: the best activation of a column and the sixth lie
        {median(spans):.1f} points apart (the median of the columns). So many runs of each
        activation would have found a difference of a given size, four times of five, with the
        median standard deviation of the column:
    """)
    note = prose("""
        Those are runs that have nothing in common. With the same seeds for every activation (the
        same initial draw, the same order of the data), what runs of one seed share cancels from
        their difference. The test pays for it with half of its degrees of freedom, which is much at
        five seeds and little from ten on. A study by Ogive is paired, and prints what it could have
        seen.
    """)
    heading = ("column", "standard deviation", *(f"{size:.1f} points" for size in wanted))
    return f"## What five runs can see\n\n{text}\n\n{table(heading, rows)}\n\n{note}"


def alike(found: list[Audited]) -> str:
    relu = of_the_same(found, ("PDELU", "ReLU"))
    elu = of_the_same(found, ("CELU", "ELU"))
    every = [test for _, test in (*relu, *elu)]
    low = min(test.p for test in every)
    below = [test for test in every if test.p < LEVEL]
    data = ("CIFAR-10", "CIFAR-100")
    senet = [column(found, "SENet18", each).cells for each in data]
    gaps = [welch(cells["ELU"], cells["CELU"]) for cells in senet]
    text = prose(f"""
        A table can be tested with what it compares unknowingly: one function under two names.
        PDELU is ReLU in all networks, as the published code clips its input in place before the
        other half is computed from it. CELU with α = 1 is ELU with α = 1 by definition, and these
        are the parameters in {listing(SAME["CELU", "ELU"])}. That makes {len(every)} comparisons
        in which nothing differs but the seed. {len(below) or "None"} of them has p < 0.05
        (expected: {LEVEL * len(every):g}), the smallest is {low:.2f}, and Fisher's combined p is
        {fisher([t.p for _, t in relu]):.2f} for PDELU and ReLU and
        {fisher([t.p for _, t in elu]):.2f} for CELU and ELU. The published standard deviations
        are thus believable: they cover what another set of seeds does.

        The same test finds what should not be there. In SENet18 ELU and CELU differ by
        {signed(gaps[0].difference)} points on CIFAR-10 ({ranged(gaps[0])}, p
        {p_value(gaps[0].p)}) and by {signed(gaps[1].difference)} on CIFAR-100
        ({ranged(gaps[1])}, p {p_value(gaps[1].p)}), although α is 1 in both. The code says why:
        of the two activations on the main path of each block, `ELU_SENet.py` left the second a
        ReLU, and `CELU_SENet.py` did not. `LReLU_SENet.py` has the same remnant. The winner of
        SENet18 on CIFAR-100, {found_best(found, "SENet18", "CIFAR-100")}, is a network half of
        whose activations are ReLU; with ELU throughout it would have had about
        {senet[1]["CELU"].mean:.0f} % and not {senet[1]["ELU"].mean:.0f} %.
    """)
    return f"""## One function under two names

{text}

![Differences between two names of one function](survey_audit_same.svg)"""


def found_best(found: list[Audited], network: str, data: str) -> str:
    return next(a.best for a in found if (a.column.network, a.column.data) == (network, data))


def faults(found: list[Audited]) -> str:
    def from_relu(name: str, network: str, data: str) -> str:
        cells = column(found, network, data).cells
        return signed(cells[name].mean - cells[REFERENCE].mean)

    def elsewhere(name: str, data: str, without: Sequence[str]) -> str:
        values = [
            a.column.cells[name].mean - a.column.cells[REFERENCE].mean
            for a in found
            if a.column.data == data and a.column.network not in without
        ]
        return f"{signed(min(values))} to {signed(max(values))}"

    cases = (
        ("LReLU", "GoogLeNet", "slope 1: the identity", ("GoogLeNet", "VGG16", "SENet18")),
        ("LReLU", "VGG16", "slope 64 to 512", ("GoogLeNet", "VGG16", "SENet18")),
        ("ELU", "VGG16", "α of 64 to 512", ("VGG16", "SENet18")),
        ("CELU", "VGG16", "α of 64 to 512", ("VGG16",)),
        ("Softplus", "VGG16", "β of 64 to 512: ReLU, nearly", ("VGG16",)),
        ("PDELU", "VGG16", "ReLU, as everywhere", ("VGG16",)),
        ("ELU", "SENet18", "every second one is a ReLU", ("VGG16", "SENet18")),
        ("LReLU", "SENet18", "every second one is a ReLU", ("GoogLeNet", "VGG16", "SENet18")),
    )
    rows = [
        [
            f"{name}, {network}",
            what,
            from_relu(name, network, "CIFAR-10"),
            elsewhere(name, "CIFAR-10", without),
            from_relu(name, network, "CIFAR-100"),
            elsewhere(name, "CIFAR-100", without),
        ]
        for name, network, what, without in cases
    ]
    heading = (
        "activation",
        "what the code has",
        "CIFAR-10",
        "its other networks",
        "CIFAR-100",
        "its other networks",
    )
    text = prose("""
        What was trained is not always what the row is called (the published code at commit
        729c1e4; `True`, meant for `inplace`, and the channel count are passed in the place of the
        slope, of α or of β). Differences from ReLU in percentage points; the range over its other
        networks leaves out those with a fault of their own:
    """)
    note = prose("""
        The printed figures bear the faults out. The identity loses 4 points and 10 where a leaky
        ReLU costs next to nothing elsewhere. ELU falls apart in VGG16 alone, and CELU there and in
        SENet18, where it is what ELU would have been. Softplus, whose β of 64 and more makes it a
        ReLU to the eye, lies about as close to ReLU there as PDELU does. Ogive's study looks at
        each activation as it is installed, value and gradient, before it trains:
        `docs/installed.md` says what it finds.
    """)
    return f"## What the rows hold\n\n{text}\n\n{table(heading, rows)}\n\n{note}"


def selection(found: list[Audited]) -> str:
    plateaus = [best_epoch(correlation) for correlation in (0.0, 0.5, 0.8)]
    first, middle, last = plateaus
    rows = [
        [
            f"{each.correlation:g}",
            f"{each.raised:.2f}",
            *(f"{each.raised * spread:.2f}" for spread in (0.1, 0.2, 0.4, 0.8)),
            f"{each.narrowed:.2f}",
        ]
        for each in plateaus
    ]
    heading = (
        "correlation of neighbours",
        "raised by (spreads)",
        *(f"spread {spread:g}" for spread in (0.1, 0.2, 0.4, 0.8)),
        "spread of the best",
    )
    text = prose("""
        The reported figure is the best *test* accuracy over the epochs of a run; there is no
        validation part. How much that adds depends on how far the accuracy of one run goes up and
        down from epoch to epoch, which was not published. On the plateau of the last 20 epochs, in
        units of that fluctuation and in percentage points for some sizes of it (simulated):
    """)
    note = prose(f"""
        An offset that is the same for all would not matter to comparisons. It is not the same: an
        activation whose test accuracy fluctuates by 0.4 points gains
        {(0.4 - 0.1) * middle.raised:.1f} on one that fluctuates by 0.1 (at a correlation of
        {middle.correlation:g}), which is more than the lead of the best in
        {len([a for a in found if a.lead < 0.3 * middle.raised])} of {len(found)} columns. The best
        of 20 also varies less than any one of them, to {first.narrowed:.2f} to {last.narrowed:.2f}
        of it: the printed standard deviations leave out a part of the noise of a network that is
        used as its training left it.
    """)
    return f"## The best epoch on the test part\n\n{text}\n\n{table(heading, rows)}\n\n{note}"


def durations(found: list[Audited]) -> str:
    measured = times()
    ratios = [
        measured[network]["ELU"] / measured[network]["CELU"] for network in SAME["CELU", "ELU"]
    ]
    noise = max(max(ratio, 1 / ratio) - 1 for ratio in ratios)
    relative = {
        name: [t[name] / t[REFERENCE] for t in measured.values()]
        for name in measured["VGG16"]
        if name != REFERENCE
    }
    within = [n for n, r in relative.items() if all(abs(each - 1) <= noise for each in r)]
    faster = [n for n, r in relative.items() if min(r) < 1 - 0.02]
    text = prose(f"""
        Training times were printed once each, without a spread. Where ELU and CELU are one
        function, their times differ by up to {100 * noise:.0f} %: differences below that say
        nothing.
        {listing(within)} are within it of ReLU in every network, and {listing(faster)} are more
        than 2 % *faster* than ReLU somewhere, which no arithmetic explains. PDELU, which computes
        ReLU, takes {min(relative["PDELU"]):.0f} to {max(relative["PDELU"]):.0f} times as long as
        ReLU: what was timed are implementations, and many of the slow ones are compositions of a
        few elementary operations that one fused loop would do at the speed of memory.
    """)
    return f"## Training times\n\n{text}"


def assumptions(found: list[Audited]) -> str:
    other = [audited(a.column, POPULATION) for a in found]
    beaten = [a for a in other if a.better]
    same = [a.better for a in other] == [a.better for a in found]
    whole = sum(p < LEVEL for a in other for p in a.adjusted.values())
    told = sum(p < LEVEL for a in found for p in a.adjusted.values())
    text = prose(f"""
        Welch's test takes runs as independent and roughly normal; only means and standard
        deviations are known, so that nothing else can be done. The figures are rounded to 0.01.
        Whether the standard deviations have n − 1 or n in their denominator is not said. With n,
        {whole} instead of {told} differences from ReLU would be beyond noise, and
        {"the same ones" if same else "not the same ones"} would be better than it, in
        {len(beaten)} columns. Adjusting by Holm is the mildest way that keeps the promise of 5 %
        whatever the tests have in common (each shares its ReLU). And as everywhere: what cannot be
        told apart has not been shown to be equal. {RUNS} runs show little.
    """)
    return f"## What this rests on\n\n{text}"
