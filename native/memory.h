// Loads and stores of one register's worth of elements, converting where the register is wider.
#pragma once
#include "half.h"
#include "pair.h"
#include "single.h"

namespace OGIVE_ISA {
namespace {

using HalfFloats = Vector<float, width>;  // as many floats as a register has doubles
using HalfShorts = Vector<Half, width>;

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

// GCC 12 converts a 512-bit register in halves unless told.
#if defined(__AVX512F__)
inline Doubles widened(HalfFloats x) { return _mm512_cvtps_pd(x); }
inline HalfFloats narrowed(Doubles x) { return _mm512_cvtpd_ps(x); }
#else
inline Doubles widened(HalfFloats x) { return __builtin_convertvector(x, Doubles); }
inline HalfFloats narrowed(Doubles x) { return __builtin_convertvector(x, HalfFloats); }
#endif

// Streaming stores go past the caches; p is aligned to the size of what is stored.
#if defined(__AVX512F__)
inline void stream(double *p, Doubles v) { _mm512_stream_pd(p, v); }
inline void stream(float *p, HalfFloats v) { _mm256_stream_ps(p, v); }
inline void stream(float *p, Floats v) { _mm512_stream_ps(p, v); }
#elif defined(__AVX2__)
inline void stream(double *p, Doubles v) { _mm256_stream_pd(p, v); }
inline void stream(float *p, HalfFloats v) { _mm_stream_ps(p, v); }
inline void stream(float *p, Floats v) { _mm256_stream_ps(p, v); }
#elif defined(__x86_64__)
inline void stream(double *p, Doubles v) { _mm_stream_pd(p, v); }
inline void stream(float *p, HalfFloats v) { raw_store(p, v); }
inline void stream(float *p, Floats v) { _mm_stream_ps(p, v); }
#else
template <class T, class V>
inline void stream(T *p, V v) {
  raw_store(p, v);
}
#endif

// Register<V, T>: how V, what a kernel computes with, holds elements of type T in memory.
template <class V, class T>
struct Register {  // vectors of the compiler's own
  static constexpr int count = sizeof(V) / sizeof(T);
  static V load(const T *p) { return raw_load<V>(p); }
  static void store(T *p, V v) { raw_store(p, v); }
  static void stream(T *p, V v) { OGIVE_ISA::stream(p, v); }
};
template <>
struct Register<Real, double> {
  static constexpr int count = lanes;
  static Real load(const double *p) { return {raw_load<Doubles>(p), raw_load<Doubles>(p + width)}; }
  static void store(double *p, Real v) {
    raw_store(p, v.part[0]);
    raw_store(p + width, v.part[1]);
  }
  static void stream(double *p, Real v) {
    OGIVE_ISA::stream(p, v.part[0]);
    OGIVE_ISA::stream(p + width, v.part[1]);
  }
};
template <>
struct Register<Real, float> {
  static constexpr int count = lanes;
  static Real load(const float *p) {
    return {widened(raw_load<HalfFloats>(p)), widened(raw_load<HalfFloats>(p + width))};
  }
  static void store(float *p, Real v) {
    raw_store(p, narrowed(v.part[0]));
    raw_store(p + width, narrowed(v.part[1]));
  }
  static void stream(float *p, Real v) {
    OGIVE_ISA::stream(p, narrowed(v.part[0]));
    OGIVE_ISA::stream(p + width, narrowed(v.part[1]));
  }
};
template <>
struct Register<Real, Half> {
  static constexpr int count = lanes;
  static Integers load_bits(const Half *p) {
    return __builtin_convertvector(raw_load<HalfShorts>(p), Integers);
  }
  static Real load(const Half *p) { return from_half({load_bits(p), load_bits(p + width)}); }
  static void store(Half *p, Real v) {
    const Bits bits = to_half(v);
    raw_store(p, __builtin_convertvector(bits.part[0], HalfShorts));
    raw_store(p + width, __builtin_convertvector(bits.part[1], HalfShorts));
  }
  static void stream(Half *p, Real v) { store(p, v); }
};

// Makes streamed stores visible before the loop returns.
inline void end_of_streaming() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

// What a kernel computes with for arrays of T: SMOOTH kernels always in Real.
template <class T>
struct Types;
template <>
struct Types<double> {
  using Number = Pair;
  using Native = Doubles;
};
template <>
struct Types<float> {
  using Number = Real;
  using Native = Floats;
};
template <>
struct Types<Half> {
  using Number = Real;
  using Native = Real;
};

}  // namespace
}  // namespace OGIVE_ISA
