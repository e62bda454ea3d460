// The loops of one level as ufuncs and gufuncs: their dtypes, and how operands are promoted.
#pragma once
#include "numpy_api.h"

#include "loops.h"

// Adds one ufunc for each row of the level's table; 0, or -1 with an exception.
int add_ufuncs(PyObject *module, const Level &level);

// The row behind a ufunc; nullptr, without an exception, if the object is no ufunc of this module.
const Loops *loops_of(PyObject *object);
