// grad_output times the derivative of a function of rows, from its argument.
//
// With p the softmax of x:
//
//   softmax      p_i (g_i - sum_j g_j p_j)
//   log_softmax  g_i - p_i sum_j g_j
//   logsumexp    g_i p_i, of a g repeated along the row
//   sparsemax    g_i less the mean of g over the support, within it
//
// And softmax's from its result y alone, which the layer behind may keep as well:
//
//   y_i ((g_i - g_m) - sum_j y_j (g_j - g_m)) with m where y is largest: the y sum to 1, and the
//   one that may be next to 1 has the factor 0
#pragma once
#include "sparsemax.h"

namespace OGIVE_ISA {
namespace {

// The same parts of two rows; beyond its end x is a number that counts for nothing.
template <class T, class Function>
inline void each_two_reals(Entries<T> x, Entries<T> g, Function function, double fill = -infinity) {
  for (std::ptrdiff_t at = 0; at < x.n; at += Real::count)
    function(at, reals_at(x, at, fill), reals_at(g, at, 0));
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

struct product_of_softmax {
  template <class T>
  static void row(Entries<T> y, Entries<T> g, T *product) {
    using Number = NumberOfRow<T>;
    std::ptrdiff_t largest = 0;
    for (std::ptrdiff_t i = 1; i < y.n; ++i)
      if (as_double(y.data[i]) > as_double(y.data[largest])) largest = i;
    const Real other = splat<Real>(y.n ? -as_double(g.data[largest]) : 0);
    Number sum = Exact<Number>::of(Real{});
    each_two_reals(
        y, g,
        [&](std::ptrdiff_t, Real p, Real grad) {
          sum = sum + normalised(Exact<Number>::sum(grad, other)) * p;
        },
        0);
    const Number mean = total_of_reals<T>(sum);
    each_two_reals(y, g, [&](std::ptrdiff_t at, Real p, Real grad) {
      store_reals(product, y.n, at, rounded((Exact<Number>::sum(grad, other) - mean) * p));
    });
  }
};
// The gufuncs (n),(n)->(n): grad_output, and the result.
template <class Function, class T>
struct ProductCall {
  RowOperands<T> operands;

  ProductCall(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps) {
    operands.n = operands.results = sizes[1];
    operands.in = {data[1], steps[1], steps[4]};
    operands.second = {data[0], steps[0], steps[3]};
    operands.out = {data[2], steps[2], steps[5]};
  }
  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    operands.each(begin, end, [](std::ptrdiff_t, const RowInMemory<T> &row) {
      Function::row(row.in, Entries<T>{row.second, row.in.n}, row.out);
    });
  }
};

}  // namespace
}  // namespace OGIVE_ISA
