// See scratch.h.
#include <cstdlib>

#include "scratch.h"

#include "numpy_api.h"

void *take_memory(std::size_t bytes) { return std::malloc(bytes); }
void give_memory(void *memory) { std::free(memory); }

int out_of_memory() {
  const PyGILState_STATE state = PyGILState_Ensure();
  PyErr_NoMemory();
  PyGILState_Release(state);
  return -1;
}
