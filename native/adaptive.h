// Functions made to adapt, with their derivatives by what they learn: srs, pdelu, abrelu, xielu.
#pragma once
#include "closely.h"
#include "powers.h"
#include "ties.h"

namespace OGIVE_ISA {
namespace {

// Below it e^x has vanished, times any grad_output and a factor of moderate size.
template <class Number>
constexpr double vanished = 1.1 * lowest<Number>;

// ---- srs ------------------------------------------------------------------------------------

// x / (x / alpha + e^-z), z = x / beta.  With e^-|z| = M 2^k the denominator d is that on the
// right, and e^z times it on the left.  Where e^-|z| has vanished in every type, x is held.
template <class Number>
struct SoftRootSign {
  Plain<Number> x;
  Number M, d;
  Plain<Number> k;
};
template <class Number>
inline SoftRootSign<Number> soft_root_sign(Plain<Number> x, Plain<Number> alpha,
                                           Plain<Number> beta) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const V edge = -vanished<Number> * beta;
  const V held = smaller_of(edge, larger_of(-edge, x));
  V visible = held;  // in the denominator, where in 16 bits it may decide a tie
  if constexpr (sizeof(Number) == sizeof(V))
    visible = with_sign_of(larger_of(two_to<-32> * beta, abs(held)), held);
  const Number z = normalised(quotient(E::of(visible), E::of(beta)));
  const Number line = quotient(E::of(visible), E::of(alpha));
  const Mask<Number> negative = x < 0;
  const auto [M, k] = exp_closely(bounded(select(negative, z, -z), vanished<Number>, 0));
  const Number e = scaled_to_add(M, k);
  const Number d = select(negative, line * e + 1.0, line + e);
  return {held, M, normalised(d), k};
}
template <class Number>
inline ThroughZero<Scaled<Number>> srs(Plain<Number> x, Plain<Number> alpha, Plain<Number> beta) {
  const auto [held, M, d, k] = soft_root_sign<Number>(x, alpha, beta);
  const Mask<Number> negative = x < 0;
  return {{quotient(select(negative, M * held, Exact<Number>::of(held)), d),
           select(negative, k, Plain<Number>{})}};
}
// (1 + z) e^-|z| / d^2.
template <class Number>
inline Scaled<Number> grad_srs(Plain<Number> x, Plain<Number> alpha, Plain<Number> beta) {
  using E = Exact<Number>;
  const auto [held, M, d, k] = soft_root_sign<Number>(x, alpha, beta);
  const Number beyond_dip = quotient(E::sum(beta, held), E::of(beta));
  return {quotient(beyond_dip * M, d * d), k};
}
// (x / (alpha d))^2, times e^-2|z| on the left.
template <class Number>
inline Scaled<Number> grad_srs_alpha(Plain<Number> x, Plain<Number> alpha, Plain<Number> beta) {
  const auto [held, M, d, k] = soft_root_sign<Number>(x, alpha, beta);
  const auto [m, n] = parted(held);
  const Mask<Number> negative = x < 0;
  const Number right = quotient(Exact<Number>::of(m), d * alpha);
  const Number root = normalised(select(negative, right * M, right));
  return {root * root, 2 * (n + select(negative, k, Plain<Number>{}))};
}
// -(x / (beta d))^2 e^-|z|.
template <class Number>
inline Scaled<Number> grad_srs_beta(Plain<Number> x, Plain<Number> alpha, Plain<Number> beta) {
  const auto [held, M, d, k] = soft_root_sign<Number>(x, alpha, beta);
  const auto [m, n] = parted(held);
  const Number root = normalised(quotient(Exact<Number>::of(m), d * beta));
  return {-(root * root * M), 2 * n + k};
}

// ---- pdelu ----------------------------------------------------------------------------------

// The logarithm of the deformed exponential, log(1 + u) / s with s = 1 - t and u = s x.
// log(1 + u) = k log 2 + 2 atanh(v), v = (m - 1) / (m + 1) and 1 + u = m 2^k; for k = 0, where v is
// u / (2 + u), s cancels: the quotient is 2 atanh(v) / v times x / (2 + u), s = 0 included.
template <class Number>
struct Deformed {
  Number s, u, base, v, logarithm;
  Mask<Number> alive, near;  // 1 + u > 0; k = 0
  Plain<Number> x;           // held where the exponential has vanished whatever t
};
template <class Number>
inline Deformed<Number> deformed(Plain<Number> x, Plain<Number> t) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const V held = bounded(x, vanished<Number>, 0);
  const Number s = E::sum_by_size(splat<V>(1), -t), u = s * held;
  const Number base = normalised(plus_smaller(splat<V>(1), u));
  const V k = exponent_of(leading(base) * sqrt_2);
  const Mask<Number> near = k == 0;
  const Number m = times_power(base, power_of_two(-k));
  const Number over =
      normalised(quotient(select(near, E::of(held), m - 1.0), select(near, u, m - 1.0) + 2.0));
  const Number v = select(near, over * s, over);
  const Number ratio = times_two_atanh_ratio_closely(over, v);
  const Number whole = normalised(quotient(plus_smaller(E::of(ln2) * k, ratio), s));
  return {s, u, base, v, select(near, ratio, whole), leading(base) > 0, near, held};
}
// (1 + u)^(1 / s) - 1.  The first term of its series, x, serves wherever the second is below a
// rounding.
template <class Number>
inline Number deformed_expm1(Plain<Number> x, Plain<Number> t) {
  using E = Exact<Number>;
  const Deformed<Number> e = deformed<Number>(x, t);
  const Number value = expm1(bounded(e.logarithm, -highest<Number>, 0));
  const Number first = select(x > -two_to<-60>, E::of(x), value);
  return select(e.alive, first, E::of(-1.0));
}
template <class Number>
inline ThroughZero<Number> pdelu(Plain<Number> x, Plain<Number> alpha, Plain<Number> t) {
  const Number below = deformed_expm1<Number>(x, t) * alpha;
  return {select(x < 0, below, Exact<Number>::of(x))};
}
template <class Number>
inline Number grad_pdelu_alpha(Plain<Number> x, Plain<Number>, Plain<Number> t) {
  using E = Exact<Number>;
  return select(x <= 0, deformed_expm1<Number>(x, t), E::of(select(x > 0, Plain<Number>{}, x)));
}
// alpha (1 + u)^(t / s) where x <= 0 and the base is positive, 1 where x > 0.
template <class Number>
inline Scaled<Number> grad_pdelu(Plain<Number> x, Plain<Number> alpha, Plain<Number> t) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const Deformed<Number> e = deformed<Number>(x, t);
  const auto [M, n] = exp_closely(bounded(e.logarithm * t, vanished<Number>, 0));
  const Mask<Number> left = x <= 0, curved = left & e.alive;
  const V straight = select(left, V{}, select(x > 0, splat<V>(1), x));
  return {select(curved, M * alpha, E::of(straight)), select(curved, n, V{})};
}
// alpha (1 + u)^(1 / s) (log(1 + u) - u / (1 + u)) / s^2.  For k = 0, in terms of v, the quotient
// is 2 (x / (2 + u))^2 (1 / (1 + v) + v (1/3 + v^2/5 + ...)), where nothing cancels.
template <class Number>
inline Scaled<Number> grad_pdelu_t(Plain<Number> x, Plain<Number> alpha, Plain<Number> t) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const Deformed<Number> e = deformed<Number>(x, t);
  const auto [M, n] = exp_closely(bounded(e.logarithm, vanished<Number>, 0));
  const auto [m, p] = parted(e.x);
  const Number over = normalised(quotient(E::of(m), e.u + 2.0));
  const V v = leading(e.v), odd = 0.5 * v * Series<Number>::atanh(v * v);
  const Number bracket = inverse(plus_smaller(splat<V>(1), e.v)) + odd;
  const Number near = over * over * times_power(normalised(bracket), 2);
  const Number far = quotient(e.logarithm - quotient(E::of(e.x), e.base), e.s);
  const Mask<Number> left = x <= 0, curved = left & e.alive;
  const Number slope = M * alpha * normalised(select(e.near, near, far));
  const V straight = select(left | (x > 0), V{}, x);
  return {select(curved, slope, E::of(straight)),
          select(curved, n + select(e.near, 2 * p, V{}), V{})};
}

// ---- abrelu ---------------------------------------------------------------------------------

// max(x - threshold, 0): one rounding in the array's own type.  NaN and -0 pass through.
template <class V>
inline V abrelu(V x, V threshold) {
  return select(x < threshold, V{}, x - threshold);
}
template <class V>
inline V grad_abrelu(V x, V threshold) {
  return select(x > threshold, splat<V>(1), select(x <= threshold, V{}, x));
}

// ---- xielu ----------------------------------------------------------------------------------

// (e^x - 1 - x) / x^2 = 1/2 + x/6 + ... for `near_zero` < x <= 0.
constexpr double near_zero = -0.34;
inline Real expm1_curve(Real x, Real) { return Series<Real>::exp(at_most(x, -two_to<-26>)); }
inline Pair<Real> expm1_curve(Real x, Pair<Real>) {
  return fast_two_sum(splat<Real>(0.5), x * polynomial(x, exp_cubic));
}
template <class Number>
inline Number expm1_curve(Plain<Number> x) {
  return expm1_curve(bounded(x, near_zero, 0), Number{});
}
// For x <= 0, e^x = 2^n (1 + e) and e^x - 1, above -1.
template <class Number>
struct Decay {
  Number e, below_one;
  Plain<Number> n;
};
template <class Number>
inline Decay<Number> decay_of(Plain<Number> x) {
  using V = Plain<Number>;
  const auto [r, n] = reduce<Number>(bounded(x, lowest<Number>, 0));
  const Number e = exp_minus_one_closely(r);
  const V power = power_to_add(n), minus_one = splat<V>(-1);
  const Number below_one =
      normalised(plus_smaller(Exact<Number>::sum_by_size(minus_one, power), times_power(e, power)));
  if constexpr (sizeof(Number) == sizeof(V))
    return {e, at_least(below_one, two_to<-38> - 1), n};
  else
    return {e, below_one, n};
}
// x = m 2^power with m away from both ends of its format, so that products with it neither over-
// nor underflow; beside a large x, others are multiplied by `others` to share its power.
template <class V>
struct Lifted {
  V m, power, others;
};
template <class V>
inline Lifted<V> lifted_from_ends(V x) {
  constexpr int bias = Format<typename V::Element>::bias, shift = bias / 2 + 100;
  const auto large = abs(x) > 2, tiny = abs(x) < two_to<-bias / 2>;
  // Its negative is the exponent of a normal number.
  const V power = select(large, at_most(exponent_of(x), bias - 1), select(tiny, -shift, V{}));
  const V factor = power_of_two(-power);
  return {x * factor, power, select(large, factor, splat<V>(1))};
}

// x (alpha_p x + beta) on the right, x (alpha_n (e^x - 1 - x) / x + beta) on the left; far out
// there alpha_n (e^x - 1) + (beta - alpha_n) x.
template <class Number>
inline ThroughZero<Scaled<Number>> xielu(Plain<Number> argument, Plain<Number> alpha_p,
                                         Plain<Number> alpha_n, Plain<Number> beta) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const V x = stand_in(argument);
  const auto [m, power, others] = lifted_from_ends(x);
  const Mask<Number> positive = x > 0, near = x > near_zero, large = power > 0;
  const Mask<Number> squared = (large & positive) | ((power < 0) & (beta == 0));
  const V other = select(squared, m, x);
  const Number curved =
      select(positive, E::product(alpha_p, other), expm1_curve<Number>(x) * other * alpha_n);
  const Number inner = normalised(sum_deciding_ties(curved, E::of(beta * others))) * m;
  const Number below_one = decay_of<Number>(x).below_one;
  const Number outer = sum_deciding_ties(normalised(E::sum(beta, -alpha_n)) * m,
                                         times_power(below_one * alpha_n, others));
  const V exponent = power + select(squared, power, V{});
  return {at_infinity<Number>(argument, {select(near, inner, outer), exponent})};
}
// 2 alpha_p x + beta on the right, alpha_n (e^x - 1) + beta on the left: as alpha_n e^x +
// (beta - alpha_n) far out, where the difference may be 0.
template <class Number>
inline Scaled<Number> grad_xielu(Plain<Number> argument, Plain<Number> alpha_p,
                                 Plain<Number> alpha_n, Plain<Number> beta) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const V x = stand_in(argument);
  const auto [m, shift, others] = lifted_from_ends(x);
  const Mask<Number> positive = x > 0, near = x > near_zero;
  // Only what is proportional to x leaves the middle of its format.
  const Mask<Number> grows = positive & (shift > 0) & (alpha_p != 0);
  const Mask<Number> falls = (shift < 0) & (beta == 0), moved = grows | falls;
  const Number right = sum_deciding_ties(E::product(2 * alpha_p, select(moved, m, x)),
                                         E::of(beta * select(grows, others, 1)));
  const auto [e, below_one, n] = decay_of<Number>(x);
  const Number decay = normalised(plus_smaller(splat<V>(1), e)) * alpha_n;
  const Number limit = E::sum(beta, -alpha_n);
  const Number by_difference = select(falls, E::of(m), below_one) * alpha_n + beta;
  const Number left = select(near, by_difference, scaled_to_add(decay, n) + limit);
  const Mask<Number> tail = ~near & (leading(limit) == 0);
  return at_infinity<Number>(argument, {select(positive, right, select(tail, decay, left)),
                                        select(tail, n, select(moved, shift, V{}))});
}
template <class Number>
inline Scaled<Number> grad_xielu_alpha_p(Plain<Number> argument, Plain<Number>, Plain<Number>,
                                         Plain<Number>) {
  using E = Exact<Number>;
  const auto [m, n] = parted(stand_in(argument));
  const Number square = select(argument <= 0, E::of(0.0), E::product(m, m));
  return at_infinity<Number>(argument, below_overflow<Number>({square, 2 * n}));
}
// e^x - 1 - x.
template <class Number>
inline Scaled<Number> grad_xielu_alpha_n(Plain<Number> argument, Plain<Number>, Plain<Number>,
                                         Plain<Number>) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const V x = stand_in(argument);
  const auto [m, n] = parted(x);
  const Mask<Number> left = x <= 0, near = left & (x > near_zero), large = left & (n > 60);
  const Number inner = expm1_curve<Number>(x) * E::product(m, m);
  const Number outer = select(large, E::of(-m), decay_of<Number>(x).below_one - x);
  const V other = select(x > 0, V{}, x);  // NaN stays
  return at_infinity<Number>(argument, {select(near, inner, select(left, outer, E::of(other))),
                                        select(near, 2 * n, select(large, n, V{}))});
}
// x, in parts that a large grad_output can be multiplied by.
template <class Number>
inline Scaled<Number> grad_xielu_beta(Plain<Number> x, Plain<Number>, Plain<Number>,
                                      Plain<Number>) {
  const auto [m, n] = parted(x);
  const Mask<Number> infinite = abs(x) == infinity;
  return {Exact<Number>::of(m), select(infinite, Plain<Number>{}, n)};
}

}  // namespace
}  // namespace OGIVE_ISA
