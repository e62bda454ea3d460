// Polynomials by intervals, for floats on instruction sets that look up a table in one step.
//
// There are 32 intervals on [0, 32), four to a power of two from 1/8 on and the first down to 0:
// the exponent and the two leading bits of the fraction choose one.
#pragma once
#include "coefficients.h"
#include "pair.h"

namespace OGIVE_ISA {
namespace {

#if defined(OGIVE_LOOKUP)
constexpr float first_piece = 0x1.4p-3f;  // where the first interval ends

struct Piece {
  Bits<float> index;
  Single y;  // the distance from the centre

  // Where about_zero is set the centre is 0.
  explicit Piece(Single a) {
    const Bits<float> bits = bits_of(at_least(a, 0x1p-3f));
    index = shifted_right(bits, 21);
    y = a - real_of((bits & ~0x1fffff) | 0x100000);
  }
  Piece(Single a, Bits<float> about_zero) : Piece(a) { y = select(about_zero, a, y); }

  template <int rows>
  Single value(const float (&table)[rows][32]) const {
    return lookup(table[0], index);
  }
  template <int rows>
  Single rest(const float (&table)[rows][32]) const {
    Single sum = lookup(table[rows - 1], index);
#pragma GCC unroll 8
    for (int i = rows - 2; i >= 1; --i) sum = fma(sum, y, lookup(table[i], index));
    return sum;
  }
};
#endif

}  // namespace
}  // namespace OGIVE_ISA
