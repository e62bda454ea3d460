// The call of an elementwise function on a PyTorch tensor, and its backward, without Python.
//
// Compiled on a user's own machine, against the torch that is installed: `ogive torch-extension`.
// What Elementwise in autograd.py does for plain tensors is done here in a fourth of the time, with
// the same native loops; whatever else comes, NotImplemented sends it back there.
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/Exceptions.h>
#include <torch/csrc/autograd/VariableTypeUtils.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/python_variable.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/csrc/utils/object_ptr.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace {

using torch::autograd::Node;
using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

constexpr int64_t worth_a_thread = int64_t{1} << 20;  // elements, as native/threads.h has it
constexpr int64_t worth_releasing_the_lock = 500;     // elements, as NumPy has it
constexpr std::size_t most_parameters = 16;

// run_over of native/addressed.cpp.
using Run = void(const void *loop, int type, int threads, std::ptrdiff_t count, char *const *data);

// A function of the catalogue; it lives as long as the process, as graphs may hold it to the end.
struct Function {
  std::string name;
  const void *value, *backward;  // loops
  Run *run;
  std::size_t parameters;
  bool saves_result;            // and not the argument
  bool sign_kept;               // for positive parameters: the derivative is the same at the result
  PyObject *portable_backward;  // (grad, saved, parameters) to the product, differentiable
};

using Parameters = std::array<double, most_parameters>;

// The loops' number for a dtype; -1 for one without a loop.
int type_of(const at::Tensor &tensor) {
  switch (tensor.scalar_type()) {
    case at::kHalf:
      return 0;
    case at::kBFloat16:
      return 1;
    case at::kFloat:
      return 2;
    case at::kDouble:
      return 3;
    default:
      return -1;
  }
}

// A parameter as an element of each type.
union Cell {
  at::Half half;
  at::BFloat16 bfloat;
  float single;
  double twice;
  Cell() : twice(0) {}
};

// False if the type does not have the number: then it is computed in a wider one.
bool put(double parameter, int type, Cell &cell) {
  switch (type) {
    case 0:
      cell.half = static_cast<float>(parameter);
      return static_cast<double>(static_cast<float>(cell.half)) == parameter;
    case 1:
      cell.bfloat = static_cast<float>(parameter);
      return static_cast<double>(static_cast<float>(cell.bfloat)) == parameter;
    case 2:
      cell.single = static_cast<float>(parameter);
      return true;
    default:
      cell.twice = parameter;
      return true;
  }
}

bool put(const Parameters &parameters, std::size_t count, int type, Cell *cells) {
  for (std::size_t i = 0; i < count; ++i)
    if (!put(parameters[i], type, cells[i])) return false;
  return true;
}

// Whether every key, of functionality and backend, is a known one.
bool within(c10::DispatchKeySet keys, c10::DispatchKeySet known) {
  return (keys.raw_repr() & ~known.raw_repr()) == 0;
}

// Whether nobody watches torch's operations one by one: the transforms of torch.func, dispatch
// modes and the tracer each include a key of their own.
bool unobserved() {
  const auto &local = c10::impl::tls_local_dispatch_key_set();
  return within(local.included_, c10::default_included_set);
}

// A tensor that is nothing but numbers in memory, of a type that has a loop.
bool is_plain(const at::Tensor &tensor) {
  constexpr c10::DispatchKeySet known({c10::DispatchKey::CPU, c10::DispatchKey::ADInplaceOrView,
                                       c10::DispatchKey::AutogradCPU,
                                       c10::DispatchKey::AutocastCPU});
  return within(tensor.key_set(), known) && type_of(tensor) >= 0;
}

// Whether its numbers fill its memory, each once.
bool is_dense(const at::Tensor &tensor) { return tensor.is_non_overlapping_and_dense(); }

void run(const Function &function, const void *loop, const at::Tensor *const *arrays, int count,
         Cell *cells, const at::Tensor &result) {
  char *data[2 + most_parameters + 1];
  int at = 0;
  for (int i = 0; i < count; ++i)
    data[at++] = static_cast<char *>(const_cast<void *>(arrays[i]->const_data_ptr()));
  for (std::size_t i = 0; i < function.parameters; ++i)
    data[at++] = reinterpret_cast<char *>(&cells[i]);
  data[at] = static_cast<char *>(result.mutable_data_ptr());
  const int64_t elements = result.numel();
  const int threads = elements < worth_a_thread ? 1 : at::get_num_threads();
  function.run(loop, type_of(result), threads, elements, data);
}

// The node of the graph.  It is called as that of autograd.py.
struct Backward : Node {
  const Function *function = nullptr;
  Parameters parameters = {};
  SavedVariable saved;
  bool in_place = false;

  std::string name() const override { return "Eager_" + function->name + "Backward"; }
  void release_variables() override { saved.reset_data(); }

  variable_list apply(variable_list &&gradients) override {
    at::Tensor &grad = gradients[0];
    if (!grad.defined() || !task_should_compute_output(0)) return {at::Tensor()};
    const at::Tensor argument =
        saved.unpack(function->saves_result || in_place ? getptr() : nullptr);
    at::Tensor product = natively(grad, argument);
    if (!product.defined()) product = portably(grad, argument);
    return {product};
  }

  at::Tensor natively(const at::Tensor &grad, const at::Tensor &argument) const {
    Cell cells[most_parameters];
    if (c10::GradMode::is_enabled() || !unobserved() || !is_plain(argument) ||
        !is_dense(argument) || !is_plain(grad) || grad.scalar_type() != argument.scalar_type() ||
        !put(parameters, function->parameters, type_of(argument), cells))
      return {};
    const at::AutoDispatchBelowADInplaceOrView below;
    const at::Tensor result = at::empty_like(argument);
    const bool alike = is_dense(grad) && grad.strides() == argument.strides();
    const at::Tensor adjacent = alike ? grad : at::empty_like(argument).copy_(grad);
    const at::Tensor *const arrays[] = {&adjacent, &argument};
    run(*function, function->backward, arrays, 2, cells, result);
    return result;
  }

  at::Tensor portably(const at::Tensor &grad, const at::Tensor &argument) const {
    const pybind11::gil_scoped_acquire lock;
    const THPObjectPtr first(THPVariable_Wrap(grad)), second(THPVariable_Wrap(argument));
    const THPObjectPtr third(PyTuple_New(static_cast<Py_ssize_t>(function->parameters)));
    if (!first || !second || !third) throw python_error();
    for (std::size_t i = 0; i < function->parameters; ++i)
      PyTuple_SET_ITEM(third.get(), static_cast<Py_ssize_t>(i), PyFloat_FromDouble(parameters[i]));
    THPObjectPtr product(PyObject_CallFunctionObjArgs(function->portable_backward, first.get(),
                                                      second.get(), third.get(), nullptr));
    if (!product) throw python_error();
    return THPVariable_Unpack(product.get());
  }
};

// How torch holds nodes: std::shared_ptr once, with a deleter that spares the stack of deep graphs
// (found by its argument, for newer versions have none), and c10::intrusive_ptr since.
template <class Pointer>
struct Held;
template <class Base>
struct Held<std::shared_ptr<Base>> {
  static std::shared_ptr<Backward> make() {
    return std::shared_ptr<Backward>(new Backward(), [](Base *node) { deleteNode(node); });
  }
};
template <class Base>
struct Held<c10::intrusive_ptr<Base>> {
  static c10::intrusive_ptr<Backward> make() { return c10::make_intrusive<Backward>(); }
};
using NodePointer = std::decay_t<decltype(std::declval<const at::Tensor &>().grad_fn())>;

struct Callable {
  PyObject_HEAD vectorcallfunc call;
  Function *function;
};

// One call: its input and parameters, if they are such as are computed here.
struct Call {
  const Function &function;
  at::Tensor input;
  Parameters parameters = {};
  Cell cells[most_parameters];
  bool served = false;

  Call(PyObject *object, PyObject *const *arguments, std::size_t given)
      : function(*reinterpret_cast<Callable *>(object)->function) {
    if (given != 1 + function.parameters || !THPVariable_CheckExact(arguments[0])) return;
    input = THPVariable_Unpack(arguments[0]);
    for (std::size_t i = 0; i < function.parameters; ++i) {
      parameters[i] = PyFloat_AsDouble(arguments[1 + i]);
      if (parameters[i] == -1.0 && PyErr_Occurred()) throw python_error();
    }
    served = unobserved() && is_plain(input) && is_dense(input) && !input._fw_grad(0).defined() &&
             put(parameters, function.parameters, type_of(input), cells);
  }

  bool tracked() const { return c10::GradMode::is_enabled() && input.requires_grad(); }

  auto node() const {
    auto result = Held<NodePointer>::make();
    result->function = &function;
    result->parameters = parameters;
    result->set_next_edges(torch::autograd::collect_next_edges(input));
    return result;
  }

  void compute(const at::Tensor &result) {
    const at::Tensor *const arrays[] = {&input};
    if (result.numel() > worth_releasing_the_lock) {
      const pybind11::gil_scoped_release released;
      run(function, function.value, arrays, 1, cells, result);
    } else {
      run(function, function.value, arrays, 1, cells, result);
    }
  }
};

PyObject *call(PyObject *object, PyObject *const *arguments, std::size_t flags,
               PyObject *keywords) {
  HANDLE_TH_ERRORS
  Call self(object, arguments, keywords ? 0 : PyVectorcall_NARGS(flags));
  if (!self.served) Py_RETURN_NOTIMPLEMENTED;
  at::Tensor result;
  {
    const at::AutoDispatchBelowADInplaceOrView below;
    result = at::empty_like(self.input);
  }
  if (self.tracked()) {
    const auto node = self.node();
    if (!self.function.saves_result) node->saved = SavedVariable(self.input, false);
    self.compute(result);
    torch::autograd::set_history(result, node);
    if (self.function.saves_result) node->saved = SavedVariable(result, true);
  } else {
    self.compute(result);
  }
  return THPVariable_Wrap(std::move(result));
  END_HANDLE_TH_ERRORS
}

// overwrite(input, *parameters): in place.  Of what is tracked, only a function whose derivative is
// the same at its result.
PyObject *overwrite(PyObject *object, PyObject *const *arguments, Py_ssize_t given) {
  HANDLE_TH_ERRORS
  Call self(object, arguments, static_cast<std::size_t>(given));
  const at::Tensor &input = self.input;
  bool positive = true;
  for (std::size_t i = 0; i < self.function.parameters; ++i) positive &= self.parameters[i] > 0;
  const bool tracked = self.served && self.tracked();
  if (!self.served || (tracked && !(self.function.sign_kept && positive))) Py_RETURN_NOTIMPLEMENTED;
  torch::autograd::check_inplace(input, tracked);
  if (tracked) {
    const auto node = self.node();
    self.compute(input);
    input.unsafeGetTensorImpl()->bump_version();
    torch::autograd::rebase_history(input, node);
    node->in_place = true;
    node->saved = SavedVariable(input, true, input.is_view());
  } else {
    self.compute(input);
    input.unsafeGetTensorImpl()->bump_version();
  }
  return Py_NewRef(arguments[0]);
  END_HANDLE_TH_ERRORS
}

PyObject *create(PyTypeObject *type, PyObject *arguments, PyObject *) {
  const char *name;
  PyObject *value, *backward, *run, *portable;
  Py_ssize_t parameters;
  int saves_result, sign_kept;
  if (!PyArg_ParseTuple(arguments, "sO!O!O!nppO", &name, &PyLong_Type, &value, &PyLong_Type,
                        &backward, &PyLong_Type, &run, &parameters, &saves_result, &sign_kept,
                        &portable))
    return nullptr;
  if (parameters < 0 || parameters > static_cast<Py_ssize_t>(most_parameters)) {
    PyErr_SetString(PyExc_ValueError, "too many parameters");
    return nullptr;
  }
  PyObject *const object = type->tp_alloc(type, 0);
  if (!object) return nullptr;
  Py_INCREF(portable);
  auto &self = *reinterpret_cast<Callable *>(object);
  self.call = call;
  self.function = new Function{name,
                               PyLong_AsVoidPtr(value),
                               PyLong_AsVoidPtr(backward),
                               reinterpret_cast<Run *>(PyLong_AsVoidPtr(run)),
                               static_cast<std::size_t>(parameters),
                               saves_result != 0,
                               sign_kept != 0,
                               portable};
  return object;
}

PyMethodDef methods[] = {
    {"overwrite", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(overwrite)),
     METH_FASTCALL, "overwrite(input, *parameters, /): in place."},
    {nullptr, nullptr, 0, nullptr}};

PyTypeObject callable_type = {PyVarObject_HEAD_INIT(nullptr, 0)};

PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "ogive_torch_extension",
                          nullptr,
                          -1,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_ogive_torch_extension() {
  callable_type.tp_name = "ogive_torch_extension.Elementwise";
  callable_type.tp_doc =
      "Elementwise(name, value, backward, run, parameters, saves_result, "
      "sign_kept, portable_backward, /)";
  callable_type.tp_basicsize = sizeof(Callable);
  callable_type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL;
  callable_type.tp_vectorcall_offset = offsetof(Callable, call);
  callable_type.tp_call = PyVectorcall_Call;
  callable_type.tp_new = create;
  callable_type.tp_methods = methods;
  PyObject *const module = PyType_Ready(&callable_type) ? nullptr : PyModule_Create(&definition);
  if (module &&
      PyModule_AddObjectRef(module, "Elementwise", reinterpret_cast<PyObject *>(&callable_type))) {
    Py_DECREF(module);
    return nullptr;
  }
  return module;
}
