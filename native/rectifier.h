// ReLU and its descendants.  Those that only select or multiply work on the array's own type, V.
#pragma once
#include "elementary.h"

namespace OGIVE_ISA {
namespace {

// Written so that NaN and -0 pass through.
template <class V>
inline V relu(V x) {
  return select(x < 0, V{}, x);
}
template <class V>
inline V grad_relu(V x) {
  return select(x > 0, V{} + 1, select(x <= 0, V{}, x));
}
// A slope of 0 gives 0 even at -inf, the limit.
template <class V>
inline V leaky_relu(V x, V slope) {
  return select(x < 0, select(slope == 0, V{}, slope * x), x);
}
template <class V>
inline V grad_leaky_relu(V x, V slope) {
  return select(x > 0, V{} + 1, select(x <= 0, slope, x));
}

// grad_output times a derivative that may be 0 although grad_output is infinite: a unit that is off
// passes nothing back.
template <class V>
inline V backward(V grad_output, V derivative) {
  return select(derivative == 0, V{}, grad_output * derivative);
}

// alpha (e^x - 1) for x <= 0, x above.
template <class Number>
inline Number elu(Real x, Real alpha) {
  const Number below = expm1(Exact<Number>::of(bounded(x, -highest, 0))) * alpha;
  return select(x > 0, Exact<Number>::of(x), below);
}
template <class Number>
inline Scaled<Number> grad_elu(Real x, Real alpha) {
  const auto [M, n] = exp(Exact<Number>::of(bounded(x, lowest<Number>, 0)));
  const Bits positive = x > 0;
  return {select(positive, Exact<Number>::of(splat(1)), M * alpha), select(positive, Real{}, n)};
}

}  // namespace
}  // namespace OGIVE_ISA
