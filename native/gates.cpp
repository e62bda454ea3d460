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
#define VALUE(name, of) {name, 2, 1, "(n),(n)->(n)", of, nullptr}
#define BACKWARD(name, of) {name, 3, 2, "(n),(n),(n)->(n),(n)", of, nullptr}
// clang-format off
#define UNIT(name, kind)                                                                  \
  VALUE("gated_" #name, (fused_loops<name##_unit, kind>)),                                \
  VALUE("bits_gated_" #name, (fused_loops_of_bits<name##_unit, kind>)),                   \
  BACKWARD("backward_gated_" #name, (fused_loops<backward_##name##_unit, kind>)),         \
  BACKWARD("bits_backward_gated_" #name, (fused_loops_of_bits<backward_##name##_unit, kind>)),
    UNIT(sigmoid, Smooth)
    UNIT(silu, Smooth)
    UNIT(gelu, Tabulated)
    UNIT(gelu_tanh, Smooth)
    UNIT(relu, Rectifier)
#undef UNIT
    // clang-format on
};

}  // namespace

const Level level_of_gates = {loops, sizeof loops / sizeof *loops};

}  // namespace OGIVE_ISA
