"""Write native/coefficients.h: every polynomial and constant of the native formulas.

Each polynomial is the Chebyshev interpolant of a smooth function, computed with 300 bits and
rounded coefficient by coefficient; the header states the error that remains, relative to the
quantity it serves.  Run it from the root of the repository:

    python tools/coefficients.py > native/coefficients.h
"""

from collections.abc import Callable
from dataclasses import dataclass

import mpmath as mp

mp.mp.prec = 300
Real = mp.mpf


def chebyshev_interpolant(f: Callable[[Real], Real], lo: Real, hi: Real, degree: int) -> list[Real]:
    """Return the coefficients, lowest first, of the interpolant of f at the Chebyshev nodes."""
    n = degree + 1
    nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    values = [f((hi + lo) / 2 + (hi - lo) / 2 * node) for node in nodes]
    vandermonde = mp.matrix(
        [[((hi + lo) / 2 + (hi - lo) / 2 * t) ** j for j in range(n)] for t in nodes]
    )
    return list(mp.lu_solve(vandermonde, mp.matrix(values)))


def largest_error(
    f: Callable[[Real], Real], c: list[Real], lo: Real, hi: Real, weight: Callable[[Real], Real]
) -> Real:
    """Return the largest weighted difference between the polynomial and f on a grid."""
    points = [lo + (hi - lo) * (mp.mpf(k) + mp.mpf("0.37")) / 400 for k in range(400)]
    return max(abs((mp.polyval(c[::-1], t) - f(t)) * weight(t)) for t in points)


def array(name: str, comment: str, coefficients: list[Real]) -> str:
    """Return the C++ array of the coefficients, under a comment."""
    rounded = ",\n    ".join(float(c).hex() for c in coefficients)
    return f"// {comment}\nconstexpr double {name}[] = {{\n    {rounded}}};\n"


def split(value: Real) -> tuple[Real, Real]:
    """Return a double and the double nearest to what it leaves."""
    hi = mp.mpf(float(value))
    return hi, mp.mpf(float(value - hi))


def pair(name: str, comment: str, value: Real) -> str:
    """Return the C++ constant of a value as a double and its remainder."""
    hi, lo = split(value)
    return f"// {comment}\nconstexpr double {name}[] = {{{float(hi).hex()}, {float(lo).hex()}}};\n"


def bits(error: Real) -> str:
    """Return an error as a power of two."""
    return f"2^{float(mp.log(error, 2)):.1f}"


def rounded_to_float(value: Real) -> Real:
    """Round to 24 bits."""
    if not value:
        return value
    quantum = mp.ldexp(1, int(mp.floor(mp.log(abs(value), 2))) - 23)
    return mp.nint(value / quantum) * quantum


def polynomial(
    name: str,
    what: str,
    f: Callable[[Real], Real],
    interval: tuple[Real, Real],
    degree: int,
    weight: Callable[[Real], Real] = lambda _: mp.mpf(1),
    pairs: int = 0,
) -> str:
    """Return the interpolant as C++, its lowest `pairs` coefficients with their remainders."""
    exact = chebyshev_interpolant(f, *interval, degree)
    leading = [split(c) for c in exact[:pairs]]
    rest = [mp.mpf(float(c)) for c in exact[pairs:]]
    error = largest_error(f, [hi + lo for hi, lo in leading] + rest, *interval, weight)
    text = array(name, f"{what}; relative error {bits(error)}.", rest)
    if leading:
        rows = ",\n    ".join(f"{{{float(hi).hex()}, {float(lo).hex()}}}" for hi, lo in leading)
        text = f"constexpr double {name}_leading[][2] = {{\n    {rows}}};\n" + text
    return text


def exp_remainder(order: int) -> Callable[[Real], Real]:
    """Return (e^r - sum_{k < order} r^k / k!) / r^order, by its own series."""
    return lambda r: (
        mp.nsum(lambda k: r**k / mp.factorial(k + order), [0, mp.inf])
        if r
        else 1 / mp.factorial(order)
    )


def atanh_remainder(z: Real) -> Real:
    """Return (2 atanh(s) - 2 s) / s^3 at s^2 = z."""
    s = mp.sqrt(z)
    return 2 * (mp.atanh(s) - s) / s**3 if z else mp.mpf(2) / 3


def scaled_normal_tail(a: Real) -> Real:
    """Return Phi(-a) e^(a^2 / 2), Phi the standard normal distribution function."""
    return mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)) / 2


TAIL_CENTRE = 4
# D. Hendrycks, K. Gimpel (2016), section 2: of x and of x^3 in the argument of the sigmoid.
GELU_TANH = (2 * mp.sqrt(2 / mp.pi), 2 * mp.sqrt(2 / mp.pi) * mp.mpf("0.044715"))
QUICK_GELU_BETA = mp.mpf("1.702")


def tail_of_fraction(y: Real) -> Real:
    """Return a + 1 times the scaled tail, as a function of y = (a - centre) / (a + centre)."""
    a = TAIL_CENTRE * (1 + y) / (1 - y)
    return scaled_normal_tail(a) * (a + 1)


def silu_derivative(x: Real) -> Real:
    """Return sigma(x) (1 + x sigma(-x))."""
    s = 1 / (1 + mp.exp(-x))
    return s * (1 + x * (1 - s))


def gelu_tanh_derivative(x: Real) -> Real:
    """Return the derivative of x sigma(y), y = 2 sqrt(2 / pi) (x + 0.044715 x^3)."""
    linear, cubic = GELU_TANH
    y, rise = linear * x + cubic * x**3, linear + 3 * cubic * x * x
    s = 1 / (1 + mp.exp(-y))
    return s * (1 + x * rise * (1 - s))


def mish_derivative(x: Real) -> Real:
    """Return tanh(p) + x sigma(x) / cosh(p)^2, p = log(1 + e^x)."""
    p = mp.log1p(mp.exp(x))
    return mp.tanh(p) + x * mp.sech(p) ** 2 / (1 + mp.exp(-x))


def gelu_derivative(x: Real) -> Real:
    """Return Phi(x) + x phi(x)."""
    return mp.ncdf(x) + x * mp.npdf(x)


def about_root(f: Callable[[Real], Real], root: Real) -> Callable[[Real], Real]:
    """Return f(root + d) / d as a function of d."""
    return lambda d: f(root + d) / d if abs(d) > mp.mpf(2) ** -120 else mp.diff(f, root)


HEADER = """\
// Written by tools/coefficients.py; change that, not this.
// Polynomials are listed from the lowest power up; a constant in braces of two is a double and its
// remainder.
#pragma once

namespace OGIVE_ISA {
namespace {
"""
FOOTER = """\
}  // namespace
}  // namespace OGIVE_ISA"""


def logarithms() -> None:
    """Print ln 2 in the forms that the reductions need."""
    print(f"constexpr double log2_e = {float(1 / mp.log(2)).hex()};")
    print(f"constexpr double sqrt_2 = {float(mp.sqrt(2)).hex()};\n")
    print(pair("ln2", "ln 2.", mp.log(2)))
    print("// ln 2 = hi + lo, hi so short that n hi is a multiple of the last place of n ln 2.")
    print("template <class T>\nstruct Ln2;")
    for element, bits_of_hi, suffix in (("double", 38, ""), ("float", 16, "f")):
        hi = mp.floor(mp.log(2) * 2**bits_of_hi) / 2**bits_of_hi
        lo = mp.log(2) - hi
        parts = [float(hi), float(rounded_to_float(lo) if suffix else lo)]
        print(f"template <>\nstruct Ln2<{element}> {{")
        print(f"  static constexpr {element} hi = {parts[0].hex()}{suffix};")
        print(f"  static constexpr {element} lo = {parts[1].hex()}{suffix};\n}};")


def exponentials() -> None:
    """Print the remainder of the exponential series on |r| <= ln(2)/2."""
    half_ln2 = mp.log(2) / 2 * (1 + mp.mpf(2) ** -20)
    f = exp_remainder(2)
    what = "(e^r - 1 - r) / r^2 for |r| <= ln(2)/2, error of e^r"
    for name, degree in (("wide", 5), ("double", 10)):
        text = polynomial(
            f"exp_{name}", what, f, (-half_ln2, half_ln2), degree, lambda r: r * r * mp.exp(-r)
        )
        print(text)
    what = "(e^r - 1 - r - r^2/2) / r^3 for |r| <= ln(2)/2, error of e^r"
    f = exp_remainder(3)
    for name, degree in (("cubic_single", 4), ("cubic", 10)):
        text = polynomial(
            f"exp_{name}",
            what,
            f,
            (-half_ln2, half_ln2),
            degree,
            lambda r: abs(r) ** 3 * mp.exp(-r),
        )
        print(text)


def inverse_tangents() -> None:
    """Print the remainder of 2 atanh(s) for the reduced logarithm."""
    bound = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * (1 + mp.mpf(2) ** -20)
    what = (
        "(2 atanh(s) - 2 s) / s^3 in s^2, for 1/sqrt(2) <= (1+s)/(1-s) <= sqrt(2), error of atanh"
    )
    for name, degree in (("single", 2), ("wide", 3), ("double", 7)):
        interval = (mp.mpf(0), bound)
        print(polynomial(f"atanh_{name}", what, atanh_remainder, interval, degree, lambda z: z / 2))
    interval = (mp.mpf(0), bound)
    print(polynomial("atanh_closely", what, atanh_remainder, interval, 9, lambda z: z / 2, 3))


def logarithm_remainder(t: Real) -> Real:
    """Return (log(1 + t) - t + t^2 / 2) / t^3."""
    return (mp.log1p(t) - t + t**2 / 2) / t**3 if abs(t) > mp.mpf(2) ** -60 else mp.mpf(1) / 3


def logarithm_near_one() -> None:
    """Print the remainder of log(1 + t) on [-1/4, 1/2]."""
    what = "(log(1 + t) - t + t^2/2) / t^3 for -1/4 <= t <= 1/2, error of log(1 + t)"
    interval = (mp.mpf("-0.25") - mp.mpf(2) ** -20, mp.mpf("0.5"))
    for name, degree in (("single", 8), ("wide", 10), ("double", 21)):
        print(
            polynomial(
                f"log1p_{name}",
                what,
                logarithm_remainder,
                interval,
                degree,
                lambda t: t**3 / mp.log1p(t),
            )
        )


def interval_of(i: int) -> tuple[Real, Real]:
    """Return the i-th of 32 intervals: four to each power of two from 2^-3 up, the first from 0."""
    lo = mp.ldexp(1 + mp.mpf(i % 4) / 4, i // 4 - 3)
    return (lo if i else mp.mpf(0)), lo + mp.ldexp(1, i // 4 - 5)


@dataclass(frozen=True)
class Piece:
    """A polynomial in y for what is added up on one interval, and the function it belongs to."""

    centre: Real
    target: Callable[[Real], Real]
    function: Callable[[Real], Real]
    coefficients: list[Real]


def fitted(f: Callable[[Real], Real], i: int, degree: int) -> Piece:
    """Return the fit of f(centre + y), the centre being what the bits of the numbers give."""
    lo, hi = interval_of(i)
    centre = hi - mp.ldexp(1, i // 4 - 6)

    def at(y: Real) -> Real:
        return f(centre + y)

    return Piece(centre, at, at, chebyshev_interpolant(at, lo - centre, hi - centre, degree))


def table(name: str, what: str, all_pieces: list[Piece]) -> str:
    """Return one polynomial per interval, as a table to look up.

    The rows are the value at the centre, what rounding that left, and the coefficients of y, y^2...
    """
    rows: list[list[Real]] = [[] for _ in range(len(all_pieces[0].coefficients) + 1)]
    worst = mp.mpf(0)
    for i, piece in enumerate(all_pieces):
        lo, hi = interval_of(i)
        c = piece.coefficients
        leading = rounded_to_float(c[0])
        floats = [leading, *(rounded_to_float(v) for v in (c[0] - leading, *c[1:]))]
        error = largest_error(
            piece.target,
            [floats[0] + floats[1], *floats[2:]],
            lo - piece.centre,
            hi - piece.centre,
            lambda y, piece=piece: 1 / piece.function(y),
        )
        worst = max(worst, error)
        for row, value in zip(rows, floats, strict=True):
            row.append(value)
    # An interval's place in the table is what the bits of its numbers say, modulo 32.
    rows = [[row[(j - 16) % 32] for j in range(32)] for row in rows]
    text = ",\n".join("{" + ", ".join(f"{float(v).hex()}f" for v in row) + "}" for row in rows)
    return (
        f"// {what}: by 32 intervals, the value at the centre c, what rounding it left, and the\n"
        f"// coefficients of y, y^2, ...; relative error {bits(worst)}.\n"
        f"constexpr float {name}[{len(rows)}][32] = {{\n{text}}};\n"
    )


def tables() -> None:
    """Print the tables for instruction sets that look one up in one step."""
    powers = [mp.mpf(2) ** (mp.mpf(j) / 32) for j in range(32)]
    parts = [[rounded_to_float(v) for v in powers]]
    parts.append([rounded_to_float(v - hi) for v, hi in zip(powers, parts[0], strict=True)])
    text = ",\n".join("{" + ", ".join(f"{float(v).hex()}f" for v in row) + "}" for row in parts)
    print("// 2^(j / 32), and what rounding it left.")
    print(f"constexpr float exp2_table[2][32] = {{\n{text}}};\n")
    curved = chebyshev_interpolant(
        lambda y: (mp.tanh(y) - y) / y**2 if y else y, mp.mpf(0), interval_of(0)[1], 3
    )
    zero = mp.mpf(0)
    first = Piece(zero, lambda y: mp.tanh(y) - y, mp.tanh, [zero, zero, *curved])
    what = "tanh(c + y) for |x| = c + y, and tanh(x) - x in the first, where c = 0"
    print(table("tanh_table", what, [first, *(fitted(mp.tanh, i, 5) for i in range(1, 32))]))
    what = "log(1 + e^-a) e^a for a = c + y"
    pieces = [fitted(lambda a: mp.log1p(mp.exp(-a)) * mp.exp(a), i, 5) for i in range(32)]
    print(table("softplus_table", what, pieces))
    what = "Phi(-a) e^(a^2 / 2) for a = c + y"
    pieces = [fitted(scaled_normal_tail, i, 6) for i in range(32)]
    print(table("normal_tail_table", what, pieces))


def normal_distribution() -> None:
    """Print the scaled tail and the density's constant."""
    print(pair("inv_sqrt_2pi", "1 / sqrt(2 pi), the normal density at 0.", 1 / mp.sqrt(2 * mp.pi)))
    variable = f"y = (a - {TAIL_CENTRE}) / (a + {TAIL_CENTRE})"
    for name, degree, bound, pairs in (("wide", 13, 20, 0), ("double", 29, 55, 5)):
        last = (mp.mpf(bound) - TAIL_CENTRE) / (bound + TAIL_CENTRE)
        what = f"(a + 1) Phi(-a) e^(a^2 / 2) in {variable}, 0 <= a <= {bound}"
        interval = (mp.mpf(-1), last)
        name = f"normal_tail_{name}"
        print(polynomial(name, what, tail_of_fraction, interval, degree, pairs=pairs))


def gates() -> None:
    """Print the constants of GELU's approximations."""
    what = "2 sqrt(2 / pi), and 0.044715 times that."
    print(pair("gelu_tanh_linear", what, GELU_TANH[0]).rstrip())
    print(pair("gelu_tanh_cubic", "", GELU_TANH[1]).removeprefix("// \n"))
    print(pair("quick_gelu_beta", "1.702.", QUICK_GELU_BETA))
    root = mp.findroot(silu_derivative, -1.278) / QUICK_GELU_BETA
    print(pair("quick_gelu_root", "Where the derivative of quick_gelu is 0.", root))


def root_quotient(name: str, derivative: Callable[[Real], Real], guess: float) -> None:
    """Print where a derivative is 0, and the derivative divided by the distance from there."""
    root = mp.findroot(derivative, guess)
    quotient = about_root(derivative, root)
    print(pair(f"{name}_root", f"Where the derivative of {name} is 0.", root))
    radius = mp.mpf("0.25")
    what = f"{name}'(root + d) / d for |d| <= 1/4"
    for precision, degree, pairs in (("single", 6, 1), ("wide", 8, 0), ("double", 14, 1)):
        print(
            polynomial(
                f"{name}_quotient_{precision}",
                what,
                quotient,
                (-radius, radius),
                degree,
                lambda d: 1 / abs(quotient(d)),
                pairs,
            )
        )


def exponential_rests() -> None:
    """Print (e^y - 1 - y) / y^2 on [0, 1], beyond the reach of the reduced exponential."""
    f = exp_remainder(2)
    interval = (mp.mpf(0), mp.mpf(1))
    what = "(e^y - 1 - y) / y^2 for 0 <= y <= 1"
    for name, degree, pairs in (("wide", 8, 0), ("double", 13, 2)):
        text = polynomial(f"exp_rest_{name}", what, f, interval, degree, lambda y: 1 / f(y), pairs)
        print(text)


def shrinkage(z: Real) -> Real:
    """Return (1 - tanh(x) / x) / x^2 at x^2 = z."""
    x = mp.sqrt(z)
    return (1 - mp.tanh(x) / x) / z if z else mp.mpf(1) / 3


def tanh_remainder() -> None:
    """Print what tanh leaves of its argument, over its cube."""
    interval = (mp.mpf(0), mp.mpf(1))
    what = "(1 - tanh(x) / x) / x^2 in x^2, for |x| <= 1"
    for name, degree, pairs in (("wide", 10, 0), ("double", 16, 3)):
        text = polynomial(
            f"shrinkage_{name}",
            what,
            shrinkage,
            interval,
            degree,
            lambda z: 1 / shrinkage(z),
            pairs,
        )
        print(text)


def selu_constants() -> None:
    """Print the scale of selu, and it times alpha: those that keep a mean of 0, a variance of 1.

    With z normal, E[(e^z - 1); z < 0] = sqrt(e) Phi(-1) - 1/2 and E[(e^z - 1)^2; z < 0] =
    e^2 Phi(-2) - 2 sqrt(e) Phi(-1) + 1/2, against E[z; z > 0] = 1 / sqrt(2 pi) and
    E[z^2; z > 0] = 1/2.
    """
    first = mp.sqrt(mp.e) * mp.ncdf(-1)
    alpha = mp.npdf(0) / (mp.mpf("0.5") - first)
    second = mp.e**2 * mp.ncdf(-2) - 2 * first + mp.mpf("0.5")
    scale = 1 / mp.sqrt(mp.mpf("0.5") + alpha**2 * second)
    print(pair("selu_scale", "The scale of selu.", scale))
    print(pair("selu_scale_alpha", "The scale of selu times its alpha.", scale * alpha))


def main() -> None:
    """Print the header."""
    print(HEADER)
    logarithms()
    exponentials()
    inverse_tangents()
    logarithm_near_one()
    tables()
    normal_distribution()
    root_quotient("silu", silu_derivative, -1.278)
    root_quotient("gelu", gelu_derivative, -0.752)
    print(pair("sixth", "1 / 6.", mp.mpf(1) / 6))
    exponential_rests()
    selu_constants()
    tanh_remainder()
    gates()
    root_quotient("gelu_tanh", gelu_tanh_derivative, -0.752)
    root_quotient("mish", mish_derivative, -1.192)
    print(FOOTER)


if __name__ == "__main__":
    main()
