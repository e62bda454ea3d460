"""Write native/coefficients.h: every polynomial and constant of the native formulas.

Each polynomial is the Chebyshev interpolant of a smooth function, computed with 300 bits and
rounded coefficient by coefficient; the header states the error that remains, relative to the
quantity it serves.  Run it from the root of the repository:

    python tools/coefficients.py > native/coefficients.h
"""

from collections.abc import Callable

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


def mills_ratio(a: Real) -> Real:
    """Return Phi(-a) / phi(a) of the standard normal distribution."""
    return mp.sqrt(mp.pi / 2) * mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2))


MILLS_CENTRE = 4


def mills_of_fraction(y: Real) -> Real:
    """Return (a + 1) times the Mills ratio, as a function of y = (a - centre) / (a + centre)."""
    a = MILLS_CENTRE * (1 + y) / (1 - y)
    return mills_ratio(a) * (a + 1)


def silu_derivative(x: Real) -> Real:
    """Return sigma(x) (1 + x sigma(-x))."""
    s = 1 / (1 + mp.exp(-x))
    return s * (1 + x * (1 - s))


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
    hi = mp.floor(mp.log(2) * 2**38) / 2**38
    print(f"constexpr double log2_e = {float(1 / mp.log(2)).hex()};")
    print("// ln 2 = ln2_hi + ln2_lo; ln2_hi has 38 bits: n ln2_hi is exact for |n| < 2^15.")
    print(f"constexpr double ln2_hi = {float(hi).hex()};")
    print(f"constexpr double ln2_lo = {float(mp.log(2) - hi).hex()};")
    print(f"constexpr double sqrt_2 = {float(mp.sqrt(2)).hex()};\n")
    print(pair("ln2", "ln 2.", mp.log(2)))
    hi = mp.floor(mp.log(2) * 2**16) / 2**16
    print("// ln 2 in two floats; the first has 16 bits: n times it is exact for |n| < 256.")
    print(f"constexpr float ln2_hi_single = {float(hi).hex()}f;")
    print(f"constexpr float ln2_lo_single = {float(rounded_to_float(mp.log(2) - hi)).hex()}f;\n")


def exponentials() -> None:
    """Print the remainders of the exponential series on |r| <= ln(2)/2."""
    half_ln2 = mp.log(2) / 2 * (1 + mp.mpf(2) ** -20)
    reduced = (-half_ln2, half_ln2)
    for name, order, degree in (("exp_single", 2, 5), ("exp_double", 3, 9)):
        terms = "1 - r" if order == 2 else "1 - r - r^2/2"
        what = f"(e^r - {terms}) / r^{order} for |r| <= ln(2)/2, error of e^r"
        f = exp_remainder(order)
        print(polynomial(name, what, f, reduced, degree, lambda r, k=order: r**k * mp.exp(-r)))
    f = exp_remainder(2)
    c = [rounded_to_float(v) for v in chebyshev_interpolant(f, *reduced, 4)]
    error = largest_error(f, c, *reduced, lambda r: r * r * mp.exp(-r))
    floats = ", ".join(f"{float(v).hex()}f" for v in c)
    print(f"// (e^r - 1 - r) / r^2 in floats, error of e^r; relative error {bits(error)}.")
    print(f"constexpr float exp_float[] = {{{floats}}};\n")


def inverse_tangents() -> None:
    """Print the remainder of 2 atanh(s) for the reduced logarithm."""
    bound = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * (1 + mp.mpf(2) ** -20)
    what = (
        "(2 atanh(s) - 2 s) / s^3 in s^2, for 1/sqrt(2) <= (1+s)/(1-s) <= sqrt(2), error of atanh"
    )
    for name, degree in (("atanh_single", 3), ("atanh_double", 7)):
        interval = (mp.mpf(0), bound)
        print(polynomial(name, what, atanh_remainder, interval, degree, lambda z: z / 2))


def normal_distribution() -> None:
    """Print the Mills ratio and the density's constant."""
    print(pair("inv_sqrt_2pi", "1 / sqrt(2 pi), the normal density at 0.", 1 / mp.sqrt(2 * mp.pi)))
    variable = f"y = (a - {MILLS_CENTRE}) / (a + {MILLS_CENTRE})"
    for name, degree, bound, pairs in (("mills_single", 14, 20, 0), ("mills_double", 29, 55, 5)):
        last = (mp.mpf(bound) - MILLS_CENTRE) / (bound + MILLS_CENTRE)
        what = f"(a + 1) Phi(-a) / phi(a) in {variable}, 0 <= a <= {bound}"
        interval = (mp.mpf(-1), last)
        print(polynomial(name, what, mills_of_fraction, interval, degree, pairs=pairs))


def root_quotient(name: str, derivative: Callable[[Real], Real], guess: float) -> None:
    """Print where a derivative is 0, and the derivative divided by the distance from there."""
    root = mp.findroot(derivative, guess)
    quotient = about_root(derivative, root)
    print(pair(f"{name}_root", f"Where the derivative of {name} is 0.", root))
    radius = mp.mpf("0.25")
    what = f"{name}'(root + d) / d for |d| <= 1/4"
    for precision, degree, pairs in (("single", 8, 0), ("double", 14, 1)):
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


def main() -> None:
    """Print the header."""
    print(HEADER)
    logarithms()
    exponentials()
    inverse_tangents()
    normal_distribution()
    root_quotient("silu", silu_derivative, -1.278)
    root_quotient("gelu", gelu_derivative, -0.752)
    print(FOOTER)


if __name__ == "__main__":
    main()
