// Gated linear units: a value times an activation of its gate, and both gradients in one pass.
//
// The activations and their derivatives are those of the other headers; here is only how a third
// and a fourth factor come in, so that a product is rounded once.
#pragma once
#include "gated.h"
#include "powers.h"
#include "rectifier.h"
#include "smooth.h"

namespace OGIVE_ISA {
namespace {

// An activation as a factor: mantissa and power, which the product shares.
template <class Number>
inline Scaled<Number> as_factor(Scaled<Number> f) {
  return f;
}
inline Scaled<Real> as_factor(Gated<Real> f) {
  return {select(f.open, f.x, f.x * f.gate), select(f.open, Real{}, f.power)};
}
// A tiny x is lifted, so that the product with the gate's rest does not underflow.
template <class V>
inline Scaled<Pair<V>> as_factor(Gated<Pair<V>> f) {
  constexpr int lift = Format<typename V::Element>::bias / 2;
  const auto tiny = abs(f.x) < two_to<-lift>;
  const V x = select(tiny, f.x * two_to<lift>, f.x);
  const Pair<V> product = two_product(x, f.gate.hi);
  const Pair<V> closed = {product.hi, mul_add(x, f.gate.lo, product.lo)};
  // 0 keeps its sign, and nothing to correct.
  const auto plain = f.open | (f.x == 0);
  return {select(plain, Pair<V>{f.x, V{}}, closed),
          select(f.open, V{}, f.power - select(tiny, splat<V>(lift), V{}))};
}
template <class T>
inline Lanes<T> as_factor(Lanes<T> f) {
  return f;
}

// a f.  What is 0, infinite or NaN on either side gives the product of IEEE 754 with the rounded f:
// of an infinite value and a gate of 0 NaN, and zeros with their signs.
template <class V>
inline V factor_rounded(Scaled<Pair<V>> f) {
  return rounded(f);
}
// In doubles the limit 0 is e^lowest: nothing that float32 holds.
inline Real factor_rounded(Scaled<Real> f) {
  const Real value = rounded(f);
  return select(abs(value) < two_to<-160>, value * 0, value);
}
template <class T>
inline Lanes<T> value_times(Lanes<T> a, Lanes<T> f) {
  return a * f;
}
template <class Number>
inline Plain<Number> value_times(Plain<Number> a, Scaled<Number> f) {
  const Mask<Number> special = (leading(f.mantissa) == 0) | ~(abs(a) < infinity);
  const Plain<Number> product = product_rounded(a, f);
  if (__builtin_expect(!any(special), 1)) return product;
  return select(special, a * factor_rounded(f), product);
}

// The derivative times the value, to be multiplied by the gradient.  The value's power joins that
// of the derivative, since their product alone could overflow.  A derivative of 0 stays 0.
template <class T>
inline Lanes<T> derivative_times(Lanes<T> derivative, Lanes<T> a) {
  return select(derivative == 0, derivative, derivative * a);
}
inline Scaled<Real> derivative_times(Scaled<Real> derivative, Real a) {
  return {derivative_times(derivative.mantissa, a), derivative.exponent};
}
template <class V>
inline Scaled<Pair<V>> derivative_times(Scaled<Pair<V>> derivative, V a) {
  const auto [m, n] = parted(a);
  const auto [D, k] = derivative;
  const Pair<V> product = D * m;
  const Pair<V> clean = without_remainder(~(abs(product.hi) < infinity), product);
  const auto usual = (abs(a) > 0) & (abs(a) < infinity);
  return {select(D.hi == 0, D, clean), k + select(usual, n, V{})};
}

// value * f(gate).
template <class Activation, class Number>
struct unit_kernel {
  using V = Plain<Number>;
  static constexpr bool has_parts = false;
  static constexpr int operands = 3, inputs = 2, outputs = 1;
  static constexpr int parts[] = {1, 1, 1};
  static void apply(const V *in, V *out) {
    const V value = in[0], gate = in[1];
    out[0] = value_times(value, as_factor(Activation::template value<Number>(gate)));
  }
};
// grad_output, value, gate -> grad_output f(gate), grad_output value f'(gate).
template <class Activation, class Number>
struct backward_unit_kernel {
  using V = Plain<Number>;
  static constexpr bool has_parts = false;
  static constexpr int operands = 5, inputs = 3, outputs = 2;
  static constexpr int parts[] = {1, 1, 1, 1, 1};
  static void apply(const V *in, V *out) {
    const V grad_output = in[0], value = in[1], gate = in[2];
    out[0] = product_rounded(grad_output, as_factor(Activation::template value<Number>(gate)));
    const auto derivative = Activation::template derivative<Number>(gate);
    out[1] = product_rounded(grad_output, derivative_times(derivative, value));
  }
};

}  // namespace
}  // namespace OGIVE_ISA
