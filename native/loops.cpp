// Compiled once per instruction set: the build defines OGIVE_ISA, the namespace, and the flags.
//
// Includes nothing of the C++ library but <cstddef> and <cstdint>, and keeps everything but the
// table in anonymous namespaces: a weak symbol from here could be linked into the path of a
// machine that lacks the instructions.
#include "loops.h"

#include "adaptive.h"
#include "algebraic.h"
#include "elementwise.h"
#include "exponential.h"
#include "gated.h"
#include "kinds.h"
#include "logistic.h"
#include "pade.h"
#include "piecewise.h"
#include "rectifier.h"
#include "smooth.h"

namespace OGIVE_ISA {
namespace {

#define SMOOTH(name, parameters) OGIVE_VALUE(name) OGIVE_DERIVATIVE(name)
#define WIDE SMOOTH
#define TABULATED SMOOTH
#define RECTIFIER SMOOTH
#define LEARNED(name, parameter, parameters, kind) OGIVE_DERIVATIVE(name##_##parameter)
#include "functions.def"
#undef SMOOTH
#undef LEARNED

template <class Kernel, class T, class Number, int inputs>
constexpr Loop *loop = elementwise<Kernel, Plain<Number>, T, inputs>;

template <template <class> class Kernel, class Kind, int inputs>
constexpr LoopsOfType all_types = {
    loop<Kernel<typename Kind::Shorts>, Half, typename Kind::Shorts, inputs>,
    loop<Kernel<typename Kind::Shorts>, Bfloat, typename Kind::Shorts, inputs>,
    loop<Kernel<typename Kind::Floats>, float, typename Kind::Floats, inputs>,
    loop<Kernel<typename Kind::Doubles>, double, typename Kind::Doubles, inputs>};

#define OGIVE_LOOPS(name, inputs, kind) \
  {#name, inputs, 1, nullptr, all_types<name##_kernel, kind, inputs>, nullptr},
#define OGIVE_DERIVATIVES(name, parameters, kind) \
  OGIVE_LOOPS(grad_##name, 1 + parameters, kind) OGIVE_LOOPS(backward_##name, 2 + parameters, kind)
#define OGIVE_FUNCTION(name, parameters, kind) \
  OGIVE_LOOPS(name, 1 + parameters, kind) OGIVE_DERIVATIVES(name, parameters, kind)
constexpr Loops loops[] = {
#define SMOOTH(name, parameters) OGIVE_FUNCTION(name, parameters, Smooth)
#undef WIDE
#define WIDE(name, parameters) OGIVE_FUNCTION(name, parameters, Wide)
#undef TABULATED
#define TABULATED(name, parameters) OGIVE_FUNCTION(name, parameters, Tabulated)
#undef RECTIFIER
#define RECTIFIER(name, parameters) OGIVE_FUNCTION(name, parameters, Rectifier)
#define LEARNED(name, parameter, parameters, kind) \
  OGIVE_DERIVATIVES(name##_##parameter, parameters, kind)
#include "functions.def"
};

}  // namespace

const Level level = {loops, sizeof loops / sizeof *loops};

}  // namespace OGIVE_ISA
