// ReLU and its descendants.  Those that only select or multiply work on the array's own type, V.
#pragma once
#include "elementary.h"
#include "ties.h"

namespace OGIVE_ISA {
namespace {

// Written so that NaN and -0 pass through.
template <class V>
inline V relu(V x) {
  return select(x < 0, V{}, x);
}
template <class V>
inline V grad_relu(V x) {
  return select(x > 0, splat<V>(1), select(x <= 0, V{}, x));
}
// A slope of 0 gives 0 even at -inf, the limit.
template <class V>
inline V leaky_relu(V x, V slope) {
  return select(x < 0, select(slope == 0, V{}, slope * x), x);
}
template <class V>
inline V grad_leaky_relu(V x, V slope) {
  return select(x > 0, splat<V>(1), select(x <= 0, slope, x));
}

// alpha (e^x - 1) for x <= 0, x above.
template <class Number>
inline ThroughZero<Number> elu(Plain<Number> x, Plain<Number> alpha) {
  const Number below = lowered(expm1_of<Number>(bounded(x, -highest<Number>, 0)) * alpha);
  return {select(x > 0, Exact<Number>::of(x), below)};
}
template <class Number>
inline Scaled<Number> grad_elu(Plain<Number> x, Plain<Number> alpha) {
  const auto [M, n] = exp_of<Number>(bounded(x, lowest<Number>, 0));
  const Mask<Number> positive = x > 0;
  return {select(positive, Exact<Number>::of(1.0), M * alpha),
          select(positive, Plain<Number>{}, n)};
}

}  // namespace
}  // namespace OGIVE_ISA
