// The Pade activation unit: a quotient of polynomials, and its derivatives by all of their
// coefficients.
#pragma once
#include "powers.h"

namespace OGIVE_ISA {
namespace {

inline Real magnitude(Real x) { return abs(x); }
template <class V>
inline Pair<V> magnitude(Pair<V> x) {
  return select(x.hi < 0, -x, x);
}

// N / (1 + |Q|), N = a0 + ... + a5 x^5 and Q = b1 x + ... + b4 x^4.  Beyond +-1 all is in y = 1/x,
// N = x^5 n, Q = x^4 q and 1 + |Q| = x^4 d, so that no power overflows; within, n, q and d are N, Q
// and 1 + |Q| themselves.  (Powers of y can underflow beyond 2^255; what is lost with them counts
// only where leading coefficients are exactly 0.)  Polynomials are right to a rounding of their
// largest term.
template <class Number>
struct Pade {
  Number t;                          // x within, y beyond
  Number n, n_slope, q, q_slope, d;  // slopes by t
  Number b;                // q / t within, q beyond: the sum of the denominator's polynomial
  Plain<Number> m, power;  // x = m 2^power
  Mask<Number> beyond;
};
// A polynomial and its derivative.
template <class Number>
struct WithSlope {
  Number value, slope;
};
template <class Number, int count>
inline WithSlope<Number> horner(Number t, const Plain<Number> (&c)[count]) {
  using E = Exact<Number>;
  Number slope = E::of(c[count - 1]), value = slope * t + c[count - 2];
#pragma GCC unroll 8
  for (int i = count - 3; i >= 0; --i) {
    slope = slope * t + value;
    value = value * t + c[i];
  }
  return {normalised(value), normalised(slope)};
}
inline Real inverse_closely(Real x) { return reciprocal(x); }
inline Pair<Real> inverse_closely(Pair<Real> x) { return normalised(inverse(x)); }

template <class Number>
inline Pade<Number> pade_of(Plain<Number> argument, const Plain<Number> (&a)[6],
                            const Plain<Number> (&b)[4]) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const V x = stand_in(argument);
  const auto [m, power] = parted(x);
  const Mask<Number> beyond = abs(x) > 1;
  const Number y = value_of(Scaled<Number>{inverse_closely(E::of(m)), -power});
  const Number t = select(beyond, y, E::of(x));
  V upper[6], lower[4];
#pragma GCC unroll 8
  for (int i = 0; i < 6; ++i) upper[i] = select(beyond, a[5 - i], a[i]);
#pragma GCC unroll 8
  for (int i = 0; i < 4; ++i) lower[i] = select(beyond, b[3 - i], b[i]);
  const auto [n, n_slope] = horner(t, upper);
  const auto [sum, sum_slope] = horner(t, lower);
  const Number q = select(beyond, sum, sum * t), square = t * t;
  const Number one = select(beyond, square * square, E::of(1.0));
  const Number q_slope = select(beyond, sum_slope, sum_slope * t + sum);
  return {t, n, n_slope, q, q_slope, normalised(one + magnitude(q)), sum, m, power, beyond};
}

// |Q|' for Q' = slope; where Q is 0, the derivative from the left, of the sign of `left`.  The sign
// of Q is not taken from q, which may underflow.
template <class Number>
inline Number of_magnitude(const Pade<Number> &r, Number slope, Plain<Number> left) {
  using V = Plain<Number>;
  const V one = splat<V>(1), sum = leading(r.b);
  const Mask<Number> zero = (sum == 0) | (r.m == 0);
  const V sign = with_sign_of(with_sign_of(one, sum), select(r.beyond, one, r.m));
  return select(zero, with_sign_of(magnitude(slope), left), with_sign_of(slope, sign));
}
// c / d.  Where the terms of the derivative cancel it takes all digits of a double.
inline Real quotient_closely(Real a, Real b) { return a * reciprocal(b); }
inline Pair<Real> quotient_closely(Pair<Real> a, Pair<Real> b) {
  return normalised(quotient(a, b));
}
template <class Number>
inline Number over_d(const Pade<Number> &r, Number c) {
  return quotient_closely(c, r.d);
}

template <class Number>
inline ThroughZero<Scaled<Number>> pade_value(Plain<Number> x, const Plain<Number> (&a)[6],
                                              const Plain<Number> (&b)[4]) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const Pade<Number> r = pade_of<Number>(x, a, b);
  const Number ratio = over_d(r, r.n), whole = select(r.beyond, ratio * r.m, ratio);
  // Through the origin the sign of a zero, and of what underflows, is that of a1 x.
  constexpr int bias = Format<typename V::Element>::bias;
  const Mask<Number> origin = (leading(r.n) == 0) & (a[0] == 0) & (abs(x) < two_to<-bias / 2>);
  return {at_infinity<Number>(
      x, {select(origin, E::of(a[1] * x), whole), select(r.beyond, r.power, V{})})};
}
// N' / (1 + |Q|) - N |Q|' / (1 + |Q|)^2, with N' = x^4 (5 n - y n') and Q' = x^3 (4 q - y q')
// beyond.
template <class Number>
inline Scaled<Number> pade_grad(Plain<Number> x, const Plain<Number> (&a)[6],
                                const Plain<Number> (&b)[4]) {
  const Pade<Number> r = pade_of<Number>(x, a, b);
  const Number rise = select(r.beyond, r.n * 5 - r.t * r.n_slope, r.n_slope);
  const Number slope = select(r.beyond, times_power(r.q, 4) - r.t * r.q_slope, r.q_slope);
  // |Q|' is -|Q'|; x^3, left out of Q' beyond, has the sign of x.
  const Plain<Number> left = select(r.beyond, -r.m, splat<Plain<Number>>(-1));
  const Number fall = normalised(r.n * of_magnitude(r, normalised(slope), left));
  return at_infinity<Number>(x, {over_d(r, rise - over_d(r, fall)), Plain<Number>{}});
}
template <class Number>
inline Number power_of(Plain<Number> m, int n) {
  Number result = Exact<Number>::of(1.0);
#pragma GCC unroll 8
  for (int i = 0; i < n; ++i) result = result * m;
  return result;
}
// x^i / (1 + |Q|).
template <int i, class Number>
inline Scaled<Number> pade_grad_a(Plain<Number> x, const Plain<Number> (&a)[6],
                                  const Plain<Number> (&b)[4]) {
  const Pade<Number> r = pade_of<Number>(x, a, b);
  const Number divisor = select(r.beyond, r.d * power_of<Number>(r.m, 4), r.d);
  const Plain<Number> order = select(r.beyond, i - 4, splat<Plain<Number>>(i));
  return at_infinity<Number>(
      x, {quotient(power_of<Number>(r.m, i), normalised(divisor)), r.power * order});
}
// -N |Q|' / (1 + |Q|)^2, where x^j is the derivative of Q.
template <int j, class Number>
inline Scaled<Number> pade_grad_b(Plain<Number> x, const Plain<Number> (&a)[6],
                                  const Plain<Number> (&b)[4]) {
  const Pade<Number> r = pade_of<Number>(x, a, b);
  const Number divisor = select(r.beyond, r.d * power_of<Number>(r.m, 3), r.d);
  const Plain<Number> order = select(r.beyond, j - 3, splat<Plain<Number>>(j));
  const Number change =
      over_d(r, -r.n) * of_magnitude(r, power_of<Number>(r.m, j), splat<Plain<Number>>(-1));
  return at_infinity<Number>(x,
                             {quotient(normalised(change), normalised(divisor)), r.power * order});
}

#define OGIVE_PAU(name, result, formula)                                                \
  template <class Number, class V = Plain<Number>>                                      \
  inline result name(V x, V a0, V a1, V a2, V a3, V a4, V a5, V b1, V b2, V b3, V b4) { \
    const V a[] = {a0, a1, a2, a3, a4, a5}, b[] = {b1, b2, b3, b4};                     \
    return formula(x, a, b);                                                            \
  }
OGIVE_PAU(pau, ThroughZero<Scaled<Number>>, pade_value<Number>)
OGIVE_PAU(grad_pau, Scaled<Number>, pade_grad<Number>)
OGIVE_PAU(grad_pau_a0, Scaled<Number>, (pade_grad_a<0, Number>))
OGIVE_PAU(grad_pau_a1, Scaled<Number>, (pade_grad_a<1, Number>))
OGIVE_PAU(grad_pau_a2, Scaled<Number>, (pade_grad_a<2, Number>))
OGIVE_PAU(grad_pau_a3, Scaled<Number>, (pade_grad_a<3, Number>))
OGIVE_PAU(grad_pau_a4, Scaled<Number>, (pade_grad_a<4, Number>))
OGIVE_PAU(grad_pau_a5, Scaled<Number>, (pade_grad_a<5, Number>))
OGIVE_PAU(grad_pau_b1, Scaled<Number>, (pade_grad_b<1, Number>))
OGIVE_PAU(grad_pau_b2, Scaled<Number>, (pade_grad_b<2, Number>))
OGIVE_PAU(grad_pau_b3, Scaled<Number>, (pade_grad_b<3, Number>))
OGIVE_PAU(grad_pau_b4, Scaled<Number>, (pade_grad_b<4, Number>))
#undef OGIVE_PAU

}  // namespace
}  // namespace OGIVE_ISA
