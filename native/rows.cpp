// The functions of whole rows, compiled once per instruction set; see loops.cpp.
#include "loops.h"

#include "row_gradients.h"
#include "softmax.h"
#include "sparsemax.h"
#include "weighted.h"

namespace OGIVE_ISA {
namespace {

template <template <class> class Call>
constexpr LoopsOfType row_loops = {row_loop<Call<Half>>, row_loop<Call<Bfloat>>,
                                   row_loop<Call<float>>, row_loop<Call<double>>};

#define ROW(name, result)                               \
  template <class T>                                    \
  using name##_call = RowCall<row_of_##name, T, false>; \
  template <class T>                                    \
  using name##_where_call = RowCall<row_of_##name, T, true>;
#define GRADIENT(name) \
  template <class T>   \
  using backward_##name##_call = GradientCall<gradient_of_##name, T>;
#define PRODUCT(name) \
  template <class T>  \
  using name##_product_call = ProductCall<product_of_##name, T>;
#include "rows.def"
#undef ROW
#undef GRADIENT
#undef PRODUCT

constexpr Loops loops[] = {
#define GIVE_ROWS(name)                                          \
  {#name, 2, 1, "(n),()->(n)", row_loops<name##_call>, nullptr}, \
      {#name "_where", 3, 1, "(n),(n),()->(n)", row_loops<name##_where_call>, " ?  "},
#define GIVE_ONE(name)                                       \
  {#name, 1, 1, "(n)->()", row_loops<name##_call>, nullptr}, \
      {#name "_where", 2, 1, "(n),(n)->()", row_loops<name##_where_call>, " ? "},
#define ROW(name, results) results(name)
#define GRADIENT(name) \
  {"backward_" #name, 3, 1, "(n),(n),()->(n)", row_loops<backward_##name##_call>, nullptr},
#define PRODUCT(name) \
  {#name "_product", 2, 1, "(n),(n)->(n)", row_loops<name##_product_call>, nullptr},
#include "rows.def"
    {"sparsemax", 2, 1, "(n),()->(n)", row_loops<SparsemaxCall>, nullptr},
    {"logsumexp_weighted", 2, 2, "(n),(n)->(),()", row_loops<SignedLogCall>, nullptr},
};

}  // namespace

const Level level_of_rows = {loops, sizeof loops / sizeof *loops};

}  // namespace OGIVE_ISA
