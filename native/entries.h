// The entries of a row: the vectors that they are taken in, and the Numbers that sums over them
// are.
#pragma once
#include "number.h"
#include "partial.h"

namespace OGIVE_ISA {
namespace {

// Entries of a row of T are taken in V; what is summed over a row, in `parts` Numbers for the lanes
// of a V.  Rows whose largest entry is beyond `largest` in size are for the careful way.
template <class T>
struct RowOf;
template <>
struct RowOf<float> {
  using V = Single;
  using Number = Real;
  static constexpr int parts = 2;
  static constexpr double largest = 60000;
};
template <>
struct RowOf<double> {
  using V = Real;
  using Number = Pair<Real>;
  static constexpr int parts = 1;
  static constexpr double largest = 0x1p20;
};
template <int fraction>
struct RowOf<Short<fraction>> {
  using V = Real;
  using Number = Real;
  static constexpr int parts = 1;
  static constexpr double largest = 0x1p20;
};
template <class T>
using EntriesOf = typename RowOf<T>::V;
template <class T>
using NumberOfRow = typename RowOf<T>::Number;

// ---- between entries and Numbers -------------------------------------------------------------

#if defined(__AVX512F__)
inline Real widened_half(Single x, int i) {
  const __m512d both = _mm512_castps_pd(x.part[i]);
  return {_mm512_cvtps_pd(_mm512_castps512_ps256(x.part[i])),
          _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(both, 1)))};
}
inline Single narrowed(const Real (&x)[2]) {
  Single y;
  for (int i = 0; i < 2; ++i) {
    const __m256 low = _mm512_cvtpd_ps(x[i].part[0]), high = _mm512_cvtpd_ps(x[i].part[1]);
    y.part[i] = _mm512_castpd_ps(_mm512_insertf64x4(_mm512_castpd256_pd512(_mm256_castps_pd(low)),
                                                    _mm256_castps_pd(high), 1));
  }
  return y;
}
#else
inline Real widened_half(Single x, int i) {
  HalfFloats half[2];
  __builtin_memcpy(half, &x.part[i], sizeof half);
  return {widened(half[0]), widened(half[1])};
}
inline Single narrowed(const Real (&x)[2]) {
  Single y;
  for (int i = 0; i < 2; ++i) {
    const HalfFloats half[2] = {narrowed(x[i].part[0]), narrowed(x[i].part[1])};
    __builtin_memcpy(&y.part[i], half, sizeof half);
  }
  return y;
}
#endif

// The lanes of a V as Reals, and back.
template <class V>
struct Doubles;
template <>
struct Doubles<Real> {
  static constexpr int parts = 1;
  Real part[parts];
  Doubles() = default;
  explicit Doubles(Real x) : part{x} {}
};
template <>
struct Doubles<Single> {
  static constexpr int parts = 2;
  Real part[parts];
  Doubles() = default;
  explicit Doubles(Single x) : part{widened_half(x, 0), widened_half(x, 1)} {}
};
inline Real entries(Doubles<Real> x) { return x.part[0]; }
inline Single entries(Doubles<Single> x) { return narrowed(x.part); }

// The Numbers of a V's lanes.
template <class T>
struct Wide {
  using Number = NumberOfRow<T>;
  static constexpr int parts = RowOf<T>::parts;
  Number part[parts];

  static Wide of(Single x) { return {widened_half(x, 0), widened_half(x, 1)}; }
  static Wide of(Real x) { return {Exact<Number>::of(x)}; }
  static Wide all(Number x) {
    Wide wide;
    for (Number &part : wide.part) part = x;
    return wide;
  }
  template <class Function>
  Wide map(Function function) const {
    Wide wide;
    for (int i = 0; i < parts; ++i) wide.part[i] = function(part[i]);
    return wide;
  }
};
template <class T, class Function>
inline Wide<T> combined(Wide<T> a, Wide<T> b, Function function) {
  Wide<T> wide;
  for (int i = 0; i < Wide<T>::parts; ++i) wide.part[i] = function(a.part[i], b.part[i]);
  return wide;
}
template <class T>
inline Wide<T> operator+(Wide<T> a, Wide<T> b) {
  using Number = NumberOfRow<T>;
  return combined(a, b, [](Number x, Number y) { return x + y; });
}
inline Single entries(Wide<float> x) { return narrowed(x.part); }
inline Real entries(Wide<double> x) { return rounded(x.part[0]); }
template <int fraction>
inline Real entries(Wide<Short<fraction>> x) {
  return x.part[0];
}

// ---- over the lanes --------------------------------------------------------------------------

inline Pair<Real> sum_of_lanes(Pair<Real> x) {
  Unpacked<Real> hi(x.hi), lo(x.lo);
  for (int half = Real::count / 2; half; half /= 2)
    for (int i = 0; i < half; ++i) {
      const double a = hi.lane[i], b = hi.lane[i + half], s = a + b, t = s - a;
      lo.lane[i] += lo.lane[i + half] + ((a - (s - t)) + (b - t));
      hi.lane[i] = s;
    }
  return {splat<Real>(hi.lane[0]), splat<Real>(lo.lane[0])};
}
// In every lane.
inline Real total_of(Wide<float> x) { return splat<Real>(sum_of_lanes(x.part[0] + x.part[1])); }
inline Pair<Real> total_of(Wide<double> x) { return sum_of_lanes(x.part[0]); }
template <int fraction>
inline Real total_of(Wide<Short<fraction>> x) {
  return splat<Real>(sum_of_lanes(x.part[0]));
}

// ---- in memory -------------------------------------------------------------------------------

// A single element as a number, and back.
template <class T>
inline double as_double(T value) {
  using V = EntriesOf<T>;
  T some[V::count] = {value};
  return Memory<V, T>::load(some).part[0][0];
}
template <class T>
inline T element(double value) {
  using V = EntriesOf<T>;
  T some[V::count];
  Memory<V, T>::store(some, splat<V>(value));
  return some[0];
}

// n adjacent elements, taken by vectors: the last one is padded.
template <class T>
struct Entries {
  using V = EntriesOf<T>;
  using M = Memory<V, T>;
  const T *data;
  std::ptrdiff_t n;

  V load(std::ptrdiff_t at) const {
    if (at + V::count <= n) return M::load(data + at);
    return Partial<V, T>::load(data + at, n - at, -infinity);
  }
};
// A vector of n of them, or the part that is within.
template <class T, class V>
inline void store_entries(T *to, std::ptrdiff_t n, std::ptrdiff_t at, V y) {
  if (at + V::count <= n) return Memory<V, T>::store(to + at, y);
  Partial<V, T>::store(to + at, n - at, y);
}
// The same as Reals.
template <class T>
inline Real reals_at(Entries<T> x, std::ptrdiff_t at, double fill) {
  if (at + Real::count <= x.n) return Memory<Real, T>::load(x.data + at);
  return Partial<Real, T>::load(x.data + at, x.n - at, fill);
}
template <class T>
inline void store_reals(T *to, std::ptrdiff_t n, std::ptrdiff_t at, Real y) {
  if (at < n) store_entries(to, n, at, y);
}
// function(at, x) for all of them.
template <class T, class Function>
inline void each_real(Entries<T> x, Function function) {
  for (std::ptrdiff_t at = 0; at < x.n; at += Real::count) function(at, reals_at(x, at, -infinity));
}
template <class T>
inline NumberOfRow<T> total_of_reals(NumberOfRow<T> x) {
  Wide<T> whole = Wide<T>::all(Exact<NumberOfRow<T>>::of(Real{}));
  whole.part[0] = x;
  return total_of(whole);
}

}  // namespace
}  // namespace OGIVE_ISA
