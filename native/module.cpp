// The Python module: picks the loops for this CPU and registers one ufunc for each.
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#include <Python.h>
#include <numpy/ndarrayobject.h>
#include <numpy/ufuncobject.h>

#include <cstdlib>
#include <cstring>

#include "loops.h"
#include "threads.h"

namespace {

struct Function {
  const char *names[3];  // value, grad, backward
  int parameters;
};
constexpr Function functions[] = {
#define SMOOTH(name, parameters) {{#name, "grad_" #name, "backward_" #name}, parameters},
#define SMOOTH_SINGLE SMOOTH
#define RECTIFIER SMOOTH
#include "functions.def"
#undef SMOOTH
#undef SMOOTH_SINGLE
#undef RECTIFIER
};

struct Row {
  const char *name, *signature;
};
constexpr Row rows[] = {
#define ROW(name, signature) {#name, signature},
#include "rows.def"
#undef ROW
};

struct CompiledLevel {
  const char *name;
  const Level *level;
  bool supported;
};

#if defined(__x86_64__)
#define OGIVE_SUPPORTED(isa) (__builtin_cpu_supports("x86-64-" #isa) != 0)
#else
#define OGIVE_SUPPORTED(isa) true
#endif

// From the lowest to the highest.
const CompiledLevel *levels(std::size_t &count) {
#define LEVEL(isa) {#isa, &ogive_##isa::level, OGIVE_SUPPORTED(isa)},
  static const CompiledLevel table[] = {OGIVE_LEVELS};
#undef LEVEL
  count = sizeof table / sizeof *table;
  return table;
}

// The highest level this CPU runs, or the one that OGIVE_ISA names.
const CompiledLevel *choose_level() {
  std::size_t count;
  const CompiledLevel *const table = levels(count);
  const char *const wanted = std::getenv("OGIVE_ISA");
  const CompiledLevel *best = nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    const bool asked = wanted && *wanted;
    if (asked && std::strcmp(wanted, table[i].name) != 0) continue;
    if (table[i].supported) best = &table[i];
  }
  if (!best)
    PyErr_Format(PyExc_ImportError,
                 "OGIVE_ISA=%s: no such instruction-set level, or this CPU lacks it; unset it, or "
                 "use one of v2, v3, v4 on x86-64 and baseline elsewhere",
                 wanted ? wanted : "");
  return best;
}

// ---- promotion -------------------------------------------------------------------------------

// The number of bits a float needs to take a dtype in, as NumPy's own float functions have it:
// 0 for a Python number, which goes along with the others; -1 for what no loop takes.
int bits_for(PyArray_DTypeMeta *dtype) {
  PyArray_DTypeMeta *const numbers[] = {&PyArray_PyFloatDType, &PyArray_PyLongDType};
  PyArray_DTypeMeta *const halves[] = {&PyArray_BoolDType, &PyArray_ByteDType, &PyArray_UByteDType,
                                       &PyArray_HalfDType};
  PyArray_DTypeMeta *const singles[] = {&PyArray_ShortDType, &PyArray_UShortDType,
                                        &PyArray_FloatDType};
  PyArray_DTypeMeta *const doubles[] = {
      &PyArray_IntDType,      &PyArray_UIntDType,      &PyArray_LongDType,  &PyArray_ULongDType,
      &PyArray_LongLongDType, &PyArray_ULongLongDType, &PyArray_DoubleDType};
  for (auto *number : numbers)
    if (dtype == number) return 0;
  for (auto *half : halves)
    if (dtype == half) return 16;
  for (auto *single : singles)
    if (dtype == single) return 32;
  for (auto *twice : doubles)
    if (dtype == twice) return 64;
  return -1;
}

int promote(PyObject *ufunc, PyArray_DTypeMeta *const *given, PyArray_DTypeMeta *const *asked,
            PyArray_DTypeMeta **chosen) {
  const auto *self = reinterpret_cast<PyUFuncObject *>(ufunc);
  int most = 0, demanded = 0;
  for (int i = 0; i < self->nargs; ++i) {
    if (asked[i]) {
      const int bits = bits_for(asked[i]);
      if (bits < 0) most = -1;
      if (bits > demanded) demanded = bits;
    }
    if (i < self->nin && given[i] && !asked[i] && most >= 0) {
      const int bits = bits_for(given[i]);
      most = bits < 0 ? -1 : bits > most ? bits : most;
    }
  }
  if (most < 0) {
    PyErr_Format(PyExc_TypeError,
                 "ogive.%s takes float16, float32 and float64, and integers and booleans, which "
                 "are converted to them; longdouble, complex and other dtypes have no loop",
                 self->name);
    return -1;
  }
  const int bits = demanded ? demanded : most ? most : 64;
  PyArray_DTypeMeta *const dtype = bits == 16   ? &PyArray_HalfDType
                                   : bits == 32 ? &PyArray_FloatDType
                                                : &PyArray_DoubleDType;
  for (int i = 0; i < self->nargs; ++i) {
    chosen[i] = dtype;
    Py_INCREF(reinterpret_cast<PyObject *>(dtype));
  }
  return 0;
}

// ---- registration ----------------------------------------------------------------------------

// The formulas are total, so NumPy need not look at the floating-point flags.
int add_loop(PyObject *ufunc, PyArray_DTypeMeta *dtype, Loop *loop) {
  const auto *self = reinterpret_cast<PyUFuncObject *>(ufunc);
  PyArray_DTypeMeta *dtypes[NPY_MAXARGS];
  for (int i = 0; i < self->nargs; ++i) dtypes[i] = dtype;
  PyType_Slot slots[] = {{NPY_METH_strided_loop, reinterpret_cast<void *>(loop)}, {0, nullptr}};
  PyArrayMethod_Spec spec{
      nullptr, self->nin, self->nout, NPY_NO_CASTING, NPY_METH_NO_FLOATINGPOINT_ERRORS,
      dtypes,  slots};
  return PyUFunc_AddLoopFromSpec(ufunc, &spec);
}

int add_promoter(PyObject *ufunc) {
  const auto *self = reinterpret_cast<PyUFuncObject *>(ufunc);
  PyObject *any = PyTuple_New(self->nargs);
  PyObject *promoter =
      PyCapsule_New(reinterpret_cast<void *>(promote), "numpy._ufunc_promoter", nullptr);
  int status = -1;
  if (any && promoter) {
    for (int i = 0; i < self->nargs; ++i) {
      Py_INCREF(Py_None);
      PyTuple_SetItem(any, i, Py_None);
    }
    status = PyUFunc_AddPromoter(ufunc, any, promoter);
  }
  Py_XDECREF(any);
  Py_XDECREF(promoter);
  return status;
}

int add_ufunc(PyObject *module, const char *name, int inputs, const char *signature,
              const LoopsOfType &loops) {
  PyObject *ufunc = PyUFunc_FromFuncAndDataAndSignature(nullptr, nullptr, nullptr, 0, inputs, 1,
                                                        PyUFunc_None, name, "", 0, signature);
  if (!ufunc || add_loop(ufunc, &PyArray_HalfDType, loops.half) ||
      add_loop(ufunc, &PyArray_FloatDType, loops.single) ||
      add_loop(ufunc, &PyArray_DoubleDType, loops.twice) || add_promoter(ufunc)) {
    Py_XDECREF(ufunc);
    return -1;
  }
  return PyModule_AddObject(module, name, ufunc);
}

int add_levels(PyObject *module, const CompiledLevel &chosen) {
  std::size_t count;
  const CompiledLevel *const table = levels(count);
  PyObject *all = PyList_New(0), *supported = PyList_New(0);
  if (!all || !supported) return -1;
  for (std::size_t i = 0; i < count; ++i) {
    PyObject *name = PyUnicode_FromString(table[i].name);
    if (!name || PyList_Append(all, name) || (table[i].supported && PyList_Append(supported, name)))
      return -1;
    Py_DECREF(name);
  }
  PyObject *const all_names = PyList_AsTuple(all), *const supported_names =
                                                       PyList_AsTuple(supported);
  Py_DECREF(all);
  Py_DECREF(supported);
  return !all_names || !supported_names || PyModule_AddObject(module, "isa_levels", all_names) ||
                 PyModule_AddObject(module, "isa_supported", supported_names) ||
                 PyModule_AddStringConstant(module, "isa", chosen.name)
             ? -1
             : 0;
}

int exec(PyObject *module) {
  import_array1(-1);
  import_umath1(-1);
  const CompiledLevel *const chosen = choose_level();
  if (!chosen || add_levels(module, *chosen)) return -1;
  const FunctionLoops *loops = chosen->level->functions;
  for (const Function &function : functions) {
    const int inputs = 1 + function.parameters;
    if (add_ufunc(module, function.names[0], inputs, nullptr, loops->value) ||
        add_ufunc(module, function.names[1], inputs, nullptr, loops->grad) ||
        add_ufunc(module, function.names[2], inputs + 1, nullptr, loops->backward))
      return -1;
    ++loops;
  }
  const LoopsOfType *row_loops = chosen->level->rows;
  for (const Row &row : rows)
    if (add_ufunc(module, row.name, 1, row.signature, *row_loops++)) return -1;
  return 0;
}

// ---- module functions ------------------------------------------------------------------------

PyObject *document(PyObject *, PyObject *arguments) {
  PyObject *ufunc;
  const char *text;
  if (!PyArg_ParseTuple(arguments, "O!s", &PyUFunc_Type, &ufunc, &text)) return nullptr;
  // NumPy keeps the pointer for as long as the ufunc lives, which is as long as the process.
  char *const copy = static_cast<char *>(std::malloc(std::strlen(text) + 1));
  if (!copy) return PyErr_NoMemory();
  reinterpret_cast<PyUFuncObject *>(ufunc)->doc = std::strcpy(copy, text);
  Py_RETURN_NONE;
}

PyObject *set_num_threads(PyObject *, PyObject *argument) {
  const long count = PyLong_AsLong(argument);
  if (count == -1 && PyErr_Occurred()) return nullptr;
  set_thread_count(count > 1 << 20 ? 1 << 20 : static_cast<int>(count));
  Py_RETURN_NONE;
}

PyObject *get_num_threads(PyObject *, PyObject *) { return PyLong_FromLong(thread_count()); }

PyMethodDef methods[] = {
    {"document", document, METH_VARARGS, "Set the docstring of a ufunc."},
    {"set_num_threads", set_num_threads, METH_O, "Set the number of threads; 0 for the default."},
    {"get_num_threads", get_num_threads, METH_NOARGS, "The number of threads."},
    {nullptr, nullptr, 0, nullptr}};

PyModuleDef_Slot slots[] = {{Py_mod_exec, reinterpret_cast<void *>(exec)},
#ifdef Py_GIL_DISABLED
                            {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
                            {0, nullptr}};
PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_core", nullptr, 0, methods, slots, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__core() { return PyModuleDef_Init(&definition); }
