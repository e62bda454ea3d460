// What a formula is written over: a Number.
//
// - Pair<V>, V = Single or Real: the array's own float or double, with the rest of a rounding
//   carried along where it would show.
// - Real itself, for results that are rounded to something much shorter: float16, bfloat16, and
//   those float32 functions for which it is the faster way (`WIDE` in functions.def).
//
// A formula takes its arguments as Plain<Number>, the vector type under the Number.  One that can
// underflow returns Scaled, mantissa times a power of two, so that the power is applied once, after
// the last rounding of the mantissa: results in the subnormal range then keep every bit they can
// hold.
#pragma once
#include "pair.h"

namespace OGIVE_ISA {
namespace {

template <int n>
constexpr double two_to =
    n > 0 ? 2 * two_to<(n > 0 ? n - 1 : 0)> : 0.5 * two_to<(n < 0 ? n + 1 : 0)>;
template <>
constexpr double two_to<0> = 1;

template <class Number>
struct PlainOf {
  using type = Number;
};
template <class V>
struct PlainOf<Pair<V>> {
  using type = V;
};
template <class Number>
using Plain = typename PlainOf<Number>::type;
template <class Number>
using Mask = Bits<typename Plain<Number>::Element>;

template <class Number>
struct Scaled {
  Number mantissa;
  Plain<Number> exponent;
};

template <class Number>
inline Scaled<Number> select(Mask<Number> mask, Scaled<Number> yes, Scaled<Number> no) {
  return {select(mask, yes.mantissa, no.mantissa), select(mask, yes.exponent, no.exponent)};
}

// Sums and products with plain numbers, exact ones where a Number can hold more than they need.
template <class Number>
struct Exact {
  using V = Number;
  static V of(V x) { return x; }
  static V of(double c) { return splat<V>(c); }
  static V of(const double (&c)[2]) { return splat<V>(c[0]); }
  static V sum(V a, V b) { return a + b; }
  static V sum_by_size(V a, V b) { return a + b; }
  static V product(V a, V b) { return a * b; }
};
template <class V>
struct Exact<Pair<V>> {
  using T = typename V::Element;
  static Pair<V> of(V x) { return {x, V{}}; }
  static Pair<V> of(double c) { return {splat<V>(T(c)), splat<V>(T(c) == c ? T(0) : T(c - T(c)))}; }
  // hi + lo in the element's own precision.
  static Pair<V> of(const double (&c)[2]) {
    return {splat<V>(T(c[0])), splat<V>(T((c[0] - T(c[0])) + c[1]))};
  }
  static Pair<V> sum(V a, V b) { return two_sum(a, b); }
  // For an a that is not smaller than b, or 0.
  static Pair<V> sum_by_size(V a, V b) { return fast_two_sum(a, b); }
  static Pair<V> product(V a, V b) { return two_product(a, b); }
};

template <class V>
inline Pair<V> operator-(Pair<V> a, Pair<V> b) {
  return a + -b;
}
template <class V>
inline Pair<V> operator-(Pair<V> a, V b) {
  return a + -b;
}
template <class V>
inline Pair<V> operator+(V a, Pair<V> b) {
  return b + a;
}
template <class V>
inline Pair<V> operator-(V a, Pair<V> b) {
  return -b + a;
}
template <class V>
inline Pair<V> operator*(V a, Pair<V> b) {
  return b * a;
}
template <class V>
inline Pair<V> operator+(Pair<V> a, typename V::Element b) {
  return a + splat<V>(b);
}
template <class V>
inline Pair<V> operator+(typename V::Element a, Pair<V> b) {
  return b + splat<V>(a);
}
template <class V>
inline Pair<V> operator-(Pair<V> a, typename V::Element b) {
  return a + splat<V>(-b);
}
template <class V>
inline Pair<V> operator-(typename V::Element a, Pair<V> b) {
  return -b + splat<V>(a);
}
template <class V>
inline Pair<V> operator*(Pair<V> a, typename V::Element b) {
  return a * splat<V>(b);
}
template <class V>
inline Pair<V> operator*(typename V::Element a, Pair<V> b) {
  return b * splat<V>(a);
}

// a + b for an a that is 0 or not smaller than b.
template <class T>
inline Lanes<T> plus_smaller(Lanes<T> a, Lanes<T> b) {
  return a + b;
}
template <class V>
inline Pair<V> plus_smaller(V a, Pair<V> b) {
  const Pair<V> s = fast_two_sum(a, b.hi);
  return {s.hi, s.lo + b.lo};
}
template <class V>
inline Pair<V> plus_smaller(Pair<V> a, Pair<V> b) {
  const Pair<V> s = fast_two_sum(a.hi, b.hi);
  return {s.hi, s.lo + (a.lo + b.lo)};
}
// a + b for positive plain numbers a, b that are not infinite.
inline Real plus_positive(Real a, Real b) { return a + b; }
template <class V>
inline Pair<V> plus_positive(Pair<V> a, V b) {
  const Pair<V> s = fast_two_sum(larger_of(a.hi, b), smaller_of(a.hi, b));
  return {s.hi, s.lo + a.lo};
}
// x times a power of two, or a constant that is one.
template <class T>
inline Lanes<T> times_power(Lanes<T> x, Lanes<T> power) {
  return x * power;
}
template <class V>
inline Pair<V> times_power(Pair<V> x, V power) {
  return {x.hi * power, x.lo * power};
}
template <class Number>
inline Number times_power(Number x, double power) {
  return times_power(x, splat<Plain<Number>>(power));
}

inline Real quotient(Real a, Real b) { return a * rough_reciprocal(b); }
inline Real inverse(Real b) { return rough_reciprocal(b); }
inline Real normalised(Real x) { return x; }

// x with hi alone where the mask is set: of a sum that is infinite the rest is NaN.
template <class T>
inline Lanes<T> without_remainder(Bits<T>, Lanes<T> x) {
  return x;
}
template <class V>
inline Pair<V> without_remainder(Bits<typename V::Element> mask, Pair<V> x) {
  return {x.hi, select(mask, V{}, x.lo)};
}

template <class T>
inline Lanes<T> leading(Lanes<T> x) {
  return x;
}
template <class V>
inline V leading(Pair<V> x) {
  return x.hi;
}

// Clamped to [lo, hi]; NaN stays.
template <class T>
inline Lanes<T> bounded(Lanes<T> x, Scalar<T> lo, Scalar<T> hi) {
  return at_most(at_least(x, lo), hi);
}
template <class V>
inline Pair<V> bounded(Pair<V> x, typename V::Element lo, typename V::Element hi) {
  const V y = bounded(x.hi, lo, hi);
  return {y, select(x.hi == y, x.lo, V{})};
}

template <class V>
inline Pair<V> with_sign_of(Pair<V> x, V sign) {
  return {with_sign_of(x.hi, sign), with_sign_of(x.lo, sign)};
}

// Where results have reached their limits, by the type that they are rounded to: e^lowest times the
// largest grad_output is below half the least subnormal, e^(-normal_tail^2 / 2) likewise;
// e^-highest adds nothing to 1.
template <class Number>
constexpr double lowest = -200;
template <>
constexpr double lowest<Pair<Real>> = -1500;
template <class Number>
constexpr double highest = 60;
template <>
constexpr double highest<Pair<Single>> = 24;
template <class Number>
constexpr double normal_tail = 20;
template <>
constexpr double normal_tail<Pair<Real>> = 55;

// 2^n to be added to numbers near 1: where that changes nothing, some normal number as small.
template <class T>
inline Lanes<T> power_to_add(Lanes<T> n) {
  return power_of_two(at_least(n, 27 - Format<T>::bias));
}
template <class Number>
inline Number scaled_to_add(Number x, Plain<Number> n) {
  return times_power(x, power_to_add(n));
}

// The power multiplied in.
inline Real value_of(Scaled<Real> x) { return scale_within_normal(x.mantissa, x.exponent); }
template <class V>
inline Pair<V> value_of(Scaled<Pair<V>> x) {
  return {scale(x.mantissa.hi, x.exponent), scale(x.mantissa.lo, x.exponent)};
}

// The last step: one rounding.  Numbers that become float or half stay within the normal doubles
// (1e-45 * 2^-220), so that their scaling cannot round.
template <class T>
inline Lanes<T> rounded(Lanes<T> x) {
  return x;
}
template <class V>
inline V rounded(Pair<V> x) {
  return x.hi + x.lo;
}
inline Real rounded(Scaled<Real> x) { return value_of(x); }
template <class V>
inline V rounded(Scaled<Pair<V>> x) {
  return scale(rounded(x.mantissa), x.exponent);
}

// A Number or Scaled that is 0 where its argument is, and has the argument's sign there: hi + lo
// alone would give +0, unless both are -0.
template <class Result>
struct ThroughZero {
  Result value;
};
inline Real rounded(ThroughZero<Real> x) { return x.value; }
inline Real rounded(ThroughZero<Scaled<Real>> x) { return value_of(x.value); }
template <class V>
inline V rounded(ThroughZero<Pair<V>> x) {
  const V sum = rounded(x.value);
  return select(sum == 0, x.value.hi * 0, sum);
}
template <class V>
inline V rounded(ThroughZero<Scaled<Pair<V>>> x) {
  const auto [mantissa, exponent] = x.value;
  return scale(rounded(ThroughZero<Pair<V>>{mantissa}), exponent);
}

// grad_output times a derivative.  One that is exactly 0 gives 0 even for an infinite grad_output:
// a unit that is off passes nothing back.
template <class T>
inline Lanes<T> product_rounded(Lanes<T> g, Lanes<T> x) {
  return select(x == 0, Lanes<T>{}, g * x);
}
inline Real product_rounded(Real g, Scaled<Real> x) {
  return scale_within_normal(product_rounded(g, x.mantissa), x.exponent);
}
// A huge or tiny grad_output is brought towards 1 first: its product with the mantissa alone could
// overflow, or lose digits to underflow, although the power of two brings it back.  Products that
// are infinite or 0 leave the correction out, which could be inf or 0 of the other sign.
template <class V>
inline V product_rounded(V g, Scaled<Pair<V>> x) {
  constexpr int half = Format<typename V::Element>::bias / 2;
  const auto [hi, lo] = x.mantissa;
  const auto huge = abs(g) > two_to<half>, tiny = abs(g) < two_to<-half>;
  if (__builtin_expect(!any(huge | tiny), 1))
    return scale(select(hi == 0, V{}, fma(g, hi, g * lo)), x.exponent);
  const V factor = select(huge, two_to<-half>, select(tiny, two_to<half>, splat<V>(1)));
  const V shift = select(huge, half, select(tiny, -half, V{}));
  const V product = product_rounded(g * factor, hi);
  const auto ordinary = (abs(product) > 0) & (abs(product) < infinity);
  const V corrected = fma(g * factor, hi, g * factor * lo);
  return scale(select(ordinary, corrected, product), x.exponent + shift);
}
template <class V>
inline V product_rounded(V g, Pair<V> x) {
  return product_rounded(g, Scaled<Pair<V>>{x, V{}});
}

}  // namespace
}  // namespace OGIVE_ISA
