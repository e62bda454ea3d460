// See ufuncs.h.
#include "ufuncs.h"

namespace {

// ---- dtypes ----------------------------------------------------------------------------------

// What an operand asks of the dtype of the result.  The demands of several are joined with `|`.
enum Demand : unsigned {
  nothing = 0,      // a Python number goes along with the others
  narrow = 1,       // booleans and integers of 8 bits fit into every float
  half = 2,         // float16
  bfloat = 4,       // bfloat16
  single = 8,       // float32, and integers that need it
  twice = 16,       // float64, and integers that need it
  unsatisfied = 32  // no loop takes it
};

// The DType of ml_dtypes.bfloat16, a borrowed reference; nullptr, without an exception, where
// ml_dtypes has not been imported: then nobody holds such an array, and importing it would be slow.
PyArray_DTypeMeta *bfloat_dtype() {
  PyArray_Descr *found = nullptr;
  PyObject *const name = PyUnicode_FromString("ml_dtypes");
  PyObject *const module = name ? PyImport_GetModule(name) : nullptr;
  PyObject *const type = module ? PyObject_GetAttrString(module, "bfloat16") : nullptr;
  if (type) PyArray_DescrConverter(type, &found);
  auto *const descriptor = reinterpret_cast<PyObject *>(found);
  PyArray_DTypeMeta *const dtype =
      descriptor ? reinterpret_cast<PyArray_DTypeMeta *>(Py_TYPE(descriptor)) : nullptr;
  Py_XDECREF(descriptor);  // NumPy keeps the dtype alive
  Py_XDECREF(type);
  Py_XDECREF(module);
  Py_XDECREF(name);
  PyErr_Clear();
  return dtype;
}

// As NumPy's own float functions have it.
unsigned demand_of(PyArray_DTypeMeta *dtype) {
  PyArray_DTypeMeta *const numbers[] = {&PyArray_PyFloatDType, &PyArray_PyLongDType};
  PyArray_DTypeMeta *const narrows[] = {&PyArray_BoolDType, &PyArray_ByteDType,
                                        &PyArray_UByteDType};
  PyArray_DTypeMeta *const singles[] = {&PyArray_ShortDType, &PyArray_UShortDType,
                                        &PyArray_FloatDType};
  PyArray_DTypeMeta *const doubles[] = {
      &PyArray_IntDType,      &PyArray_UIntDType,      &PyArray_LongDType,  &PyArray_ULongDType,
      &PyArray_LongLongDType, &PyArray_ULongLongDType, &PyArray_DoubleDType};
  for (auto *number : numbers)
    if (dtype == number) return nothing;
  for (auto *eight_bits : narrows)
    if (dtype == eight_bits) return narrow;
  if (dtype == &PyArray_HalfDType) return half;
  for (auto *sixteen_bits : singles)
    if (dtype == sixteen_bits) return single;
  for (auto *more : doubles)
    if (dtype == more) return twice;
  return dtype == bfloat_dtype() ? bfloat : unsatisfied;
}

// The narrowest float that takes all of them; Python numbers alone are of double precision.
PyArray_DTypeMeta *dtype_for(unsigned demand) {
  if (demand == nothing || demand & twice) return &PyArray_DoubleDType;
  if (demand & single || (demand & half && demand & bfloat)) return &PyArray_FloatDType;
  return demand & bfloat ? bfloat_dtype() : &PyArray_HalfDType;
}

// ---- registration ----------------------------------------------------------------------------

// NumPy keeps `data` with a ufunc and reads it only for loops of the old kind, which ours lack.
const Loops &row(const PyUFuncObject *ufunc) {
  return *reinterpret_cast<const Loops *>(ufunc->data);
}

// The dtype of an operand that is not of the float type of the loop; nullptr for the others.
PyArray_DTypeMeta *fixed_dtype(const PyUFuncObject *ufunc, int operand) {
  const char *const fixed = row(ufunc).fixed;
  switch (fixed ? fixed[operand] : ' ') {
    case '?':
      return &PyArray_BoolDType;
    case 'i':
      return &PyArray_Int64DType;
    case 'd':
      return &PyArray_DoubleDType;
    default:
      return nullptr;
  }
}

// The formulas are total, so NumPy need not look at the floating-point flags.
int add_loop(PyObject *ufunc, PyArray_DTypeMeta *dtype, Loop *loop) {
  const auto *self = reinterpret_cast<PyUFuncObject *>(ufunc);
  PyArray_DTypeMeta *dtypes[NPY_MAXARGS];
  for (int i = 0; i < self->nargs; ++i) {
    PyArray_DTypeMeta *const fixed = fixed_dtype(self, i);
    dtypes[i] = fixed ? fixed : dtype;
  }
  PyType_Slot slots[] = {{NPY_METH_strided_loop, reinterpret_cast<void *>(loop)}, {0, nullptr}};
  PyArrayMethod_Spec spec{
      nullptr, self->nin, self->nout, NPY_NO_CASTING, NPY_METH_NO_FLOATINGPOINT_ERRORS,
      dtypes,  slots};
  return PyUFunc_AddLoopFromSpec(ufunc, &spec);
}

// NumPy calls this for operands that have no loop as they are: it chooses one dtype for all.  Loops
// for bfloat16 are added here, when an operand of that dtype is met for the first time.
int promote(PyObject *ufunc, PyArray_DTypeMeta *const *given, PyArray_DTypeMeta *const *asked,
            PyArray_DTypeMeta **chosen) {
  const auto *self = reinterpret_cast<PyUFuncObject *>(ufunc);
  unsigned operands = nothing, caller = nothing;
  for (int i = 0; i < self->nargs; ++i) {
    if (fixed_dtype(self, i)) continue;
    if (asked[i])
      caller |= demand_of(asked[i]);
    else if (i < self->nin && given[i])
      operands |= demand_of(given[i]);
  }
  if ((operands | caller) & unsatisfied) {
    PyErr_Format(
        PyExc_TypeError,
        "ogive.%s takes float16, bfloat16, float32 and float64, and integers and booleans, "
        "which are converted to them; longdouble, complex and other dtypes have no loop",
        self->name);
    return -1;
  }
  PyArray_DTypeMeta *const dtype = dtype_for(caller ? caller : operands);
  // There may be one: operands that were promoted to bfloat16 came before.
  if (dtype == bfloat_dtype() && add_loop(ufunc, dtype, row(self).of.bfloat)) {
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) return -1;
    PyErr_Clear();
  }
  bool changed = false;
  for (int i = 0; i < self->nargs; ++i) {
    PyArray_DTypeMeta *const fixed = fixed_dtype(self, i);
    chosen[i] = fixed ? fixed : dtype;
    changed |= given[i] != chosen[i];
  }
  // NumPy takes an unchanged choice for a failure and does not look for the loop that was added
  // just now.  A result left open is a change, and matches the same loop.
  if (!changed) chosen[self->nin] = nullptr;
  for (int i = 0; i < self->nargs; ++i) Py_XINCREF(reinterpret_cast<PyObject *>(chosen[i]));
  return 0;
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

int add_ufunc(PyObject *module, const Loops &loops) {
  auto *const data = reinterpret_cast<void *const *>(&loops);
  PyObject *ufunc =
      PyUFunc_FromFuncAndDataAndSignature(nullptr, data, nullptr, 0, loops.inputs, loops.outputs,
                                          PyUFunc_None, loops.name, "", 0, loops.signature);
  if (!ufunc || (loops.of.half && add_loop(ufunc, &PyArray_HalfDType, loops.of.half)) ||
      add_loop(ufunc, &PyArray_FloatDType, loops.of.single) ||
      add_loop(ufunc, &PyArray_DoubleDType, loops.of.twice) || add_promoter(ufunc)) {
    Py_XDECREF(ufunc);
    return -1;
  }
  return PyModule_AddObject(module, loops.name, ufunc);
}

}  // namespace

int add_ufuncs(PyObject *module, const Level &level) {
  for (int i = 0; i < level.count; ++i)
    if (add_ufunc(module, level.loops[i])) return -1;
  return 0;
}

const Loops *loops_of(PyObject *object) {
  if (!PyObject_TypeCheck(object, &PyUFunc_Type)) return nullptr;
  const auto *const ufunc = reinterpret_cast<const PyUFuncObject *>(object);
#define LEVEL(isa) OGIVE_TABLES(isa),
  const Level *const tables[] = {OGIVE_LEVELS};
#undef LEVEL
  for (const Level *table : tables)
    for (int i = 0; i < table->count; ++i)
      if (&row(ufunc) == &table->loops[i]) return &table->loops[i];
  return nullptr;
}
