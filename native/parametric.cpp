// ParametricCall: the call of a function with parameters, what was left out filled in.
//
// NumPy converts a Python number among the operands into an array, which costs as much as the rest
// of the call, and once more for every further parameter.  So where the arguments are plain arrays
// and the parameters plain numbers, the usual case, the inner loop is run from here.  All else
// (other types, strides, scalars, where=, dtype= ...) is left to the ufunc, with the same result.
#include "parametric.h"

#include <cstdint>
#include <initializer_list>

#include "ufuncs.h"

namespace {

constexpr int most_parameters = 16, most_operands = 2 + most_parameters, element_types = 3;
constexpr npy_intp worth_releasing_the_lock = 500;  // elements, as NumPy has it

struct Parameter {
  PyObject *name, *standard, *condition;  // borrowed from ParametricCall::description
  double lower, upper;
  int lower_included;
};

// An element of any type with a loop.
struct alignas(8) Element {
  char bytes[8];
};

struct ParametricCall {
  PyObject_HEAD PyObject *form;  // how it is called, for messages
  PyObject *description;         // of the parameters: a tuple of tuples
  PyObject *ufuncs;              // a tuple; without wrt= the first is meant
  PyObject *wrt;                 // a tuple: what each of them differentiates by; empty for values
  PyObject *wrt_condition;       // what wrt= may be, in words
  PyObject *wrt_name, *out_name;
  int required, parameters;
  const Loops *loops[1 + most_parameters];
  Parameter parameter[most_parameters];
  Element standard[element_types][most_parameters];  // the defaults, as the loops read them
};

struct Arguments {
  PyObject *operand[most_operands] = {};  // borrowed; complete
  bool numbers = true;                    // all parameters are plain Python numbers
  bool standard = true;                   // all parameters are the defaults
  Py_ssize_t chosen = 0;                  // the ufunc
  PyObject *out = nullptr;                // borrowed, if it is given
  PyObject *keywords = nullptr;           // for the ufunc, if there are any: borrowed, or `rest`
  PyObject *rest = nullptr;               // owned: the keywords that are left
};

// ---- arguments -------------------------------------------------------------------------------

// Whether a parameter given as a Python number is finite and within its bounds; others pass.
bool allowed(const Parameter &parameter, PyObject *given) {
  if (!PyFloat_Check(given) && !PyLong_Check(given)) return true;
  const double value = PyFloat_AsDouble(given);
  if (value == -1 && PyErr_Occurred()) {
    if (!PyErr_ExceptionMatches(PyExc_OverflowError)) return false;
    PyErr_Clear();  // an integer beyond all floats
  } else if ((parameter.lower_included ? parameter.lower <= value : parameter.lower < value) &&
             value <= parameter.upper && value - value == 0) {
    return true;
  }
  PyErr_Format(PyExc_ValueError, "%U must be %U, not %R", parameter.name, parameter.condition,
               given);
  return false;
}

// The value of a keyword, borrowed; nullptr if it is not given, or with an exception.
PyObject *given_by_keyword(PyObject *keywords, PyObject *name) {
  return keywords ? PyDict_GetItemWithError(keywords, name) : nullptr;
}

int wrong_count(const ParametricCall &self, Py_ssize_t given) {
  const int most = self.required + self.parameters;
  PyErr_Format(PyExc_TypeError, "%U takes %d to %d positional arguments, not %zd%s", self.form,
               self.required, most, given, given > most ? "; pass out= by keyword" : "");
  return -1;
}

// Which ufunc `wrt` names.
int choose(const ParametricCall &self, PyObject *wrt, Py_ssize_t &chosen) {
  const Py_ssize_t count = PyTuple_Size(self.wrt);
  for (chosen = 0; chosen < count; ++chosen) {
    const int same = PyObject_RichCompareBool(PyTuple_GetItem(self.wrt, chosen), wrt, Py_EQ);
    if (same) return same < 0 ? -1 : 0;
  }
  PyErr_Format(PyExc_ValueError, "wrt must be %U, not %R", self.wrt_condition, wrt);
  return -1;
}

int take_keyword(Arguments &arguments, PyObject *keywords, PyObject *name) {
  if (!arguments.rest && !(arguments.rest = PyDict_Copy(keywords))) return -1;
  arguments.keywords = arguments.rest;
  return PyDict_DelItem(arguments.rest, name);
}

int parse(const ParametricCall &self, PyObject *positional, PyObject *keywords,
          Arguments &arguments) {
  const Py_ssize_t given = PyTuple_Size(positional);
  if (given < self.required || given > self.required + self.parameters)
    return wrong_count(self, given);
  if (keywords && !PyDict_Size(keywords)) keywords = nullptr;
  arguments.keywords = keywords;
  for (Py_ssize_t i = 0; i < given; ++i) arguments.operand[i] = PyTuple_GetItem(positional, i);
  for (int i = 0; i < self.parameters; ++i) {
    const Parameter &parameter = self.parameter[i];
    PyObject *&operand = arguments.operand[self.required + i];
    if (PyObject *const value = given_by_keyword(keywords, parameter.name)) {
      if (operand) {
        PyErr_Format(PyExc_TypeError, "%U got '%U' twice: by position and by keyword", self.form,
                     parameter.name);
        return -1;
      }
      operand = value;
      if (take_keyword(arguments, keywords, parameter.name)) return -1;
    } else if (keywords && PyErr_Occurred()) {
      return -1;
    }
    if (!operand) {
      operand = parameter.standard;
      continue;
    }
    arguments.standard = false;
    arguments.numbers &= PyFloat_CheckExact(operand) || PyLong_CheckExact(operand);
    if (!allowed(parameter, operand)) return -1;
  }
  if (!keywords) return 0;
  if (PyTuple_Size(self.wrt))
    if (PyObject *const wrt = given_by_keyword(keywords, self.wrt_name))
      if (choose(self, wrt, arguments.chosen) || take_keyword(arguments, keywords, self.wrt_name))
        return -1;
  arguments.out = given_by_keyword(keywords, self.out_name);
  return PyErr_Occurred() ? -1 : 0;
}

// ---- the loop, run from here -----------------------------------------------------------------

struct Span {
  std::uintptr_t begin, end;
  explicit Span(PyArrayObject *array)
      : begin(reinterpret_cast<std::uintptr_t>(PyArray_DATA(array))),
        end(begin + static_cast<std::uintptr_t>(PyArray_NBYTES(array))) {}
};

constexpr int type_numbers[element_types] = {NPY_HALF, NPY_FLOAT, NPY_DOUBLE};
Loop *loop_of(const Loops &loops, int type) {
  Loop *const all[element_types] = {loops.of.half, loops.of.single, loops.of.twice};
  return all[type];
}
int type_of(PyArrayObject *array) {
  for (int type = 0; type < element_types; ++type)
    if (PyArray_TYPE(array) == type_numbers[type]) return type;
  return -1;
}

// Whether the loop can run over an array as it lies: every element once, in memory's order.
bool is_plain(PyObject *object) {
  if (!PyArray_CheckExact(object)) return false;
  auto *const array = reinterpret_cast<PyArrayObject *>(object);
  return PyArray_NDIM(array) > 0 && PyArray_ISONESEGMENT(array) && PyArray_ISBEHAVED_RO(array) &&
         type_of(array) >= 0 && !PyDataType_METADATA(PyArray_DESCR(array));
}

bool is_alike(PyArrayObject *a, PyArrayObject *b) {
  return PyArray_TYPE(a) == PyArray_TYPE(b) && PyArray_SAMESHAPE(a, b) &&
         PyArray_IS_C_CONTIGUOUS(a) == PyArray_IS_C_CONTIGUOUS(b) &&
         PyArray_IS_F_CONTIGUOUS(a) == PyArray_IS_F_CONTIGUOUS(b);
}

// Sets done if the loop was run; otherwise nothing has happened yet.
PyObject *run_loop(const ParametricCall &self, const Arguments &arguments, bool &done) {
  done = false;
  if (!arguments.numbers) return nullptr;
  if (arguments.keywords && PyDict_Size(arguments.keywords) != (arguments.out ? 1 : 0))
    return nullptr;
  PyArrayObject *array[3];  // the required ones, and the result
  for (int i = 0; i < self.required; ++i) {
    if (!is_plain(arguments.operand[i])) return nullptr;
    array[i] = reinterpret_cast<PyArrayObject *>(arguments.operand[i]);
    if (!is_alike(array[i], array[0])) return nullptr;
  }
  PyArrayObject *&result = array[self.required];
  if (arguments.out && arguments.out != Py_None) {
    if (!is_plain(arguments.out)) return nullptr;
    result = reinterpret_cast<PyArrayObject *>(arguments.out);
    if (!is_alike(result, array[0]) || !PyArray_ISWRITEABLE(result)) return nullptr;
    const Span to(result);
    for (int i = 0; i < self.required; ++i) {
      const Span from(array[i]);
      if (from.begin != to.begin && from.begin < to.end && to.begin < from.end) return nullptr;
    }
    Py_INCREF(arguments.out);
  } else {
    result = reinterpret_cast<PyArrayObject *>(
        PyArray_NewLikeArray(array[0], NPY_KEEPORDER, nullptr, 0));
  }
  done = true;
  if (!result) return nullptr;
  const int type = type_of(array[0]), operands = self.required + self.parameters;
  Element converted[most_parameters];
  const Element *values = self.standard[type];
  if (!arguments.standard) {
    values = converted;
    for (int i = 0; i < self.parameters; ++i)
      if (PyArray_SETITEM(result, converted[i].bytes, arguments.operand[self.required + i])) {
        Py_DECREF(reinterpret_cast<PyObject *>(result));
        return nullptr;
      }
  }
  char *data[most_operands + 1];
  std::ptrdiff_t steps[most_operands + 1];
  for (int i = 0; i < self.parameters; ++i) {
    data[self.required + i] = const_cast<char *>(values[i].bytes);
    steps[self.required + i] = 0;
  }
  for (int i = 0; i < self.required; ++i) {
    data[i] = PyArray_BYTES(array[i]);
    steps[i] = PyArray_ITEMSIZE(result);
  }
  data[operands] = PyArray_BYTES(result);
  steps[operands] = PyArray_ITEMSIZE(result);
  const std::ptrdiff_t n = PyArray_SIZE(result);
  Loop *const loop = loop_of(*self.loops[arguments.chosen], type);
  PyThreadState *const released = n > worth_releasing_the_lock ? PyEval_SaveThread() : nullptr;
  loop(nullptr, data, &n, steps, nullptr);
  if (released) PyEval_RestoreThread(released);
  return reinterpret_cast<PyObject *>(result);
}

// ---- the call --------------------------------------------------------------------------------

PyObject *call_ufunc(const ParametricCall &self, const Arguments &arguments) {
  const int count = self.required + self.parameters;
  PyObject *const operands = PyTuple_New(count);
  if (!operands) return nullptr;
  for (int i = 0; i < count; ++i) {
    Py_INCREF(arguments.operand[i]);
    PyTuple_SetItem(operands, i, arguments.operand[i]);
  }
  PyObject *const ufunc = PyTuple_GetItem(self.ufuncs, arguments.chosen);
  PyObject *const result = PyObject_Call(ufunc, operands, arguments.keywords);
  Py_DECREF(operands);
  return result;
}

PyObject *call(PyObject *object, PyObject *positional, PyObject *keywords) {
  const auto &self = *reinterpret_cast<ParametricCall *>(object);
  Arguments arguments;
  PyObject *result = nullptr;
  if (!parse(self, positional, keywords, arguments)) {
    bool done;
    result = run_loop(self, arguments, done);
    if (!done) result = call_ufunc(self, arguments);
  }
  Py_XDECREF(arguments.rest);
  return result;
}

// ---- the type --------------------------------------------------------------------------------

bool describe(ParametricCall &self) {
  self.parameters = static_cast<int>(PyTuple_Size(self.description));
  for (int i = 0; i < self.parameters; ++i) {
    Parameter &parameter = self.parameter[i];
    PyObject *const entry = PyTuple_GetItem(self.description, i);
    if (!PyTuple_Check(entry)) {
      PyErr_SetString(PyExc_TypeError, "a parameter is described by a tuple");
      return false;
    }
    if (!PyArg_ParseTuple(entry, "UO!ddpU", &parameter.name, &PyFloat_Type, &parameter.standard,
                          &parameter.lower, &parameter.upper, &parameter.lower_included,
                          &parameter.condition))
      return false;
    for (int type = 0; type < element_types; ++type) {
      PyArray_Descr *const descriptor = PyArray_DescrFromType(type_numbers[type]);
      PyObject *const array =
          PyArray_NewFromDescr(&PyArray_Type, descriptor, 0, nullptr, nullptr, nullptr, 0, nullptr);
      const int status = array ? PyArray_SETITEM(reinterpret_cast<PyArrayObject *>(array),
                                                 self.standard[type][i].bytes, parameter.standard)
                               : -1;
      Py_XDECREF(array);
      if (status) return false;
    }
  }
  return true;
}

bool find_loops(ParametricCall &self) {
  const Py_ssize_t count = PyTuple_Size(self.ufuncs);
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject *const ufunc = PyTuple_GetItem(self.ufuncs, i);
    self.loops[i] = loops_of(ufunc);
    if (!self.loops[i] || self.loops[i]->signature ||
        self.loops[i]->inputs != self.required + self.parameters) {
      PyErr_Format(PyExc_ValueError, "%R is not an elementwise ufunc of this module with %d inputs",
                   ufunc, self.required + self.parameters);
      return false;
    }
  }
  return true;
}

PyObject *create(PyTypeObject *type, PyObject *arguments, PyObject *) {
  PyObject *form, *description, *ufuncs, *wrt, *wrt_condition;
  int required;
  if (!PyArg_ParseTuple(arguments, "UiO!O!O!U", &form, &required, &PyTuple_Type, &description,
                        &PyTuple_Type, &ufuncs, &PyTuple_Type, &wrt, &wrt_condition))
    return nullptr;
  if (required < 1 || required > 2 || PyTuple_Size(description) > most_parameters ||
      PyTuple_Size(ufuncs) < 1 || PyTuple_Size(ufuncs) > 1 + most_parameters ||
      (PyTuple_Size(wrt) && PyTuple_Size(wrt) != PyTuple_Size(ufuncs))) {
    PyErr_SetString(PyExc_ValueError, "too many or too few operands, parameters or ufuncs");
    return nullptr;
  }
  auto *const allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
  PyObject *const object = allocate(type, 0);
  if (!object) return nullptr;
  auto &self = *reinterpret_cast<ParametricCall *>(object);
  self.form = form;
  self.description = description;
  self.ufuncs = ufuncs;
  self.wrt = wrt;
  self.wrt_condition = wrt_condition;
  for (PyObject *owned : {form, description, ufuncs, wrt, wrt_condition}) Py_INCREF(owned);
  self.wrt_name = PyUnicode_InternFromString("wrt");
  self.out_name = PyUnicode_InternFromString("out");
  self.required = required;
  if (self.wrt_name && self.out_name && describe(self) && find_loops(self)) return object;
  Py_DECREF(object);
  return nullptr;
}

int traverse(PyObject *object, visitproc visit, void *arg) {
  const auto &self = *reinterpret_cast<ParametricCall *>(object);
  Py_VISIT(reinterpret_cast<PyObject *>(Py_TYPE(object)));
  Py_VISIT(self.description);
  Py_VISIT(self.ufuncs);
  Py_VISIT(self.wrt);
  return 0;
}

void destroy(PyObject *object) {
  auto &self = *reinterpret_cast<ParametricCall *>(object);
  PyTypeObject *const type = Py_TYPE(object);
  PyObject_GC_UnTrack(object);
  Py_XDECREF(self.form);
  Py_XDECREF(self.description);
  Py_XDECREF(self.ufuncs);
  Py_XDECREF(self.wrt);
  Py_XDECREF(self.wrt_condition);
  Py_XDECREF(self.wrt_name);
  Py_XDECREF(self.out_name);
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(object);
  Py_DECREF(reinterpret_cast<PyObject *>(type));
}

constexpr char documentation[] =
    "ParametricCall(form, required, parameters, ufuncs, wrt, wrt_condition, /)\n--\n\n"
    "The call of a function with parameters.\n\n"
    "form: how it is called, for messages.  required: the number of operands without default.\n"
    "parameters: (name, default, lower, upper, lower_included, condition) of each.\n"
    "ufuncs: of this module, with all operands; wrt: their names for wrt=, or nothing.\n"
    "wrt_condition: what wrt= may be, in words.";

PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void *>(create)},
                       {Py_tp_call, reinterpret_cast<void *>(call)},
                       {Py_tp_dealloc, reinterpret_cast<void *>(destroy)},
                       {Py_tp_traverse, reinterpret_cast<void *>(traverse)},
                       {Py_tp_doc, const_cast<char *>(documentation)},
                       {0, nullptr}};
PyType_Spec spec = {
    "ogive._core.ParametricCall", sizeof(ParametricCall), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    slots};

}  // namespace

int add_parametric_call(PyObject *module) {
  PyObject *const type = PyType_FromModuleAndSpec(module, &spec, nullptr);
  const int status = type ? PyModule_AddType(module, reinterpret_cast<PyTypeObject *>(type)) : -1;
  Py_XDECREF(type);
  return status;
}
