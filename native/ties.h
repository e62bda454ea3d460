// Results that are rounded to 16 bits from doubles, next to the middle between two numbers.
//
// There what is too small for the double to hold decides.  bfloat16 has the exponents of float: an
// argument of 1e-38 has to show beside 1.  What follows makes it large enough to be seen, and
// leaves Pairs as they are.
#pragma once
#include "number.h"

namespace OGIVE_ISA {
namespace {

// For what is below something simple by less than doubles hold, as tanh(x)^2 is below x^2.
inline Real lowered(Real x) { return x * (1 - two_to<-38>); }
template <class V>
inline Pair<V> lowered(Pair<V> x) {
  return x;
}
// An argument on which a gate's distance from 1/2 depends, no less than `least`.
inline Real seen(Real y, double least = two_to<-50>) {
  return select(y == 0, y, with_sign_of(at_least(abs(y), least), y));
}
template <class V>
inline Pair<V> seen(Pair<V> y) {
  return y;
}
template <class Number>
inline Plain<Number> seen_by(Plain<Number> x, double least = two_to<-50>) {
  if constexpr (sizeof(Number) == sizeof(x))
    return seen(x, least);
  else
    return x;
}
// a + b.
inline Real sum_deciding_ties(Real a, Real b) {
  const auto seen_beside = [](Real term, Real other) {
    const Real size = larger_of(two_to<-50> * abs(other), abs(term));
    return select(term == 0, term, with_sign_of(size, term));
  };
  return seen_beside(a, b) + seen_beside(b, a);
}
template <class V>
inline Pair<V> sum_deciding_ties(Pair<V> a, Pair<V> b) {
  return a + b;
}

}  // namespace
}  // namespace OGIVE_ISA
