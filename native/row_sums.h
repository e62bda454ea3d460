// The sum over a row that softmax, log_softmax and logsumexp, and what is built on them, depend on.
//
// With m the largest entry, e_i = e^(x_i - m), and S' the sum of all e_i but one that equals 1:
//
//   softmax_i = e_i / (1 + S'),  log_softmax_i = (x_i - m) - log1p(S'),  logsumexp = m + log1p(S').
//
// Leaving that one out is what keeps log_softmax([0, -20])[0] = -2.06e-9 from rounding to 0.
//
// There are two ways.  The fast one rounds the e_i to the type of the row, for m of moderate size
// and an S' that its smallest terms do not spoil.  The careful one takes everything, infinities and
// NaN included; it computes the exponentials twice, and rounds once.
#pragma once
#include "below.h"

namespace OGIVE_ISA {
namespace {

// log 2^k (1 + above) for 1 + above = u in [1/sqrt 2, sqrt 2).
template <class Number>
inline Number log_of_parts(Real k, Number above, Number u) {
  const Number ratio = normalised(quotient(above, u + 1.0));
  return Exact<Number>::of(ln2) * k + times_two_atanh_ratio(ratio, leading(ratio) * leading(ratio));
}
// log(1 + s) for s > -1/2; where k = 0, u - 1 is s itself.
template <class Number>
inline Number log1p(Number s) {
  const Number sum = s + 1.0;
  const Real k = exponent_of(leading(sum) * sqrt_2);
  const Number u = scale_within_normal(sum, -k);
  return log_of_parts(k, select(k == 0, s, u - 1.0), u);
}
// log x for a normal x > 0.
template <class Number>
inline Number log(Number x) {
  const Real k = exponent_of(leading(x) * sqrt_2);
  const Number u = scale_within_normal(x, -k);
  return log_of_parts(k, u - 1.0, u);
}

// ---- carefully -------------------------------------------------------------------------------

// What the results of a row depend on: m and S'.
template <class T>
struct RowSum {
  double largest;         // NaN if the row has one
  NumberOfRow<T> others;  // the same in every lane
};

// e^(x - m) for x <= m; equal entries give 1 even where both are infinite.
template <class Number>
inline Scaled<Number> exp_below(Real x, Real m) {
  const Real lower = select(x == m, Real{}, x), upper = select(x == m, Real{}, m);
  return exp(bounded(Exact<Number>::sum(lower, -upper), lowest<Number>, highest<Number>));
}

template <class T>
[[gnu::noinline]] RowSum<T> careful_sum(Entries<T> x) {
  using Number = NumberOfRow<T>;
  Real most = splat<Real>(-infinity), nan = {};
  each_real(x, [&](std::ptrdiff_t, Real v) {
    most = select(v > most, v, most);
    nan = select(v == v, nan, v);
  });
  double m = largest_lane(most);
  for (double value : Unpacked<Real>(nan).lane) m = value != value ? value : m;
  const Real largest = splat<Real>(m);
  Number sum = Exact<Number>::of(Real{});
  Real count = {};
  each_real(x, [&](std::ptrdiff_t, Real v) {
    const Bits<double> equal = v == largest;
    const Number e = value_of(exp_below<Number>(v, largest));
    sum = sum + select(equal | (v == -infinity), Exact<Number>::of(Real{}), e);
    count += select(equal, splat<Real>(1), Real{});
  });
  const double equals = sum_of_lanes(count);
  // Several +inf have no limit.
  const double ties = m == infinity && equals > 1 ? not_a_number : equals - 1;
  return {m, total_of_reals<T>(sum) + ties};
}

// That of two stretches of a row, in order.
template <class T>
RowSum<T> joined(const RowSum<T> &a, const RowSum<T> &b) {
  using Number = NumberOfRow<T>;
  if (a.largest != a.largest || b.largest == -infinity) return a;
  if (b.largest != b.largest || a.largest == -infinity) return b;
  if (a.largest == b.largest)
    return {a.largest, a.others + b.others + (a.largest == infinity ? not_a_number : 1.0)};
  const bool ascending = a.largest < b.largest;
  const RowSum<T> &more = ascending ? b : a, &less = ascending ? a : b;
  if (more.largest == infinity) return more;
  const Number e =
      value_of(exp_below<Number>(splat<Real>(less.largest), splat<Real>(more.largest)));
  return {more.largest, more.others + (less.others + 1.0) * e};
}

// ---- fast ------------------------------------------------------------------------------------

// The largest and the smallest entry of a row; of those that have NaN it is any two.
template <class T>
struct Extent {
  using V = EntriesOf<T>;
  V largest = splat<V>(-infinity), smallest = splat<V>(infinity);

  Extent() = default;
  explicit Extent(Entries<T> x) {
    for (std::ptrdiff_t at = 0; at < x.n; at += V::count) add(x, at);
  }
  void add(V x) {
    largest = larger_of(largest, x);
    smallest = smaller_of(smallest, x);
  }
  // The vector at `at`; at the end of a row one that lies within it.
  void add(Entries<T> x, std::ptrdiff_t at) {
    using M = Memory<V, T>;
    if (at + V::count <= x.n) return add(M::load(x.data + at));
    if (x.n >= V::count) return add(M::load(x.data + x.n - V::count));
    add(Partial<V, T>::load(x.data, x.n, as_double(x.data[0])));
  }
  double most() const { return largest_lane(largest); }
  bool narrow() const { return most() + largest_lane(-smallest) <= Below<T>::normal; }
};

// Where largest entries are for the fast way.
template <class T>
inline auto moderate(EntriesOf<T> largest) {
  return abs(largest) <= RowOf<T>::largest;
}

// 1 or more, lane by lane: the sum of exponentials of which each lane, or all lanes together, has
// one that is 1.  To 2^-28 (float32) or 2^-57 (float64) of itself and of 1, however many there are.
template <class T>
class Whole {
 public:
  using V = EntriesOf<T>;
  template <class E>
  void add(V, const E &x) {
    const V next = sum + x.e;
    rest += x.less(next - sum);
    sum = next;
    if (++count == most) gather();
  }
  Wide<T> wide() {
    gather();
    return total;
  }

 private:
  // What is left of these is added up without a thought for what is left of that.
  static constexpr int most = 1 << 10;
  static constexpr int least = 2;  // no e_i is larger
  void gather() {
    total = total + Wide<T>::of(sum - least) + Wide<T>::of(rest);
    sum = splat<V>(least);
    rest = {};
    count = 0;
  }
  V sum = splat<V>(least), rest = {};
  int count = 0;
  Wide<T> total = {};
};
// S', lane by lane: what are not the largest, and how many are.
template <class T>
struct Others {
  using V = EntriesOf<T>;
  V largest, ties = {}, rest = {};  // rest: what was rounded off
  Wide<T> total = {};
  explicit Others(V largest) : largest(largest) {}
  template <class E>
  void add(V x, const E &rounded) {
    const Bits<typename V::Element> equal = x == largest;
    total = total + Wide<T>::of(select(equal, V{}, rounded.e));
    rest += select(equal, V{}, rounded.less(rounded.e));
    ties += select(equal, splat<V>(1), V{});
  }
  Wide<T> wide() const { return total + Wide<T>::of(rest); }
};

// Where S' is good although the e_i in it were rounded to the type of the row, subnormal ones too:
// for 2^24 of them.
template <class T>
inline auto holds(Wide<T> others) {
  constexpr double least = sizeof(T) == 4 ? 0x1p-96 : sizeof(T) == 8 ? 0x1p-980 : 0;
  return entries(others) >= least;
}

// sum.add(x, e) for the entries of a row and their exponentials, which go to `kept` as well unless
// that is nullptr.  For every vector of it meanwhile(at) is called.
template <bool narrow, class Sum, class T, class Meanwhile>
inline void sum_up(Sum &sum, Entries<T> x, const Below<T> &below,
                   typename EntriesOf<T>::Element *kept, Meanwhile meanwhile) {
  using V = EntriesOf<T>;
  std::ptrdiff_t at = 0;
  for (; at + V::count <= x.n; at += V::count) {
    const V v = Memory<V, T>::load(x.data + at);
    const auto e = below.template unrounded<narrow>(v);
    if (kept) raw_store(kept + at, e.e);
    sum.add(v, e);
    meanwhile(at);
  }
  if (at < x.n) {
    const V v = x.load(at);
    const auto e = below.template unrounded<false>(v);
    if (kept) store_entries(kept, x.n, at, e.e);
    sum.add(v, e);
    meanwhile(at);
  }
}
template <class Sum, class T, class Meanwhile>
inline Sum summed(Sum sum, Entries<T> x, const Extent<T> &extent, const Below<T> &below,
                  typename EntriesOf<T>::Element *kept, Meanwhile meanwhile) {
  if (extent.narrow())
    sum_up<true>(sum, x, below, kept, meanwhile);
  else
    sum_up<false>(sum, x, below, kept, meanwhile);
  return sum;
}

// S' of a row, if it can be had in the fast way, and the e_i.
template <class T, class Meanwhile>
bool fast_others(Entries<T> x, const Extent<T> &extent, typename EntriesOf<T>::Element *kept,
                 NumberOfRow<T> &others, Meanwhile meanwhile) {
  using V = EntriesOf<T>;
  const V largest = splat<V>(extent.most());
  if (any(~moderate<T>(largest))) return false;
  const Others<T> sum = summed(Others<T>(largest), x, extent, Below<T>(largest), kept, meanwhile);
  others = total_of(sum.wide()) + (sum_of_lanes(sum.ties) - 1);
  return !any(~holds<T>(Wide<T>::all(others)));
}

// That of as many rows as V has lanes, with entry j of all of them in x[j]; keep(j, e) takes the
// e_j.
template <bool narrow, class T, class V, class Keep>
Wide<T> others_of(const V *x, int n, V largest, Keep keep) {
  const Below<T> below(largest);
  Others<T> sum(largest);
  for (int j = 0; j < n; ++j) {
    const auto e = below.template unrounded<narrow>(x[j]);
    sum.add(x[j], e);
    keep(j, e.e);
  }
  return combined(sum.wide(), Wide<T>::of(sum.ties),
                  [](auto s, auto ties) { return s + (ties - 1.0); });
}
template <class T, class V = EntriesOf<T>>
inline Extent<T> extent_across(const V *x, int n) {
  Extent<T> extent;
  for (int j = 0; j < n; ++j) extent.add(x[j]);
  return extent;
}
// Whether each of them is narrow.
template <class T>
inline bool all_narrow(const Extent<T> &extent) {
  return !any(~(extent.largest - extent.smallest <= Below<T>::normal));
}
// The lanes in which it is good.
template <class T, class Keep, class V = EntriesOf<T>>
Bits<typename V::Element> others_across(const V *x, int n, const Extent<T> &extent, Wide<T> &others,
                                        Keep keep) {
  others = all_narrow(extent) ? others_of<true, T>(x, n, extent.largest, keep)
                              : others_of<false, T>(x, n, extent.largest, keep);
  return moderate<T>(extent.largest) & holds<T>(others);
}
template <class T, class V = EntriesOf<T>>
Bits<typename V::Element> others_across(const V *x, int n, const Extent<T> &extent,
                                        Wide<T> &others) {
  return others_across<T>(x, n, extent, others, [](int, V) {});
}
// The same with e_i that are not rounded to the type of the rows.
template <class T, class V = EntriesOf<T>>
[[gnu::noinline]] Wide<T> exact_others_across(const V *x, int n, V largest) {
  using Number = NumberOfRow<T>;
  const Doubles<V> m(largest);
  Wide<T> others;
  for (int i = 0; i < m.parts; ++i) {
    Number sum = Exact<Number>::of(Real{});
    Real ties = splat<Real>(-1);
    for (int j = 0; j < n; ++j) {
      const Real v = Doubles<V>(x[j]).part[i];
      const Bits<double> equal = v == m.part[i];
      const Number e = value_of(exp_below<Number>(v, m.part[i]));
      sum = sum + select(equal | (v == -infinity), Exact<Number>::of(Real{}), e);
      ties += select(equal, splat<Real>(1), Real{});
    }
    others.part[i] = sum + ties;
  }
  return others;
}

}  // namespace
}  // namespace OGIVE_ISA
