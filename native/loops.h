// The table of inner loops that every instruction set fills in.
#pragma once
#include <cstddef>

// NumPy's signature of a strided loop (PyArrayMethod_StridedLoop) without its types.
using Loop = int(void *context, char *const *data, const std::ptrdiff_t *sizes,
                 const std::ptrdiff_t *steps, void *auxiliary);

struct LoopsOfType {
  Loop *half, *single, *twice;  // float16, float32, float64
};
struct FunctionLoops {
  LoopsOfType value, grad, backward;
};
struct Level {
  const FunctionLoops *functions;  // in the order of functions.def
  const LoopsOfType *rows;         // in the order of rows.def
};

#define LEVEL(isa)            \
  namespace ogive_##isa {     \
    extern const Level level; \
  }
OGIVE_LEVELS
#undef LEVEL
