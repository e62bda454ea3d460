// softmax, log_softmax and logsumexp of one row, or of as many short ones as a vector has lanes.
#pragma once
#include "row_sums.h"

namespace OGIVE_ISA {
namespace {

// ---- what is left to do once a row's sum is known --------------------------------------------

// What e_i are multiplied by, to more digits than they have.  times(e, less): the product, less
// that.
template <class T>
struct Factor {  // 16-bit types
  Real factor = {};
  Factor() = default;
  explicit Factor(Wide<T> x) : factor(x.part[0]) {}
  Real times(Real e, Real less) const { return mul_add(e, factor, -less); }
};
template <>
struct Factor<float> {
  Single hi = {}, lo = {};
  Factor() = default;
  explicit Factor(Wide<float> x) : hi(narrowed(x.part)) {
    const Wide<float> rounded = Wide<float>::of(hi);
    lo = entries(combined(x, rounded, [](Real whole, Real part) { return whole - part; }));
  }
  Single times(Single e, Single less) const { return mul_add(e, hi, mul_add(e, lo, -less)); }
};
template <>
struct Factor<double> {
  Pair<Real> factor = {};
  Factor() = default;
  explicit Factor(Wide<double> x) : factor(normalised(x.part[0])) {}
  Real times(Real e, Real less) const {
    return mul_add(e, factor.hi, mul_add(e, factor.lo, -less));
  }
};

// A row that waits to be written: the e_i that were kept, times a factor, less what is the same for
// all.  Where `to` is nullptr there is none.
template <class T>
struct Scaling {
  static constexpr bool writes = true;
  using V = EntriesOf<T>;
  using Element = typename V::Element;
  T *to = nullptr;
  const Element *kept = nullptr;
  Factor<T> factor = {};
  V even = {};

  V value(std::ptrdiff_t at, std::ptrdiff_t n) const {
    return factor.times(Entries<Element>{kept, n}.load(at), even);
  }
};
// The entries themselves, less two numbers.
template <class T>
struct Shifting {
  static constexpr bool writes = true;
  using V = EntriesOf<T>;
  T *to = nullptr;
  const T *x = nullptr;
  V hi = {}, lo = {};

  V value(std::ptrdiff_t at, std::ptrdiff_t n) const {
    return (Entries<T>{x, n}.load(at) - hi) - lo;
  }
};
template <class T>
struct Nothing {
  static constexpr bool writes = false;
  static constexpr T *to = nullptr;
};
template <class T>
inline void write(const Nothing<T> &, std::ptrdiff_t, std::ptrdiff_t) {}
template <template <class> class Writing, class T>
inline void write(const Writing<T> &writing, std::ptrdiff_t n, std::ptrdiff_t at) {
  if (writing.to) store_entries(writing.to, n, at, writing.value(at, n));
}

// ---- the three functions ---------------------------------------------------------------------

// Each has a way for one row and one for as many rows as V has lanes, short ones, with entry j of
// all of them, and then their results, in x[j].  Both say whether, or in which lanes, they have
// served; if not, nothing is written, and the careful way is left.

struct row_of_softmax {
  static constexpr bool to_row = true;

  template <class T>
  using Writing = Scaling<T>;

  template <class T, class Meanwhile>
  static bool fast(Entries<T> x, const Extent<T> &extent, T *y,
                   typename EntriesOf<T>::Element *kept, Meanwhile meanwhile, Scaling<T> &writing) {
    using V = EntriesOf<T>;
    const V largest = splat<V>(extent.most());
    if (any(~moderate<T>(largest))) return false;
    const Below<T> below(largest);
    if (kept) {
      auto sum = summed(Whole<T>(), x, extent, below, kept, meanwhile);
      writing = {y, kept, inverse_of<T>(total_of(sum.wide()))};
    } else {
      auto sum = summed(Whole<T>(), x, extent, below, kept, meanwhile);
      const Factor<T> inverse = inverse_of<T>(total_of(sum.wide()));
      for (std::ptrdiff_t at = 0; at < x.n; at += V::count)
        store_entries(y, x.n, at, inverse.times(below.template of<false>(x.load(at)), V{}));
    }
    return true;
  }
  template <bool narrow, class T, class V>
  static void write_across(V *x, int n, V largest) {
    const Below<T> below(largest);
    Whole<T> total;
    for (int j = 0; j < n; ++j) {
      const auto e = below.template unrounded<narrow>(x[j]);
      total.add(x[j], e);
      x[j] = e.e;
    }
    const Factor<T> inverse = inverse_of<T>(total.wide());
    for (int j = 0; j < n; ++j) x[j] = inverse.times(x[j], V{});
  }
  template <class T, class V = EntriesOf<T>>
  static Bits<typename V::Element> across(V *x, int n) {
    const Extent<T> extent = extent_across<T>(x, n);
    if (all_narrow(extent))
      write_across<true, T>(x, n, extent.largest);
    else
      write_across<false, T>(x, n, extent.largest);
    return moderate<T>(extent.largest);
  }
  template <class T>
  static Factor<T> inverse_of(Wide<T> sum) {
    return Factor<T>(sum.map([](auto s) { return inverse(s); }));
  }
  template <class T>
  static Factor<T> inverse_of(NumberOfRow<T> sum) {
    return inverse_of<T>(Wide<T>::all(sum));
  }
  template <class T>
  [[gnu::noinline]] static void careful(Entries<T> x, const RowSum<T> &sum, double empty, T *y) {
    using Number = NumberOfRow<T>;
    const Real m = splat<Real>(sum.largest);
    const Number inverse = select(m == -infinity, Exact<Number>::of(splat<Real>(empty)),
                                  OGIVE_ISA::inverse(sum.others + 1.0));
    each_real(x, [&](std::ptrdiff_t at, Real v) {
      const auto [M, n] = exp_below<Number>(v, m);
      store_reals(y, x.n, at, rounded(Scaled<Number>{M * inverse, n}));
    });
  }
};

struct row_of_log_softmax {
  static constexpr bool to_row = true;

  template <class T>
  using Writing = Shifting<T>;

  // m + log, to about twice the digits of an entry: each of the two is.  An entry less the first is
  // exact where the result is small.
  template <class T>
  struct Shift {
    EntriesOf<T> hi, lo;
    Shift(EntriesOf<T> largest, Wide<T> others) {
      const Wide<T> m = Wide<T>::of(largest), log = others.map([](auto s) { return log1p(s); });
      hi = entries(combined(m, log, [](auto m, auto log) { return m + log; }));
      const Wide<T> rounded = Wide<T>::of(hi),
                    above = combined(rounded, m, [](auto hi, auto m) { return hi - m; });
      lo = entries(combined(log, above, [](auto log, auto above) { return log - above; }));
    }
  };

  template <class T, class Meanwhile>
  static bool fast(Entries<T> x, const Extent<T> &extent, T *y, typename EntriesOf<T>::Element *,
                   Meanwhile meanwhile, Shifting<T> &writing) {
    using V = EntriesOf<T>;
    NumberOfRow<T> others;
    if (!fast_others(x, extent, nullptr, others, meanwhile)) return false;
    const Shift<T> shift(splat<V>(extent.most()), Wide<T>::all(others));
    writing = {y, x.data, shift.hi, shift.lo};
    return true;
  }
  template <class T, class V = EntriesOf<T>>
  static Bits<typename V::Element> across(V *x, int n) {
    const Extent<T> extent = extent_across<T>(x, n);
    Wide<T> others;
    const auto served = others_across(x, n, extent, others);
    const Shift<T> shift(extent.largest, others);
    for (int j = 0; j < n; ++j) x[j] = (x[j] - shift.hi) - shift.lo;
    return served;
  }
  template <class T>
  [[gnu::noinline]] static void careful(Entries<T> x, const RowSum<T> &sum, double empty, T *y) {
    using Number = NumberOfRow<T>;
    const Real m = splat<Real>(sum.largest);
    // Of an empty row: log 0, or NaN.
    const Real log_empty = splat<Real>(empty == 0 ? infinity : empty);
    const Number log = select(m == -infinity, Exact<Number>::of(log_empty), log1p(sum.others));
    each_real(x, [&](std::ptrdiff_t at, Real v) {
      const Real gap = v - m;
      const Bits<double> infinite = abs(gap) == infinity, none = (v == m) | infinite;
      const Number below = Exact<Number>::sum(select(none, Real{}, v), -select(none, Real{}, m));
      const Real log_hi = leading(log);
      const Real y_of_infinite = select(m == -infinity, -log_hi, gap - log_hi);
      store_reals(y, x.n, at,
                  select(infinite | (m == -infinity), y_of_infinite, rounded(below - log)));
    });
  }
};

struct row_of_logsumexp {
  static constexpr bool to_row = false;
  template <class T>
  using Writing = Nothing<T>;

  template <class T>
  static EntriesOf<T> value(EntriesOf<T> m, Wide<T> others) {
    return entries(
        combined(others, Wide<T>::of(m), [](auto s, auto m) { return log1p(s) + leading(m); }));
  }
  // Where the two terms cancel the e_i need more digits than they have.
  template <class V>
  static auto cancels(V value, V m) {
    return abs(value) * 2 < abs(m);
  }
  template <class T, class Meanwhile>
  static bool fast(Entries<T> x, const Extent<T> &extent, T *y, typename EntriesOf<T>::Element *,
                   Meanwhile meanwhile, Nothing<T> &) {
    NumberOfRow<T> others;
    if (!fast_others(x, extent, nullptr, others, meanwhile)) return false;
    const auto m = splat<EntriesOf<T>>(extent.most()), result = value<T>(m, Wide<T>::all(others));
    if (any(cancels(result, m))) return false;
    store_entries(y, 1, 0, result);
    return true;
  }
  template <class T, class V = EntriesOf<T>>
  static Bits<typename V::Element> across(V *x, int n) {
    const Extent<T> extent = extent_across<T>(x, n);
    Wide<T> others;
    const auto served = others_across(x, n, extent, others);
    V result = value<T>(extent.largest, others);
    const auto cancel = cancels(result, extent.largest);
    if (any(cancel & served)) {
      const Wide<T> exact = exact_others_across<T>(x, n, extent.largest);
      result = select(cancel, value<T>(extent.largest, exact), result);
    }
    x[0] = result;
    return served;
  }
  template <class T>
  [[gnu::noinline]] static void careful(Entries<T>, const RowSum<T> &sum, double, T *y) {
    const Real m = splat<Real>(sum.largest);
    const Real value = rounded(log1p(sum.others) + m);
    store_reals(y, 1, 0, select(abs(m) == infinity, m, value));
  }
};

}  // namespace
}  // namespace OGIVE_ISA
