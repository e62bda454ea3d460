// Smooth, self-gated functions: x times a sigmoid or a normal distribution function.
#pragma once
#include "gate.h"
#include "logistic.h"
#include "roots.h"
#include "ties.h"

namespace OGIVE_ISA {
namespace {

// x sigmoid(x).
template <class Number>
inline Gated<Number> silu(Plain<Number> x) {
  const auto [M, q, k] = logistic_of<Number>(seen_by<Number>(x));
  return {at_least(x, lowest<Number>), q, k, x > highest<Number>};
}
// sigmoid(x) (1 + x sigmoid(-x)).
template <class Number>
inline Scaled<Number> grad_silu(Plain<Number> x) {
  const auto [M, q, k] = logistic_of<Number>(x);
  const Number slope = q * (bounded(x, lowest<Number>, highest<Number>) * (M * q) + 1.0);
  const Number distance = from_root(Exact<Number>::of(x), silu_root);
  const Mask<Number> near = abs(leading(distance)) < root_radius;
  return {select(near, silu_about_root(distance), slope), select(near, Plain<Number>{}, k)};
}

// (a + 1) Phi(-a) e^(a^2 / 2) for a >= 0, as a polynomial in y = (a - 4) / (a + 4), which maps the
// half-line to [-1, 1) (the substitution of Shepherd and Laframboise, Math. Comp. 36, 1981).
inline Real normal_tail_numerator(Real y) { return polynomial(y, normal_tail_wide); }
// The lowest powers as Pairs: at y = -1, where a = 0, what is left to plain doubles is 0.06
// of 1.25.
inline Pair<Real> normal_tail_numerator(Pair<Real> y) {
  using E = Exact<Pair<Real>>;
  constexpr int pairs = sizeof normal_tail_double_leading / sizeof *normal_tail_double_leading;
  Pair<Real> sum =
      E::of(normal_tail_double_leading[pairs - 1]) + y.hi * polynomial(y.hi, normal_tail_double);
#pragma GCC unroll 8
  for (int i = pairs - 2; i >= 0; --i) sum = E::of(normal_tail_double_leading[i]) + y * sum;
  return sum;
}

// For a = |x|: the ratio Phi(-a) e^(a^2 / 2), and e^(-a^2 / 2) as a scaled number.
template <class Number>
inline Number normal_tail_ratio(Plain<Number> a) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const Number y = normalised(quotient(E::sum(a, splat<V>(-4)), E::sum(a, splat<V>(4))));
  return quotient(normal_tail_numerator(y), E::sum(a, splat<V>(1)));
}
#if defined(OGIVE_LOOKUP)
template <>
inline Pair<Single> normal_tail_ratio(Single a) {
  const Piece piece(a);
  return {piece.value(normal_tail_table), piece.rest(normal_tail_table)};
}
#endif
template <class Number>
inline Scaled<Number> normal_bell(Plain<Number> a) {
  return exp(times_power(Exact<Number>::product(a, a), -0.5));
}
// 1 - h 2^n, h 2^n <= 1/2.
template <class Number>
inline Number complement(Number h, Plain<Number> n) {
  return plus_smaller(splat<Plain<Number>>(1), -scaled_to_add(h, n));
}

// x Phi(x): Phi(-a) itself on the left, its complement on the right.
template <class Number>
inline Gated<Number> gelu(Plain<Number> x) {
  const Plain<Number> shown = seen_by<Number>(x, two_to<-33>);  // the ratio is right to 2^-36
  const Plain<Number> a = at_most(abs(shown), normal_tail<Number>);
  const auto [bell, n] = normal_bell<Number>(a);
  const Number left = normal_tail_ratio<Number>(a) * bell;
  const Mask<Number> negative = x < 0;
  return {at_least(x, -normal_tail<Number>), select(negative, left, complement(left, n)),
          select(negative, n, Plain<Number>{}), x > normal_tail<Number>};
}
// Phi(x) + x phi(x) = e^(-a^2 / 2) (ratio - a / sqrt(2 pi)) on the left, and its complement on the
// right.
template <class Number>
inline Scaled<Number> grad_gelu(Plain<Number> x) {
  using E = Exact<Number>;
  const Plain<Number> a = at_most(abs(x), normal_tail<Number>);
  const auto [bell, n] = normal_bell<Number>(a);
  const Number left = (normal_tail_ratio<Number>(a) - E::of(inv_sqrt_2pi) * a) * bell;
  const Number distance = from_root(E::of(x), gelu_root);
  const Mask<Number> negative = x < 0, near = abs(leading(distance)) < root_radius;
  const Number slope = select(negative, left, complement(left, n));
  return {select(near, gelu_about_root(distance), slope),
          select(negative & ~near, n, Plain<Number>{})};
}

}  // namespace
}  // namespace OGIVE_ISA
