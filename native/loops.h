// The table of inner loops that every instruction set fills in.
#pragma once
#include <cstddef>

// NumPy's signature of a strided loop (PyArrayMethod_StridedLoop) without its types.
using Loop = int(void *context, char *const *data, const std::ptrdiff_t *sizes,
                 const std::ptrdiff_t *steps, void *auxiliary);

struct LoopsOfType {
  Loop *half, *bfloat, *single, *twice;  // float16, bfloat16, float32, float64
};
// A ufunc, or a gufunc if it has a signature.  Its operands are of the float type of the loop but
// for those that `fixed` says, a character each: ? for a boolean, i for int64, d for float64.
struct Loops {
  const char *name;
  int inputs, outputs;
  const char *signature;
  LoopsOfType of;
  const char *fixed;
};
struct Level {
  const Loops *loops;
  int count;
};

#define LEVEL(isa)                                                                            \
  namespace ogive_##isa {                                                                     \
    extern const Level level, level_of_rows, level_of_losses, level_of_gates, level_of_cells, \
        level_of_linear;                                                                      \
  }
OGIVE_LEVELS
#undef LEVEL
