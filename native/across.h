// A vector with one element of each of as many rows as it has lanes; and back.
//
// Rows are turned into vectors by squares, a register of each row at a time; what is left of them,
// or too short for that, is gathered.
#pragma once
#include "partial.h"

namespace OGIVE_ISA {
namespace {

// Rows that begin `distance` bytes after one another, their elements adjacent.
template <class V, class T>
struct Across {
  static bool serves(std::ptrdiff_t) { return false; }
  Across(std::ptrdiff_t, std::ptrdiff_t) {}
  void load(const char *, V *) const {}
  void fetch(const char *) const {}
  void store(char *, const V *) const {}
};
#if defined(__AVX512F__)
// One of each in turn, of their lower or upper halves.
inline __m512 interleaved(__m512 a, __m512 b, bool upper) {
  const __m512i lower = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  return _mm512_permutex2var_ps(a, upper ? lower + 8LL * 0x100000001 : lower, b);
}
inline __m512d interleaved(__m512d a, __m512d b, bool upper) {
  const __m512i lower = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
  return _mm512_permutex2var_pd(a, upper ? lower + 4 : lower, b);
}
// Element j of register i becomes element i of register j.
template <class R, int count>
inline void transpose(R (&square)[count]) {
  for (int stage = 1; stage < count; stage *= 2) {
    R next[count];
    for (int i = 0; i < count / 2; ++i) {
      next[2 * i] = interleaved(square[i], square[i + count / 2], false);
      next[2 * i + 1] = interleaved(square[i], square[i + count / 2], true);
    }
    for (int i = 0; i < count; ++i) square[i] = next[i];
  }
}
inline __m512 load_some(unsigned mask, const float *p) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), p);
}
inline __m512d load_some(unsigned mask, const double *p) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>(mask), p);
}
inline void store_some(unsigned mask, float *p, __m512 x) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>(mask), x);
}
inline void store_some(unsigned mask, double *p, __m512d x) {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>(mask), x);
}
inline __m512i multiples_of(std::ptrdiff_t distance) {
  return _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                            _mm512_set1_epi32(static_cast<int>(distance)));
}
inline __m512 gathered(const float *p, __m512i offset) { return _mm512_i32gather_ps(offset, p, 1); }
inline __m512d gathered(const double *p, __m512i offset) {
  return _mm512_i32gather_pd(_mm512_castsi512_si256(offset), p, 1);
}
inline void scatter(float *p, __m512i offset, __m512 x) { _mm512_i32scatter_ps(p, offset, x, 1); }
inline void scatter(double *p, __m512i offset, __m512d x) {
  _mm512_i32scatter_pd(p, _mm512_castsi512_si256(offset), x, 1);
}

template <class T>
struct Across<Lanes<T>, T> {
  using V = Lanes<T>;
  static constexpr int each = register_bytes / sizeof(T);

  std::ptrdiff_t distance, n;
  __m512i offset;

  // Whether 32 bits hold how far the last row is.
  static bool serves(std::ptrdiff_t distance) {
    return distance < INT32_MAX / each && distance > -(INT32_MAX / each);
  }
  Across(std::ptrdiff_t distance, std::ptrdiff_t n)
      : distance(distance), n(n), offset(multiples_of(distance)) {}

  void load(const char *from, V *rows) const {
    for (int half = 0; half < registers; ++half, from += each * distance)
      for (std::ptrdiff_t at = 0; at < n; at += each) load(from, at, half, rows);
  }
  // Draws the rows near, to be overwritten soon.
  void fetch(const char *from) const {
    for (int i = 0; i < V::count; ++i)
      for (std::ptrdiff_t at = 0; at < n; at += 64 / static_cast<int>(sizeof(T)))
        __builtin_prefetch(row(from, i, at), 0, 2);
  }
  void store(char *to, const V *rows) const {
    for (int half = 0; half < registers; ++half, to += each * distance)
      for (std::ptrdiff_t at = 0; at < n; at += each) store(to, at, half, rows);
  }

 private:
  static constexpr int few = each / 4;  // to be gathered

  int here(std::ptrdiff_t at) const { return n - at < each ? static_cast<int>(n - at) : each; }
  T *row(const char *data, int i, std::ptrdiff_t at) const {
    return reinterpret_cast<T *>(const_cast<char *>(data) + i * distance) + at;
  }
  void load(const char *from, std::ptrdiff_t at, int half, V *rows) const {
    const int count = here(at);
    if (count <= few) {
      for (int j = 0; j < count; ++j)
        rows[at + j].part[half] = gathered(row(from, 0, at + j), offset);
      return;
    }
    Register<T> square[each];
    const unsigned mask = lanes_below(count, each);
    for (int i = 0; i < each; ++i) {
      square[i] = load_some(mask, row(from, i, at));
      __builtin_prefetch(row(from, i + V::count, at), 0, 2);  // for the next vectors of rows
    }
    transpose(square);
    for (int j = 0; j < each; ++j)
      if (j < count) rows[at + j].part[half] = square[j];
  }
  void store(char *to, std::ptrdiff_t at, int half, const V *rows) const {
    const int count = here(at);
    if (count <= few) {
      for (int j = 0; j < count; ++j) scatter(row(to, 0, at + j), offset, rows[at + j].part[half]);
      return;
    }
    Register<T> square[each];
    const unsigned mask = lanes_below(count, each);
    for (int j = 0; j < each; ++j) square[j] = rows[at + (j < count ? j : 0)].part[half];
    transpose(square);
    for (int i = 0; i < each; ++i) store_some(mask, row(to, i, at), square[i]);
  }
};
#endif

}  // namespace
}  // namespace OGIVE_ISA
