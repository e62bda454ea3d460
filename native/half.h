// float16 in memory, double in registers: exact on the way in, one rounding on the way out.
#pragma once
#include "simd.h"

namespace OGIVE_ISA {
namespace {

using Half = std::uint16_t;  // the bits of an IEEE binary16

inline Real from_half(Bits h) {
  const Bits magnitude = h & 0x7fff, sign = (h & 0x8000) << 48;
  // As a double with the same fields the number is too small by 2^(1023-15): exact even for
  // subnormals, since the multiplication normalises them.
  const Real scaled = real_of(magnitude << 42) * 0x1p1008;
  const Real special = select(magnitude > 0x7c00, splat(not_a_number), splat(infinity));
  return real_of(bits_of(select(magnitude >= 0x7c00, special, scaled)) | sign);
}

// Adding and subtracting 1.5 * 2^52 quanta rounds to a whole number of them, ties to even.
inline Bits to_half(Real x) {
  const Real a = at_most(abs(x), 0x1p17);
  const Real e = at_least(exponent_of(at_least(a, 0x1p-14)), -14);
  const Real quantum = power_of_two(e - 10);
  const Real magic = quantum * round_magic;
  const Real count = ((a + magic) - magic) * power_of_two(10 - e);  // below 2^11, exact
  const Bits whole = bits_of(count + round_magic) - bits_of(splat(round_magic));
  const Bits field = bits_of(e + (14 + round_magic)) - bits_of(splat(round_magic));
  const Bits finite = (field << 10) + whole;
  const Bits clipped = select(finite > 0x7c00, splat_bits(0x7c00), finite);
  const Bits magnitude = select(x != x, splat_bits(0x7e00), clipped);
  return magnitude | (shifted_right(bits_of(x), 48) & 0x8000);
}

}  // namespace
}  // namespace OGIVE_ISA
