// An argument times a gate between 0 and 1, the last step of silu and its relatives.
#pragma once
#include "number.h"

namespace OGIVE_ISA {
namespace {

// x times gate 2^power; x itself where open.  x is finite but there.
template <class Number>
struct Gated {
  Plain<Number> x;
  Number gate;
  Plain<Number> power;
  Mask<Number> open;
};

inline Real rounded(Gated<Real> g) {
  return select(g.open, g.x, scale_within_normal(g.x * g.gate, g.power));
}
// A tiny x is lifted, so that the product with the gate's rest does not underflow.
template <class V>
inline V rounded(Gated<Pair<V>> g) {
  constexpr int lift = Format<typename V::Element>::bias / 2;
  V x = g.x, power = g.power;
  const auto tiny = abs(x) < two_to<-lift>;
  if (__builtin_expect(any(tiny), 0)) {
    x = select(tiny, x * two_to<lift>, x);
    power = select(tiny, power - lift, power);
  }
  const V product = fma(x, g.gate.hi, x * g.gate.lo);
  return select(g.open, g.x, scale(select(x == 0, x, product), power));
}

}  // namespace
}  // namespace OGIVE_ISA
