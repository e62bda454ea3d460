"""Print the default coefficients of pau: a least-squares fit to leaky ReLU on [-3, 3].

A Padé activation unit (Molina, Schramowski, Kersting, 2020) starts as the fit to another
activation. Leaky ReLU is c x + d |x| with c = (1 + slope) / 2 and d = (1 - slope) / 2. With b1 and
b3 left at 0 the denominator is even, so that c x is met exactly, by a1 = c, a3 = c b2, a5 = c b4,
and an even quotient of five coefficients is fitted to d |x|. Descents over all ten coefficients,
from 120 random starts, found no better fit; most of them ended in this one.

Run it from the root of the repository; the coefficients stand in the record of pau:

    python tools/pau_defaults.py
"""

import numpy as np
from scipy.optimize import least_squares

NEGATIVE_SLOPE = 0.01
REACH = 3.0
DIGITS = 8

LINEAR = (1 + NEGATIVE_SLOPE) / 2
EVEN = (1 - NEGATIVE_SLOPE) / 2


def quotient(even: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return (a0 + a2 x^2 + a4 x^4) / (1 + b2 x^2 + b4 x^4)."""
    a0, a2, a4, b2, b4 = even
    z = x * x
    return (a0 + z * (a2 + z * a4)) / (1 + z * (b2 + z * b4))


def jacobian(even: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the derivatives of the quotient by its coefficients, a column each."""
    *_, b2, b4 = even
    z = x * x
    by_a = np.stack([np.ones_like(z), z, z * z]) / (1 + z * (b2 + z * b4))
    by_b = -quotient(even, x) * by_a[1:]
    return np.concatenate([by_a, by_b]).T


def fit() -> dict[str, float]:
    """Return the coefficients that minimise the integral of the squared error."""
    node, weight = np.polynomial.legendre.leggauss(200)
    x, root = REACH / 2 * (node + 1), np.sqrt(weight)
    a0, a2, a4, b2, b4 = least_squares(
        lambda even: root * (quotient(even, x) - EVEN * x),
        (0.0, 1.0, 0.5, 2.0, 0.2),
        jac=lambda even: root[:, None] * jacobian(even, x),
        method="lm",
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
    ).x
    numerator = {"a0": a0, "a1": LINEAR, "a2": a2, "a3": LINEAR * b2, "a4": a4, "a5": LINEAR * b4}
    coefficients = numerator | {"b1": 0.0, "b2": b2, "b3": 0.0, "b4": b4}
    return {name: round(float(value), DIGITS) for name, value in coefficients.items()}


def main() -> None:
    """Print the coefficients and what they leave."""
    coefficients = fit()
    for name, value in coefficients.items():
        print(f"{name} = {value:.{DIGITS}f}")
    x = np.linspace(-REACH, REACH, 60001)
    c = list(coefficients.values())
    pau = np.polyval(c[5::-1], x) / (1 + abs(np.polyval([*c[:5:-1], 0.0], x)))
    error = pau - np.where(x > 0, x, NEGATIVE_SLOPE * x)
    print(f"largest error {abs(error).max():.5f} at x = {x[abs(error).argmax()]:.4f}")
    print(f"root mean square error {np.sqrt((error**2).mean()):.5f}")


if __name__ == "__main__":
    main()
