// From a kernel with several results to a gufunc over rows: one pass over memory for all of them.
//
// An operand is a row of n, or k rows of n that belong together, as the gates of a recurrent cell
// are: (k, n).  Each row is a stream of its own.  A kernel over a Number says
//
//   using V = Plain<Number>;
//   static constexpr int parts[] = {...};              // k of each operand; 1 for (n)
//   static constexpr int operands = ..., inputs = ..., outputs = ...;  // the last two are streams
//   static void apply(const V *in, V *out);
#pragma once
#include "elementwise.h"

namespace OGIVE_ISA {
namespace {

template <class Kernel, class T>
struct Fused {
  using V = typename Kernel::V;
  using M = Memory<V, T>;
  static constexpr int inputs = Kernel::inputs, streams = Kernel::inputs + Kernel::outputs;
  static constexpr std::ptrdiff_t step = V::count, size = sizeof(T), line = 64 / size;

  struct Stream {
    char *data;
    std::ptrdiff_t row, step;
    char *at(std::ptrdiff_t i, std::ptrdiff_t j) const { return data + i * row + j * step; }
  };
  Stream stream[streams];
  std::ptrdiff_t rows, n;
  bool adjacent = true, past_caches = false;

  Fused(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps)
      : rows(sizes[0]), n(sizes[Kernel::has_parts ? 2 : 1]) {
    const std::ptrdiff_t *inner = steps + Kernel::operands;
    Stream *next = stream;
    for (int i = 0; i < Kernel::operands; ++i) {
      const int parts = Kernel::parts[i];
      const std::ptrdiff_t apart = parts > 1 ? *inner++ : 0, within = *inner++;
      for (int part = 0; part < parts; ++part) *next++ = {data[i] + part * apart, steps[i], within};
    }
    bool whole = rows > 1, aligned = true;
    for (Stream &s : stream) {
      if (n == 1) s.step = size;
      adjacent &= s.step == size;
      whole &= s.row == n * size;
    }
    if (adjacent && whole) {
      n *= rows;
      rows = 1;
    }
    for (int i = inputs; i < streams; ++i)
      aligned &= (reinterpret_cast<std::uintptr_t>(stream[i].data) |
                  static_cast<std::uintptr_t>(rows > 1 ? stream[i].row : 0)) %
                     64 ==
                 0;
    const std::size_t moved = static_cast<std::size_t>(rows * n * size) * streams;
    past_caches = size >= 4 && adjacent && aligned && moved > cache_bytes();
  }

  // Whole vectors, of adjacent columns [from, to) of the rows [begin, end).  flatten: everything
  // called is inlined, so that a kernel's constants stay in registers.
  [[gnu::noinline, gnu::flatten]] static void whole(const Stream *stream, std::ptrdiff_t begin,
                                                    std::ptrdiff_t end, std::ptrdiff_t from,
                                                    std::ptrdiff_t to, bool past_caches) {
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      T *data[streams];
      for (int k = 0; k < streams; ++k)
        data[k] = reinterpret_cast<T *>(stream[k].data + i * stream[k].row);
      for (std::ptrdiff_t at = from; at < to; at += step) {
        V in[inputs], out[Kernel::outputs];
        for (int k = 0; k < inputs; ++k) in[k] = M::load(data[k] + at);
        Kernel::apply(in, out);
#if defined(__GNUC__)
        // One loop for both kinds of stores, as in elementwise.h.
        __asm__("" : "+r"(past_caches));
#endif
        if (past_caches) {
          constexpr std::ptrdiff_t ahead = 2048 / size;
          for (int k = 0; k < inputs; ++k)
            for (std::ptrdiff_t j = 0; j < step; j += line)
              __builtin_prefetch(data[k] + at + ahead + j);
          if constexpr (size >= 4)
            for (int k = 0; k < Kernel::outputs; ++k) M::stream(data[inputs + k] + at, out[k]);
        } else {
          for (int k = 0; k < Kernel::outputs; ++k) M::store(data[inputs + k] + at, out[k]);
        }
      }
    }
  }
  // What is not adjacent, or less than a vector, by way of copies: columns [at, at + count).
  void some(std::ptrdiff_t i, std::ptrdiff_t at, std::ptrdiff_t count) const {
    alignas(64) T block[streams][step] = {};
    Stream copies[streams];
    for (int k = 0; k < streams; ++k) {
      copies[k] = {reinterpret_cast<char *>(block[k]), 0, size};
      if (k >= inputs) continue;
      for (std::ptrdiff_t j = 0; j < count; ++j)
        __builtin_memcpy(&block[k][j], stream[k].at(i, at + j), size);
    }
    whole(copies, 0, 1, 0, step, false);
    for (int k = inputs; k < streams; ++k)
      for (std::ptrdiff_t j = 0; j < count; ++j)
        __builtin_memcpy(stream[k].at(i, at + j), &block[k][j], size);
  }
  // Columns [from, to) of the rows [begin, end).
  void run(std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t from, std::ptrdiff_t to) const {
    const std::ptrdiff_t direct = adjacent ? from + (to - from) / step * step : from;
    if (direct > from) whole(stream, begin, end, from, direct, past_caches);
    if (past_caches) end_of_streaming();
    for (std::ptrdiff_t i = begin; i < end && direct < to; ++i)
      for (std::ptrdiff_t at = direct; at < to; at += step)
        some(i, at, to - at < step ? to - at : step);
  }
};

// NumPy's loop; one long row is split over the threads too.
template <class Kernel, class T>
int fused(void *, char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps,
          void *) {
  // NumPy looks at the status after a gufunc even if the loop is registered as raising nothing.
  const auto status = floating_point_status();
  Fused<Kernel, T> call(data, sizes, steps);
  if (call.rows == 1)
    in_parallel(
        call.n, 1,
        [](void *context, std::ptrdiff_t begin, std::ptrdiff_t end) {
          static_cast<Fused<Kernel, T> *>(context)->run(0, 1, begin, end);
        },
        &call);
  else
    in_parallel(
        call.rows, call.n ? call.n : 1,
        [](void *context, std::ptrdiff_t begin, std::ptrdiff_t end) {
          auto *const self = static_cast<Fused<Kernel, T> *>(context);
          self->run(begin, end, 0, self->n);
        },
        &call);
  set_floating_point_status(status);
  return 0;
}

// The loops of a kernel for all types, in the Numbers of its kind.
template <template <class> class Kernel, class Kind>
constexpr LoopsOfType fused_loops = {
    fused<Kernel<typename Kind::Shorts>, Half>, fused<Kernel<typename Kind::Shorts>, Bfloat>,
    fused<Kernel<typename Kind::Floats>, float>, fused<Kernel<typename Kind::Doubles>, double>};
// The same with bfloat16 in the place of float16: for callers who have it, but no dtype of NumPy's
// to say so, and show its bits as float16.
template <template <class> class Kernel, class Kind>
constexpr LoopsOfType fused_loops_of_bits = {
    fused<Kernel<typename Kind::Shorts>, Bfloat>, fused<Kernel<typename Kind::Shorts>, Bfloat>,
    fused<Kernel<typename Kind::Floats>, float>, fused<Kernel<typename Kind::Doubles>, double>};

}  // namespace
}  // namespace OGIVE_ISA
