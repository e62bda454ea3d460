// sparsemax: the point of the probability simplex that is nearest to a row.
//
// sparsemax(x)_i = max(0, x_i - tau), with the tau for which these sum to 1.  Of the entries above
// a tau that is too small, tau' = (their sum - 1) / their number is larger and still not too large:
// starting below the largest entry less 1, tau is reached in finitely many steps (C. Michelot,
// A finite algorithm for finding the projection of a point onto the canonical simplex, 1986;
// A. Martins, R. Astudillo, From softmax to sparsemax, 2016).
#pragma once
#include "tiles.h"

namespace OGIVE_ISA {
namespace {

// The quotient to the last digit: the reciprocal in it is only good to 2^-40.
inline Real exact_quotient(Real a, Real b) { return a / b; }
inline Pair<Real> exact_quotient(Pair<Real> a, Pair<Real> b) {
  const Real q = a.hi / b.hi;
  return {q, (fma(-q, b.hi, a.hi) + mul_add(-q, b.lo, a.lo)) / b.hi};
}

template <class T>
struct Simplex {
  using Number = NumberOfRow<T>;
  double largest;  // m
  bool empty;      // a row of -inf alone
  Number tau;      // less m; NaN if there is none

  // x - m, which is at most 0; what is below tau in any case as -4.
  Number below(Real x) const {
    const Real m = splat<Real>(largest);
    const Real upper = select(x == m, Real{}, m), lower = select(x == m, Real{}, x);
    return bounded(Exact<Number>::sum(lower, -upper), -4, 0);
  }
  // An entry of the result; NaN if there is no tau.
  Real of(Real x) const { return at_least(rounded(below(x) - tau), 0); }

  explicit Simplex(Entries<T> x) : tau(Exact<Number>::of(Real{})) {
    Real nan = {}, infinities = {};
    Real most = splat<Real>(-infinity);
    each_real(x, [&](std::ptrdiff_t, Real v) {
      most = select(v > most, v, most);
      nan = select(v == v, nan, v);
      infinities += select(v == infinity, splat<Real>(1), Real{});
    });
    largest = largest_lane(most);
    const double infinite = sum_of_lanes(infinities);
    const bool has_nan = sum_of_lanes(nan) != 0;
    empty = largest == -infinity && !has_nan;
    // One +inf takes all, as a large entry does; several have no limit.
    const bool none = has_nan || infinite > 1 || largest == -infinity;
    tau = Exact<Number>::of(splat<Real>(none ? not_a_number : -1));
    if (!none && infinite == 0) find(x);
  }

  void find(Entries<T> x) {
    for (double before = 0;;) {
      Number sum = Exact<Number>::of(Real{});
      Real counts = {};
      each_real(x, [&](std::ptrdiff_t, Real v) {
        const Number gap = below(v);
        const Bits<double> within = rounded(gap - tau) > 0;
        sum = sum + select(within, gap, Exact<Number>::of(Real{}));
        counts += select(within, splat<Real>(1), Real{});
      });
      const double count = sum_of_lanes(counts);
      if (count == before) return;
      before = count;
      const Number size = Exact<Number>::of(splat<Real>(count));
      tau = exact_quotient(total_of_reals<T>(sum) - 1.0, size);
    }
  }
};

// The gufuncs (n),()->(n).
template <class T>
struct SparsemaxCall {
  RowOperands<T> operands;
  Operand<T> empty;

  SparsemaxCall(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps) {
    operands.n = operands.results = sizes[1];
    operands.in = {data[0], steps[0], steps[3]};
    empty = {data[1], steps[1], 0};
    operands.out = {data[2], steps[2], steps[4]};
  }
  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    operands.each(begin, end, [this](std::ptrdiff_t i, const RowInMemory<T> &row) {
      const Simplex<T> simplex(row.in);
      const Real none = splat<Real>(as_double(empty.at(i)));
      each_real(row.in, [&](std::ptrdiff_t at, Real v) {
        store_reals(row.out, row.in.n, at, simplex.empty ? none : simplex.of(v));
      });
    });
  }
};

}  // namespace
}  // namespace OGIVE_ISA
