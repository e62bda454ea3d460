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
inline Real loss_of(NumberOfRow<T> log, double m, Real x) {
  const Real upper = splat<Real>(m);
  const Bits<double> none = (x == upper) | (abs(x - upper) == infinity);
  const auto gap =
      Exact<NumberOfRow<T>>::sum(select(none, Real{}, upper), -select(none, Real{}, x));
  return select(none & (x != upper), upper - x, rounded(log + gap));
}

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

  using Writing = Scaling<T>;  // without a gradient none is left

  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    operands.template each_in_flow<Writing>(
        begin, end,
        [this](std::ptrdiff_t i, const RowInMemory<T> &row, const Extent<T> &extent, auto *kept,
               auto meanwhile, Writing &writing) {
          const std::ptrdiff_t t = target.at(i);
          double value = 0;
          if (t >= 0) {
            Row whole(row.in, extent, t, smoothing.at(i), factor.at(i));
            value = whole.into(row.out, kept, meanwhile, writing);
          } else if (with_gradient) {
            each_real(row.in,
                      [&](std::ptrdiff_t at, Real) { store_reals(row.out, row.in.n, at, Real{}); });
          }
          loss.put(i, 0, value);
        });
  }

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

    // What is divided by 1 + S' in the gradient of the target.
    Number numerator(Number e_t) const {
      const Number rest = x_t == m ? others : others + 1.0 - e_t;
      return e_t * splat<Real>(s) - rest * splat<Real>(1 - s);
    }

    double loss() const {
      const Number log = log1p(others);
      if (s == 0) return first_lane(loss_of<T>(log, m, splat<Real>(x_t)));
      Real gaps = {};
      each_real(x, [&](std::ptrdiff_t at, Real v) {
        const Real gap = splat<Real>(m) - v;
        gaps += at + Real::count <= x.n ? gap : first_lanes(gap, x.n - at);
      });
      return first_lane(leading(log)) + (1 - s) * (m - x_t) + s * (sum_of_lanes(gaps) / x.n);
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
      const Real of_one = loss_of<T>(log, sum.largest, reals_at(x, at, -infinity));
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
