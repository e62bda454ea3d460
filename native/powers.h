// Arguments as a mantissa and a power of two, and limits of what grows or falls like a power of x.
#pragma once
#include "number.h"

namespace OGIVE_ISA {
namespace {

// x = m 2^n with 1 <= |m| < 2; 0, infinities and NaN are their own m.
template <class V>
inline Scaled<V> parted(V x) {
  constexpr int bias = Format<typename V::Element>::bias;
  const auto tiny = abs(x) < two_to<bias / 8 - bias>;
  const V lifted = select(tiny, x * two_to<bias / 2>, x), n = exponent_of(lifted);
  return {scale(lifted, -n), n - select(tiny, bias / 2, V{})};
}

// The same number with a power that `scale` takes, with what backward adds to it: at most 7/4 bias.
template <class Number>
inline Scaled<Number> below_overflow(Scaled<Number> x) {
  using V = Plain<Number>;
  constexpr int bias = Format<typename V::Element>::bias, quarter = bias / 4;
  const Mask<Number> large = x.exponent > bias;
  return {times_power(x.mantissa, select(large, two_to<quarter>, splat<V>(1))),
          x.exponent - select(large, quarter, V{})};
}

// Where limits are those of powers of x, times coefficients of any moderate size, an infinite x is
// taken for 2^200; what is huge there, or tiny, then stands for infinity, or 0.
constexpr double far_out = two_to<200>;
template <class V>
inline V stand_in(V x) {
  return select(abs(x) == infinity, with_sign_of(splat<V>(far_out), x), x);
}
template <class Number>
inline Scaled<Number> at_infinity(Plain<Number> x, Scaled<Number> result) {
  using V = Plain<Number>;
  const Mask<Number> infinite = abs(x) == infinity;
  if (__builtin_expect(!any(infinite), 1)) return result;
  const Number value = value_of(result);
  const V hi = leading(value), size = abs(hi), none{};
  const Mask<Number> huge = size > two_to<100>, tiny = size < two_to<-100>;
  const V limit = with_sign_of(select(huge, infinity, none), hi);
  const Number there = select(huge | tiny, Exact<Number>::of(limit), value);
  return {select(infinite, there, result.mantissa), select(infinite, none, result.exponent)};
}

}  // namespace
}  // namespace OGIVE_ISA
