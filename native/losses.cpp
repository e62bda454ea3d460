// The losses, compiled once per instruction set; see loops.cpp.
#include "loops.h"

#include "cross_entropy.h"
#include "finite.h"
#include "pointwise.h"

namespace OGIVE_ISA {
namespace {

template <template <class> class Call>
constexpr LoopsOfType row_loops = {row_loop<Call<Half>>, row_loop<Call<Bfloat>>,
                                   row_loop<Call<float>>, row_loop<Call<double>>};

// Every loss with its gradient and without; those of single logits summed and one by one.
#define OGIVE_CALL(name, ...) \
  template <class T>          \
  using name = __VA_ARGS__;
OGIVE_CALL(cross_entropy, CrossEntropyCall<T, false>)
OGIVE_CALL(cross_entropy_with_grad, CrossEntropyCall<T, true>)
OGIVE_CALL(dense_cross_entropy, DenseCrossEntropyCall<T, false>)
OGIVE_CALL(dense_cross_entropy_with_grad, DenseCrossEntropyCall<T, true>)
#define POINTWISE(name)                                                 \
  OGIVE_CALL(name##_sum, PointwiseCall<name, T, false, false>)          \
  OGIVE_CALL(name##_sum_with_grad, PointwiseCall<name, T, false, true>) \
  OGIVE_CALL(name##_each, PointwiseCall<name, T, true, false>)          \
  OGIVE_CALL(name##_each_with_grad, PointwiseCall<name, T, true, true>)
POINTWISE(binary_cross_entropy)
POINTWISE(sigmoid_focal)
#undef POINTWISE

constexpr Loops loops[] = {
    {"cross_entropy", 4, 1, "(n),(),(),()->()", row_loops<cross_entropy>, " iddd"},
    {"cross_entropy_with_grad", 4, 2, "(n),(),(),()->(),(n)", row_loops<cross_entropy_with_grad>,
     " iddd "},
    {"dense_cross_entropy", 3, 1, "(n),(n),()->()", row_loops<dense_cross_entropy>, "  dd"},
    {"dense_cross_entropy_with_grad", 3, 2, "(n),(n),()->(),(n)",
     row_loops<dense_cross_entropy_with_grad>, "  dd "},
#define INPUTS "(n),(n),(n),(n),(),(),()->"
#define POINTWISE(name)                                                                              \
  {#name "_sum", 7, 1, INPUTS "()", row_loops<name##_sum>, "    dddd"},                              \
      {#name "_sum_with_grad", 7, 2, INPUTS "(),(n)", row_loops<name##_sum_with_grad>, "    dddd "}, \
      {#name "_each", 7, 1, INPUTS "(n)", row_loops<name##_each>, "    ddd "},                       \
      {#name "_each_with_grad",          7,          2, INPUTS "(n),(n)",                            \
       row_loops<name##_each_with_grad>, "    ddd  "},
    POINTWISE(binary_cross_entropy)
        POINTWISE(sigmoid_focal){"first_not_finite", 1, 1, "(n)->()", row_loops<FiniteCall>, " i"},
};

}  // namespace

const Level level_of_losses = {loops, sizeof loops / sizeof *loops};

}  // namespace OGIVE_ISA
