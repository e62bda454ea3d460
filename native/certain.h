// Binary cross-entropy of targets that are 0 or 1, in plain doubles.
//
// With s = x for t = 0 and -x for t = 1, and e = e^-|x|:
//
//   loss = max(0, s) + log1p(e),  gradient = +-sigmoid(s),  sigmoid(s) = (1 or e) / (1 + e)
//
// Where there are tables, e by that of below.h; its logarithm with a factor c from another, near
// 1 / (1 + e), as log1p(z) - log(c), z = c e + (c - 1), which for small e is log1p(e) itself.  A
// sum of losses has no need of it: the product of several 1 + e_i, of which 1 is left out, has one
// logarithm.
#pragma once
#include "row_sums.h"

namespace OGIVE_ISA {
namespace {

// For float64 to an ulp or two; to 2^-42 for the shorter types.
template <class T>
struct Certain {
  Real over, e;  // max(0, s), e^-|x|

  // The lanes it is for.
  template <class V>
  static Bits<typename V::Element> serves(V x, V t) {
    const auto certain = (t * t == t) & (t <= 1);
    return twice ? certain & (abs(x) <= Below<T>::normal) : certain;
  }
  // What has the sign that turns x to s and sigmoid(s) to the gradient.
  template <class V>
  static V side(V t) {
    return 0.5 - t;
  }
  explicit Certain(Real s) : over(at_least(s, 0)), turned(s < 0) {
    const Real least = real_of(bits_of(s) | Format<double>::sign);
    if constexpr (twice)
      e = power(least);
    else
      e = power(at_least(least, -Below<double>::normal));  // beyond that they know 0 and 1 alone
  }
  Real loss() const { return over + log1p(e); }
  // sigmoid(s) times a factor.
  Real slope(Real factor) const {
    const Real part = select(turned, e, splat<Real>(1)), whole = 1 + e;
    if constexpr (twice)
      return part / whole * factor;
    else
      return part * rough_inverse(whole) * factor;
  }

 private:
  static constexpr bool twice = sizeof(T) == 8;
  Bits<double> turned;

#if defined(__AVX512F__)
  using F = Format<double>;

  static Real rough_inverse(Real x) {  // to 2^-27
    const Real r = both([](__m512d x) { return _mm512_rcp14_pd(x); }, x);
    return fma(r, fma(-r, x, splat<Real>(1)), r);
  }
  static Real power(Real x) {
    if constexpr (twice) {
      return ExpBelow<T>(Real{}).template of<0>(x).e;
    } else {
      constexpr int bits = Table<double>::bits;
      constexpr double magic = F::round_magic / (1 << bits);
      const Real t = mul_add(x, splat<Real>(log2_e), splat<Real>(magic));
      const Real r = fma(t - magic, splat<Real>(-ln2[0]), x);
      const auto exponent = bits_of(t) << (F::fraction_bits - bits);
      const Real two = real_of(bits_of(Table<double>::power(bits_of(t))) + exponent);
      return mul_add(two, mul_add(r * r, polynomial(r, exp_wide_16), r), two);
    }
  }
  static Real log1p(Real e) {
    const auto j = bits_of(mul_add(e, splat<Real>(15), splat<Real>(F::round_magic)));
    const Real c = entry_of(log_factors_16[0], j), z = fma(e, c, c - 1);
    const Real log = entry_of(log_factors_16[1], j);
    if constexpr (twice) {
      const Real curved = mul_add(z * z, polynomial(z, log1p_double_16), z);
      return log + (curved + entry_of(log_factors_16[2], j));
    } else {
      return log + mul_add(z * z, polynomial(z, log1p_wide_16), z);
    }
  }
#else
  static Real rough_inverse(Real x) { return 1 / x; }
  static Real power(Real x) {
    if constexpr (twice)
      return rounded(loose_exp(Pair<Real>{x, {}}));
    else
      return value_of(exp_of<Real>(x));
  }
  static Real log1p(Real e) { return rounded(OGIVE_ISA::log1p(Exact<NumberOfRow<T> >::of(e))); }
#endif
};

// The sum of losses.
template <class T>
class CertainSum {
 public:
  using Number = NumberOfRow<T>;
  void add(const Certain<T> &one) {
    over = over + one.over;
    product = mul_add(product, one.e, product + one.e);
    if (++factors == most) gather();
  }
  Number total() {
    gather();
    return sum;
  }

 private:
  // All terms are positive, so that each step of the product and the sum costs a rounding.
  static constexpr int most = sizeof(T) == 8 ? 8 : 32;
  void gather() {
    sum = sum + (OGIVE_ISA::log1p(Exact<Number>::of(product)) + over);
    over = product = {};
    factors = 0;
  }
  Real over = {}, product = {};  // less 1
  int factors = 0;
  Number sum = Exact<Number>::of(Real{});
};

}  // namespace
}  // namespace OGIVE_ISA
