// What a formula is written over: a Number is Real where the result will be rounded to float or
// half (30 bits are ample) and Pair where it will be rounded to double.
//
// A formula that can underflow returns Scaled, mantissa times a power of two, so that the power is
// applied once, after the last rounding of the mantissa: results in the subnormal range then keep
// every bit they can hold.
#pragma once
#include "pair.h"

namespace OGIVE_ISA {
namespace {

template <class Number>
struct Scaled {
  Number mantissa;
  Real exponent;
};

template <class Number>
inline Scaled<Number> select(Bits mask, Scaled<Number> yes, Scaled<Number> no) {
  return {select(mask, yes.mantissa, no.mantissa), select(mask, yes.exponent, no.exponent)};
}

template <class Number>
struct Exact;  // results of exact operations, as the Number at hand
template <>
struct Exact<Real> {
  static Real of(Real x) { return x; }
  static Real of(const double (&c)[2]) { return splat(c[0]); }
  static Real sum(Real a, Real b) { return a + b; }
  static Real product(Real a, Real b) { return a * b; }
  static Real quotient(Real a, Real b) { return a * rough_reciprocal(b); }
  static Real inverse(Real b) { return rough_reciprocal(b); }
};
template <>
struct Exact<Pair> {
  static Pair of(Real x) { return {x, Real{}}; }
  static Pair of(const double (&c)[2]) { return pair_of(c); }
  static Pair sum(Real a, Real b) { return two_sum(a, b); }
  static Pair product(Real a, Real b) { return two_product(a, b); }
  static Pair quotient(Pair a, Pair b) { return a / b; }
  static Pair inverse(Pair b) { return reciprocal(b); }
};

inline Real leading(Real x) { return x; }
inline Real leading(Pair x) { return x.hi; }

// Clamped to [lo, hi]; NaN stays.
inline Real bounded(Real x, double lo, double hi) { return at_most(at_least(x, lo), hi); }
inline Pair bounded(Pair x, double lo, double hi) {
  const Real y = bounded(x.hi, lo, hi);
  return {y, select(x.hi == y, x.lo, Real{})};
}

inline Real with_sign_of(Real x, Real sign) {
  return real_of(bits_of(x) ^ (bits_of(sign) & INT64_MIN));
}
inline Pair with_sign_of(Pair x, Real sign) {
  return {with_sign_of(x.hi, sign), with_sign_of(x.lo, sign)};
}

// Beyond these every result has reached its limit: e^lowest times the largest grad_output is below
// half the least subnormal of the type that the Number becomes; e^(-normal_tail^2 / 2) likewise.
template <class Number>
constexpr double lowest = -200;
template <>
constexpr double lowest<Pair> = -1500;
constexpr double highest = 60;
template <class Number>
constexpr double normal_tail = 20;
template <>
constexpr double normal_tail<Pair> = 55;

// The power multiplied in.
inline Real value_of(Scaled<Real> x) { return scale_within_normal(x.mantissa, x.exponent); }
inline Pair value_of(Scaled<Pair> x) {
  return {scale(x.mantissa.hi, x.exponent), scale(x.mantissa.lo, x.exponent)};
}

// The last step: one rounding to Real.  Numbers that become float or half stay within the normal
// doubles (1e-45 * 2^-220), so that their scaling cannot round.
inline Real rounded(Real x) { return x; }
inline Real rounded(Pair x) {
  const Real sum = x.hi + x.lo;
  return select(sum == 0, real_of(bits_of(x.hi) & INT64_MIN), sum);  // 0 keeps the sign of hi
}
inline Real rounded(Scaled<Real> x) { return value_of(x); }
inline Real rounded(Scaled<Pair> x) { return scale(rounded(x.mantissa), x.exponent); }

// grad_output times a derivative.
inline Real product_rounded(Real g, Scaled<Real> x) {
  return scale_within_normal(g * x.mantissa, x.exponent);
}
// A huge or tiny grad_output is brought towards 1 first: its product with the mantissa alone could
// overflow, or lose digits to underflow, although the power of two brings it back.  The correction
// is left out where the product is infinite, since it would then be inf - inf.
inline Real product_rounded(Real g, Scaled<Pair> x) {
  const Bits huge = abs(g) > 0x1p900, tiny = abs(g) < 0x1p-700;
  const Real factor = select(huge, splat(0x1p-100), select(tiny, splat(0x1p300), splat(1)));
  const Real shift = select(huge, splat(100), select(tiny, splat(-300), Real{}));
  const Pair p = two_product(g * factor, x.mantissa.hi);
  const Real lo = mul_add(g * factor, x.mantissa.lo, p.lo);
  const Real product = select(abs(p.hi) < infinity, rounded(Pair{p.hi, lo}), p.hi);
  return scale(product, x.exponent + shift);
}

}  // namespace
}  // namespace OGIVE_ISA
