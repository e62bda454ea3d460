// The type of loops over memory that is given by its address.
#pragma once
#include "numpy_api.h"

// Adds the type AddressedLoop to the module; 0, or -1 with an exception.
int add_addressed_loop(PyObject *module);
