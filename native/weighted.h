// log |sum_i b_i e^(x_i)| and the sign of that sum.
//
// As in rows.h, with the weight of the largest entries, b, for their number:
//
//   m + log1p((b - 1) + S'),  S' = the sum of b_i e^(x_i - m) over the others;
//
// of a negative sum with all signs turned.  Entries of weight 0 count for nothing, infinite ones
// too.
#pragma once
#include "tiles.h"

namespace OGIVE_ISA {
namespace {

struct SignedLog {
  double value, sign;
};

template <class T>
SignedLog signed_log(Entries<T> x, Entries<T> b) {
  using Number = NumberOfRow<T>;
  const auto each = [&](auto function) {
    for (std::ptrdiff_t at = 0; at < x.n; at += Real::count) {
      const Real weight = reals_at(b, at, 0), v = reals_at(x, at, -infinity);
      function(select(weight == 0, splat<Real>(-infinity), v), weight);
    }
  };
  Real most = splat<Real>(-infinity), nan = {};
  each([&](Real v, Real weight) {
    most = select(v > most, v, most);
    nan = select((v == v) & (weight == weight), nan, splat<Real>(not_a_number));
  });
  const double m = largest_lane(most);
  if (sum_of_lanes(nan) != 0) return {not_a_number, not_a_number};
  if (m == -infinity) return {m, 0};
  const Real largest = splat<Real>(m);
  Number others = Exact<Number>::of(Real{}), ties = others;
  each([&](Real v, Real weight) {
    const Bits<double> equal = v == largest;
    const Number e = value_of(exp_below<Number>(v, largest)) * weight;
    others = others + select(equal | (v == -infinity), Exact<Number>::of(Real{}), e);
    ties = ties + select(equal, weight, Real{});
  });
  const Number rest = total_of_reals<T>(others), whole = total_of_reals<T>(ties);
  const double sum = rounded(whole + rest).part[0][0];
  const double sign = sum > 0 ? 1 : sum < 0 ? -1 : sum == 0 ? 0 : not_a_number;
  if (m == infinity) return {sign == 0 ? not_a_number : m, sign == 0 ? not_a_number : sign};
  if (sign == 0) return {-infinity, 0};
  const Real turn = splat<Real>(sign);
  return {rounded(log1p((whole * turn - 1.0) + rest * turn) + largest).part[0][0], sign};
}

// The gufunc (n),(n)->(),(): entries and weights; the logarithm and the sign.
template <class T>
struct SignedLogCall {
  RowOperands<T> operands;
  Operand<T> value, sign;

  SignedLogCall(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps) {
    operands.n = sizes[1];
    operands.in = {data[0], steps[0], steps[4]};
    operands.second = {data[1], steps[1], steps[5]};
    value = {data[2], steps[2], 0};
    sign = {data[3], steps[3], 0};
  }
  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    operands.each(begin, end, [this](std::ptrdiff_t i, const RowInMemory<T> &row) {
      const auto [log, sign_of] = signed_log(row.in, Entries<T>{row.second, row.in.n});
      value.put(i, 0, element<T>(log));
      sign.put(i, 0, element<T>(sign_of));
    });
  }
};

}  // namespace
}  // namespace OGIVE_ISA
