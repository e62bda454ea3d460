// grad_output times the derivative of a function of rows, from its argument.
//
// With p the softmax of x:
//
//   softmax      p_i (g_i - sum_j g_j p_j)
//   log_softmax  g_i - p_i sum_j g_j
//   logsumexp    g_i p_i, of a g repeated along the row
//   sparsemax    g_i less the mean of g over the support, within it
#pragma once
#include "sparsemax.h"

namespace OGIVE_ISA {
namespace {

// The same parts of two rows.
template <class T, class Function>
inline void each_two_reals(Entries<T> x, Entries<T> g, Function function) {
  for (std::ptrdiff_t at = 0; at < x.n; at += Real::count)
    function(at, reals_at(x, at, -infinity), reals_at(g, at, 0));
}

template <class T>
struct Probabilities {
  using Number = NumberOfRow<T>;
  Real m;
  Number inverse;
  double empty;  // of a row of -inf alone
  Probabilities(const RowSum<T> &sum, double empty)
      : m(splat<Real>(sum.largest)), inverse(OGIVE_ISA::inverse(sum.others + 1.0)), empty(empty) {}
  Number of(Real x) const {
    const auto [M, n] = exp_below<Number>(x, m);
    const Real none = select(m == -infinity, splat<Real>(empty), Real{});
    return select(x == -infinity, Exact<Number>::of(none),
                  value_of(Scaled<Number>{M * inverse, n}));
  }
};

struct gradient_of_softmax {
  template <class T>
  static void row(Entries<T> x, Entries<T> g, double empty, T *y) {
    using Number = NumberOfRow<T>;
    const Probabilities<T> p(careful_sum(x), empty);
    Number sum = Exact<Number>::of(Real{});
    each_two_reals(x, g, [&](std::ptrdiff_t, Real v, Real grad) { sum = sum + p.of(v) * grad; });
    const Number mean = total_of_reals<T>(sum);
    each_two_reals(x, g, [&](std::ptrdiff_t at, Real v, Real grad) {
      store_reals(y, x.n, at, rounded(p.of(v) * (grad - mean)));
    });
  }
};
struct gradient_of_log_softmax {
  template <class T>
  static void row(Entries<T> x, Entries<T> g, double empty, T *y) {
    using Number = NumberOfRow<T>;
    const Probabilities<T> p(careful_sum(x), empty);
    Number sum = Exact<Number>::of(Real{});
    each_two_reals(x, g, [&](std::ptrdiff_t, Real, Real grad) { sum = sum + grad; });
    const Number whole = total_of_reals<T>(sum);
    each_two_reals(x, g, [&](std::ptrdiff_t at, Real v, Real grad) {
      store_reals(y, x.n, at, rounded(grad - p.of(v) * whole));
    });
  }
};

struct gradient_of_logsumexp {
  template <class T>
  static void row(Entries<T> x, Entries<T> g, double empty, T *y) {
    const Probabilities<T> p(careful_sum(x), empty);
    each_two_reals(x, g, [&](std::ptrdiff_t at, Real v, Real grad) {
      store_reals(y, x.n, at, rounded(p.of(v) * grad));
    });
  }
};

struct gradient_of_sparsemax {
  template <class T>
  static void row(Entries<T> x, Entries<T> g, double empty, T *y) {
    using Number = NumberOfRow<T>;
    const Simplex<T> simplex(x);
    Number sum = Exact<Number>::of(Real{});
    Real count = {};
    each_two_reals(x, g, [&](std::ptrdiff_t, Real v, Real grad) {
      const Bits<double> within = simplex.of(v) > 0;
      sum = sum + select(within, grad, Real{});
      count += select(within, splat<Real>(1), Real{});
    });
    const Number size = Exact<Number>::of(splat<Real>(sum_of_lanes(count)));
    const Number mean = exact_quotient(total_of_reals<T>(sum), size);
    const Real outside = splat<Real>(empty);
    each_two_reals(x, g, [&](std::ptrdiff_t at, Real v, Real grad) {
      const Real p = simplex.of(v);
      store_reals(y, x.n, at, simplex.empty ? outside : select(p > 0, rounded(grad - mean), p));
    });
  }
};

// The gufuncs (n),(n),()->(n): grad_output, x, and the probabilities in an empty row.
template <class Function, class T>
struct GradientCall {
  RowOperands<T> operands;
  Operand<T> empty;

  GradientCall(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps) {
    operands.n = operands.results = sizes[1];
    operands.in = {data[1], steps[1], steps[5]};
    operands.second = {data[0], steps[0], steps[4]};
    empty = {data[2], steps[2], 0};
    operands.out = {data[3], steps[3], steps[6]};
  }
  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    operands.each(begin, end, [this](std::ptrdiff_t i, const RowInMemory<T> &row) {
      Function::row(row.in, Entries<T>{row.second, row.in.n}, as_double(empty.at(i)), row.out);
    });
  }
};

}  // namespace
}  // namespace OGIVE_ISA
