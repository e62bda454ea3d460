"""Write native/row_coefficients.h: what the exponentials and logarithms of rows are made of.

Run it from the root of the repository:

    python tools/row_coefficients.py > native/row_coefficients.h
"""

import mpmath as mp
from coefficients import FOOTER, exp_remainder, polynomial, rounded_to_float, split

HEADER = """\
// Tables and polynomials for the exponentials and logarithms of rows and losses.  Written by
// tools/row_coefficients.py.
#pragma once

namespace OGIVE_ISA {
namespace {
"""

# The element and the number of powers that one instruction looks up.
TABLES = (("float", 8, 3), ("float", 32, 2), ("double", 16, 5))


def powers(element: str, count: int) -> str:
    """Return 2^(j / count) with j / count taken from its exponent, and what rounding it left."""
    exact = [mp.mpf(2) ** (mp.mpf(j) / count) for j in range(count)]
    float32 = element == "float"
    rounded = [rounded_to_float(v) if float32 else split(v)[0] for v in exact]
    rests = [rounded_to_float((v - hi) / v) for v, hi in zip(exact, rounded, strict=True)]
    # A linear function of its bits: 2 times those of 1 in [1, 2), once those in [1/2, 1).
    lowered = [1 + (v - 1 - mp.mpf(j) / count) / 2 for j, v in enumerate(rounded)]
    suffix = "f" if float32 else ""
    rows = [
        "{" + ", ".join(f"{float(v).hex()}{suffix}" for v in row) + "}" for row in (lowered, rests)
    ]
    return (
        f"// 2^(j / {count}), its bits less j / {count} of an exponent; what rounding it left,"
        " relative to it.\n"
        f"constexpr {element} {element}_powers_{count}[2][{count}] = {{\n" + ",\n".join(rows) + "};"
    )


def logarithms() -> None:
    """Print 16 factors that bring numbers of [1, 2] near 1, and the logarithm there."""
    # So short that they less 1 are exact.
    factors = [mp.nint(mp.ldexp(1 / (1 + mp.mpf(j) / 15), 20)) / 2**20 for j in range(16)]
    logs = [split(-mp.log(c)) for c in factors]
    columns = [factors, [hi for hi, _ in logs], [lo for _, lo in logs]]
    rows = ["{" + ", ".join(float(v).hex() for v in row) + "}" for row in columns]
    print("// c = 1 / (1 + j / 15), rounded, and -log(c) with its remainder.")
    print("constexpr double log_factors_16[3][16] = {\n" + ",\n".join(rows) + "};")
    reach = mp.mpf(1) / 30 + mp.ldexp(1, -18)
    interval = (-reach, reach)
    what = "(log(1 + z) - z) / z^2 for |z| <= 1/30, error of log(1 + z)"
    for name, degree in (("wide", 5), ("double", 8)):
        name = f"log1p_{name}_16"
        print(polynomial(name, what, logarithm, interval, degree, lambda z: z**2 / mp.log1p(z)))


def logarithm(z: mp.mpf) -> mp.mpf:
    """Return (log(1 + z) - z) / z^2."""
    return (mp.log1p(z) - z) / z**2 if abs(z) > mp.mpf(2) ** -60 else -mp.mpf(1) / 2


def main() -> None:
    """Print the header."""
    print(HEADER)
    for element, count, degree in TABLES:
        print(powers(element, count))
        # Of two reduced arguments the difference: twice as far from 0 as one.
        reach = mp.log(2) / count
        what = f"(e^r - 1 - r) / r^2 for |r| <= ln(2)/{count}, error of e^r"
        name = f"exp_{element}_{count}"
        interval = (-reach, reach)
        print(polynomial(name, what, exp_remainder(2), interval, degree, lambda r: r**2))
    what = "(e^r - 1 - r) / r^2 for |r| <= ln(2)/32, error of e^r"
    reach = mp.log(2) / 32
    print(polynomial("exp_wide_16", what, exp_remainder(2), (-reach, reach), 3, lambda r: r**2))
    logarithms()
    print(FOOTER)


if __name__ == "__main__":
    main()
