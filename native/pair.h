// Unevaluated sums of two floats or two doubles, for the steps where a rounding would show.
//
// The error-free transformations are Knuth's and Dekker's (Muller et al., Handbook of
// Floating-Point Arithmetic, 2nd ed., chapters 4 and 14).  Operators do not normalise their
// results, and what counts is hi + lo; but the square of lo is left out of products and quotients,
// so that lo has to be below 2^-13 hi (floats) or 2^-28 hi (doubles).  Each is then good to a
// sixteenth of an ulp.
#pragma once
#include "simd.h"

namespace OGIVE_ISA {
namespace {

template <class V>
struct Pair {
  V hi, lo;
};

template <class V>
inline Pair<V> two_sum(V a, V b) {
  const V s = a + b, t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
// For an a whose exponent is not below that of b, or a = 0.
template <class V>
inline Pair<V> fast_two_sum(V a, V b) {
  const V s = a + b;
  return {s, b - (s - a)};
}

#if defined(OGIVE_NO_FMA)
// Dekker's product, exact, of halves of 26 bits.  They are cut by integer arithmetic, which unlike
// Veltkamp's multiplication does not overflow: to the nearest, but where that could be infinity
// downwards (the product of the lower parts may then need a 54th bit, an error of 2^-106).
inline Real upper_half(Real a) {
  constexpr std::int64_t unit = std::int64_t{1} << 27;
  const Bits<double> half = (abs(a) < 0x1p1023) & (unit / 2);
  return real_of((bits_of(a) + half) & ~(unit - 1));
}
inline Pair<Real> two_product(Real a, Real b) {
  const Real ah = upper_half(a), al = a - ah, bh = upper_half(b), bl = b - bh, p = a * b;
  return {p, ((ah * bh - p) + (ah * bl + al * bh)) + al * bl};
}
// Not rounded once, yet exact wherever a b + c cancels.
inline Real fma(Real a, Real b, Real c) {
  const Pair<Real> p = two_product(a, b);
  const Pair<Real> s = two_sum(p.hi, c);
  return select(abs(s.hi) < infinity, s.hi + (s.lo + p.lo), s.hi);
}
inline Pair<Single> two_product(Single a, Single b) {
  const Single p = a * b;
  return {p, fma(a, b, -p)};
}
#else
template <class V>
inline Pair<V> two_product(V a, V b) {
  const V p = a * b;
  return {p, fma(a, b, -p)};
}
#endif

template <class V>
inline Pair<V> operator-(Pair<V> a) {
  return {-a.hi, -a.lo};
}
template <class V>
inline Pair<V> operator+(Pair<V> a, Pair<V> b) {
  const Pair<V> s = two_sum(a.hi, b.hi);
  return {s.hi, s.lo + (a.lo + b.lo)};
}
template <class V>
inline Pair<V> operator+(Pair<V> a, V b) {
  const Pair<V> s = two_sum(a.hi, b);
  return {s.hi, s.lo + a.lo};
}
template <class V>
inline Pair<V> operator*(Pair<V> a, V b) {
  const Pair<V> p = two_product(a.hi, b);
  return {p.hi, mul_add(a.lo, b, p.lo)};
}
template <class V>
inline Pair<V> operator*(Pair<V> a, Pair<V> b) {
  const Pair<V> p = two_product(a.hi, b.hi);
  return {p.hi, mul_add(a.hi, b.lo, mul_add(a.lo, b.hi, p.lo))};
}
template <class V>
inline Pair<V> quotient(Pair<V> a, Pair<V> b) {
  const V r = rough_reciprocal(b.hi), q = a.hi * r;
  const V rest = fma(-q, b.hi, a.hi) + mul_add(-q, b.lo, a.lo);
  return {q, rest * r};
}
// lo may be as large as a quarter of hi.
template <class V>
inline Pair<V> inverse(Pair<V> b) {
  const V q = rough_reciprocal(b.hi + b.lo);
  const V rest = mul_add(-b.lo, q, fma(-b.hi, q, splat<V>(1)));
  return {q, q * rest};
}
template <class V>
inline Pair<V> select(Bits<typename V::Element> mask, Pair<V> yes, Pair<V> no) {
  return {select(mask, yes.hi, no.hi), select(mask, yes.lo, no.lo)};
}
template <class V>
inline Pair<V> scale_within_normal(Pair<V> x, V n) {
  return {scale_within_normal(x.hi, n), scale_within_normal(x.lo, n)};
}
// lo within half an ulp of hi, for a hi that is not below lo in size.
template <class V>
inline Pair<V> normalised(Pair<V> x) {
  return fast_two_sum(x.hi, x.lo);
}

}  // namespace
}  // namespace OGIVE_ISA
