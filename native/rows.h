// softmax, log_softmax and logsumexp, one row at a time.
//
// With m the largest entry, e_i = e^(x_i - m), and S' the sum of all e_i but one that equals 1:
//
//   softmax_i = e_i / (1 + S'),  log_softmax_i = (x_i - m) - log1p(S'),  logsumexp = m + log1p(S').
//
// Leaving that one out is what keeps log_softmax([0, -20])[0] = -2.06e-9 from rounding to 0.  The
// exponentials are computed twice rather than stored, so that each result is rounded once.
#pragma once
#include "elementary.h"
#include "memory.h"
#include "threads.h"

namespace OGIVE_ISA {
namespace {

// log(1 + s) for s >= 0.  1 + s = 2^k u with u in [1/sqrt 2, sqrt 2); for k = 0, u - 1 is s itself.
template <class Number>
inline Number log1p(Number s) {
  const Number sum = s + 1.0;
  const Real k = exponent_of(leading(sum) * sqrt_2);
  const Number u = scale_within_normal(sum, -k);
  const Number above = select(k == 0, s, u - 1.0);
  const Number ratio = normalised(quotient(above, u + 1.0));
  return Exact<Number>::of(ln2) * k + times_two_atanh_ratio(ratio, leading(ratio) * leading(ratio));
}

// Rows of float32 are taken in doubles.
template <class T>
struct NumberOf {
  using type = Real;
};
template <>
struct NumberOf<double> {
  using type = Pair<Real>;
};
template <class T>
using NumberOfRow = typename NumberOf<T>::type;

// A row or a column of an array: n elements at a fixed distance.
template <class T>
struct Line {
  char *data;
  std::ptrdiff_t step, n;

  // Lanes past the end read -inf, which adds nothing to a sum of exponentials.
  Real load(std::ptrdiff_t at) const {
    using R = Memory<Real, T>;
    if (step == sizeof(T) && at + Real::count <= n)
      return R::load(reinterpret_cast<const T *>(data) + at);
    T some[Real::count] = {};
    const std::ptrdiff_t count = n - at < Real::count ? n - at : Real::count;
    for (std::ptrdiff_t i = 0; i < count; ++i)
      __builtin_memcpy(&some[i], data + (at + i) * step, sizeof(T));
    double x[Real::count];
    Memory<Real, double>::store(x, R::load(some));
    for (std::ptrdiff_t i = count; i < Real::count; ++i) x[i] = -infinity;
    return Memory<Real, double>::load(x);
  }
  void store(std::ptrdiff_t at, Real y) const {
    using R = Memory<Real, T>;
    if (step == sizeof(T) && at + Real::count <= n)
      return R::store(reinterpret_cast<T *>(data) + at, y);
    T some[Real::count];
    R::store(some, y);
    const std::ptrdiff_t count = n - at < Real::count ? n - at : Real::count;
    for (std::ptrdiff_t i = 0; i < count; ++i)
      __builtin_memcpy(data + (at + i) * step, &some[i], sizeof(T));
  }
};

// Lane by lane, in a fixed order: the same sum on every run.
struct Unpacked {
  double lane[Real::count];
  explicit Unpacked(Real x) { Memory<Real, double>::store(lane, x); }
};
inline Real sum_of_lanes(Real x) {
  double sum = 0;
  for (double value : Unpacked(x).lane) sum += value;
  return splat<Real>(sum);
}
inline Pair<Real> sum_of_lanes(Pair<Real> x) {
  const Unpacked hi(x.hi), lo(x.lo);
  Pair<Real> sum = {};
  for (int i = 0; i < Real::count; ++i)
    sum = sum + Pair<Real>{splat<Real>(hi.lane[i]), splat<Real>(lo.lane[i])};
  return sum;
}

// e^(x - m) for x <= m; equal entries give 1 even where both are infinite.
template <class Number>
inline Scaled<Number> exp_below(Real x, Real m) {
  const Real lower = select(x == m, Real{}, x), upper = select(x == m, Real{}, m);
  return exp(bounded(Exact<Number>::sum(lower, -upper), lowest<Number>, highest<Number>));
}

template <class T>
struct RowSum {
  using Number = NumberOfRow<T>;
  Real largest;   // in every lane; NaN if the row has one
  Number others;  // S'
};

template <class T>
RowSum<T> sum_row(const Line<T> &x) {
  using Number = NumberOfRow<T>;
  Real most = splat<Real>(-infinity), nan = {};
  for (std::ptrdiff_t at = 0; at < x.n; at += Real::count) {
    const Real v = x.load(at);
    most = select(v > most, v, most);
    nan = select(v == v, nan, v);
  }
  double m = -infinity;
  for (double value : Unpacked(most).lane) m = value > m ? value : m;
  for (double value : Unpacked(nan).lane) m = value != value ? value : m;
  const Real largest = splat<Real>(m);
  // Entries equal to the largest are counted, not summed: whole numbers are exact.
  Number sum = Exact<Number>::of(Real{});
  Real count = {};
  for (std::ptrdiff_t at = 0; at < x.n; at += Real::count) {
    const Real v = x.load(at);
    const auto [M, n] = exp_below<Number>(v, largest);
    const Bits<double> equal = v == largest;
    const Number e = value_of(Scaled<Number>{M, n});
    const Bits<double> nothing = equal | (v == -infinity);
    sum = sum + select(nothing, Exact<Number>::of(Real{}), e);
    count += select(equal, splat<Real>(1), Real{});
  }
  const Real equals = sum_of_lanes(count);
  // Several +inf have no limit.
  const Real ties =
      select((largest == infinity) & (equals > 1), splat<Real>(not_a_number), equals - 1);
  return {largest, sum_of_lanes(sum) + ties};
}

struct row_of_softmax {
  static constexpr bool to_row = true;
  template <class T>
  static void row(const Line<T> &x, const Line<T> &y) {
    using Number = NumberOfRow<T>;
    const auto [m, others] = sum_row(x);
    const Real nan = splat<Real>(not_a_number);
    // A row of -inf alone has no limit.
    const Number inverse =
        select(m == -infinity, Exact<Number>::of(nan), OGIVE_ISA::inverse(others + 1.0));
    for (std::ptrdiff_t at = 0; at < x.n; at += Real::count) {
      const Real v = x.load(at);
      const auto [M, n] = exp_below<Number>(v, m);
      y.store(at, rounded(Scaled<Number>{M * inverse, n}));
    }
  }
};

struct row_of_log_softmax {
  static constexpr bool to_row = true;
  template <class T>
  static void row(const Line<T> &x, const Line<T> &y) {
    using Number = NumberOfRow<T>;
    const auto [m, others] = sum_row(x);
    const Real nan = splat<Real>(not_a_number);
    const Number log = select(m == -infinity, Exact<Number>::of(nan), log1p(others));
    for (std::ptrdiff_t at = 0; at < x.n; at += Real::count) {
      const Real v = x.load(at), gap = v - m;
      const Bits<double> equal = v == m, infinite = abs(gap) == infinity;
      const Bits<double> none = equal | infinite;
      const Number below = Exact<Number>::sum(select(none, Real{}, v), -select(none, Real{}, m));
      y.store(at, select(infinite, gap - leading(log), rounded(below - log)));
    }
  }
};

struct row_of_logsumexp {
  static constexpr bool to_row = false;
  template <class T>
  static void row(const Line<T> &x, const Line<T> &y) {
    const auto [m, others] = sum_row(x);
    const Real value = rounded(log1p(others) + m);
    y.store(0, select(abs(m) == infinity, m, value));
  }
};

// NumPy's inner loop of a gufunc with one core dimension.
template <class Function, class T>
struct Rows {
  static constexpr bool to_row = Function::to_row;
  char *const *data;
  const std::ptrdiff_t *steps;
  std::ptrdiff_t n;

  static void run(void *context, std::ptrdiff_t begin, std::ptrdiff_t end) {
    const Rows &self = *static_cast<Rows *>(context);
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      const Line<T> x = {self.data[0] + i * self.steps[0], self.steps[2], self.n};
      const Line<T> y = {self.data[1] + i * self.steps[1], to_row ? self.steps[3] : 0,
                         to_row ? self.n : 1};
      Function::row(x, y);
    }
  }
  static int loop(void *, char *const *data, const std::ptrdiff_t *sizes,
                  const std::ptrdiff_t *steps, void *) {
    // NumPy looks at the status after a gufunc even if the loop is registered as raising nothing.
    const auto status = floating_point_status();
    Rows rows = {data, steps, sizes[1]};
    in_parallel(sizes[0], sizes[1], run, &rows);
    set_floating_point_status(status);
    return 0;
  }
};

}  // namespace
}  // namespace OGIVE_ISA
