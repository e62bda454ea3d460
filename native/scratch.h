// Memory for the length of a call.
#pragma once
#include <cstddef>

// nullptr if there is none to be had.
void *take_memory(std::size_t bytes);
void give_memory(void *memory);
// Raises MemoryError; returns -1, which is what a loop returns that has raised.
int out_of_memory();

namespace OGIVE_ISA {
namespace {

template <class T>
struct Scratch {
  T *data;
  explicit Scratch(std::ptrdiff_t count)
      : data(static_cast<T *>(take_memory(static_cast<std::size_t>(count) * sizeof(T)))) {}
  Scratch(const Scratch &) = delete;
  ~Scratch() { give_memory(data); }
};

}  // namespace
}  // namespace OGIVE_ISA
