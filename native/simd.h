// The vector types and the few primitives that an instruction set has to supply.
//
// Lanes<T>, what the formulas compute with, is two registers of floats or of doubles: every
// operation is issued for both, so that two independent chains of dependences are always in flight.
// (One register at a time, the formulas run at the latency of their longest chain: measured 1.9
// times slower.)  Within a register the arithmetic is the compiler's own (GCC and Clang vector
// types).
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
constexpr int registers = 2;  // in Lanes

template <class T>
using Register = Vector<T, register_bytes / sizeof(T)>;

template <class T>
struct Lanes {
  using Element = T;
  static constexpr int count = registers * register_bytes / sizeof(T);
  Register<T> part[registers];
};
using Real = Lanes<double>;
using Single = Lanes<float>;

// What is known of a format.
template <class T>
struct Format;
template <>
struct Format<double> {
  using Integer = std::int64_t;
  using Unsigned = std::uint64_t;
  static constexpr int fraction_bits = 52, bias = 1023;
  static constexpr double round_magic = 0x1.8p52;  // see round_to_integer
  static constexpr Integer sign = INT64_MIN;
};
template <>
struct Format<float> {
  using Integer = std::int32_t;
  using Unsigned = std::uint32_t;
  static constexpr int fraction_bits = 23, bias = 127;
  static constexpr float round_magic = 0x1.8p23f;
  static constexpr Integer sign = INT32_MIN;
};

template <>
struct Format<std::int64_t> {
  using Integer = std::int64_t;
  using Unsigned = std::uint64_t;
};
template <>
struct Format<std::int32_t> {
  using Integer = std::int32_t;
  using Unsigned = std::uint32_t;
};

// The same registers as integers, and as masks (all ones where a comparison holds).
template <class T>
using Bits = Lanes<typename Format<T>::Integer>;

constexpr double infinity = __builtin_inf();
constexpr double not_a_number = __builtin_nan("");

// A scalar operand: takes no part in deduction, so that plain numbers convert.
template <class T>
struct ScalarOf {
  using type = T;
};
template <class T>
using Scalar = typename ScalarOf<T>::type;

template <class V>
inline V splat(typename V::Element c) {
  using R = Register<typename V::Element>;
  return {c - R{}, c - R{}};
}

#define OGIVE_BINARY(Result, op)                             \
  template <class T>                                         \
  inline Result operator op(Lanes<T> a, Lanes<T> b) {        \
    return {a.part[0] op b.part[0], a.part[1] op b.part[1]}; \
  }                                                          \
  template <class T>                                         \
  inline Result operator op(Lanes<T> a, Scalar<T> b) {       \
    return a op splat<Lanes<T>>(b);                          \
  }                                                          \
  template <class T>                                         \
  inline Result operator op(Scalar<T> a, Lanes<T> b) {       \
    return splat<Lanes<T>>(a) op b;                          \
  }
OGIVE_BINARY(Lanes<T>, +)
OGIVE_BINARY(Lanes<T>, -)
OGIVE_BINARY(Lanes<T>, *)
OGIVE_BINARY(Lanes<T>, /)
OGIVE_BINARY(Lanes<T>, &)
OGIVE_BINARY(Lanes<T>, |)
OGIVE_BINARY(Lanes<T>, ^)
OGIVE_BINARY(Bits<T>, <)
OGIVE_BINARY(Bits<T>, <=)
OGIVE_BINARY(Bits<T>, >)
OGIVE_BINARY(Bits<T>, >=)
OGIVE_BINARY(Bits<T>, ==)
OGIVE_BINARY(Bits<T>, !=)
#undef OGIVE_BINARY
template <class T>
inline Lanes<T> operator-(Lanes<T> a) {
  return {-a.part[0], -a.part[1]};
}
template <class T>
inline Lanes<T> &operator+=(Lanes<T> &a, Lanes<T> b) {
  return a = a + b;
}
template <class T>
inline Lanes<T> operator~(Lanes<T> a) {
  return {~a.part[0], ~a.part[1]};
}
template <class T>
inline Lanes<T> operator<<(Lanes<T> a, int n) {
  return {a.part[0] << n, a.part[1] << n};
}
// Shifts zeros in.
template <class I>
inline Lanes<I> shifted_right(Lanes<I> a, int n) {
  using Unsigned = Register<typename Format<I>::Unsigned>;
  return {(Register<I>)((Unsigned)a.part[0] >> n), (Register<I>)((Unsigned)a.part[1] >> n)};
}

// yes where the mask is set.
template <class T>
inline Lanes<T> select(Bits<T> mask, Lanes<T> yes, Lanes<T> no) {
  return {mask.part[0] ? yes.part[0] : no.part[0], mask.part[1] ? yes.part[1] : no.part[1]};
}
template <class T>
inline Lanes<T> select(Bits<T> mask, Lanes<T> yes, Scalar<T> no) {
  return select(mask, yes, splat<Lanes<T>>(no));
}
template <class T>
inline Lanes<T> select(Bits<T> mask, Scalar<T> yes, Lanes<T> no) {
  return select(mask, splat<Lanes<T>>(yes), no);
}
// Whether the mask is set anywhere.
template <class I>
inline bool any(Lanes<I> mask) {
  const Register<I> either = mask.part[0] | mask.part[1];
#if defined(__AVX512F__)
  return _mm512_test_epi64_mask((__m512i)either, (__m512i)either) != 0;
#elif defined(__AVX2__)
  return !_mm256_testz_si256((__m256i)either, (__m256i)either);
#else
  using Halves = Vector<std::uint64_t, 2>;
  const Halves halves = (Halves)either;
  return (halves[0] | halves[1]) != 0;
#endif
}

template <class T>
inline Bits<T> bits_of(Lanes<T> x) {
  using I = Register<typename Format<T>::Integer>;
  return {(I)x.part[0], (I)x.part[1]};
}
inline Real real_of(Lanes<std::int64_t> x) {
  return {(Register<double>)x.part[0], (Register<double>)x.part[1]};
}
inline Single real_of(Lanes<std::int32_t> x) {
  return {(Register<float>)x.part[0], (Register<float>)x.part[1]};
}
template <class T>
inline Lanes<T> abs(Lanes<T> x) {
  return real_of(bits_of(x) & ~Format<T>::sign);
}
template <class T>
inline Lanes<T> with_sign_of(Lanes<T> x, Lanes<T> sign) {
  return real_of(bits_of(x) ^ (bits_of(sign) & Format<T>::sign));
}

// One operation of a register, for both.
template <class Operation, class T, class... X>
inline Lanes<T> both(Operation operation, Lanes<T> a, X... x) {
  return {operation(a.part[0], x.part[0]...), operation(a.part[1], x.part[1]...)};
}

// ---- what each instruction set supplies ------------------------------------------------------

// larger and smaller keep NaN in the second operand: x86's max and min return it if either is NaN.
#if defined(__AVX512F__)
inline __m512d larger(__m512d a, __m512d b) { return _mm512_max_pd(a, b); }
inline __m512d smaller(__m512d a, __m512d b) { return _mm512_min_pd(a, b); }
inline __m512 larger(__m512 a, __m512 b) { return _mm512_max_ps(a, b); }
inline __m512 smaller(__m512 a, __m512 b) { return _mm512_min_ps(a, b); }
#elif defined(__AVX2__)
inline __m256d larger(__m256d a, __m256d b) { return _mm256_max_pd(a, b); }
inline __m256d smaller(__m256d a, __m256d b) { return _mm256_min_pd(a, b); }
inline __m256 larger(__m256 a, __m256 b) { return _mm256_max_ps(a, b); }
inline __m256 smaller(__m256 a, __m256 b) { return _mm256_min_ps(a, b); }
#elif defined(__x86_64__)
inline __m128d larger(__m128d a, __m128d b) { return _mm_max_pd(a, b); }
inline __m128d smaller(__m128d a, __m128d b) { return _mm_min_pd(a, b); }
inline __m128 larger(__m128 a, __m128 b) { return _mm_max_ps(a, b); }
inline __m128 smaller(__m128 a, __m128 b) { return _mm_min_ps(a, b); }
#else
template <class R>
inline R larger(R a, R b) {
  return a > b ? a : b;
}
template <class R>
inline R smaller(R a, R b) {
  return a < b ? a : b;
}
#endif
template <class T>
inline Lanes<T> at_least(Lanes<T> x, Scalar<T> bound) {
  const Lanes<T> b = splat<Lanes<T>>(bound);
  return {larger(b.part[0], x.part[0]), larger(b.part[1], x.part[1])};
}
template <class T>
inline Lanes<T> at_most(Lanes<T> x, Scalar<T> bound) {
  const Lanes<T> b = splat<Lanes<T>>(bound);
  return {smaller(b.part[0], x.part[0]), smaller(b.part[1], x.part[1])};
}
// The larger and the smaller of two ordinary numbers.
template <class T>
inline Lanes<T> larger_of(Lanes<T> a, Lanes<T> b) {
  return {larger(a.part[0], b.part[0]), larger(a.part[1], b.part[1])};
}
template <class T>
inline Lanes<T> smaller_of(Lanes<T> a, Lanes<T> b) {
  return {smaller(a.part[0], b.part[0]), smaller(a.part[1], b.part[1])};
}

#if defined(__AVX512F__)
inline __m512d square_root(__m512d x) { return _mm512_sqrt_pd(x); }
inline __m512 square_root(__m512 x) { return _mm512_sqrt_ps(x); }
#elif defined(__AVX2__)
inline __m256d square_root(__m256d x) { return _mm256_sqrt_pd(x); }
inline __m256 square_root(__m256 x) { return _mm256_sqrt_ps(x); }
#elif defined(__x86_64__)
inline __m128d square_root(__m128d x) { return _mm_sqrt_pd(x); }
inline __m128 square_root(__m128 x) { return _mm_sqrt_ps(x); }
#elif defined(__aarch64__)
inline Register<double> square_root(Register<double> x) {
  return (Register<double>)vsqrtq_f64((float64x2_t)x);
}
inline Register<float> square_root(Register<float> x) {
  return (Register<float>)vsqrtq_f32((float32x4_t)x);
}
#else
template <class R>
inline R square_root(R x) {
  for (unsigned i = 0; i < sizeof x / sizeof x[0]; ++i) x[i] = __builtin_sqrt(x[i]);
  return x;
}
#endif
template <class T>
inline Lanes<T> sqrt(Lanes<T> x) {
  return {square_root(x.part[0]), square_root(x.part[1])};
}

// Adding 1.5 * 2^52 (doubles) leaves the nearest integer in the low bits.
template <class T>
inline Lanes<T> round_to_integer(Lanes<T> x) {
  return (x + Format<T>::round_magic) - Format<T>::round_magic;
}

// 2^n for an integer n within the exponents of normal numbers.
template <class T>
inline Lanes<T> power_of_two(Lanes<T> n) {
  using F = Format<T>;
  return real_of(bits_of(n + (F::round_magic + F::bias)) << F::fraction_bits);
}

// The exponent e of a normal x = 2^e m, 1 <= m < 2: its field, read as an integer.
template <class T>
inline Lanes<T> exponent_of(Lanes<T> x) {
  using F = Format<T>;
  constexpr T whole = F::round_magic / T(1.5);  // the least number whose last bit counts ones
  const Bits<T> field =
      shifted_right(bits_of(abs(x)), F::fraction_bits) | bits_of(splat<Lanes<T>>(whole));
  return real_of(field) - (whole + F::bias);
}

#if defined(__AVX512F__)
inline __m512d fused(__m512d a, __m512d b, __m512d c) { return _mm512_fmadd_pd(a, b, c); }
inline __m512 fused(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }
#elif defined(__FMA__)
inline __m256d fused(__m256d a, __m256d b, __m256d c) { return _mm256_fmadd_pd(a, b, c); }
inline __m256 fused(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
#elif defined(__aarch64__)
inline Register<double> fused(Register<double> a, Register<double> b, Register<double> c) {
  return (Register<double>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
inline Register<float> fused(Register<float> a, Register<float> b, Register<float> c) {
  return (Register<float>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
#else
#define OGIVE_NO_FMA
// The product is exact in doubles; the sum may be rounded twice.
inline Register<float> fused(Register<float> a, Register<float> b, Register<float> c) {
  using Wide = Vector<double, register_bytes / sizeof(float)>;
  return __builtin_convertvector(
      __builtin_convertvector(a, Wide) * __builtin_convertvector(b, Wide) +
          __builtin_convertvector(c, Wide),
      Register<float>);
}
#endif
// Without the instruction, doubles have theirs in pair.h.
inline Single fma(Single a, Single b, Single c) {
  return {fused(a.part[0], b.part[0], c.part[0]), fused(a.part[1], b.part[1], c.part[1])};
}
#if !defined(OGIVE_NO_FMA)
inline Real fma(Real a, Real b, Real c) {
  return {fused(a.part[0], b.part[0], c.part[0]), fused(a.part[1], b.part[1], c.part[1])};
}
#endif

// scale(x, n) is x 2^n, rounded once.  rough_reciprocal is good to 2^-13 for floats, to 2^-40 for
// doubles of moderate size; reciprocal to a rounding or two.
#if defined(__AVX512F__)
inline Real scale(Real x, Real n) {
  return both([](__m512d x, __m512d n) { return _mm512_scalef_pd(x, n); }, x, n);
}
inline Single scale(Single x, Single n) {
  return both([](__m512 x, __m512 n) { return _mm512_scalef_ps(x, n); }, x, n);
}
template <class T>
inline Lanes<T> scale_within_normal(Lanes<T> x, Lanes<T> n) {
  return scale(x, n);
}
inline Single rough_reciprocal(Single x) {
  return both([](__m512 x) { return _mm512_rcp14_ps(x); }, x);
}
inline Real rough_reciprocal(Real x) {
  const Real q = both([](__m512d x) { return _mm512_rcp14_pd(x); }, x);
  const Real e = fma(-x, q, splat<Real>(1));
  return fma(q, fma(e, e, e), q);
}
template <class T>
inline Lanes<T> reciprocal(Lanes<T> x) {
  const Lanes<T> q = rough_reciprocal(x);
  return fma(q, fma(-x, q, splat<Lanes<T>>(1)), q);
}
#else
// In two steps, each within the exponents of normal numbers, of which only the second can round.
// Where n is below twice the least exponent the result is 0 for all |x| < 2^(bias - 27).
template <class T>
inline Lanes<T> scale(Lanes<T> x, Lanes<T> n) {
  n = at_least(n, 4 - 2 * Format<T>::bias);
  const Lanes<T> half = round_to_integer(n * T(0.5));
  return x * power_of_two(half) * power_of_two(n - half);
}
template <class T>
inline Lanes<T> scale_within_normal(Lanes<T> x, Lanes<T> n) {
  return x * power_of_two(n);
}
template <class T>
inline Lanes<T> rough_reciprocal(Lanes<T> x) {
  return T(1) / x;
}
template <class T>
inline Lanes<T> reciprocal(Lanes<T> x) {
  return T(1) / x;
}
#endif

#if defined(__AVX512F__)
// Tables of 32 floats are looked up in one step, by the low five bits of the index.
#define OGIVE_LOOKUP
inline Single floor(Single x) {
  return both([](__m512 x) { return _mm512_floor_ps(x); }, x);
}
inline Single lookup(const float (&table)[32], Bits<float> index) {
  const __m512 low = _mm512_loadu_ps(table), high = _mm512_loadu_ps(table + 16);
  return {_mm512_permutex2var_ps(low, (__m512i)index.part[0], high),
          _mm512_permutex2var_ps(low, (__m512i)index.part[1], high)};
}
#endif

// The floating-point status of this thread, to be put back as it was found.
#if defined(__x86_64__)
inline unsigned floating_point_status() { return _mm_getcsr(); }
inline void set_floating_point_status(unsigned status) { _mm_setcsr(status); }
#elif defined(__aarch64__) && defined(__GNUC__) && !defined(__clang__)
inline unsigned floating_point_status() { return __builtin_aarch64_get_fpsr(); }
inline void set_floating_point_status(unsigned status) { __builtin_aarch64_set_fpsr(status); }
#elif defined(__aarch64__)
inline unsigned long floating_point_status() {
  unsigned long status;
  __asm__ volatile("mrs %0, fpsr" : "=r"(status));
  return status;
}
inline void set_floating_point_status(unsigned long status) {
  __asm__ volatile("msr fpsr, %0" : : "r"(status));
}
#else
inline unsigned floating_point_status() { return 0; }
inline void set_floating_point_status(unsigned) {}
#endif

// a b + c, rounded once or twice: whichever is faster.
template <class T>
inline Lanes<T> mul_add(Lanes<T> a, Lanes<T> b, Lanes<T> c) {
#if defined(OGIVE_NO_FMA)
  return a * b + c;
#else
  return fma(a, b, c);
#endif
}
template <class T>
inline Lanes<T> mul_add(Lanes<T> a, Scalar<T> b, Lanes<T> c) {
  return mul_add(a, splat<Lanes<T>>(b), c);
}
template <class T>
inline Lanes<T> mul_add(Lanes<T> a, Lanes<T> b, Scalar<T> c) {
  return mul_add(a, b, splat<Lanes<T>>(c));
}

// The integer nearest to a c, or next to it.
template <class T>
inline Lanes<T> nearest_integer_of_product(Lanes<T> a, Scalar<T> c) {
  constexpr T magic = Format<T>::round_magic;
  return mul_add(a, splat<Lanes<T>>(c), magic) - magic;
}

// Horner's rule on the even and the odd powers, side by side to halve the chain of dependences.
template <class T, class C, int count>
inline Lanes<T> polynomial(Lanes<T> x, const C (&c)[count]) {
  using V = Lanes<T>;
  if constexpr (count == 1) return splat<V>(c[0]);
  const V z = x * x;
  V even = splat<V>(c[(count - 1) & ~1]), odd = splat<V>(c[((count - 2) & ~1) + 1]);
#pragma GCC unroll 32
  for (int i = ((count - 1) & ~1) - 2; i >= 0; i -= 2) even = mul_add(even, z, splat<V>(c[i]));
#pragma GCC unroll 32
  for (int i = ((count - 2) & ~1) - 1; i >= 0; i -= 2) odd = mul_add(odd, z, splat<V>(c[i]));
  return mul_add(odd, x, even);
}

}  // namespace
}  // namespace OGIVE_ISA
