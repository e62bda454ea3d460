// exp, expm1 and the logarithm, branch-free, over a Number (number.h).
//
// All start from the same reduction: x = n ln 2 + r with n an integer and |r| <= ln(2)/2.
#pragma once
#include "coefficients.h"
#include "number.h"

namespace OGIVE_ISA {
namespace {

// ---- exp ------------------------------------------------------------------------------------

// e^r - 1 = r + r^2 P(r).
inline Real exp_minus_one_of_reduced(Real r) {
  return mul_add(r * r, polynomial(r, exp_single), r);
}
// e^r - 1 = r + r^2/2 + r^3 Q(r), with r^2 exact: what is rounded is below 0.007.
inline Pair exp_minus_one_of_reduced(Pair r) {
  const Pair square = two_product(r.hi, r.hi);
  const Real cubic = square.hi * r.hi * polynomial(r.hi, exp_double);
  const Pair s = fast_two_sum(r.hi, 0.5 * square.hi);
  return {s.hi, s.lo + (cubic + (mul_add(r.hi, r.lo, r.lo) + 0.5 * square.lo))};
}

template <class Number>
struct Reduced {
  Number r;
  Real n;
};
// Here and below x is bounded by the caller to |x| < 1600, or NaN.
inline Reduced<Real> reduce(Real x) {
  const Real n = round_to_integer(x * log2_e);
  return {mul_add(n, -ln2[0], x), n};
}
inline Reduced<Pair> reduce(Pair x) {
  const Real n = round_to_integer(x.hi * log2_e);
  const Pair r =
      two_sum(mul_add(n, -ln2_hi, x.hi), n * -ln2_lo);  // the product with ln2_hi is exact
  return {fast_two_sum(r.hi, r.lo + x.lo), n};
}

// e^x as mantissa in [0.7, 1.42] and exponent.
inline Scaled<Real> exp(Real x) {
  const auto [r, n] = reduce(x);
  return {1 + exp_minus_one_of_reduced(r), n};
}
inline Scaled<Pair> exp(Pair x) {
  const auto [r, n] = reduce(x);
  const Pair e = exp_minus_one_of_reduced(r);
  const Pair s = fast_two_sum(splat(1), e.hi);
  return {fast_two_sum(s.hi, s.lo + e.lo), n};
}

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1) for -1022 ln 2 < x; nothing cancels beyond a bit.
template <class Number>
inline Number expm1(Number x) {
  const auto [r, n] = reduce(x);
  const Real power = power_of_two(n);
  const Number value = power * exp_minus_one_of_reduced(r) + Exact<Number>::sum(power, splat(-1));
  return select(leading(x) == 0, x, value);  // keeps the sign of 0
}

// ---- logarithm ------------------------------------------------------------------------------

// factor * 2 atanh(s) / s for |s| <= (sqrt 2 - 1) / (sqrt 2 + 1), given s^2.  The part that depends
// on s^2 is below 2 %, so plain doubles serve it even where the factor is a Pair.
inline Real times_two_atanh_ratio(Real factor, Real square) {
  return factor * mul_add(square, polynomial(square, atanh_single), 2);
}
inline Pair times_two_atanh_ratio(Pair factor, Real square) {
  const Real rest = square * polynomial(square, atanh_double);
  const Pair sum = fast_two_sum(2 * factor.hi, factor.hi * rest);
  return {sum.hi, mul_add(factor.lo, 2 + rest, sum.lo)};
}

// log(1 + M 2^n) for n <= 0 and M 2^n <= 1, with the power left out of the mantissa while the
// result is proportional to it.  With t = M 2^n: log(1 + t) = 2 atanh(t / (2 + t)) up to
// t = sqrt(2) - 1, log 2 + 2 atanh((t - 1) / (t + 3)) above.
template <class Number>
inline Scaled<Number> log1p(Scaled<Number> x) {
  const Number t = scale_within_normal(x.mantissa, at_least(x.exponent, -1000));
  const Bits large = leading(t) > sqrt_2 - 1;
  const Number ratio = Exact<Number>::quotient(select(large, t + splat(-1), x.mantissa),
                                               t + select(large, splat(3), splat(2)));
  const Real exponent = select(large, splat(0), x.exponent);
  const Real s = scale_within_normal(leading(ratio), at_least(exponent, -1000));
  const Number value = times_two_atanh_ratio(ratio, s * s);
  return {select(large, Exact<Number>::of(ln2) + value, value), exponent};
}

}  // namespace
}  // namespace OGIVE_ISA
