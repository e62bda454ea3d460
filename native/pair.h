// Unevaluated sums of two doubles: about 100 bits, for the steps where a rounding would show.
//
// The error-free transformations are Knuth's and Dekker's (Muller et al., Handbook of
// Floating-Point Arithmetic, 2nd ed., chapters 4 and 14).  A Pair may overlap by a few bits; what
// counts is hi + lo.
#pragma once
#include "simd.h"

namespace OGIVE_ISA {
namespace {

struct Pair {
  Real hi, lo;
};

inline Pair two_sum(Real a, Real b) {
  const Real s = a + b, t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
// For |a| >= |b|, or a = 0.
inline Pair fast_two_sum(Real a, Real b) {
  const Real s = a + b;
  return {s, b - (s - a)};
}

#if defined(OGIVE_NO_FMA)
// Cut at 26 bits by masking, which unlike Veltkamp's multiplication cannot overflow.  The product
// of the two lower parts may need a 54th bit: an error of 2^-106.
inline Pair two_product(Real a, Real b) {
  constexpr std::int64_t upper = ~((std::int64_t{1} << 27) - 1);
  const Real ah = real_of(bits_of(a) & upper), al = a - ah;
  const Real bh = real_of(bits_of(b) & upper), bl = b - bh;
  const Real p = a * b;
  return {p, ((ah * bh - p) + (ah * bl + al * bh)) + al * bl};
}
// Not rounded once, yet exact wherever a b + c cancels.
inline Real fma(Real a, Real b, Real c) {
  const Pair p = two_product(a, b);
  const Pair s = two_sum(p.hi, c);
  return s.hi + (s.lo + p.lo);
}
#else
inline Pair two_product(Real a, Real b) {
  const Real p = a * b;
  return {p, fma(a, b, -p)};
}
#endif

inline Pair pair_of(const double (&c)[2]) { return {splat(c[0]), splat(c[1])}; }

inline Pair operator-(Pair a) { return {-a.hi, -a.lo}; }
inline Pair operator+(Pair a, Pair b) {
  const Pair s = two_sum(a.hi, b.hi);
  return fast_two_sum(s.hi, s.lo + (a.lo + b.lo));
}
inline Pair operator+(Pair a, Real b) {
  const Pair s = two_sum(a.hi, b);
  return fast_two_sum(s.hi, s.lo + a.lo);
}
inline Pair operator+(Real a, Pair b) { return b + a; }
inline Pair operator-(Pair a, Pair b) { return a + -b; }
inline Pair operator-(Pair a, Real b) { return a + -b; }
inline Pair operator-(Real a, Pair b) { return -b + a; }
inline Pair operator*(Pair a, Real b) {
  const Pair p = two_product(a.hi, b);
  return {p.hi, mul_add(a.lo, b, p.lo)};
}
inline Pair operator*(Real a, Pair b) { return b * a; }
inline Pair operator*(Pair a, Pair b) {
  const Pair p = two_product(a.hi, b.hi);
  return {p.hi, p.lo + mul_add(a.hi, b.lo, a.lo * b.hi)};
}
inline Pair operator/(Pair a, Pair b) {
  const Real r = reciprocal(b.hi), q = a.hi * r;
  const Real rest = fma(-q, b.hi, a.hi) + (a.lo - q * b.lo);
  return {q, rest * r};
}

inline Pair reciprocal(Pair b) {
  const Real q = reciprocal(b.hi);
  return {q, q * (fma(-b.hi, q, splat(1)) - b.lo * q)};
}
inline Pair select(Bits mask, Pair yes, Pair no) {
  return {select(mask, yes.hi, no.hi), select(mask, yes.lo, no.lo)};
}
inline Pair scale_within_normal(Pair x, Real n) {
  const Real p = power_of_two(n);
  return {x.hi * p, x.lo * p};
}

}  // namespace
}  // namespace OGIVE_ISA
