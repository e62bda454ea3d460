// What becomes of a formula: the Numbers that it is written over, and its kernels.
#pragma once
#include "number.h"

namespace OGIVE_ISA {
namespace {

// What a row's kind says: the Numbers that its formulas are written over, for the 16-bit types, for
// float32 and for float64.
struct Smooth {
  using Shorts = Real;
  using Floats = Pair<Single>;
  using Doubles = Pair<Real>;
};
struct Wide {
  using Shorts = Real;
  using Floats = Real;
  using Doubles = Pair<Real>;
};
// Wide, unless tables can be looked up fast.
#if defined(OGIVE_LOOKUP)
using Tabulated = Smooth;
#else
using Tabulated = Wide;
#endif
struct Rectifier {
  using Shorts = Real;
  using Floats = Single;
  using Doubles = Real;
};

// A kernel for each formula: its value, and a derivative times grad_output.
#define OGIVE_VALUE(name)                 \
  template <class Number>                 \
  struct name##_kernel {                  \
    template <class... X>                 \
    static Plain<Number> apply(X... x) {  \
      return rounded(name<Number>(x...)); \
    }                                     \
  };
#define OGIVE_DERIVATIVE(name)                                        \
  OGIVE_VALUE(grad_##name)                                            \
  template <class Number>                                             \
  struct backward_##name##_kernel {                                   \
    template <class... X>                                             \
    static Plain<Number> apply(Plain<Number> grad_output, X... x) {   \
      return product_rounded(grad_output, grad_##name<Number>(x...)); \
    }                                                                 \
  };

}  // namespace
}  // namespace OGIVE_ISA
