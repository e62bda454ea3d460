// Rational functions and square roots.
#pragma once
#include "ties.h"

namespace OGIVE_ISA {
namespace {

// The exponent e of a power to take out of x before it is squared or divided by, so that x 2^-e
// and 2^-e are normal numbers.  0 where Numbers are doubles for results that are shorter: they
// hold the square of every float.
template <class Number>
inline Plain<Number> power_within(Plain<Number> x) {
  using V = Plain<Number>;
  if constexpr (sizeof(Number) == sizeof(V)) {
    return V{};
  } else {
    return at_most(exponent_of(x), Format<typename V::Element>::bias - 1);
  }
}

// Nearer to 0 than this, x (1 + x) is x.
constexpr double negligible = two_to<-60>;

// p / (1 - p), the difference exact.
template <class Number>
inline ThroughZero<Number> odds(Plain<Number> p) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const Number ratio = quotient(E::of(p), E::sum_by_size(splat<V>(1), -p));
  const V limit = select(p == 1, infinity, splat<V>(not_a_number));
  return {select((p >= 0) & (p < 1), select(p < negligible, E::of(p), ratio), E::of(limit))};
}
// 1 / (1 - p)^2.
template <class Number>
inline Number grad_odds(Plain<Number> p) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const Number ratio = inverse(E::sum_by_size(splat<V>(1), -p));
  const V limit = select(p == 1, infinity, splat<V>(not_a_number));
  return select((p >= 0) & (p < 1), ratio * ratio, E::of(limit));
}

// x / (1 + |x|); 2^60 stands for all that is beyond.
template <class Number>
inline ThroughZero<Number> softsign(Plain<Number> x) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const V a = at_most(abs(x), two_to<60>);
  const Number ratio = quotient(E::of(a), E::sum(splat<V>(1), a));
  return {select(a < negligible, E::of(x), with_sign_of(ratio, x))};
}
// 1 / d, and grad_output over d: quotients that are halfway between two 16-bit numbers are exact.
struct Inverse {
  Real d;
};
inline Real rounded(Inverse x) { return 1 / x.d; }
inline Real product_rounded(Real g, Inverse x) { return select(x.d == infinity, Real{}, g / x.d); }

// 1 / (1 + |x|)^2, of (1 + |x|) 2^-e.
template <class Number>
inline auto grad_softsign(Plain<Number> x) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const V a = abs(x);
  if constexpr (sizeof(Number) == sizeof(V)) {
    return Inverse{(1 + a) * (1 + a)};
  } else {
    const V e = at_least(power_within<Number>(a), 0), power = power_of_two(-e);
    const Number ratio = inverse(E::sum(power, a * power));
    return Scaled<Number>{select(a == infinity, E::of(V{}), ratio * ratio), -2 * e};
  }
}

// ---- squareplus -----------------------------------------------------------------------------

inline Real root_of(Real s) { return sqrt(s); }
template <class V>
inline Pair<V> root_of(Pair<V> s) {
  const V r = sqrt(s.hi);
  return {r, (fma(-r, r, s.hi) + s.lo) * (0.5 * rough_reciprocal(r))};
}

// sqrt(x^2 + b) = R 2^e, sqrt(x^2 + b) + |x| = T 2^e, and b = B 4^h.  What cancels on the left is
// T's conjugate, R - |X| = b / (4^e T).  R is 1, not 0, where both x and b are 0.
template <class Number>
struct Hyperbola {
  Number R, T;
  Plain<Number> e, B, h;
};
template <class Number>
inline Hyperbola<Number> hyperbola(Plain<Number> x, Plain<Number> b) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const V of_x = power_within<Number>(x), h = round_to_integer(0.5 * power_within<Number>(b));
  const V e = select(b == 0, of_x, larger_of(of_x, h));
  const V power = power_of_two(-e), power_h = power_of_two(-h), X = abs(x) * power;
  const Number square = E::product(X, X) + b * power * power;
  const Number R = root_of(select(leading(square) == 0, E::of(1.0), square));
  return {R, plus_positive(R, X), e, b * power_h * power_h, h};
}

// (x + sqrt(x^2 + b)) / 2.
template <class Number>
inline Scaled<Number> squareplus(Plain<Number> x, Plain<Number> b) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const auto [R, T, e, B, h] = hyperbola<Number>(x, b);
  const Mask<Number> positive = x > 0, infinite = abs(x) == infinity;
  const Number value = select(positive, T, quotient(lowered(E::of(B)), T));
  return {select(infinite, E::of(at_least(x, 0)), value),
          select(infinite, V{}, select(positive, e - 1, 2 * h - e - 1))};
}
// (1 + x / sqrt(x^2 + b)) / 2.
template <class Number>
inline Scaled<Number> grad_squareplus(Plain<Number> x, Plain<Number> b) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const auto [R, T, e, B, h] = hyperbola<Number>(x, b);
  const Mask<Number> positive = x > 0, infinite = abs(x) == infinity;
  const Number value = quotient(select(positive, T, lowered(E::of(B))), select(positive, R, T * R));
  return {select(infinite, E::of(select(positive, 2, V{})), value),
          select(positive, splat<V>(-1), 2 * (h - e) - 1)};
}
// 1 / (4 sqrt(x^2 + b)).
template <class Number>
inline Scaled<Number> grad_squareplus_b(Plain<Number> x, Plain<Number> b) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const auto [R, T, e, B, h] = hyperbola<Number>(x, b);
  const Mask<Number> infinite = abs(x) == infinity, origin = (x == 0) & (b == 0);
  const V limit = select(origin, infinity, V{});
  return {select(infinite | origin, E::of(limit), inverse(R)), -e - 2};
}

}  // namespace
}  // namespace OGIVE_ISA
