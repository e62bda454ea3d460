// The type of the public functions that have parameters.
#pragma once
#include "numpy_api.h"

// Adds the type ParametricCall to the module; 0, or -1 with an exception.
int add_parametric_call(PyObject *module);
