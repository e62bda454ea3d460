// Smooth, self-gated functions: x times a sigmoid or a normal distribution function.
//
// Their derivatives cross zero once.  About that root, where sigma + x sigma' cancels, the
// derivative is taken as (x - root) times a polynomial, which keeps every digit.
#pragma once
#include "logistic.h"

namespace OGIVE_ISA {
namespace {

constexpr double root_radius = 0.25;

// d * Q(d) with d = x - root.
template <int count>
inline Real about_root(Real x, const double (&root)[2], const double (&quotient)[count]) {
  const Real d = (x - root[0]) - root[1];
  return d * polynomial(d, quotient);
}
template <int count>
inline Pair about_root(Real x, const double (&root)[2], const double (&leading)[1][2],
                       const double (&quotient)[count]) {
  const Pair d = two_sum(x, splat(-root[0])) - splat(root[1]);
  return d * (pair_of(leading[0]) + d.hi * polynomial(d.hi, quotient));
}
template <class Number>
Number grad_silu_about_root(Real x);
template <>
inline Real grad_silu_about_root<Real>(Real x) {
  return about_root(x, silu_root, silu_quotient_single);
}
template <>
inline Pair grad_silu_about_root<Pair>(Real x) {
  return about_root(x, silu_root, silu_quotient_double_leading, silu_quotient_double);
}
template <class Number>
Number grad_gelu_about_root(Real x);
template <>
inline Real grad_gelu_about_root<Real>(Real x) {
  return about_root(x, gelu_root, gelu_quotient_single);
}
template <>
inline Pair grad_gelu_about_root<Pair>(Real x) {
  return about_root(x, gelu_root, gelu_quotient_double_leading, gelu_quotient_double);
}

// x sigmoid(x).
template <class Number>
inline Scaled<Number> silu(Real x) {
  const auto [M, q, k] = logistic(Exact<Number>::of(x));
  const Bits linear = x > highest;
  return {select(linear, Exact<Number>::of(x), q * at_least(x, lowest<Number>)),
          select(linear, Real{}, k)};
}
// sigmoid(x) (1 + x sigmoid(-x)).
template <class Number>
inline Scaled<Number> grad_silu(Real x) {
  const auto [M, q, k] = logistic(Exact<Number>::of(x));
  const Number slope = q * (bounded(x, lowest<Number>, highest) * (M * q) + splat(1));
  const Bits near = abs(x - silu_root[0]) < root_radius;
  return {select(near, grad_silu_about_root<Number>(x), slope), select(near, Real{}, k)};
}

// (a + 1) Phi(-a) / phi(a) for a >= 0, as a polynomial in y = (a - 4) / (a + 4), which maps the
// half-line to [-1, 1) (the substitution of Shepherd and Laframboise, Math. Comp. 36, 1981).
inline Real mills_numerator(Real y) { return polynomial(y, mills_single); }
// The lowest powers as Pairs: at y = -1, where a = 0, what is left to plain doubles is 0.06
// of 1.25.
inline Pair mills_numerator(Pair y) {
  constexpr int pairs = sizeof mills_double_leading / sizeof *mills_double_leading;
  Pair sum = pair_of(mills_double_leading[pairs - 1]) + y.hi * polynomial(y.hi, mills_double);
#pragma GCC unroll 8
  for (int i = pairs - 2; i >= 0; --i) sum = pair_of(mills_double_leading[i]) + y * sum;
  return sum;
}

// For a = |x|: the ratio Phi(-a) / phi(a), and phi(a) as a scaled number.
template <class Number>
struct NormalTail {
  Number ratio, density;
  Real exponent;
};
template <class Number>
inline NormalTail<Number> normal_tail_of(Real a) {
  using E = Exact<Number>;
  const auto [M, n] = exp(splat(-0.5) * E::product(a, a));
  const Number y = E::quotient(E::sum(a, splat(-4)), E::sum(a, splat(4)));
  return {E::quotient(mills_numerator(y), E::sum(a, splat(1))), M * E::of(inv_sqrt_2pi), n};
}
// 1 - h 2^n.
template <class Number>
inline Number complement(Number h, Real n) {
  return splat(1) - scale_within_normal(h, at_least(n, -1000));
}

// x Phi(x): Phi(-a) itself on the left, its complement on the right.
template <class Number>
inline Scaled<Number> gelu(Real x) {
  const Real a = at_most(abs(x), normal_tail<Number>);
  const auto [ratio, density, n] = normal_tail_of<Number>(a);
  const Number left = ratio * density;
  const Bits negative = x<0, linear = x> normal_tail<Number>;
  const Number value = select(negative, left, complement(left, n)) *
                       bounded(x, -normal_tail<Number>, normal_tail<Number>);
  return {select(linear, Exact<Number>::of(x), value), select(negative, n, Real{})};
}
// Phi(x) + x phi(x) = phi(a) (ratio - a) on the left, and its complement on the right.
template <class Number>
inline Scaled<Number> grad_gelu(Real x) {
  const Real a = at_most(abs(x), normal_tail<Number>);
  const auto [ratio, density, n] = normal_tail_of<Number>(a);
  const Number left = (ratio - a) * density;
  const Bits negative = x < 0, near = abs(x - gelu_root[0]) < root_radius;
  return {
      select(near, grad_gelu_about_root<Number>(x), select(negative, left, complement(left, n))),
      select(negative & ~near, n, Real{})};
}

}  // namespace
}  // namespace OGIVE_ISA
