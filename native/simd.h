// The vector types and the few primitives that an instruction set has to supply.
//
// Real, what the formulas compute with, is two registers of doubles: every operation is issued for
// both, so that two independent chains of dependences are always in flight.  (One register at a
// time, the formulas run at the latency of their longest chain: measured 1.9 times slower.)
// Within a register the arithmetic is the compiler's own (GCC and Clang vector types).
//
// Included only by units compiled once per instruction set, hence the anonymous namespace and no
// header of the C++ library but these two.
#pragma once
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace OGIVE_ISA {
namespace {

template <class T, int count>
struct VectorOf {
  typedef T type __attribute__((vector_size(sizeof(T) * count)));
};
template <class T, int count>
using Vector = typename VectorOf<T, count>::type;

#if defined(__AVX512F__)
constexpr int register_bytes = 64;
#elif defined(__AVX2__)
constexpr int register_bytes = 32;
#else
constexpr int register_bytes = 16;
#endif
constexpr int width = register_bytes / 8;  // doubles in a register
constexpr int registers = 2;               // in a Real
constexpr int lanes = registers * width;   // doubles in a Real

using Doubles = Vector<double, width>;
using Integers = Vector<std::int64_t, width>;

struct Real {
  Doubles part[registers];
};
// The same registers as integers, and as masks (all ones where a comparison holds).
struct Bits {
  Integers part[registers];
};

constexpr double infinity = __builtin_inf();
constexpr double not_a_number = __builtin_nan("");

inline Doubles doubles(double c) { return c - Doubles{}; }
inline Real splat(double c) { return {doubles(c), doubles(c)}; }
inline Bits splat_bits(std::int64_t c) { return {Integers{} + c, Integers{} + c}; }

#define OGIVE_BINARY(Result, Type, Scalar, spread, op)                   \
  inline Result operator op(Type a, Type b) {                            \
    return {a.part[0] op b.part[0], a.part[1] op b.part[1]};             \
  }                                                                      \
  inline Result operator op(Type a, Scalar b) { return a op spread(b); } \
  inline Result operator op(Scalar a, Type b) { return spread(a) op b; }
OGIVE_BINARY(Real, Real, double, splat, +)
OGIVE_BINARY(Real, Real, double, splat, -)
OGIVE_BINARY(Real, Real, double, splat, *)
OGIVE_BINARY(Real, Real, double, splat, /)
OGIVE_BINARY(Bits, Real, double, splat, <)
OGIVE_BINARY(Bits, Real, double, splat, <=)
OGIVE_BINARY(Bits, Real, double, splat, >)
OGIVE_BINARY(Bits, Real, double, splat, >=)
OGIVE_BINARY(Bits, Real, double, splat, ==)
OGIVE_BINARY(Bits, Real, double, splat, !=)
OGIVE_BINARY(Bits, Bits, std::int64_t, splat_bits, +)
OGIVE_BINARY(Bits, Bits, std::int64_t, splat_bits, -)
OGIVE_BINARY(Bits, Bits, std::int64_t, splat_bits, &)
OGIVE_BINARY(Bits, Bits, std::int64_t, splat_bits, |)
OGIVE_BINARY(Bits, Bits, std::int64_t, splat_bits, ^)
OGIVE_BINARY(Bits, Bits, std::int64_t, splat_bits, >)
OGIVE_BINARY(Bits, Bits, std::int64_t, splat_bits, >=)
#undef OGIVE_BINARY
inline Real operator-(Real a) { return {-a.part[0], -a.part[1]}; }
inline Real &operator+=(Real &a, Real b) { return a = a + b; }
inline Bits operator~(Bits a) { return {~a.part[0], ~a.part[1]}; }
inline Bits operator<<(Bits a, int n) { return {a.part[0] << n, a.part[1] << n}; }
// Shifts zeros in.
inline Bits shifted_right(Bits a, int n) {
  using Unsigned = Vector<std::uint64_t, width>;
  return {(Integers)((Unsigned)a.part[0] >> n), (Integers)((Unsigned)a.part[1] >> n)};
}

// yes where the mask is set.  For vectors of the compiler's own too.
inline Real select(Bits mask, Real yes, Real no) {
  return {mask.part[0] ? yes.part[0] : no.part[0], mask.part[1] ? yes.part[1] : no.part[1]};
}
inline Bits select(Bits mask, Bits yes, Bits no) {
  return {mask.part[0] ? yes.part[0] : no.part[0], mask.part[1] ? yes.part[1] : no.part[1]};
}
template <class Mask, class V>
inline V select(Mask mask, V yes, V no) {
  return mask ? yes : no;
}

inline Bits bits_of(Real x) { return {(Integers)x.part[0], (Integers)x.part[1]}; }
inline Real real_of(Bits x) { return {(Doubles)x.part[0], (Doubles)x.part[1]}; }
inline Real abs(Real x) { return real_of(bits_of(x) & INT64_MAX); }

// One operation of a register, for both.
template <class Operation, class... X>
inline Real both(Operation operation, X... x) {
  return {operation(x.part[0]...), operation(x.part[1]...)};
}

// Both keep NaN: x86's max and min return their second operand if either is NaN.
#if defined(__AVX512F__)
inline Doubles larger(Doubles a, Doubles b) { return _mm512_max_pd(a, b); }
inline Doubles smaller(Doubles a, Doubles b) { return _mm512_min_pd(a, b); }
#elif defined(__AVX2__)
inline Doubles larger(Doubles a, Doubles b) { return _mm256_max_pd(a, b); }
inline Doubles smaller(Doubles a, Doubles b) { return _mm256_min_pd(a, b); }
#elif defined(__x86_64__)
inline Doubles larger(Doubles a, Doubles b) { return _mm_max_pd(a, b); }
inline Doubles smaller(Doubles a, Doubles b) { return _mm_min_pd(a, b); }
#else
inline Doubles larger(Doubles a, Doubles b) { return a > b ? a : b; }
inline Doubles smaller(Doubles a, Doubles b) { return a < b ? a : b; }
#endif
inline Real at_least(Real x, double bound) {
  return {larger(doubles(bound), x.part[0]), larger(doubles(bound), x.part[1])};
}
inline Real at_most(Real x, double bound) {
  return {smaller(doubles(bound), x.part[0]), smaller(doubles(bound), x.part[1])};
}

// Adding 1.5 * 2^52 leaves the nearest integer in the low bits.
constexpr double round_magic = 0x1.8p52;
inline Real round_to_integer(Real x) { return (x + round_magic) - round_magic; }

// 2^n for an integer -1022 <= n <= 1023.
inline Real power_of_two(Real n) { return real_of(bits_of(n + (round_magic + 1023)) << 52); }

// The exponent e of a normal x = 2^e m, 1 <= m < 2: its field, read as an integer below 2^52.
inline Real exponent_of(Real x) {
  const Bits field = shifted_right(bits_of(abs(x)), 52) | bits_of(splat(0x1p52));
  return real_of(field) - (0x1p52 + 1023);
}

#if defined(__AVX512F__)
inline Real fma(Real a, Real b, Real c) {
  return both([](Doubles a, Doubles b, Doubles c) -> Doubles { return _mm512_fmadd_pd(a, b, c); },
              a, b, c);
}
inline Real scale(Real x, Real n) {
  return both([](Doubles x, Doubles n) -> Doubles { return _mm512_scalef_pd(x, n); }, x, n);
}
inline Real scale_within_normal(Real x, Real n) { return scale(x, n); }
// 14 bits from the table, 42 after a cubic step; for 2^-1000 < |x| < 2^1000.
inline Real rough_reciprocal(Real x) {
  const Real q = both([](Doubles x) -> Doubles { return _mm512_rcp14_pd(x); }, x);
  const Real e = fma(-x, q, splat(1));
  return fma(q, fma(e, e, e), q);
}
inline Real reciprocal(Real x) {
  const Real q = rough_reciprocal(x);
  return fma(q, fma(-x, q, splat(1)), q);
}
#else
// x 2^n in two steps, for |x| < 2^924 and n < 2044; below n = -2040 the result is 0 like there.
inline Real scale(Real x, Real n) {
  n = at_least(n, -2040);
  const Real half = round_to_integer(0.5 * n);
  return x * power_of_two(half) * power_of_two(n - half);
}
inline Real scale_within_normal(Real x, Real n) { return x * power_of_two(n); }
inline Real rough_reciprocal(Real x) { return 1 / x; }
inline Real reciprocal(Real x) { return 1 / x; }

#if defined(__FMA__)
inline Real fma(Real a, Real b, Real c) {
  return both([](Doubles a, Doubles b, Doubles c) -> Doubles { return _mm256_fmadd_pd(a, b, c); },
              a, b, c);
}
#elif defined(__aarch64__)
inline Real fma(Real a, Real b, Real c) {
  return both([](Doubles a, Doubles b, Doubles c) -> Doubles { return vfmaq_f64(c, a, b); }, a, b,
              c);
}
#else
#define OGIVE_NO_FMA
#endif
#endif

// The floating-point status of this thread, to be put back as it was found.
#if defined(__x86_64__)
inline unsigned floating_point_status() { return _mm_getcsr(); }
inline void set_floating_point_status(unsigned status) { _mm_setcsr(status); }
#elif defined(__aarch64__)
inline unsigned floating_point_status() { return __builtin_aarch64_get_fpsr(); }
inline void set_floating_point_status(unsigned status) { __builtin_aarch64_set_fpsr(status); }
#else
inline unsigned floating_point_status() { return 0; }
inline void set_floating_point_status(unsigned) {}
#endif

// a b + c, rounded once or twice: whichever is faster.
inline Real mul_add(Real a, Real b, Real c) {
#if defined(OGIVE_NO_FMA)
  return a * b + c;
#else
  return fma(a, b, c);
#endif
}
inline Real mul_add(Real a, double b, Real c) { return mul_add(a, splat(b), c); }
inline Real mul_add(Real a, Real b, double c) { return mul_add(a, b, splat(c)); }

// Horner's rule on the even and the odd powers, side by side to halve the chain of dependences.
template <int count>
inline Real polynomial(Real x, const double (&c)[count]) {
  const Real z = x * x;
  Real even = splat(c[(count - 1) & ~1]), odd = splat(c[((count - 2) & ~1) + 1]);
#pragma GCC unroll 32
  for (int i = ((count - 1) & ~1) - 2; i >= 0; i -= 2) even = mul_add(even, z, splat(c[i]));
#pragma GCC unroll 32
  for (int i = ((count - 2) & ~1) - 1; i >= 0; i -= 2) odd = mul_add(odd, z, splat(c[i]));
  return mul_add(odd, x, even);
}

}  // namespace
}  // namespace OGIVE_ISA
