// The gated linear units, compiled once per instruction set; see loops.cpp.
#include "loops.h"

#include "fused.h"
#include "kinds.h"
#include "linear_units.h"

namespace OGIVE_ISA {
namespace {

#define UNIT(name)                                            \
  struct name##_activation {                                  \
    template <class Number>                                   \
    static auto value(Plain<Number> x) {                      \
      return name<Number>(x);                                 \
    }                                                         \
    template <class Number>                                   \
    static auto derivative(Plain<Number> x) {                 \
      return grad_##name<Number>(x);                          \
    }                                                         \
  };                                                          \
  template <class Number>                                     \
  using name##_unit = unit_kernel<name##_activation, Number>; \
  template <class Number>                                     \
  using backward_##name##_unit = backward_unit_kernel<name##_activation, Number>;
UNIT(sigmoid)
UNIT(silu)
UNIT(gelu)
UNIT(gelu_tanh)
UNIT(relu)
#undef UNIT

constexpr Loops loops[] = {
#define UNIT(name, kind)                                                           \
  {"gated_" #name, 2, 1, "(n),(n)->(n)", fused_loops<name##_unit, kind>, nullptr}, \
      {"backward_gated_" #name,                                                    \
       3,                                                                          \
       2,                                                                          \
       "(n),(n),(n)->(n),(n)",                                                     \
       fused_loops<backward_##name##_unit, kind>,                                  \
       nullptr},
    UNIT(sigmoid, Smooth) UNIT(silu, Smooth) UNIT(gelu, Tabulated) UNIT(gelu_tanh, Smooth)
        UNIT(relu, Rectifier)
#undef UNIT
};

}  // namespace

const Level level_of_gates = {loops, sizeof loops / sizeof *loops};

}  // namespace OGIVE_ISA
