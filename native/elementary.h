// exp, expm1 and the logarithm, branch-free, over a Number (number.h).
//
// All start from the same reduction: x = n ln 2 + r with n an integer and |r| <= ln(2)/2.
#pragma once
#include "coefficients.h"
#include "number.h"

namespace OGIVE_ISA {
namespace {

// A polynomial with its lowest powers as Pairs, for a small x.
template <int pairs, int count>
inline Pair<Real> polynomial(Pair<Real> x, const double (&leading)[pairs][2],
                             const double (&rest)[count]) {
  using E = Exact<Pair<Real>>;
  const Pair<Real> small = {x.hi * polynomial(x.hi, rest), Real{}};
  Pair<Real> sum = plus_smaller(E::of(leading[pairs - 1]), small);
#pragma GCC unroll 8
  for (int i = pairs - 2; i >= 0; --i) sum = plus_smaller(E::of(leading[i]), x * sum);
  return sum;
}

// ---- exp ------------------------------------------------------------------------------------

// (e^r - 1 - r) / r^2, (2 atanh(s) - 2 s) / s^3 and (log(1 + t) - t + t^2/2) / t^3, as good as the
// Number that they serve.
template <class Number>
struct Series;
template <>
struct Series<Real> {
  static Real exp(Real r) { return polynomial(r, exp_wide); }
  static Real atanh(Real square) { return polynomial(square, atanh_wide); }
  static Real log1p(Real t) { return polynomial(t, log1p_wide); }
};
template <>
struct Series<Pair<Single>> {
  static Single exp(Single r) { return polynomial(r, exp_wide); }
  static Single atanh(Single square) { return polynomial(square, atanh_single); }
  static Single log1p(Single t) { return polynomial(t, log1p_single); }
};
template <>
struct Series<Pair<Real>> {
  static Real exp(Real r) { return polynomial(r, exp_double); }
  static Real atanh(Real square) { return polynomial(square, atanh_double); }
  static Real log1p(Real t) { return polynomial(t, log1p_double); }
};

template <class Number>
struct Reduced {
  Number r;
  Plain<Number> n;
};
// Here and below |x| < 1600 (doubles) or 300 (floats), or NaN.
template <class Number>
inline Reduced<Number> reduce(Plain<Number> x) {
  using V = Plain<Number>;
  const V n = nearest_integer_of_product(x, log2_e);
  if constexpr (sizeof(Number) == sizeof(V)) {
    return {mul_add(n, -ln2[0], x), n};
  } else {
    using ln2_parts = Ln2<typename V::Element>;
    const V first = fma(n, splat<V>(-ln2_parts::hi), x);  // exact
    const V r = fma(n, splat<V>(-ln2_parts::lo), first);
    return {{r, fma(n, splat<V>(-ln2_parts::lo), first - r)}, n};
  }
}
inline Reduced<Real> reduce(Real x) { return reduce<Real>(x); }
template <class V>
inline Reduced<Pair<V>> reduce(Pair<V> x) {
  const auto [r, n] = reduce<Pair<V>>(x.hi);
  return {{r.hi, r.lo + x.lo}, n};
}

// e^r - 1 = r + r^2 P(r).  A remainder of r counts e^r times; one that is below a rounding of r, as
// the reduction of a plain x leaves it, 1 + r times.
inline Real exp_minus_one_of_reduced(Real r, bool = true) {
  return mul_add(r * r, Series<Real>::exp(r), r);
}
template <class V>
inline Pair<V> exp_minus_one_of_reduced(Pair<V> r, bool from_plain = false) {
  const V curved = r.hi * r.hi * Series<Pair<V>>::exp(r.hi);
  const V power = from_plain ? 1 + r.hi : 1 + (r.hi + curved);
  return {r.hi, mul_add(r.lo, power, curved)};
}

// e^x as mantissa and exponent.  The mantissa, in [0.7, 1.42], is not normalised: its lo may be
// 0.09 of hi.
template <class Number>
inline Scaled<Number> loose_exp(Number x) {
  const auto [r, n] = reduce(x);
  return {plus_smaller(splat<Plain<Number>>(1), exp_minus_one_of_reduced(r)), n};
}
template <class Number>
inline Scaled<Number> loose_exp_of(Plain<Number> x) {
  const auto [r, n] = reduce<Number>(x);
  return {plus_smaller(splat<Plain<Number>>(1), exp_minus_one_of_reduced(r, true)), n};
}
#if defined(OGIVE_LOOKUP)
// x = (n + j/32) ln 2 + r with |r| < 0.011: e^x = 2^n 2^(j/32) (1 + r + r^2/2 + r^3/6).
inline Scaled<Pair<Single>> exp_by_table(Single x, Single x_lo) {
  constexpr float magic = 0x1.8p18f;  // adding it leaves n + j/32 in the low bits
  const Single t = fma(x, splat<Single>(log2_e), splat<Single>(magic)), y = t - magic;
  const Single first = fma(y, splat<Single>(-Ln2<float>::hi), x);
  const Single r = fma(y, splat<Single>(-Ln2<float>::lo), first) + x_lo;
  const Single p = fma(r * r, fma(r, splat<Single>(1 / 6.f), splat<Single>(0.5f)), r);
  const Single hi = lookup(exp2_table[0], bits_of(t)), lo = lookup(exp2_table[1], bits_of(t));
  return {{hi, fma(hi, p, lo)}, floor(y)};
}
template <>
inline Scaled<Pair<Single>> loose_exp_of(Single x) {
  return exp_by_table(x, Single{});
}
template <>
inline Scaled<Pair<Single>> loose_exp(Pair<Single> x) {
  return exp_by_table(x.hi, x.lo);
}
#endif
template <class Number>
inline Scaled<Number> exp(Number x) {
  const auto [M, n] = loose_exp(x);
  return {normalised(M), n};
}
// The same for an exact x.
template <class Number>
inline Scaled<Number> exp_of(Plain<Number> x) {
  const auto [M, n] = loose_exp_of<Number>(x);
  return {normalised(M), n};
}

// The same to a few more bits where it is the result.  That of floats in terms of their square,
// which is an eighth of it.
inline Real exp_minus_one_as_result(Real r, bool) { return exp_minus_one_of_reduced(r); }
inline Pair<Real> exp_minus_one_as_result(Pair<Real> r, bool from_plain) {
  return exp_minus_one_of_reduced(r, from_plain);
}
inline Pair<Single> exp_minus_one_as_result(Pair<Single> r, bool) {
  const Pair<Single> square = two_product(r.hi, r.hi);
  const Single cubic = square.hi * r.hi * polynomial(r.hi, exp_cubic_single);
  const Pair<Single> sum = fast_two_sum(r.hi, 0.5f * square.hi);
  return {sum.hi, sum.lo + mul_add(square.lo, 0.5f, mul_add(r.lo, 1 + sum.hi, cubic))};
}
// e^x - 1 = 2^n (e^r - 1) + (2^n - 1) for x <= 0 and 2^n a normal number; nothing cancels beyond a
// bit.
template <class Number>
inline Number expm1_of_reduced(Number r, Plain<Number> n, bool from_plain = false) {
  const Plain<Number> power = power_of_two(n);
  const Number e = times_power(exp_minus_one_as_result(r, from_plain), power);
  return normalised(plus_smaller(Exact<Number>::sum_by_size(splat<Plain<Number>>(-1), power), e));
}
template <class Number>
inline Number expm1(Number x) {
  const auto [r, n] = reduce(x);
  return select(leading(x) == 0, x, expm1_of_reduced(r, n));  // keeps the sign of 0
}
template <class Number>
inline Number expm1_of(Plain<Number> x) {
  const auto [r, n] = reduce<Number>(x);
  return select(x == 0, Exact<Number>::of(x), expm1_of_reduced<Number>(r, n, true));
}

// ---- logarithm ------------------------------------------------------------------------------

// factor * (1 + rest), |rest| < 1/4: not normalised.
inline Real times_one_plus(Real factor, Real rest) { return mul_add(factor, rest, factor); }
inline Pair<Real> times_one_plus(Pair<Real> factor, Real rest) {
  return {factor.hi, mul_add(factor.hi, rest, mul_add(factor.lo, rest, factor.lo))};
}
// Rounded once also where doubles' is not: there an ulp hangs on it.
inline Pair<Single> times_one_plus(Pair<Single> factor, Single rest) {
  return {factor.hi, fma(factor.hi, rest, mul_add(factor.lo, rest, factor.lo))};
}

// factor * 2 atanh(s) / s for |s| <= (sqrt 2 - 1) / (sqrt 2 + 1), given s^2.  The part that depends
// on s^2 is below 2 %, so that plain lanes serve it even where the factor is a Pair.
inline Real times_two_atanh_ratio(Real factor, Real square) {
  return factor * mul_add(square, Series<Real>::atanh(square), 2);
}
template <class V>
inline Pair<V> times_two_atanh_ratio(Pair<V> factor, V square) {
  const V rest = square * Series<Pair<V>>::atanh(square);
  return normalised(Pair<V>{2 * factor.hi, mul_add(factor.hi, rest, factor.lo * (2 + rest))});
}

// log(1 + M 2^n) for n <= 0 and M 2^n <= 1, with the power left out of the mantissa while the
// result is proportional to it.  With t = M 2^n: log(1 + t) = t (1 - t/2 + t^2 P(t)) up to t = 1/2,
// log 2 + log(1 + u) with u = (t - 1) / 2 above; no division, and all arguments in [-1/4, 1/2].
template <class Number>
inline Scaled<Number> log1p(Scaled<Number> x) {
  using V = Plain<Number>;
  const Number t = scaled_to_add(x.mantissa, x.exponent);
  const Mask<Number> large = leading(t) > 0.5;
  const Number u = select(large, times_power(plus_smaller(splat<V>(-1), t), 0.5), t);
  const V v = leading(u), curved = mul_add(v * v, Series<Number>::log1p(v), v * -0.5);
  const Number value = times_one_plus(select(large, u, x.mantissa), curved);
  return {select(large, plus_smaller(Exact<Number>::of(ln2), value), value),
          select(large, V{}, x.exponent)};
}

}  // namespace
}  // namespace OGIVE_ISA
