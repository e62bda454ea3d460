// Loads and stores of the elements of one vector, converting where memory holds another type.
#pragma once
#include "half.h"
#include "pair.h"

namespace OGIVE_ISA {
namespace {

template <class V>
inline V raw_load(const void *from) {
  V v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
template <class V>
inline void raw_store(void *to, V v) {
  __builtin_memcpy(to, &v, sizeof v);
}

// As many floats, or 16-bit numbers, as a register has doubles.
using HalfFloats = Vector<float, register_bytes / 8>;
using HalfShorts = Vector<std::uint16_t, register_bytes / 8>;

// GCC 12 converts a 512-bit register in halves unless told.
#if defined(__AVX512F__)
inline Register<double> widened(HalfFloats x) { return _mm512_cvtps_pd(x); }
inline HalfFloats narrowed(Register<double> x) { return _mm512_cvtpd_ps(x); }
#else
inline Register<double> widened(HalfFloats x) {
  return __builtin_convertvector(x, Register<double>);
}
inline HalfFloats narrowed(Register<double> x) { return __builtin_convertvector(x, HalfFloats); }
#endif

// Streaming stores go past the caches; p is aligned to the size of what is stored.
#if defined(__AVX512F__)
inline void stream(double *p, Register<double> v) { _mm512_stream_pd(p, v); }
inline void stream(float *p, Register<float> v) { _mm512_stream_ps(p, v); }
inline void stream(float *p, HalfFloats v) { _mm256_stream_ps(p, v); }
#elif defined(__AVX2__)
inline void stream(double *p, Register<double> v) { _mm256_stream_pd(p, v); }
inline void stream(float *p, Register<float> v) { _mm256_stream_ps(p, v); }
inline void stream(float *p, HalfFloats v) { _mm_stream_ps(p, v); }
#elif defined(__x86_64__)
inline void stream(double *p, Register<double> v) { _mm_stream_pd(p, v); }
inline void stream(float *p, Register<float> v) { _mm_stream_ps(p, v); }
inline void stream(float *p, HalfFloats v) { raw_store(p, v); }
#else
template <class S, class R>
inline void stream(S *p, R v) {
  raw_store(p, v);
}
#endif

// Memory<V, S>: how V, what a kernel computes with, lies in memory as elements of type S.
template <class V, class S>
struct Memory;
template <class T>
struct Memory<Lanes<T>, T> {
  using R = Register<T>;
  static constexpr int each = sizeof(R) / sizeof(T);
  static Lanes<T> load(const T *p) { return {raw_load<R>(p), raw_load<R>(p + each)}; }
  static void store(T *p, Lanes<T> v) {
    raw_store(p, v.part[0]);
    raw_store(p + each, v.part[1]);
  }
  static void stream(T *p, Lanes<T> v) {
    OGIVE_ISA::stream(p, v.part[0]);
    OGIVE_ISA::stream(p + each, v.part[1]);
  }
};
template <>
struct Memory<Real, float> {
  static constexpr int each = register_bytes / 8;
  static Real load(const float *p) {
    return {widened(raw_load<HalfFloats>(p)), widened(raw_load<HalfFloats>(p + each))};
  }
  static void store(float *p, Real v) {
    raw_store(p, narrowed(v.part[0]));
    raw_store(p + each, narrowed(v.part[1]));
  }
  static void stream(float *p, Real v) {
    OGIVE_ISA::stream(p, narrowed(v.part[0]));
    OGIVE_ISA::stream(p + each, narrowed(v.part[1]));
  }
};
template <int fraction>
struct Memory<Real, Short<fraction>> {
  using S = Short<fraction>;
  static constexpr int each = register_bytes / 8;
  static Register<std::int64_t> load_bits(const S *p) {
    return __builtin_convertvector(raw_load<HalfShorts>(p), Register<std::int64_t>);
  }
  static Real load(const S *p) { return S::widened({load_bits(p), load_bits(p + each)}); }
  static void store(S *p, Real v) {
    const Bits<double> bits = S::narrowed(v);
    raw_store(p, __builtin_convertvector(bits.part[0], HalfShorts));
    raw_store(p + each, __builtin_convertvector(bits.part[1], HalfShorts));
  }
};

// Makes streamed stores visible before the loop returns.
inline void end_of_streaming() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

}  // namespace
}  // namespace OGIVE_ISA
