// Formulas evaluated in single precision throughout, where a register of floats does the work of
// two of doubles.  Each must stay within its bound with nothing wider to lean on.
#pragma once
#include "coefficients.h"
#include "simd.h"

namespace OGIVE_ISA {
namespace {

using Floats = Vector<float, 2 * width>;

#if !defined(OGIVE_NO_FMA)
#define OGIVE_SINGLE_SIGMOID

inline Floats floats(float c) { return c - Floats{}; }

#if defined(__AVX512F__)
inline Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
inline Floats scale(Floats x, Floats n) { return _mm512_scalef_ps(x, n); }
inline Floats rough_reciprocal(Floats x) { return _mm512_rcp14_ps(x); }
// Keep NaN, like their namesakes of doubles.
inline Floats at_least(Floats x, float c) { return _mm512_max_ps(floats(c), x); }
inline Floats at_most(Floats x, float c) { return _mm512_min_ps(floats(c), x); }
#else
#if defined(__AVX2__)
inline Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
inline Floats at_least(Floats x, float c) { return _mm256_max_ps(floats(c), x); }
inline Floats at_most(Floats x, float c) { return _mm256_min_ps(floats(c), x); }
#else
inline Floats fma(Floats a, Floats b, Floats c) { return vfmaq_f32(c, a, b); }
inline Floats at_least(Floats x, float c) { return x < c ? floats(c) : x; }
inline Floats at_most(Floats x, float c) { return x > c ? floats(c) : x; }
#endif
inline Floats rough_reciprocal(Floats x) { return 1 / x; }
inline Floats power_of_two(Floats n) {
  using Integers = Vector<std::int32_t, 2 * width>;
  return (Floats)((Integers)(n + (0x1.8p23f + 127)) << 23);
}
// In two steps, of which only the second can round.
inline Floats scale(Floats x, Floats n) {
  const Floats half = (0.5f * n + 0x1.8p23f) - 0x1.8p23f;
  return x * power_of_two(half) * power_of_two(n - half);
}
#endif

// As in logistic.h: e^-x = 2^-k e^r gives 2^k q with q = 1 / (2^k + e^r).  The denominator is the
// sum of 2^k, 1, r and e^r - 1 - r, kept as hi + lo; one Newton step from a 14-bit reciprocal takes
// both into account.
inline Floats sigmoid_single(Floats x) {
  const Floats z = at_most(at_least(x, -110), 18);
  const Floats k = fma(z, floats(float(log2_e)), floats(0x1.8p23f)) - 0x1.8p23f;
  const Floats r = fma(k, floats(ln2_lo_single), fma(k, floats(ln2_hi_single), -z));
  Floats c = floats(exp_float[4]);
#pragma GCC unroll 8
  for (int i = 3; i >= 0; --i) c = fma(c, r, floats(exp_float[i]));
  c = c * (r * r);
  const Floats one = floats(1), power = scale(one, k);
  const Floats sum = one + power, hi = sum + r;
  const Floats lo = c + ((r - (hi - sum)) + (power - (sum - one)));
  const Floats q = rough_reciprocal(hi + lo);
  const Floats rest = fma(-lo, q, fma(-hi, q, one));
  return scale(fma(q, rest, q), k);
}
#endif

}  // namespace
}  // namespace OGIVE_ISA
