// exp and the logarithm of doubles to a few more digits, for sums that cancel and quotients by what
// is small: 60 bits and more, from the next term or two of the series held as Pairs.
#pragma once
#include "elementary.h"

namespace OGIVE_ISA {
namespace {

inline Real exp_minus_one_closely(Real r) { return exp_minus_one_of_reduced(r); }
inline Pair<Real> exp_minus_one_closely(Pair<Real> r) {
  const Pair<Real> square = two_product(r.hi, r.hi);
  const Real cubic = square.hi * r.hi * polynomial(r.hi, exp_cubic);
  const Pair<Real> sum = fast_two_sum(r.hi, 0.5 * square.hi);
  return {sum.hi, sum.lo + mul_add(square.lo, 0.5, mul_add(r.lo, 1 + (sum.hi + cubic), cubic))};
}
// e^x; that of doubles as the square of e^(r/2), of which the third term is an eighth.
inline Scaled<Real> exp_closely(Real x) { return exp(x); }
inline Scaled<Pair<Real>> exp_closely(Pair<Real> x) {
  const auto [r, n] = reduce(x);
  const Pair<Real> root = normalised(
      plus_smaller(splat<Real>(1), exp_minus_one_closely(times_power(r, splat<Real>(0.5)))));
  return {normalised(root * root), n};
}
// factor * 2 atanh(v) / v.
inline Real times_two_atanh_ratio_closely(Real factor, Real v) {
  return times_two_atanh_ratio(factor, v * v);
}
inline Pair<Real> times_two_atanh_ratio_closely(Pair<Real> factor, Pair<Real> v) {
  const Pair<Real> z = v * v, sum = polynomial(z, atanh_closely_leading, atanh_closely);
  return normalised(factor * plus_smaller(splat<Real>(2), z * sum));
}

}  // namespace
}  // namespace OGIVE_ISA
