// Python's and NumPy's C interfaces, as every file of the module sees them.
#pragma once
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL ogive_array_api
#define PY_UFUNC_UNIQUE_SYMBOL ogive_ufunc_api
#if !defined(OGIVE_IMPORTS_NUMPY)  // module.cpp does, for all
#define NO_IMPORT_ARRAY
#define NO_IMPORT_UFUNC
#endif
#include <Python.h>
#include <numpy/ndarrayobject.h>
#include <numpy/ufuncobject.h>
