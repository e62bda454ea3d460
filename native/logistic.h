// The logistic family: each value and its derivative side by side.
#pragma once
#include "elementary.h"
#include "pieces.h"

namespace OGIVE_ISA {
namespace {

// e^-x = M 2^-k gives  sigmoid(x) = 1 / (1 + e^-x) = 2^k q  and  sigmoid(-x) = M q  with
// q = 1 / (2^k + M): one form for both signs, neither side cancels, and the power of two is left
// for the end.
template <class Number>
struct Logistic {
  Number M, q;
  Plain<Number> k;
};
template <class Number>
inline Logistic<Number> logistic(Scaled<Number> loose) {
  const Plain<Number> k = -loose.exponent;
  return {normalised(loose.mantissa), inverse(plus_positive(loose.mantissa, power_to_add(k))), k};
}
template <class Number>
inline Logistic<Number> logistic_of(Plain<Number> x) {
  return logistic(loose_exp_of<Number>(-bounded(x, lowest<Number>, highest<Number>)));
}

template <class Number>
inline Scaled<Number> sigmoid(Plain<Number> x) {
  const auto [M, q, k] = logistic_of<Number>(x);
  return {q, k};
}
// sigmoid(x) sigmoid(-x), even in x; on the negative side the power is the small factor.
template <class Number>
inline Scaled<Number> grad_sigmoid(Plain<Number> x) {
  const auto [M, q, k] = logistic_of<Number>(-abs(x));
  return {M * (q * q), k};
}

// (1 - e^-2a) / (1 + e^-2a) for a = |x|, as -t / (2 + t) with t = expm1(-2a).
template <class Number>
inline Number tanh(Plain<Number> x) {
  const Number t = expm1_of<Number>(-2 * at_most(abs(x), 0.5 * highest<Number>));
  return with_sign_of(quotient(-t, plus_smaller(splat<Plain<Number>>(2), t)), x);
}
#if defined(OGIVE_LOOKUP)
// By a polynomial for each of 32 intervals of |x|, four to a power of two from 1/16 on: the
// exponent and the two leading bits of the fraction choose it.  From 9.5 on tanh rounds to 1.
template <>
inline Pair<Single> tanh(Single x) {
  const Single a = at_most(abs(x), 9.5f);
  const Bits<float> near = a < first_piece;
  const Piece piece(a, near);
  const Single base = select(near, a, piece.value(tanh_table));
  return with_sign_of(Pair<Single>{base, piece.rest(tanh_table)}, x);
}
#endif
// 1 - tanh(x)^2 = 4 sigmoid'(2x), which keeps its digits where tanh rounds to 1.
template <class Number>
inline Scaled<Number> grad_tanh(Plain<Number> x) {
  const auto [mantissa, exponent] = grad_sigmoid<Number>(2 * x);
  return {mantissa, exponent + 2};
}

// log(1 + e^-a) for a >= 0, given -a.  Not normalised.
template <class Number>
inline Scaled<Number> softplus_of_negative(Number minus_a) {
  return log1p(exp(minus_a));
}
#if defined(OGIVE_LOOKUP)
template <>
inline Scaled<Pair<Single>> softplus_of_negative(Pair<Single> minus_a) {
  const auto [M, n] = exp(minus_a);
  const Piece piece(at_most(-minus_a.hi, 31));
  return {M * Pair<Single>{piece.value(softplus_table), piece.rest(softplus_table)}, n};
}
#endif
// log(1 + e^y) = max(y, 0) + log(1 + e^-|y|): both terms positive, so that nothing cancels.  Not
// normalised.
template <class Number>
inline Scaled<Number> softplus_of(Number y) {
  const Mask<Number> positive = leading(y) > 0;
  const auto [L, n] = softplus_of_negative(bounded(select(positive, -y, y), lowest<Number>, 0));
  return {select(positive, y + scaled_to_add(L, n), L), select(positive, Plain<Number>{}, n)};
}
// log(1 + e^(beta x)) / beta.  Where e^(-beta x) is below a rounding of beta x the result is x,
// also if beta x overflows.  Nearly always beta is 1.
template <class Number>
inline Scaled<Number> softplus(Plain<Number> x, Plain<Number> beta) {
  using E = Exact<Number>;
  const auto [S, n] = softplus_of(E::product(beta, x));
  const Mask<Number> linear = beta * x > highest<Number>, divided = ~(beta == 1);
  Number value = S;
  if (any(divided)) value = select(divided, quotient(normalised(S), E::of(beta)), S);
  return {select(linear, E::of(x), value), select(linear, Plain<Number>{}, n)};
}
template <class Number>
inline Scaled<Number> grad_softplus(Plain<Number> x, Plain<Number> beta) {
  const Number y = Exact<Number>::product(beta, x);
  const auto [M, q, k] = logistic(loose_exp(-bounded(y, lowest<Number>, highest<Number>)));
  return {q, k};
}

// min(x, 0) - log(1 + e^-|x|).
template <class Number>
inline Scaled<Number> log_sigmoid(Plain<Number> x) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const auto [L, n] = softplus_of_negative(E::of(at_least(-abs(x), lowest<Number>)));
  const Number below = without_remainder(x < -highest<Number>, -scaled_to_add(L, n) + x);
  return {select(x < 0, below, -L), select(x < 0, V{}, n)};
}
template <class Number>
inline Scaled<Number> grad_log_sigmoid(Plain<Number> x) {
  return sigmoid<Number>(-x);
}

// p, or p with a power taken out where its reciprocal could overflow or p is subnormal.
template <class V>
inline Scaled<V> lifted(V p) {
  constexpr int bias = Format<typename V::Element>::bias;
  const auto tiny = p < two_to<bias / 8 - bias>;
  return {select(tiny, p * two_to<bias / 2>, p), select(tiny, splat<V>(-bias / 2), V{})};
}

// u - v for v within a factor of two of u.
inline Real difference(Real u, Real v) { return u - v; }
template <class V>
inline Pair<V> difference(V u, Pair<V> v) {
  return {u - v.hi, -v.lo};
}

// log(p / v) with v = 1 - p exact.  p / v = 2^k u / v, with k such that u / v is within
// [1/sqrt 2, sqrt 2); then log(u / v) = 2 atanh((u - v) / (u + v)), and u - v is exact near 1/2.
template <class Number>
inline Number logit(Plain<Number> p) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const auto [P, lift] = lifted(p);
  const Number v = E::sum_by_size(splat<V>(1), -p);
  const V k = exponent_of(P * rough_reciprocal(leading(v)) * sqrt_2);
  const V u = P * power_of_two(-k);
  const Number s = normalised(quotient(difference(u, v), u + v));
  const Number value =
      plus_smaller(E::of(ln2) * (k + lift), times_two_atanh_ratio(s, leading(s) * leading(s)));
  const V limit = select(p == 0, -infinity, select(p == 1, infinity, splat<V>(not_a_number)));
  return select((p > 0) & (p < 1), value, E::of(limit));
}
// 1 / (p (1 - p)).
template <class Number>
inline Scaled<Number> grad_logit(Plain<Number> p) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const auto [P, lift] = lifted(p);
  const V k = exponent_of(P);
  const Number v = E::sum_by_size(splat<V>(1), -p);
  const Number value = inverse(v * (P * power_of_two(-k)));
  const V limit = select((p == 0) | (p == 1), infinity, splat<V>(not_a_number));
  const Mask<Number> inside = (p > 0) & (p < 1);
  return {select(inside, value, E::of(limit)), select(inside, -(k + lift), V{})};
}

}  // namespace
}  // namespace OGIVE_ISA
