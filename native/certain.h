// Binary cross-entropy of targets that are 0 or 1, in plain doubles.
//
// With s = x for t = 0 and -x for t = 1, and e = e^-|x|:
//
//   loss = max(0, s) + log1p(e),  gradient = +-sigmoid(s),  sigmoid(s) = (1 or e) / (1 + e)
//
// e by the table of below.h; its logarithm with a factor c from another, near 1 / (1 + e), as
// log1p(z) - log(c), z = c e + (c - 1), which for small e is log1p(e) itself.
#pragma once
#include "below.h"

namespace OGIVE_ISA {
namespace {

#if defined(__AVX512F__)
// For float64 to an ulp or two; to 2^-42 for the shorter types.
template <class T>
struct Certain {
  Real loss, slope;

  static constexpr bool exists = true;
  // The lanes it is for.
  static Bits<double> serves(Real x, Real t) {
    const Bits<double> certain = (t * t == t) & (t <= 1);
    return twice ? certain & (abs(x) <= Below<double>::normal) : certain;
  }
  Certain(Real x, Real t) {
    const Real turn = with_sign_of(x, (0.5 - t)), size = abs(x);
    // Beyond that the shorter types know 0 and 1 alone.
    const Real e = power(twice ? -size : at_least(-size, -Below<double>::normal));
    loss = at_least(turn, 0) + log1p(e);
    const Real sigmoid = select(turn < 0, e, splat<Real>(1)) / (1 + e);
    slope = with_sign_of(sigmoid, 0.5 - t);
  }

 private:
  using F = Format<double>;
  static constexpr int bits = Table<double>::bits;
  static constexpr bool twice = sizeof(T) == 8;

  static Real power(Real x) {
    constexpr double magic = F::round_magic / (1 << bits);
    const Real t = mul_add(x, splat<Real>(log2_e), splat<Real>(magic)), y = t - magic;
    const auto j = bits_of(t);
    const Real first = fma(y, splat<Real>(twice ? -Ln2<double>::hi : -ln2[0]), x);
    const Real r = twice ? fma(y, splat<Real>(-Ln2<double>::lo), first) : first;
    const Real two = real_of(bits_of(Table<double>::power(j)) + (j << (F::fraction_bits - bits)));
    Real p;
    if constexpr (twice)
      p = mul_add(r * r, Table<double>::curved(r), r) + Table<double>::rest(j);
    else
      p = mul_add(r * r, polynomial(r, exp_wide_16), r);
    return mul_add(two, p, two);
  }
  static Real log1p(Real e) {
    const auto j = bits_of(mul_add(e, splat<Real>(15), splat<Real>(F::round_magic)));
    const Real c = entry_of(log_factors_16[0], j), z = fma(e, c, c - 1);
    const Real log = entry_of(log_factors_16[1], j);
    if constexpr (twice) {
      const Real curved = mul_add(z * z, polynomial(z, log1p_double_16), z);
      return log + (curved + entry_of(log_factors_16[2], j));
    } else {
      return log + mul_add(z * z, polynomial(z, log1p_wide_16), z);
    }
  }
};
#else
// Without a table there is one way for all targets.
template <class T>
struct Certain {
  Real loss, slope;

  static constexpr bool exists = false;
  static Bits<double> serves(Real, Real) { return {}; }
  Certain(Real, Real) {}
};
#endif

}  // namespace
}  // namespace OGIVE_ISA
