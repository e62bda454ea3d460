// AddressedLoop: the loop of a ufunc, or of a gufunc of rows, over memory given by its address.
//
// PyTorch's tensors know the address of their elements.  To make arrays of them for a ufunc costs
// four times what the call costs, and NumPy has no arrays of bfloat16.  So this takes addresses,
// and trusts its caller: src/ogive/torch/memory.py is the only one.
#include "addressed.h"

#include <cstring>

#include "thread_limit.h"
#include "ufuncs.h"

namespace {

constexpr int most_operands = 20;
constexpr Py_ssize_t worth_releasing_the_lock = 500;  // elements, as NumPy has it
constexpr std::ptrdiff_t sizes_of_elements[] = {2, 2, 4, 8};

struct AddressedLoop {
  PyObject_HEAD Loop *loops[4];     // for float16, bfloat16, float32, float64
  int arrays, parameters, results;  // an element of the first for each result; one for all
  bool of_rows;
};

void in_fresh_memory(Loop *loop, int threads, char *const *data, const std::ptrdiff_t *sizes,
                     const std::ptrdiff_t *steps) {
  const int before = limit_threads(threads);
  const bool was_fresh = expect_fresh_memory(true);  // PyTorch's results are
  loop(nullptr, data, sizes, steps, nullptr);
  expect_fresh_memory(was_fresh);
  limit_threads(before);
}

// Runs over count adjacent elements; data is as AddressedLoop.run has its addresses.  This is what
// src/ogive/torch/extension.cpp calls, without Python.
void run_over(const AddressedLoop *self, int type, int threads, std::ptrdiff_t count,
              char *const *data) {
  std::ptrdiff_t steps[most_operands];
  const int operands = self->arrays + self->parameters + 1;
  for (int i = 0; i < operands; ++i)
    steps[i] = i >= self->arrays && i < operands - 1 ? 0 : sizes_of_elements[type];
  in_fresh_memory(self->loops[type], threads, data, &count, steps);
}

// run(type, threads, count, *addresses): those of the arrays, of the parameters, of the results.
PyObject *run(PyObject *object, PyObject *const *arguments, Py_ssize_t given) {
  const auto &self = *reinterpret_cast<AddressedLoop *>(object);
  const int operands = self.arrays + self.parameters + 1;
  if (self.of_rows || given != 3 + operands)
    return PyErr_Format(PyExc_TypeError, "run is for elements and takes %d arguments, not %zd",
                        3 + operands, given);
  const long type = PyLong_AsLong(arguments[0]), threads = PyLong_AsLong(arguments[1]);
  const std::ptrdiff_t count = PyLong_AsSsize_t(arguments[2]);
  char *data[most_operands];
  for (int i = 0; i < operands; ++i)
    data[i] = static_cast<char *>(PyLong_AsVoidPtr(arguments[3 + i]));
  if (PyErr_Occurred()) return nullptr;
  if (type < 0 || type > 3 || count < 0) {
    PyErr_SetString(PyExc_ValueError, "there is no such element type, or count");
    return nullptr;
  }
  PyThreadState *const released = count > worth_releasing_the_lock ? PyEval_SaveThread() : nullptr;
  run_over(&self, static_cast<int>(type), static_cast<int>(threads), count, data);
  if (released) PyEval_RestoreThread(released);
  Py_RETURN_NONE;
}

// run_rows(type, threads, rows, length, *operands): address and distance of the rows of each.
PyObject *run_rows(PyObject *object, PyObject *const *arguments, Py_ssize_t given) {
  const auto &self = *reinterpret_cast<AddressedLoop *>(object);
  const int operands = self.arrays + self.results;
  if (!self.of_rows || given != 4 + 2 * operands)
    return PyErr_Format(PyExc_TypeError, "run_rows is for rows and takes %d arguments, not %zd",
                        4 + 2 * operands, given);
  const long type = PyLong_AsLong(arguments[0]), threads = PyLong_AsLong(arguments[1]);
  const std::ptrdiff_t sizes[] = {PyLong_AsSsize_t(arguments[2]), PyLong_AsSsize_t(arguments[3])};
  char *data[most_operands];
  std::ptrdiff_t steps[2 * most_operands];
  for (int i = 0; i < operands; ++i) {
    data[i] = static_cast<char *>(PyLong_AsVoidPtr(arguments[4 + 2 * i]));
    steps[i] = PyLong_AsSsize_t(arguments[5 + 2 * i]);
  }
  if (PyErr_Occurred()) return nullptr;
  if (type < 0 || type > 3 || sizes[0] < 0 || sizes[1] < 0) {
    PyErr_SetString(PyExc_ValueError, "there is no such element type, or number of rows");
    return nullptr;
  }
  for (int i = 0; i < operands; ++i) {
    steps[i] *= sizes_of_elements[type];
    steps[operands + i] = sizes_of_elements[type];
  }
  const bool long_enough = sizes[0] * sizes[1] > worth_releasing_the_lock;
  PyThreadState *const released = long_enough ? PyEval_SaveThread() : nullptr;
  in_fresh_memory(self.loops[type], static_cast<int>(threads), data, sizes, steps);
  if (released) PyEval_RestoreThread(released);
  Py_RETURN_NONE;
}

// Whether all operands are rows of one length.
bool is_of_rows(const Loops &loops) {
  if (!loops.signature) return false;
  for (const char *c = loops.signature; *c; ++c)
    if (!std::strchr("(n),->", *c)) return false;
  const char *const empty = std::strstr(loops.signature, "()");
  return !empty && !loops.fixed;
}

PyObject *create(PyTypeObject *type, PyObject *arguments, PyObject *) {
  PyObject *ufunc;
  int parameters;
  if (!PyArg_ParseTuple(arguments, "Oi", &ufunc, &parameters)) return nullptr;
  const Loops *const loops = loops_of(ufunc);
  const bool of_rows = loops && is_of_rows(*loops) && parameters == 0;
  if (!loops || (!of_rows && (loops->signature || loops->outputs != 1)) ||
      loops->inputs + loops->outputs > most_operands || parameters < 0 ||
      parameters >= loops->inputs) {
    PyErr_Format(PyExc_ValueError,
                 "%R is no ufunc of this module, elementwise with %d parameters or of rows", ufunc,
                 parameters);
    return nullptr;
  }
  auto *const allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
  PyObject *const object = allocate(type, 0);
  if (!object) return nullptr;
  auto &self = *reinterpret_cast<AddressedLoop *>(object);
  Loop *const all[] = {loops->of.half, loops->of.bfloat, loops->of.single, loops->of.twice};
  for (int i = 0; i < 4; ++i) self.loops[i] = all[i];
  self.arrays = loops->inputs - parameters;
  self.parameters = parameters;
  self.results = loops->outputs;
  self.of_rows = of_rows;
  return object;
}

void destroy(PyObject *object) {
  PyTypeObject *const type = Py_TYPE(object);
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(object);
  Py_DECREF(reinterpret_cast<PyObject *>(type));
}

// addresses(): of the loop itself, and of run_over.
PyObject *addresses(PyObject *object, PyObject *) {
  return Py_BuildValue("NN", PyLong_FromVoidPtr(object),
                       PyLong_FromVoidPtr(reinterpret_cast<void *>(run_over)));
}

PyMethodDef methods[] = {
    {"addresses", addresses, METH_NOARGS,
     "The addresses of the loop and of the function that runs it, for C++."},
    {"run", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(run)), METH_FASTCALL,
     "run(type, threads, count, *addresses, /)\n--\n\n"
     "Run over count adjacent elements.\n\n"
     "type: 0 float16, 1 bfloat16, 2 float32, 3 float64.  threads: at most so many; 0 for no\n"
     "limit.  addresses: of the arrays, of the parameters, of the results."},
    {"run_rows", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(run_rows)),
     METH_FASTCALL,
     "run_rows(type, threads, rows, length, /, *operands)\n--\n\n"
     "Run over rows of adjacent elements.\n\n"
     "operands: for each array, inputs first, its address and the distance of its rows in\n"
     "elements.  The rest as for run."},
    {nullptr, nullptr, 0, nullptr}};

constexpr char documentation[] =
    "AddressedLoop(ufunc, parameters, /)\n--\n\n"
    "The loop of a ufunc of this module, elementwise or of rows, over memory given by its\n"
    "address.\n\n"
    "parameters: how many of its operands, the last ones, are one number for all elements.";

PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void *>(create)},
                       {Py_tp_dealloc, reinterpret_cast<void *>(destroy)},
                       {Py_tp_methods, methods},
                       {Py_tp_doc, const_cast<char *>(documentation)},
                       {0, nullptr}};
PyType_Spec spec = {"ogive._core.AddressedLoop", sizeof(AddressedLoop), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, slots};

}  // namespace

int add_addressed_loop(PyObject *module) {
  PyObject *const type = PyType_FromModuleAndSpec(module, &spec, nullptr);
  const int status = type ? PyModule_AddType(module, reinterpret_cast<PyTypeObject *>(type)) : -1;
  Py_XDECREF(type);
  return status;
}
