// e^(x - m) for the entries x of a row and their largest, m: once, fast, rounded to the type of the
// row.
#pragma once
#include "elementary.h"
#include "entries.h"
#include "row_coefficients.h"

namespace OGIVE_ISA {
namespace {

// ---- tables that an instruction looks up -----------------------------------------------------

#if defined(__AVX512F__)
constexpr auto &float_powers = float_powers_32;
constexpr auto &exp_of_float_rest = exp_float_32;
inline Single entry_of(const float (&table)[32], Bits<float> index) { return lookup(table, index); }
inline Real entry_of(const double (&table)[16], Bits<double> index) {
  const __m512d low = _mm512_loadu_pd(table), high = _mm512_loadu_pd(table + 8);
  return {_mm512_permutex2var_pd(low, (__m512i)index.part[0], high),
          _mm512_permutex2var_pd(low, (__m512i)index.part[1], high)};
}
#elif defined(__AVX2__)
constexpr auto &float_powers = float_powers_8;
constexpr auto &exp_of_float_rest = exp_float_8;
inline Single entry_of(const float (&table)[8], Bits<float> index) {
  const __m256 whole = _mm256_loadu_ps(table);
  return {_mm256_permutevar8x32_ps(whole, (__m256i)index.part[0]),
          _mm256_permutevar8x32_ps(whole, (__m256i)index.part[1])};
}
#endif

// A table of 2^(j / count), count = 2^bits, by the element; and (e^r - 1 - r) / r^2.
template <class Element>
struct Table {
  static constexpr int bits = 0;  // there is none
};
#if defined(__AVX2__)
template <>
struct Table<float> {
  static constexpr int bits = sizeof float_powers[0] == 32 * sizeof(float) ? 5 : 3;
  static Single power(Bits<float> j) { return entry_of(float_powers[0], j); }
  static Single rest(Bits<float> j) { return entry_of(float_powers[1], j); }
  static Single curved(Single r) { return polynomial(r, exp_of_float_rest); }
};
#endif
#if defined(__AVX512F__)
template <>
struct Table<double> {
  static constexpr int bits = 4;
  static Real power(Bits<double> j) { return entry_of(double_powers_16[0], j); }
  static Real rest(Bits<double> j) { return entry_of(double_powers_16[1], j); }
  static Real curved(Real r) { return polynomial(r, exp_double_16); }
};
#endif

// ---- the exponential -------------------------------------------------------------------------

// Rounded; less(z): what the exponential itself is more than a z next to it.
template <class V>
struct Rounded {
  V e;
  V less(V z) const { return e - z; }
};
template <class V>
struct RoundedPair {
  V e;
  Pair<V> exact;
  V less(V z) const { return (exact.hi - z) + exact.lo; }
};
template <class V>
struct RoundedProduct {
  V e, power, p;  // power (1 + p)
  V less(V z) const { return fma(power, p, power - z); }
};

template <class T, bool table = Table<typename EntriesOf<T>::Element>::bits != 0>
class ExpBelow {
 public:
  using V = EntriesOf<T>;
  explicit ExpBelow(V m) : m(m) {}
  template <int>
  auto of(V x) const {
    if constexpr (sizeof(T) == 2) {
      return Rounded<V>{value_of(exp_of<Real>(x - m))};
    } else {
      const auto exact = loose_exp(two_sum(x, -m));
      return RoundedPair<V>{rounded(exact), value_of(exact)};
    }
  }
  static constexpr int raised = 0;

 private:
  V m;
};
// x = (n + j / count) ln 2 + r, and likewise m.  The difference of the r needs no second number: it
// is at most ln(2) / count.  The table's powers are such that n count + j, shifted up to the
// exponent, can be added to their bits.
template <class T>
class ExpBelow<T, true> {
 public:
  using V = EntriesOf<T>;
  using Element = typename V::Element;
  explicit ExpBelow(V m) : magic(splat<V>(whole)) {
    const V y = nearest(m) - magic;
    rest = reduced(m, y);
    magic = magic - y;
  }
  // e^(x - m) 2^up, if that is a normal number.
  template <int up>
  RoundedProduct<V> of(V x) const {
    const V t = nearest(x), r = reduced(x, t - magic) - rest;
    const auto j = bits_of(t);
    const auto exponent = (j << (F::fraction_bits - bits)) + (Integer{up} << F::fraction_bits);
    const V power = real_of(bits_of(Table<Element>::power(j)) + exponent);
    const V p = mul_add(r * r, Table<Element>::curved(r), r) + Table<Element>::rest(j);
    return {mul_add(power, p, power), power, p};
  }
  static constexpr int raised = sizeof(Element) == 4 ? 64 : 512;

 private:
  using F = Format<Element>;
  using Integer = typename F::Integer;
  static constexpr int bits = Table<Element>::bits;
  static constexpr Element whole = F::round_magic / (1 << bits);

  V nearest(V x) const { return mul_add(x, splat<V>(log2_e), magic); }
  static V reduced(V x, V y) {
    const V first = fma(y, splat<V>(-Ln2<Element>::hi), x);  // exact
    return fma(y, splat<V>(-Ln2<Element>::lo), first);
  }

  V magic;  // adding it leaves n count + j, less that of m, in the low bits
  V rest;   // the r of m
};

// Good to 0.55 ulp (float32), 0.6 (float64), 2^-45 (16-bit types), for |m| <= RowOf<T>::largest; of
// x = m it is 1.
template <class T>
class Below {
 public:
  using V = EntriesOf<T>;
  using Element = typename V::Element;
  // e^-normal is a normal number of Element; e^-least is below all numbers of T.
  static constexpr double normal = sizeof(Element) == 4 ? 86 : 700;
  static constexpr double least = sizeof(T) == 8 ? 746 : sizeof(T) == 4 ? 104 : normal;

  explicit Below(V largest) : m(largest), lowest(largest - Element(least)), exp(largest) {}

  // The entries of a narrow row are above m - normal.  Elsewhere what becomes 0, -inf too, is kept
  // from the formula: processors are slow at making subnormal numbers.
  template <bool narrow>
  V of(V x) const {
    return unrounded<narrow>(x).e;
  }
  template <bool narrow>
  auto unrounded(V x) const {
    if constexpr (narrow) {
      return exp.template of<0>(x);
    } else {
      const Bits<Element> none = x < lowest;
      return lowered(exp.template of<Exp::raised>(select(none, m, x)), none);
    }
  }

 private:
  using Exp = ExpBelow<T>;
  // Times 2^-raised, 0 in some lanes.
  static V lowered(V e, Bits<Element> none) {
    return select(none, V{}, e * Element(two_to<-Exp::raised>));
  }
  static Rounded<V> lowered(Rounded<V> x, Bits<Element> none) { return {lowered(x.e, none)}; }
  static RoundedPair<V> lowered(RoundedPair<V> x, Bits<Element> none) {
    return {lowered(x.e, none), {lowered(x.exact.hi, none), lowered(x.exact.lo, none)}};
  }
  static RoundedProduct<V> lowered(RoundedProduct<V> x, Bits<Element> none) {
    return {lowered(x.e, none), lowered(x.power, none), x.p};
  }
  V m, lowest;
  Exp exp;
};

}  // namespace
}  // namespace OGIVE_ISA
