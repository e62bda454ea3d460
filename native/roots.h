// Derivatives about the point where they cross 0.
//
// There sigma + x sigma' cancels, and the derivative is taken as (x - root) times a polynomial,
// which keeps every digit.
#pragma once
#include "coefficients.h"
#include "number.h"

namespace OGIVE_ISA {
namespace {

constexpr double root_radius = 0.25;
// The root of silu's derivative, -1 - W(1/e), less the two doubles of silu_root.
constexpr double silu_root_left = -0x1.44a50180ba780p-108;

// How far x is from a root.  x may come closer than two floats tell the root: a third is left to be
// taken off.  A product may come closer than two doubles do; what these leave is given then.
inline Real from_root(Real x, const double (&root)[2], double = 0) {
  return (x - root[0]) - root[1];
}
template <class V>
inline Pair<V> from_root(Pair<V> x, const double (&root)[2], double left = 0) {
  using T = typename V::Element;
  const T hi = T(root[0]), lo = T((root[0] - hi) + root[1]);
  const T rest = T((((root[0] - hi) - lo) + root[1]) + left);
  const Pair<V> d = two_sum(x.hi, splat<V>(-hi)), below = two_sum(x.lo, splat<V>(-lo));
  const Pair<V> sum = two_sum(d.hi, below.hi);
  return normalised(Pair<V>{sum.hi, sum.lo + (d.lo + (below.lo - rest))});
}
// The derivative as that distance times a polynomial.
template <int count>
inline Real times_quotient(Real d, const double (&quotient)[count]) {
  return d * polynomial(d, quotient);
}
template <class V, int count>
inline Pair<V> times_quotient(Pair<V> d, const double (&leading)[1][2],
                              const double (&quotient)[count]) {
  using E = Exact<Pair<V>>;
  return d * plus_smaller(E::of(leading[0]), two_product(d.hi, polynomial(d.hi, quotient)));
}
#define OGIVE_ABOUT_ROOT(name)                                                              \
  inline Real name##_about_root(Real d) { return times_quotient(d, name##_quotient_wide); } \
  inline Pair<Single> name##_about_root(Pair<Single> d) {                                   \
    return times_quotient(d, name##_quotient_single_leading, name##_quotient_single);       \
  }                                                                                         \
  inline Pair<Real> name##_about_root(Pair<Real> d) {                                       \
    return times_quotient(d, name##_quotient_double_leading, name##_quotient_double);       \
  }
OGIVE_ABOUT_ROOT(silu)
OGIVE_ABOUT_ROOT(gelu)
OGIVE_ABOUT_ROOT(gelu_tanh)
OGIVE_ABOUT_ROOT(mish)
#undef OGIVE_ABOUT_ROOT

}  // namespace
}  // namespace OGIVE_ISA
