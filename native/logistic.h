// The logistic family: each value and its derivative side by side.
#pragma once
#include "elementary.h"

namespace OGIVE_ISA {
namespace {

// e^-x = M 2^-k gives  sigmoid(x) = 1 / (1 + e^-x) = 2^k q  and  sigmoid(-x) = M q  with
// q = 1 / (2^k + M): one form for both signs, neither side cancels, and the power of two is left
// for the end.
template <class Number>
struct Logistic {
  Number M, q;
  Real k;
};
template <class Number>
inline Logistic<Number> logistic(Number x) {
  const auto [M, n] = exp(-bounded(x, lowest<Number>, highest));
  const Real k = -n;
  return {M, Exact<Number>::inverse(M + power_of_two(at_least(k, -1000))), k};
}

template <class Number>
inline Scaled<Number> sigmoid_of(Number x) {
  const auto [M, q, k] = logistic(x);
  return {q, k};
}
template <class Number>
inline Scaled<Number> sigmoid(Real x) {
  return sigmoid_of(Exact<Number>::of(x));
}
// sigmoid(x) sigmoid(-x), even in x; on the negative side the power is the small factor.
template <class Number>
inline Scaled<Number> grad_sigmoid(Real x) {
  const auto [M, q, k] = logistic(Exact<Number>::of(-abs(x)));
  return {M * (q * q), k};
}

// (1 - e^-2a) / (1 + e^-2a) for a = |x|, as -t / (2 + t) with t = expm1(-2a).
template <class Number>
inline Number tanh(Real x) {
  const Number t = expm1(Exact<Number>::of(-2 * at_most(abs(x), 0.5 * highest)));
  return with_sign_of(Exact<Number>::quotient(-t, t + splat(2)), x);
}
// 1 - tanh(x)^2 = 4 sigmoid'(2x), which keeps its digits where tanh rounds to 1.
template <class Number>
inline Scaled<Number> grad_tanh(Real x) {
  const auto [mantissa, exponent] = grad_sigmoid<Number>(2 * x);
  return {mantissa, exponent + 2};
}

// log(1 + e^y) = max(y, 0) + log(1 + e^-|y|): both terms positive, so nothing cancels.
template <class Number>
inline Scaled<Number> softplus_of(Number y) {
  const Bits positive = leading(y) > 0;
  const auto [L, n] = log1p(exp(bounded(select(positive, -y, y), lowest<Number>, highest)));
  const Number above = y + scale_within_normal(L, at_least(n, -1000));
  return {select(positive, above, L), select(positive, splat(0), n)};
}
// log(1 + e^(beta x)) / beta.  Where e^(-beta x) is below a rounding of beta x the result is x,
// also if beta x overflows.
template <class Number>
inline Scaled<Number> softplus(Real x, Real beta) {
  const Number y = Exact<Number>::product(beta, x);
  const auto [S, n] = softplus_of(y);
  const Number value = Exact<Number>::quotient(S, Exact<Number>::of(beta));
  const Bits linear = beta * x > highest;
  return {select(linear, Exact<Number>::of(x), value), select(linear, splat(0), n)};
}
template <class Number>
inline Scaled<Number> grad_softplus(Real x, Real beta) {
  return sigmoid_of(Exact<Number>::product(beta, x));
}

template <class Number>
inline Scaled<Number> log_sigmoid(Real x) {
  const auto [S, n] = softplus_of(Exact<Number>::of(at_most(-x, 0x1p1000)));
  const Bits linear = x < -highest;
  return {-select(linear, Exact<Number>::of(-x), S), select(linear, splat(0), n)};
}
template <class Number>
inline Scaled<Number> grad_log_sigmoid(Real x) {
  return sigmoid<Number>(-x);
}

// p, or 2^200 p where its reciprocal could overflow or p is subnormal, and the power taken out.
inline Scaled<Real> lifted(Real p) {
  const Bits tiny = p < 0x1p-900;
  return {select(tiny, p * 0x1p200, p), select(tiny, splat(-200), splat(0))};
}

// log(p / v) with v = 1 - p exact.  p / v = 2^k u / v, with k such that u / v is within
// [1/sqrt 2, sqrt 2); then log(u / v) = 2 atanh((u - v) / (u + v)), and u - v is exact near 1/2.
template <class Number>
inline Number logit(Real p) {
  const auto [P, lift] = lifted(p);
  const Number v = Exact<Number>::sum(splat(1), -p);
  const Real k = exponent_of(P * rough_reciprocal(leading(v)) * sqrt_2);
  const Real u = P * power_of_two(-k);
  const Number s = Exact<Number>::quotient(u - v, u + v);
  const Number value =
      Exact<Number>::of(ln2) * (k + lift) + times_two_atanh_ratio(s, leading(s) * leading(s));
  const Real nan = splat(not_a_number);
  const Real limit = select(p == 0, splat(-infinity), select(p == 1, splat(infinity), nan));
  return select((p > 0) & (p < 1), value, Exact<Number>::of(limit));
}
// 1 / (p (1 - p)).
template <class Number>
inline Scaled<Number> grad_logit(Real p) {
  const auto [P, lift] = lifted(p);
  const Number v = Exact<Number>::sum(splat(1), -p);
  const Number value = Exact<Number>::inverse(v * P);
  const Real nan = splat(not_a_number);
  const Real limit = select((p == 0) | (p == 1), splat(infinity), nan);
  const Bits inside = (p > 0) & (p < 1);
  return {select(inside, value, Exact<Number>::of(limit)), select(inside, lift, Real{}) * -1};
}

}  // namespace
}  // namespace OGIVE_ISA
