// The loops of one level as ufuncs and gufuncs: their dtypes, and how operands are promoted.
#pragma once
#include "numpy_api.h"

#include "loops.h"

// All tables of a level.
#define OGIVE_TABLES(isa)                                                          \
  &ogive_##isa::level, &ogive_##isa::level_of_rows, &ogive_##isa::level_of_losses, \
      &ogive_##isa::level_of_gates, &ogive_##isa::level_of_cells, &ogive_##isa::level_of_linear
constexpr int tables_of_level = 6;

// Adds one ufunc for each row of the level's table; 0, or -1 with an exception.
int add_ufuncs(PyObject *module, const Level &level);

// The row behind a ufunc; nullptr, without an exception, if the object is no ufunc of this module.
const Loops *loops_of(PyObject *object);
