// Loads and stores of the first few lanes of a vector, and what goes across its lanes.
#pragma once
#include "memory.h"

namespace OGIVE_ISA {
namespace {

// `count` elements and `fill` in the lanes after them; and back.
template <class V, class T>
struct Partial {
  using M = Memory<V, T>;
  static V load(const T *from, std::ptrdiff_t count, double fill) {
    T some[V::count];
    M::store(some, splat<V>(fill));
    __builtin_memcpy(some, from, count * sizeof(T));
    return M::load(some);
  }
  static void store(T *to, std::ptrdiff_t count, V x) {
    T some[V::count];
    M::store(some, x);
    __builtin_memcpy(to, some, count * sizeof(T));
  }
};
#if defined(__AVX512F__)
// As many low bits as there are lanes to take of each register.
inline unsigned lanes_below(std::ptrdiff_t count, int of) {
  return count >= of ? (1u << of) - 1 : count > 0 ? (1u << count) - 1 : 0;
}
template <>
struct Partial<Single, float> {
  static Single load(const float *from, std::ptrdiff_t count, double fill) {
    const __m512 rest = _mm512_set1_ps(static_cast<float>(fill));
    return {
        _mm512_mask_loadu_ps(rest, static_cast<__mmask16>(lanes_below(count, 16)), from),
        _mm512_mask_loadu_ps(rest, static_cast<__mmask16>(lanes_below(count - 16, 16)), from + 16)};
  }
  static void store(float *to, std::ptrdiff_t count, Single x) {
    _mm512_mask_storeu_ps(to, static_cast<__mmask16>(lanes_below(count, 16)), x.part[0]);
    _mm512_mask_storeu_ps(to + 16, static_cast<__mmask16>(lanes_below(count - 16, 16)), x.part[1]);
  }
};
template <>
struct Partial<Real, double> {
  static Real load(const double *from, std::ptrdiff_t count, double fill) {
    const __m512d rest = _mm512_set1_pd(fill);
    return {_mm512_mask_loadu_pd(rest, static_cast<__mmask8>(lanes_below(count, 8)), from),
            _mm512_mask_loadu_pd(rest, static_cast<__mmask8>(lanes_below(count - 8, 8)), from + 8)};
  }
  static void store(double *to, std::ptrdiff_t count, Real x) {
    _mm512_mask_storeu_pd(to, static_cast<__mmask8>(lanes_below(count, 8)), x.part[0]);
    _mm512_mask_storeu_pd(to + 8, static_cast<__mmask8>(lanes_below(count - 8, 8)), x.part[1]);
  }
};
#endif

// The first lanes of a vector, and 0.
inline Real first_lanes(Real x, std::ptrdiff_t count) {
  double some[Real::count];
  Memory<Real, double>::store(some, x);
  for (std::ptrdiff_t j = count; j < Real::count; ++j) some[j] = 0;
  return Memory<Real, double>::load(some);
}
inline double first_lane(Real x) { return x.part[0][0]; }

template <class V>
struct Unpacked {
  typename V::Element lane[V::count];
  explicit Unpacked(V x) { raw_store(lane, x); }
};

// By halves: the same order, and so the same result, on every run.
#if defined(__AVX512F__)
inline double largest_lane(Single x) {
  return _mm512_reduce_max_ps(_mm512_max_ps(x.part[0], x.part[1]));
}
inline double largest_lane(Real x) {
  return _mm512_reduce_max_pd(_mm512_max_pd(x.part[0], x.part[1]));
}
inline double sum_of_lanes(Real x) { return _mm512_reduce_add_pd(x.part[0] + x.part[1]); }
inline double sum_of_lanes(Single x) { return _mm512_reduce_add_ps(x.part[0] + x.part[1]); }
#else
template <class V>
inline double largest_lane(V x) {
  Unpacked<V> a(x);
  for (int half = V::count / 2; half; half /= 2)
    for (int i = 0; i < half; ++i)
      a.lane[i] = a.lane[i] < a.lane[i + half] ? a.lane[i + half] : a.lane[i];
  return a.lane[0];
}
template <class V>
inline double sum_of_lanes(V x) {
  Unpacked<V> a(x);
  for (int half = V::count / 2; half; half /= 2)
    for (int i = 0; i < half; ++i) a.lane[i] += a.lane[i + half];
  return a.lane[0];
}
#endif

}  // namespace
}  // namespace OGIVE_ISA
