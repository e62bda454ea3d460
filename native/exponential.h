// What else is made of one exponential: its complement, its remainders, and derivatives with
// respect to the parameter inside it.
#pragma once
#include "algebraic.h"
#include "logistic.h"
#include "rectifier.h"

namespace OGIVE_ISA {
namespace {

// ---- 1 - e^-x -------------------------------------------------------------------------------

// For x > 0: e^-x = M 2^n and 1 - e^-x = m 2^k with m within [1/sqrt 2, sqrt 2), both with all
// their digits.
template <class Number>
struct ExpAndRest {
  Number M;
  Plain<Number> n;
  Number m;
  Plain<Number> k;
};
template <class Number>
inline ExpAndRest<Number> exp_and_rest(Plain<Number> x) {
  using V = Plain<Number>;
  const V one = splat<V>(1);
  const auto [r, n] = reduce<Number>(-bounded(x, 0, -lowest<Number>));
  const Number change = exp_minus_one_of_reduced(r, true);
  const V power = power_to_add(n);
  const Number rest = normalised(
      plus_smaller(Exact<Number>::sum_by_size(one, -power), -times_power(change, power)));
  const auto [size, lift] = lifted(leading(rest));
  const V k = exponent_of(size * sqrt_2);
  return {normalised(plus_smaller(one, change)), n,
          times_power(times_power(rest, power_of_two(-lift)), power_of_two(-k)), k + lift};
}

// log(1 - e^-x) = k ln 2 + log m, with log m = 2 atanh((m - 1) / (m + 1)).  Where k = 0, m - 1 is
// -e^-x, whose power is left for the end.
template <class Number>
inline Scaled<Number> log1mexp(Plain<Number> x) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const auto [M, n, m, k] = exp_and_rest<Number>(x);
  const Mask<Number> late = k == 0;
  const Number ratio = normalised(
      quotient(select(late, -M, plus_smaller(splat<V>(-1), m)), plus_smaller(splat<V>(1), m)));
  const V exponent = select(late, n, V{});
  const V s = scaled_to_add(leading(ratio), exponent);
  const Number log_m = times_two_atanh_ratio(ratio, s * s);
  const Number value = select(late, log_m, plus_smaller(E::of(ln2) * k, log_m));
  const Mask<Number> inside = x > 0;
  const V limit = select(x == 0, -infinity, splat<V>(not_a_number));
  return {select(inside, value, E::of(limit)), select(inside, exponent, V{})};
}
// e^-x / (1 - e^-x).
template <class Number>
inline Scaled<Number> grad_log1mexp(Plain<Number> x) {
  using V = Plain<Number>;
  const auto [M, n, m, k] = exp_and_rest<Number>(x);
  const Mask<Number> inside = x > 0;
  const V limit = select(x == 0, infinity, splat<V>(not_a_number));
  return {select(inside, quotient(M, m), Exact<Number>::of(limit)), select(inside, n - k, V{})};
}

// ---- derivatives with respect to beta and alpha ---------------------------------------------

// With y = beta x the derivative of log(1 + e^y) / beta is -H / beta^2, where
//   H = log(1 + e^y) - y sigmoid(y) = log(1 + e^-a) + a e^-a / (1 + e^-a),  a = |y|,
// is the entropy of a coin that falls heads with probability sigmoid(y): even in y, and on the
// right a sum of positive terms.  Whatever beta and grad_output make of e^-a, it has vanished by:
template <class Number>
constexpr double entropy_end = 500;
template <>
constexpr double entropy_end<Pair<Real>> = 3000;
template <class Number>
inline Scaled<Number> grad_softplus_beta(Plain<Number> x, Plain<Number> beta) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const Number y = E::product(beta, x);
  const Number down = bounded(select(leading(y) > 0, -y, y), -entropy_end<Number>, 0);
  const Scaled<Number> e = exp(down);
  const auto [L, n] = log1p(e);
  const Number share =
      e.mantissa * inverse(plus_smaller(splat<V>(1), scaled_to_add(e.mantissa, e.exponent)));
  const Number entropy = L - times_power(down * share, power_of_two(e.exponent - n));
  const V k = power_within<Number>(beta), B = beta * power_of_two(-k);
  return {-quotient(normalised(entropy), E::product(B, B)), n - 2 * k};
}

// x; the rest of a 0 has its sign, so that their sum has.
template <class Number>
inline Number with_rest_of_its_sign(Plain<Number> x) {
  if constexpr (sizeof(Number) == sizeof(x))
    return x;
  else
    return {x, x * 0};
}
// f(x), or x itself next to 0, where f(x) is x: its power apart, for its products with what is huge
// and its square.
template <class Number>
inline Scaled<Number> or_identity(Number f, Plain<Number> x) {
  using V = Plain<Number>;
  constexpr int quarter = Format<typename V::Element>::bias / 4;
  const V e = power_within<Number>(x);
  const Mask<Number> tiny = abs(x) < two_to<-quarter>;
  return {select(tiny, with_rest_of_its_sign<Number>(x * power_of_two(-e)), f),
          select(tiny, e, V{})};
}
template <class Number>
inline Scaled<Number> grad_elu_alpha(Plain<Number> x, Plain<Number>) {
  const Plain<Number> left = bounded(x, -highest<Number>, 0);
  return or_identity(expm1_of<Number>(left), left);
}

// ---- celu -----------------------------------------------------------------------------------

// min(x, 0) / alpha as a mantissa and a power, which can be beyond every normal number.
template <class Number>
inline Scaled<Number> ratio_of(Plain<Number> x, Plain<Number> alpha) {
  using V = Plain<Number>;
  const V left = at_most(x, 0);
  if constexpr (sizeof(Number) == sizeof(V)) {
    return {left * reciprocal(alpha), V{}};
  } else {
    const V e = power_within<Number>(left), k = power_within<Number>(alpha);
    const V X = left * power_of_two(-e), A = alpha * power_of_two(-k), r = reciprocal(A);
    const V q = X * r;
    return {{q, fma(-q, A, X) * r}, e - k};
  }
}
// The same within [low, 0], and no nearer to 0 than 2^-100 of the mantissa.
template <class Number>
inline Number bounded_value(Scaled<Number> ratio, double low) {
  const auto power = power_of_two(bounded(ratio.exponent, -100, 12));
  return bounded(times_power(ratio.mantissa, power), low, 0);
}

// alpha (e^(x / alpha) - 1) for x <= 0, x above and next to 0.
template <class Number>
inline ThroughZero<Number> celu(Plain<Number> x, Plain<Number> alpha) {
  const Number z = bounded_value(ratio_of<Number>(x, alpha), -highest<Number>);
  return {select(leading(z) > -negligible, Exact<Number>::of(x), expm1(z) * alpha)};
}
template <class Number>
inline Scaled<Number> grad_celu(Plain<Number> x, Plain<Number> alpha) {
  return exp(bounded_value(ratio_of<Number>(x, alpha), lowest<Number>));
}

// (e^y - 1 - y) / y^2 for 0 <= y <= 1.
inline Real exp_rest(Real y) { return polynomial(y, exp_rest_wide); }
inline Pair<Real> exp_rest(Pair<Real> y) {
  return polynomial(y, exp_rest_double_leading, exp_rest_double);
}
// (1 - z) e^z - 1 with z = x / alpha.  Next to 0, where that cancels, it is
// -e^z (e^y - 1 - y) with y = -z.
template <class Number>
inline Scaled<Number> grad_celu_alpha(Plain<Number> x, Plain<Number> alpha) {
  using V = Plain<Number>;
  const Scaled<Number> ratio = ratio_of<Number>(x, alpha);
  const Number z = bounded_value(ratio, lowest<Number>);
  const auto [M, n] = exp(z);
  const Mask<Number> near = leading(z) > -1;
  const Number curved = lowered(exp_rest(-z) * (ratio.mantissa * ratio.mantissa) * -M);
  const Number whole =
      plus_smaller(splat<V>(-1), scaled_to_add(M * plus_smaller(splat<V>(1), -z), n));
  return {select(near, curved, whole), select(near, n + 2 * ratio.exponent, V{})};
}

// ---- selu -----------------------------------------------------------------------------------

template <class Number>
inline ThroughZero<Number> selu(Plain<Number> x) {
  using E = Exact<Number>;
  const Mask<Number> negative = x < 0;
  const Number left = expm1_of<Number>(bounded(x, -highest<Number>, 0));
  const Number value = select(negative, left, E::of(x)) *
                       select(negative, E::of(selu_scale_alpha), E::of(selu_scale));
  return {without_remainder(abs(leading(value)) == infinity, value)};
}
template <class Number>
inline Scaled<Number> grad_selu(Plain<Number> x) {
  using E = Exact<Number>;
  const auto [M, n] = exp_of<Number>(bounded(x, lowest<Number>, 0));
  const Mask<Number> positive = x > 0;
  return {select(positive, E::of(selu_scale), M * E::of(selu_scale_alpha)),
          select(positive, Plain<Number>{}, n)};
}

// ---- tanhshrink -----------------------------------------------------------------------------

// (1 - tanh(x) / x) / x^2 in z = x^2 <= 1.
inline Real shrinkage(Real z) { return polynomial(z, shrinkage_wide); }
inline Pair<Real> shrinkage(Pair<Real> z) {
  return polynomial(z, shrinkage_double_leading, shrinkage_double);
}

// x - tanh(x); within 1, where that cancels, as the cube times its series.
template <class Number>
inline Scaled<Number> tanhshrink(Plain<Number> x) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const V a = abs(x), e = power_within<Number>(a), A = a * power_of_two(-e);
  const Number cube = shrinkage(E::product(a, a)) * E::product(A, A) * A;
  const Number line = select(a < two_to<60>, a - tanh<Number>(a), E::of(a));
  const Mask<Number> near = a < 1;
  return {with_sign_of(select(near, cube, line), x), select(near, 3 * e, V{})};
}
template <class Number>
inline Scaled<Number> grad_tanhshrink(Plain<Number> x) {
  const auto [t, e] = or_identity(normalised(tanh<Number>(x)), x);
  return {lowered(t * t), 2 * e};
}

}  // namespace
}  // namespace OGIVE_ISA
