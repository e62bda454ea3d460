// The argument times a gate: swish, its relatives, mish and lisht.
#pragma once
#include "powers.h"
#include "roots.h"
#include "smooth.h"
#include "ties.h"

namespace OGIVE_ISA {
namespace {

// On their way to 0 some derivatives grow like x, or x^3, times the power of two.  Their mantissas
// are kept below 8, so that with the least powers they are 0 times any grad_output (scale, simd.h).
template <class Number>
inline Scaled<Number> with_small_mantissa(Number slope, Plain<Number> k) {
  return {times_power(slope, two_to<-10>), k + 10};
}

// ---- x sigmoid(y) ---------------------------------------------------------------------------

template <class Number>
inline Gated<Number> gated(Plain<Number> x, Number y) {
  const auto [M, q, k] = logistic(loose_exp(-bounded(seen(y), lowest<Number>, highest<Number>)));
  // At the limits of the gate x may be infinite; where the gate is 0, the sign of x is all it
  // gives.
  const Mask<Number> shut = leading(y) < lowest<Number>;
  return {select(shut, bounded(x, -1, 1), x), q, k,
          (leading(y) > highest<Number>) | (~shut & (abs(x) == infinity))};
}
// sigmoid(y) (1 + y sigmoid(-y)), given also how far y is from where that is 0.
template <class Number>
inline Scaled<Number> gated_slope(Number y, Number distance) {
  const Number held = bounded(y, lowest<Number>, highest<Number>);
  const auto [M, q, k] = logistic(loose_exp(-held));
  const Scaled<Number> slope = with_small_mantissa(q * (held * (M * q) + 1.0), k);
  const Mask<Number> near = abs(leading(distance)) < root_radius;
  return select(near, {silu_about_root(distance), Plain<Number>{}}, slope);
}

// beta x; 0 where beta is, even for an infinite x, but not for NaN.
template <class Number>
inline Number gate_argument(Plain<Number> x, Plain<Number> beta) {
  return Exact<Number>::product(beta, select(beta == 0, bounded(x, -1, 1), x));
}
template <class Number>
inline Gated<Number> swish(Plain<Number> x, Plain<Number> beta) {
  return gated(x, gate_argument<Number>(x, beta));
}
template <class Number>
inline Scaled<Number> grad_swish(Plain<Number> x, Plain<Number> beta) {
  const Number y = gate_argument<Number>(x, beta);
  return gated_slope(y, from_root(y, silu_root, silu_root_left));
}
// x^2 sigmoid(y) sigmoid(-y), y = beta x, which is even in y.  The square alone may over- or
// underflow; its power joins that of the exponential, which goes as far as it can be made up for.
template <class Number>
inline Scaled<Number> grad_swish_beta(Plain<Number> x, Plain<Number> beta) {
  using E = Exact<Number>;
  constexpr double least = 2 * lowest<Number>;
  const Number y = gate_argument<Number>(x, beta);
  const Number below = select(leading(y) < 0, y, -y);
  const auto [M, q, k] = logistic(loose_exp(-bounded(below, least, 0)));
  const auto [m, n] = parted(select(leading(below) < least, bounded(x, -1, 1), x));
  const Number even = E::product(m, m) * (M * (q * q));
  const Number value = select(beta == 0, even, lowered(even));
  const Mask<Number> infinite = abs(m) == infinity;
  return below_overflow<Number>(
      {select(infinite, E::of(abs(m)), value), select(infinite, Plain<Number>{}, k + 2 * n)});
}

template <class Number>
inline Number quick_gelu_argument(Plain<Number> x) {
  return Exact<Number>::of(quick_gelu_beta) * x;
}
template <class Number>
inline Gated<Number> quick_gelu(Plain<Number> x) {
  return gated(x, quick_gelu_argument<Number>(x));
}
template <class Number>
inline Scaled<Number> grad_quick_gelu(Plain<Number> x) {
  using E = Exact<Number>;
  // Of x rather than of 1.702 x, which is rounded.
  const Number distance = E::of(quick_gelu_beta) * from_root(E::of(x), quick_gelu_root);
  return gated_slope(quick_gelu_argument<Number>(x), normalised(distance));
}

// 2 u = 2 sqrt(2 / pi) (x + 0.044715 x^3), whose sigmoid is (1 + tanh(u)) / 2.  An error in it is
// one of the result relative to its size.  Beyond the tail, e^(2 u) is below e^lowest.
template <class Number>
constexpr double gelu_tanh_tail = 14;
template <>
constexpr double gelu_tanh_tail<Pair<Real>> = 28;
template <class Number>
struct GeluGate {
  Number cubic, whole;
};
template <class Number>
inline GeluGate<Number> gelu_gate_of(Plain<Number> x) {
  using E = Exact<Number>;
  const Plain<Number> held = bounded(x, -gelu_tanh_tail<Number>, gelu_tanh_tail<Number>);
  const Number cubic = E::of(gelu_tanh_cubic) * E::product(held, held) * held;
  return {cubic, E::of(gelu_tanh_linear) * held + cubic};
}
template <class Number>
inline Gated<Number> gelu_tanh(Plain<Number> x) {
  return gated(x, gelu_gate_of<Number>(x).whole);
}
// sigmoid(2 u) (1 + x (2 u)' sigmoid(-2 u)).
template <class Number>
inline Scaled<Number> grad_gelu_tanh(Plain<Number> x) {
  const auto [cubic, whole] = gelu_gate_of<Number>(x);
  const auto [M, q, k] = logistic(loose_exp(-bounded(whole, lowest<Number>, highest<Number>)));
  const Number rising = whole + times_power(cubic, 2);
  const Scaled<Number> slope = with_small_mantissa(q * (rising * (M * q) + 1.0), k);
  const Number distance = from_root(Exact<Number>::of(x), gelu_tanh_root);
  const Mask<Number> near = abs(leading(distance)) < root_radius;
  return select(near, {gelu_tanh_about_root(distance), Plain<Number>{}}, slope);
}

// ---- mish -----------------------------------------------------------------------------------

// tanh(log(1 + e^x)) = w (w + 2) / (w^2 + 2 w + 2) with w = e^x.  With t = e^-|x| = M 2^k that is
// s / d on the right, s = 1 + 2 t, d = 1 + 2 t + 2 t^2, and t s / d on the left, s = 2 + t,
// d = 2 + 2 t + t^2.
template <class Number>
struct MishParts {
  Number M, t, above_one, s, d;  // above_one is 1 + t
  Plain<Number> k;
};
template <class Number>
inline MishParts<Number> mish_parts(Plain<Number> x) {
  using V = Plain<Number>;
  const V one = splat<V>(1);
  const Mask<Number> negative = x < 0;
  const auto [M, k] = exp_of<Number>(-abs(x));
  const Number t = scaled_to_add(M, k), above_one = plus_smaller(one, t);
  const Number s = plus_smaller(above_one, select(negative, Exact<Number>::of(one), t));
  const Number d = plus_smaller(s, t * select(negative, above_one, times_power(t, 2)));
  return {M, t, above_one, s, d, k};
}
template <class Number>
inline Gated<Number> mish(Plain<Number> x) {
  const Plain<Number> held = bounded(x, lowest<Number>, highest<Number>);
  const auto [M, t, above_one, s, d, k] = mish_parts<Number>(held);
  const Mask<Number> negative = x < 0;
  const Number factor = select(negative, M, Exact<Number>::of(1.0));
  return {at_least(x, lowest<Number>), quotient(s, d) * factor,
          select(negative, k, Plain<Number>{}), x > highest<Number>};
}
// The derivative is w ((w + 2) (w^2 + 2 w + 2) + 4 x (w + 1)) / (w^2 + 2 w + 2)^2: on the left
// t (s + y / d) / d with y = 4 x (1 + t), on the right the same without t and with y t^2 for y.
template <class Number>
inline Scaled<Number> grad_mish(Plain<Number> x) {
  using V = Plain<Number>;
  const V held = bounded(x, lowest<Number>, highest<Number>);
  const auto [M, t, above_one, s, d, k] = mish_parts<Number>(held);
  const Number distance = from_root(Exact<Number>::of(x), mish_root);
  const Mask<Number> negative = x < 0, near = abs(leading(distance)) < root_radius;
  const Number r = normalised(inverse(d)), y = above_one * (4 * held);
  const Number right = (s + y * (t * t) * r) * r, left = (s + y * r) * r * M;
  const Scaled<Number> slope = select(negative, with_small_mantissa(left, k), {right, V{}});
  return select(near, {mish_about_root(distance), V{}}, slope);
}

// ---- lisht ----------------------------------------------------------------------------------

// x tanh(x), even; with t = expm1(-2 |x|), tanh(|x|) = -t / (2 + t).  About x^2 near 0, and below
// it; there both factors are lifted so that their product keeps its digits.
template <class Number>
inline Scaled<Number> lisht(Plain<Number> x) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  constexpr int lift = Format<typename V::Element>::bias / 2;
  const V a = abs(x), held = at_most(a, 0.5 * highest<Number>);
  const Number t = expm1_of<Number>(-2 * held);
  const Mask<Number> tiny = a < two_to<-lift>, linear = a > 0.5 * highest<Number>;
  const V power = select(tiny, two_to<lift>, splat<V>(1));
  const Number tanh = quotient(times_power(-t, power), plus_smaller(splat<V>(2), t));
  const Number value = lowered(tanh * (held * power));
  return {select(linear, E::of(a), value), select(tiny, -2 * lift, V{})};
}
// tanh(x) + x / cosh(x)^2, of one sign: (-t + 4 |x| (1 + t) / (2 + t)) / (2 + t).  It is 2 x next
// to 0, with the power apart, so that products with it are rounded once.
template <class Number>
inline Scaled<Number> grad_lisht(Plain<Number> x) {
  using V = Plain<Number>;
  constexpr int lift = Format<typename V::Element>::bias / 2;
  const V held = at_most(abs(x), 0.5 * highest<Number>);
  const Number t = expm1_of<Number>(-2 * held);
  const Number r = inverse(plus_smaller(splat<V>(2), t));
  const Number fall = plus_smaller(splat<V>(1), t) * (4 * held);
  const Mask<Number> tiny = abs(x) < two_to<-lift>;
  return {select(tiny, Exact<Number>::of(x * two_to<lift>), with_sign_of((fall * r - t) * r, x)),
          select(tiny, 1 - lift, V{})};
}

}  // namespace
}  // namespace OGIVE_ISA
