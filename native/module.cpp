// The Python module: picks the loops for this CPU and makes a ufunc of each.
#define OGIVE_IMPORTS_NUMPY
#include <cstdlib>
#include <cstring>

#include "addressed.h"
#include "numpy_api.h"
#include "parametric.h"
#include "thread_limit.h"
#include "threads.h"
#include "ufuncs.h"

namespace {

struct CompiledLevel {
  const char *name;
  const Level *tables[tables_of_level];
  bool supported;
};

#if defined(__x86_64__)
#define OGIVE_SUPPORTED(isa) (__builtin_cpu_supports("x86-64-" #isa) != 0)
#else
#define OGIVE_SUPPORTED(isa) true
#endif

// From the lowest to the highest.
const CompiledLevel *levels(std::size_t &count) {
#define LEVEL(isa) {#isa, {OGIVE_TABLES(isa)}, OGIVE_SUPPORTED(isa)},
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
  for (const Level *const table : chosen->tables)
    if (add_ufuncs(module, *table)) return -1;
  return add_parametric_call(module) || add_addressed_loop(module) ? -1 : 0;
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

PyObject *limit_num_threads(PyObject *, PyObject *argument) {
  const long count = PyLong_AsLong(argument);
  if (count == -1 && PyErr_Occurred()) return nullptr;
  return PyLong_FromLong(limit_threads(count > 1 << 20 ? 1 << 20 : static_cast<int>(count)));
}

PyMethodDef methods[] = {
    {"document", document, METH_VARARGS, "Set the docstring of a ufunc."},
    {"set_num_threads", set_num_threads, METH_O, "Set the number of threads; 0 for the default."},
    {"get_num_threads", get_num_threads, METH_NOARGS, "The number of threads."},
    {"limit_num_threads", limit_num_threads, METH_O,
     "Limit the threads for calls from this thread; 0 for no limit.  Returns the former limit."},
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
