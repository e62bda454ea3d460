// Functions of straight lines and parabolas, in pieces.  Most only select, shift or multiply, on
// the array's own type, V.
#pragma once
#include "coefficients.h"
#include "number.h"

namespace OGIVE_ISA {
namespace {

// 1 inside, 0 outside, NaN where x is neither.
template <class V>
inline V one_inside(Bits<typename V::Element> inside, Bits<typename V::Element> outside, V x) {
  return select(inside, splat<V>(1), select(outside, V{}, x));
}
template <class V>
inline V zero_like(V x) {
  return with_sign_of(V{}, x);
}

template <class V>
inline V hard_tanh(V x, V min, V max) {
  const V above = select(x <= min, min, x);
  return select(above >= max, max, above);
}
template <class V>
inline V grad_hard_tanh(V x, V min, V max) {
  return one_inside((x > min) & (x < max), (x <= min) | (x >= max), x);
}

template <class V>
inline V relu6(V x) {
  return select(x >= 6, 6, select(x < 0, V{}, x));
}
template <class V>
inline V grad_relu6(V x) {
  return one_inside((x > 0) & (x < 6), (x <= 0) | (x >= 6), x);
}

template <class V>
inline V threshold(V x, V threshold, V value) {
  return select(x <= threshold, value, x);
}
template <class V>
inline V grad_threshold(V x, V threshold, V) {
  return one_inside(x > threshold, x <= threshold, x);
}

// Within lambd the result is 0 with the sign of x.
template <class V>
inline V softshrink(V x, V lambd) {
  return select(abs(x) <= lambd, zero_like(x), x - with_sign_of(lambd, x));
}
template <class V>
inline V grad_softshrink(V x, V lambd) {
  return one_inside(abs(x) > lambd, abs(x) <= lambd, x);
}
template <class V>
inline V hardshrink(V x, V lambd) {
  return select(abs(x) <= lambd, zero_like(x), x);
}
template <class V>
inline V grad_hardshrink(V x, V lambd) {
  return grad_softshrink(x, lambd);
}

// ---- a slope on the left --------------------------------------------------------------------

// A slope of 0 gives 0 even at -inf, the limit.
template <class V>
inline V prelu(V x, V weight) {
  return select(x < 0, product_rounded(x, weight), x);
}
template <class V>
inline V grad_prelu(V x, V weight) {
  return select(x > 0, splat<V>(1), select(x <= 0, weight, x));
}
template <class V>
inline V grad_prelu_weight(V x, V) {
  return select(x > 0, V{}, x);
}
template <class V>
inline V grad_leaky_relu_negative_slope(V x, V slope) {
  return grad_prelu_weight(x, slope);
}

// The mean of lower and upper, with the rest that its rounding leaves: that would show in products.
template <class V>
inline Pair<V> mean_slope(V lower, V upper) {
  return times_power(two_sum(lower, upper), 0.5);
}
template <class V>
inline V rrelu(V x, V lower, V upper) {
  return select(x < 0, product_rounded(x, mean_slope(lower, upper)), x);
}
template <class V>
inline Pair<V> grad_rrelu(V x, V lower, V upper) {
  return select(x <= 0, mean_slope(lower, upper), Pair<V>{select(x > 0, splat<V>(1), x), V{}});
}

// ---- parabolas ------------------------------------------------------------------------------

// 2 x.  Its product with grad_output doubles the smaller factor, which cannot overflow unless the
// product does.
template <class V>
struct Twice {
  V x;
};
template <class V>
inline V rounded(Twice<V> twice) {
  return 2 * twice.x;
}
template <class V>
inline V product_rounded(V g, Twice<V> twice) {
  const auto large = twice.x > 1;
  return product_rounded(select(large, 2 * g, g), select(large, twice.x, 2 * twice.x));
}

template <class V>
inline V relu_squared(V x) {
  return select(x < 0, V{}, x * x);
}
template <class V>
inline Twice<V> grad_relu_squared(V x) {
  return {select(x < 0, V{}, x)};
}

// (x + 3) / 6, the sum exact, for x held to [-3, 3].
template <class Number>
inline Number hard_sigmoid(Plain<Number> x) {
  using E = Exact<Number>;
  return E::sum(bounded(x, -3, 3), splat<Plain<Number>>(3)) * E::of(sixth);
}
template <class Number>
inline Number grad_hard_sigmoid(Plain<Number> x) {
  using E = Exact<Number>;
  const Plain<Number> size = abs(x);
  return select(size < 3, E::of(sixth), E::of(select(size >= 3, Plain<Number>{}, x)));
}

// x/2 + x^2/6 between -3 and 3.  In 16 bits x/2 may be halfway between two numbers, when the square
// decides, however small.
template <class Number>
inline ThroughZero<Number> hard_swish(Plain<Number> x) {
  using V = Plain<Number>;
  V gate_at = x;
  if constexpr (sizeof(Number) == sizeof(V))
    gate_at = with_sign_of(at_least(abs(x), two_to<-50>), x);
  const Number outside = Exact<Number>::of(select(x < 0, V{}, x));
  return {select(abs(x) >= 3, outside, hard_sigmoid<Number>(gate_at) * x)};
}
// n / 6.  In doubles for 16 bits grad_output times n is exact, and so is a sixth of that where it
// is halfway between two numbers.
template <class Number>
struct Sixths {
  Number n;
};
template <class Number>
inline Plain<Number> rounded(Sixths<Number> x) {
  return rounded(x.n * Exact<Number>::of(sixth));
}
inline Real product_rounded(Real g, Sixths<Real> x) { return product_rounded(g, x.n) * sixth[0]; }
template <class V>
inline V product_rounded(V g, Sixths<Pair<V>> x) {
  return product_rounded(g, x.n * Exact<Pair<V>>::of(sixth));
}

// (2 x + 3) / 6: the sum is exact, so that its zero costs no digits.
template <class Number>
inline Sixths<Number> grad_hard_swish(Plain<Number> x) {
  using E = Exact<Number>;
  using V = Plain<Number>;
  const Number inside = E::sum(2 * bounded(x, -3, 3), splat<V>(3));
  return {select(abs(x) >= 3, E::of(select(x < 0, V{}, splat<V>(6))), inside)};
}

}  // namespace
}  // namespace OGIVE_ISA
