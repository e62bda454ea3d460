// The gufunc (n)->() that finds the first entry which is infinite or NaN: its position, or -1.
#pragma once
#include "tiles.h"

namespace OGIVE_ISA {
namespace {

template <class T>
struct FiniteCall {
  static constexpr std::ptrdiff_t chunk = 1 << 14;

  RowOperands<T> operands;
  Operand<std::int64_t> first;
  std::ptrdiff_t count;

  FiniteCall(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps)
      : first{data[1], steps[1], 0}, count(sizes[0]) {
    operands.n = sizes[1];
    operands.in = {data[0], steps[0], steps[2]};
  }

  // Whether all entries of [begin, end) are finite: adjacent ones.
  static bool all_finite(const T *x, std::ptrdiff_t begin, std::ptrdiff_t end) {
    using V = EntriesOf<T>;
    Bits<typename V::Element> found = {};
    const Entries<T> row = {x, end};
    std::ptrdiff_t at = begin;
    for (; at + V::count <= end; at += V::count) {
      const V v = row.load(at);
      found = found | bits_of(v - v);
    }
    if (at < end) {
      const V v = Partial<V, T>::load(x + at, end - at, 0);
      found = found | bits_of(v - v);
    }
    return !any(found);
  }
  std::ptrdiff_t find(std::ptrdiff_t row, std::ptrdiff_t begin, std::ptrdiff_t end) const {
    const Operand<T> &in = operands.in;
    if (in.adjacent() && all_finite(in.entries(row), begin, end)) return -1;
    for (; begin < end; ++begin) {
      const double x = as_double(in.at(row, begin));
      if (x - x != 0) return begin;
    }
    return -1;
  }
  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    const std::ptrdiff_t n = operands.n, chunks = chunks_of<chunk>(n);
    const Scratch<std::ptrdiff_t> found(chunks + 1);
    if (!found.data) operands.failed = true;
    for (; begin < end && !operands.failed; ++begin) {
      each_chunk<chunk>(n, count == 1,
                        [&, row = begin](std::ptrdiff_t i, std::ptrdiff_t from, std::ptrdiff_t to) {
                          found.data[i] = find(row, from, to);
                        });
      std::int64_t position = -1;
      for (std::ptrdiff_t i = 0; i < chunks && position < 0; ++i) position = found.data[i];
      first.put(begin, 0, position);
    }
  }
};

}  // namespace
}  // namespace OGIVE_ISA
