// Cross-entropy of a row of logits, and its gradient, in one pass over the row.
//
// With m, e_i and S' as in rows.h, for the class t:
//
//   loss      log1p(S') + (m - x_t)
//   gradient  e_i / (1 + S') for i != t, and -(1 + S' - e_t) / (1 + S')
//
// Both terms of the loss are at least 0, and what stands in the numerator is the sum of the e_i
// with i != t: nothing cancels, however sure the network is.  With a part s of the target spread
// evenly over the n classes:
//
//   loss      log1p(S') + (1 - s) (m - x_t) + s mean(m - x_i)
//   gradient  that of before, for t with 1 - s times its numerator and s e_t, less s / n
#pragma once
#include "tiles.h"

namespace OGIVE_ISA {
namespace {

// log1p(S') + (m - x) of one logit.
template <class T>
inline Real loss_of(NumberOfRow<T> log, Real upper, Real x) {
  const Bits<double> none = (x == upper) | (abs(x - upper) == infinity);
  const auto gap =
      Exact<NumberOfRow<T>>::sum(select(none, Real{}, upper), -select(none, Real{}, x));
  return select(none & (x != upper), upper - x, rounded(log + gap));
}

// The loss of a class, with the mean of m - x_i for a part s of the target that is spread.
template <class T>
inline Real loss_with(NumberOfRow<T> others, Real m, Real x_t, Real s, Real gap) {
  const NumberOfRow<T> log = log1p(others);
  return select(s == 0, loss_of<T>(log, m, x_t), leading(log) + (1 - s) * (m - x_t) + s * gap);
}
// What is divided by 1 + S' in the gradient of the class.
template <class T>
inline NumberOfRow<T> numerator(NumberOfRow<T> others, NumberOfRow<T> e_t, Bits<double> largest,
                                Real s) {
  const NumberOfRow<T> rest = select(largest, others, others + 1.0 - e_t);
  return e_t * s - rest * (1 - s);
}

// What a row leaves to be written.
template <class T, bool with_gradient>
struct GradientWriting {
  using type = Scaling<T>;
};
template <class T>
struct GradientWriting<T, false> {
  using type = Nothing<T>;
};

// The gufuncs (n),(),(),()->() and (n),(),(),()->(),(n): logits, class (int64; -1: none, which
// costs nothing), s, and what the gradient is multiplied with (float64); the loss (float64) and the
// gradient.
template <class T, bool with_gradient>
struct CrossEntropyCall {
  using V = EntriesOf<T>;
  using Number = NumberOfRow<T>;
  RowOperands<T> operands;
  Operand<std::int64_t> target;
  Operand<double> smoothing, factor, loss;

  CrossEntropyCall(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps) {
    const std::ptrdiff_t *const inner = steps + (with_gradient ? 6 : 5);
    operands.n = sizes[1];
    operands.in = {data[0], steps[0], inner[0]};
    target = {data[1], steps[1], 0};
    smoothing = {data[2], steps[2], 0};
    factor = {data[3], steps[3], 0};
    loss = {data[4], steps[4], 0};
    if (with_gradient) {
      operands.results = sizes[1];
      operands.out = {data[5], steps[5], inner[1]};
    }
  }

  using Writing = typename GradientWriting<T, with_gradient>::type;

  // One row, but for what is left to `writing`.
  struct One {
    const CrossEntropyCall *call;
    template <class Meanwhile>
    void operator()(std::ptrdiff_t i, const RowInMemory<T> &row, const Extent<T> &extent,
                    typename V::Element *kept, Meanwhile meanwhile, Writing &writing) const {
      const std::ptrdiff_t t = call->target.at(i);
      double value = 0;
      if (t >= 0) {
        Row whole(row.in, extent, t, call->smoothing.at(i), call->factor.at(i));
        value = whole.into(row.out, kept, meanwhile, writing);
      } else if (with_gradient) {
        each_real(row.in,
                  [&](std::ptrdiff_t at, Real) { store_reals(row.out, row.in.n, at, Real{}); });
      }
      call->loss.put(i, 0, value);
    }
  };

  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    if (operands.n > short_row || !operands.n)
      return operands.template each_in_flow<Writing>(begin, end, One{this});
    for (; begin < end; begin += V::count)
      across(begin, end - begin < V::count ? end - begin : V::count);
  }

  // Rows [begin, begin + count), with an entry of each in a vector.  What becomes of a row does not
  // depend on those beside it.
  [[gnu::flatten]] void across(std::ptrdiff_t begin, std::ptrdiff_t count) const {
    const int n = static_cast<int>(operands.n);
    V rows[short_row], kept[short_row];  // the entries, then the gradient; the e_i
    operands.load_across(begin, count, rows);
    const Asked asked(*this, begin, count);
    const V target = entries(asked.lanes(asked.target)), x_t = Memory<V, T>::load(asked.x_t);
    const Bits<typename V::Element> none = target < 0;
    const Extent<T> extent = extent_across<T>(rows, n);
    Wide<T> others;
    const auto keep = [&](int j, V e) { kept[j] = e; };
    const auto served = others_across<T>(rows, n, extent, others, keep) | none;
    const Doubles<V> m(extent.largest), own(x_t), s = asked.lanes(asked.smoothing),
                                                  factor = asked.lanes(asked.factor);
    Doubles<V> gaps, losses, even;
    Wide<T> part, at_target, e_t = Wide<T>::of(Below<T>(extent.largest).template of<false>(x_t));
    for (int i = 0; i < m.parts; ++i) {
      gaps.part[i] = {};
      if (any(s.part[i] != 0))
        for (int j = 0; j < n; ++j) gaps.part[i] += m.part[i] - Doubles<V>(rows[j]).part[i];
      const Real gap = gaps.part[i] / static_cast<double>(n);
      losses.part[i] = loss_with<T>(others.part[i], m.part[i], own.part[i], s.part[i], gap);
      part.part[i] = inverse(others.part[i] + 1.0) * factor.part[i];
      even.part[i] = s.part[i] * factor.part[i] / static_cast<double>(n);
      at_target.part[i] =
          numerator<T>(others.part[i], e_t.part[i], own.part[i] == m.part[i], s.part[i]);
    }
    asked.put(losses);
    if constexpr (with_gradient) {
      const Factor<T> scale(part);
      const V less = entries(even), of_target = scale.times(entries(at_target), less);
      for (int j = 0; j < n; ++j) {
        const V y = select(target == static_cast<typename V::Element>(j), of_target,
                           scale.times(kept[j], less));
        rows[j] = select(none, V{}, y);
      }
    }
    operands.store_across(begin, count, rows, served,
                          [this](std::ptrdiff_t i, T *result) { alone(i, result); });
  }
  [[gnu::noinline]] void alone(std::ptrdiff_t i, T *result) const {
    operands.template alone<Writing>(i, result, One{this});
  }

  // What is asked of as many rows as a V has lanes.
  struct Asked {
    const CrossEntropyCall &call;
    std::ptrdiff_t begin, count;
    alignas(64) double target[V::count], smoothing[V::count], factor[V::count];
    alignas(64) T x_t[V::count];

    Asked(const CrossEntropyCall &call, std::ptrdiff_t begin, std::ptrdiff_t count)
        : call(call), begin(begin), count(count) {
      for (int i = 0; i < V::count; ++i) {
        const std::ptrdiff_t row = begin + (i < count ? i : 0), t = call.target.at(row);
        target[i] = static_cast<double>(t);
        smoothing[i] = call.smoothing.at(row);
        factor[i] = call.factor.at(row);
        x_t[i] = call.operands.in.at(row, t < 0 ? 0 : t);
      }
    }
    static Doubles<V> lanes(const double *x) {
      Doubles<V> y;
      for (int i = 0; i < y.parts; ++i) y.part[i] = Memory<Real, double>::load(x + i * Real::count);
      return y;
    }
    void put(const Doubles<V> &losses) const {
      alignas(64) double some[V::count];
      for (int i = 0; i < losses.parts; ++i)
        Memory<Real, double>::store(some + i * Real::count, losses.part[i]);
      for (std::ptrdiff_t i = 0; i < count; ++i)
        call.loss.put(begin + i, 0, target[i] < 0 ? 0 : some[i]);
    }
  };

  struct Row {
    Entries<T> x;
    const Extent<T> &extent;
    std::ptrdiff_t t;
    double s, factor, m, x_t;
    Number others;

    Row(Entries<T> x, const Extent<T> &extent, std::ptrdiff_t t, double s, double factor)
        : x(x),
          extent(extent),
          t(t),
          s(s),
          factor(factor),
          m(extent.most()),
          x_t(as_double(x.data[t])) {}

    template <class Meanwhile>
    double into(T *y, typename V::Element *kept, Meanwhile meanwhile, Writing &writing) {
      if (!fast_others(x, extent, with_gradient ? kept : nullptr, others, meanwhile))
        return carefully(y);
      const double value = loss();
      if constexpr (with_gradient) {
        const Below<T> below(splat<V>(m));
        const Factor<T> part(Wide<T>::all(inverse(others + 1.0) * splat<Real>(factor)));
        const V even = splat<V>(s * factor / x.n);
        const Number e_t = Wide<T>::of(below.template of<false>(splat<V>(x_t))).part[0];
        const V at_target = entries(Wide<T>::all(numerator(e_t)));
        if (kept) {
          kept[t] = at_target.part[0][0];
          writing = {y, kept, part, even};
        } else {
          for (std::ptrdiff_t at = 0; at < x.n; at += V::count)
            store_entries(y, x.n, at, part.times(below.template of<false>(x.load(at)), even));
          store_entries(y + t, 1, 0, part.times(at_target, even));
        }
      }
      return value;
    }

    Number numerator(Number e_t) const {
      const Bits<double> largest = splat<Real>(x_t) == splat<Real>(m);
      return OGIVE_ISA::numerator<T>(others, e_t, largest, splat<Real>(s));
    }
    double loss() const {
      Real gaps = {};
      if (s != 0)
        each_real(x, [&](std::ptrdiff_t at, Real v) {
          const Real gap = splat<Real>(m) - v;
          gaps += at + Real::count <= x.n ? gap : first_lanes(gap, x.n - at);
        });
      const Real gap = splat<Real>(sum_of_lanes(gaps) / x.n);
      return first_lane(
          loss_with<T>(others, splat<Real>(m), splat<Real>(x_t), splat<Real>(s), gap));
    }

    double carefully(T *y) {
      const RowSum<T> sum = careful_sum(x);
      m = sum.largest;
      others = sum.others;
      const double value = m == -infinity ? not_a_number : loss();
      if constexpr (with_gradient) {
        const Real largest = splat<Real>(m), scale = splat<Real>(factor);
        const Real even = splat<Real>(m == -infinity ? not_a_number : s * factor / x.n);
        const Number part = inverse(others + 1.0) * scale;
        const Number at_target = numerator(value_of(exp_below<Number>(splat<Real>(x_t), largest)));
        each_real(x, [&](std::ptrdiff_t at, Real v) {
          const auto [M, n] = exp_below<Number>(v, largest);
          store_reals(y, x.n, at, rounded(Scaled<Number>{M * part, n}) - even);
        });
        store_reals(y + t, 1, 0, rounded(at_target * part) - even);
      }
      return value;
    }
  };
};

// The gufuncs (n),(n),()->() and (n),(n),()->(),(n): logits, what counts for every class (the
// probabilities, with weights and smoothing in them already), what the gradient is multiplied with.
//
//   loss      sum_i t_i (log1p(S') + (m - x_i))
//   gradient  p_i sum_j t_j - t_i = ((e_i sum_j t_j - t_i) - t_i S') / (1 + S')
template <class T, bool with_gradient>
struct DenseCrossEntropyCall {
  using Number = NumberOfRow<T>;
  RowOperands<T> operands;
  Operand<double> factor, loss;

  DenseCrossEntropyCall(char *const *data, const std::ptrdiff_t *sizes,
                        const std::ptrdiff_t *steps) {
    const std::ptrdiff_t *const inner = steps + (with_gradient ? 5 : 4);
    operands.n = sizes[1];
    operands.in = {data[0], steps[0], inner[0]};
    operands.second = {data[1], steps[1], inner[1]};
    factor = {data[2], steps[2], 0};
    loss = {data[3], steps[3], 0};
    if (with_gradient) {
      operands.results = sizes[1];
      operands.out = {data[4], steps[4], inner[2]};
    }
  }
  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    operands.each(begin, end, [this](std::ptrdiff_t i, const RowInMemory<T> &row) {
      loss.put(i, 0, one(row.in, {row.second, row.in.n}, factor.at(i), row.out));
    });
  }

  static double one(Entries<T> x, Entries<T> t, double factor, T *y) {
    const Extent<T> extent(x);
    RowSum<T> sum;
    sum.largest = extent.most();
    if (!fast_others(x, extent, nullptr, sum.others, [](std::ptrdiff_t) {})) sum = careful_sum(x);
    const Real m = splat<Real>(sum.largest);
    const Number log = log1p(sum.others), inverse = OGIVE_ISA::inverse(sum.others + 1.0);
    Number value = Exact<Number>::of(Real{}), targets = value;
    for (std::ptrdiff_t at = 0; at < x.n; at += Real::count) {
      const Real weight = reals_at(t, at, 0);
      const Real of_one = loss_of<T>(log, m, reals_at(x, at, -infinity));
      // A class that does not count may be impossible.
      value = value + select(weight == 0, Real{}, weight * of_one);
      targets = targets + weight;
    }
    if constexpr (with_gradient) {
      const Number whole = total_of_reals<T>(targets);
      const Real scale = splat<Real>(factor);
      const Real nan = select(m == -infinity, splat<Real>(not_a_number), Real{});
      each_real(x, [&](std::ptrdiff_t at, Real v) {
        const auto [M, n] = exp_below<Number>(v, m);
        const Number e =
            select(v == -infinity, Exact<Number>::of(Real{}), value_of(Scaled<Number>{M, n}));
        const Real t_i = reals_at(t, at, 0);
        const Number gradient = ((e * whole - t_i) - sum.others * t_i) * inverse * scale;
        store_reals(y, x.n, at, rounded(gradient) + nan);
      });
    }
    return sum.largest == -infinity ? not_a_number : first_lane(rounded(total_of_reals<T>(value)));
  }
};

}  // namespace
}  // namespace OGIVE_ISA
