// Compiled once per instruction set: the build defines OGIVE_ISA, the namespace, and the flags.
//
// Includes nothing of the C++ library but <cstddef> and <cstdint>, and keeps everything but the
// table in anonymous namespaces: a weak symbol from here could be linked into the path of a
// machine that lacks the instructions.
#include "loops.h"

#include "elementwise.h"
#include "rectifier.h"
#include "rows.h"
#include "smooth.h"

namespace OGIVE_ISA {
namespace {

template <class T>
using NumberOf = typename Types<T>::Number;

// SMOOTH formulas take Real whatever the array's type, and round at the end.
struct SmoothKernel {
  template <class T>
  using Lanes = Real;
};
struct RectifierKernel {
  template <class T>
  using Lanes = typename Types<T>::Native;
};

// The kernel that serves arrays of T, where it is not Kernel itself.
template <class Kernel, class T>
struct KernelFor {
  using type = Kernel;
};

#define SMOOTH(name, parameters)                                           \
  struct value_of_##name : SmoothKernel {                                  \
    template <class T, class... X>                                         \
    static Real apply(X... x) {                                            \
      return rounded(name<NumberOf<T>>(x...));                             \
    }                                                                      \
  };                                                                       \
  struct grad_of_##name : SmoothKernel {                                   \
    template <class T, class... X>                                         \
    static Real apply(X... x) {                                            \
      return rounded(grad_##name<NumberOf<T>>(x...));                      \
    }                                                                      \
  };                                                                       \
  struct backward_of_##name : SmoothKernel {                               \
    template <class T, class... X>                                         \
    static Real apply(Real grad_output, X... x) {                          \
      return product_rounded(grad_output, grad_##name<NumberOf<T>>(x...)); \
    }                                                                      \
  };
#if defined(OGIVE_SINGLE_SIGMOID)
#define SMOOTH_SINGLE(name, parameters)      \
  SMOOTH(name, parameters)                   \
  struct single_##name {                     \
    template <class T>                       \
    using Lanes = Floats;                    \
    template <class T>                       \
    static Floats apply(Floats x) {          \
      return name##_single(x);               \
    }                                        \
  };                                         \
  template <>                                \
  struct KernelFor<value_of_##name, float> { \
    using type = single_##name;              \
  };
#else
#define SMOOTH_SINGLE SMOOTH
#endif
#define RECTIFIER(name, parameters)                       \
  struct value_of_##name : RectifierKernel {              \
    template <class T, class V, class... P>               \
    static V apply(V x, P... p) {                         \
      return name(x, p...);                               \
    }                                                     \
  };                                                      \
  struct grad_of_##name : RectifierKernel {               \
    template <class T, class V, class... P>               \
    static V apply(V x, P... p) {                         \
      return grad_##name(x, p...);                        \
    }                                                     \
  };                                                      \
  struct backward_of_##name : RectifierKernel {           \
    template <class T, class V, class... P>               \
    static V apply(V grad_output, V x, P... p) {          \
      return backward(grad_output, grad_##name(x, p...)); \
    }                                                     \
  };
#include "functions.def"
#undef SMOOTH
#undef SMOOTH_SINGLE
#undef RECTIFIER

template <class Kernel, int inputs>
constexpr LoopsOfType all_types = {
    elementwise<Kernel, Half, inputs>,
    elementwise<typename KernelFor<Kernel, float>::type, float, inputs>,
    elementwise<Kernel, double, inputs>};

constexpr FunctionLoops functions[] = {
#define SMOOTH(name, parameters)                                                          \
  {all_types<value_of_##name, 1 + parameters>, all_types<grad_of_##name, 1 + parameters>, \
   all_types<backward_of_##name, 2 + parameters>},
#define SMOOTH_SINGLE SMOOTH
#define RECTIFIER SMOOTH
#include "functions.def"
#undef SMOOTH
#undef SMOOTH_SINGLE
#undef RECTIFIER
};

template <class Function>
constexpr LoopsOfType all_row_types = {Rows<Function, Half>::loop, Rows<Function, float>::loop,
                                       Rows<Function, double>::loop};

constexpr LoopsOfType rows[] = {
#define ROW(name, signature) all_row_types<row_of_##name>,
#include "rows.def"
#undef ROW
};

}  // namespace

const Level level = {functions, rows};

}  // namespace OGIVE_ISA
