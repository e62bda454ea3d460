// float16 and bfloat16 in memory, doubles in registers: exact on the way in, one rounding on the
// way out.
#pragma once
#include "simd.h"

namespace OGIVE_ISA {
namespace {

// A format of 16 bits with a sign, `fraction` bits of fraction, and the rest for the exponent.
template <int fraction>
struct Short {
  static constexpr int bias = (1 << (14 - fraction)) - 1;
  static constexpr std::int64_t infinite = std::int64_t{0x7fff} >> fraction << fraction;
  std::uint16_t bits;

  static Real widened(Bits<double> h) {
    const Bits<double> magnitude = h & 0x7fff, sign = (h & 0x8000) << 48;
    // As a double with the same fields the number is too small by 2^(1023 - bias): exact even for
    // subnormals, since the multiplication normalises them.
    const Real scaled =
        real_of(magnitude << (52 - fraction)) * power_of_two(splat<Real>(1023 - bias));
    const Real special = select(magnitude > infinite, not_a_number, splat<Real>(infinity));
    return real_of(bits_of(select(magnitude >= infinite, special, scaled)) | sign);
  }

  // Adding and subtracting 1.5 * 2^52 quanta rounds to a whole number of them, ties to even.
  static Bits<double> narrowed(Real x) {
    const Real a = at_most(abs(x), __builtin_ldexp(1, bias + 2));
    const Real e = at_least(exponent_of(at_least(a, __builtin_ldexp(1, 1 - bias))), 1 - bias);
    const Real quantum = power_of_two(e - fraction);
    const Real magic = quantum * Format<double>::round_magic;
    const Real count = ((a + magic) - magic) * power_of_two(fraction - e);  // exact
    const Bits<double> whole = whole_number(count), field = whole_number(e + (bias - 1));
    const Bits<double> finite = (field << fraction) + whole;
    const Bits<double> clipped = select(finite > infinite, infinite, finite);
    constexpr std::int64_t nan = infinite | std::int64_t{1} << (fraction - 1);
    return select(x != x, nan, clipped) | (shifted_right(bits_of(x), 48) & 0x8000);
  }

  static Bits<double> whole_number(Real x) {
    constexpr double magic = Format<double>::round_magic;
    return bits_of(x + magic) - bits_of(splat<Real>(magic));
  }
};
using Half = Short<10>;
using Bfloat = Short<7>;

}  // namespace
}  // namespace OGIVE_ISA
