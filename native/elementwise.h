// From a kernel, which maps registers to a register, to a loop over strided arrays.
#pragma once
#include "memory.h"
#include "threads.h"

namespace OGIVE_ISA {
namespace {

template <class T>
struct Operand {
  const T *data;
  bool scalar;  // one element for all
};

template <int... i>
struct Indices {};
template <int count>
struct IndicesUpTo;
template <>
struct IndicesUpTo<1> : Indices<0> {};
template <>
struct IndicesUpTo<2> : Indices<0, 1> {};
template <>
struct IndicesUpTo<3> : Indices<0, 1, 2> {};

// A kernel over n contiguous (or scalar) inputs.  The tail runs through padded registers, so that
// an element's result never depends on where it stands.
//
// flatten: every call below is inlined, so that a kernel's constants stay in registers.
template <class Kernel, class T, int inputs>
struct Contiguous {
  using V = typename Kernel::template Lanes<T>;
  using R = Register<V, T>;
  static constexpr std::ptrdiff_t step = R::count, line = 64 / sizeof(T), ahead = 2048 / sizeof(T);
  // Elements streamed at a time: a cache line, or a Real's worth where that is more.
  static constexpr std::ptrdiff_t stride = step > line ? step : line;
  static constexpr std::ptrdiff_t enough_to_align = 16 * stride;

  Operand<T> in[inputs];
  T *out;
  bool stream;

  // A scalar operand is read again and again from a register's worth of copies.
  struct Source {
    T copies[step];
    const T *data;
    std::ptrdiff_t advance;
    void open(const Operand<T> &operand) {
      for (T &copy : copies) copy = *operand.data;
      data = operand.scalar ? copies : operand.data;
      advance = operand.scalar ? 0 : 1;
    }
    const T *at(std::ptrdiff_t i) const { return data + i * advance; }
  };

  template <int... i>
  [[gnu::noinline, gnu::flatten]] static void some(Indices<i...>, const Source *source, T *out,
                                                   std::ptrdiff_t at, std::ptrdiff_t count) {
    T padded[inputs][step] = {}, result[step];
    (__builtin_memcpy(padded[i], source[i].at(at), count * sizeof(T)), ...);
    R::store(result, Kernel::template apply<T>(R::load(padded[i])...));
    __builtin_memcpy(out + at, result, count * sizeof(T));
  }

  template <int... i>
  [[gnu::flatten]] static void streamed(Indices<i...>, const Source *source, T *out,
                                        std::ptrdiff_t begin, std::ptrdiff_t end) {
    const T *const data[] = {source[i].data...};
    const std::ptrdiff_t advance[] = {source[i].advance...};
    for (std::ptrdiff_t at = begin; at < end; at += stride) {
      (__builtin_prefetch(data[i] + (at + ahead) * advance[i]), ...);
      for (std::ptrdiff_t j = at; j < at + stride; j += step)
        R::stream(out + j, Kernel::template apply<T>(R::load(data[i] + j * advance[i])...));
    }
    end_of_streaming();
  }

  template <int... i>
  [[gnu::flatten]] static void stored(Indices<i...>, const Source *source, T *out,
                                      std::ptrdiff_t begin, std::ptrdiff_t end) {
    const T *data[] = {source[i].at(begin)...};
    const std::ptrdiff_t advance[] = {step * source[i].advance...};
    for (std::ptrdiff_t at = begin; at < end; at += step) {
      R::store(out + at, Kernel::template apply<T>(R::load(data[i])...));
      ((data[i] += advance[i]), ...);
    }
  }

  static void run(void *context, std::ptrdiff_t begin, std::ptrdiff_t end) {
    const Contiguous &self = *static_cast<Contiguous *>(context);
    constexpr IndicesUpTo<inputs> all;
    Source source[inputs];
    for (int i = 0; i < inputs; ++i) source[i].open(self.in[i]);
    T *const out = self.out;
    const auto in_pieces = [&](std::ptrdiff_t from, std::ptrdiff_t to) {
      const std::ptrdiff_t whole = from + (to - from) / step * step;
      stored(all, source, out, from, whole);
      if (whole < to) some(all, source, out, whole, to - whole);
    };
    if (end - begin >= enough_to_align) {
      // Streaming stores must not straddle cache lines.  Otherwise it is the loads that should not:
      // the formulas wait for them (a quarter of sigmoid's time), while nothing waits for a store.
      const T *const aligned = self.stream ? out + begin : source[0].at(begin);
      const std::ptrdiff_t past = reinterpret_cast<std::uintptr_t>(aligned) % 64 / sizeof(T);
      const std::ptrdiff_t head = past ? line - past : 0;
      in_pieces(begin, begin + head);
      begin += head;
      if (self.stream) {
        const std::ptrdiff_t streamed_end = begin + (end - begin) / stride * stride;
        streamed(all, source, out, begin, streamed_end);
        begin = streamed_end;
      }
    }
    in_pieces(begin, end);
  }
};

// data[0 .. inputs-1] in, data[inputs] out.
template <class Kernel, class T, int inputs>
void strided(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps) {
  constexpr std::ptrdiff_t width = sizeof(T), block = 512;
  const std::ptrdiff_t n = sizes[0];
  char *const out = data[inputs];
  const std::ptrdiff_t out_step = steps[inputs];
  if (n <= 0) return;

  // reduce and accumulate hand over outputs that are the next element's first input.
  const bool chained =
      inputs > 1 && steps[0] == out_step && (out_step == 0 || out - data[0] == out_step);
  bool contiguous = out_step == width, in_place = false;
  for (int i = 0; i < inputs; ++i) {
    contiguous &= steps[i] == width || steps[i] == 0;
    in_place |= data[i] == out;
  }

  Contiguous<Kernel, T, inputs> loop;
  if (contiguous && !chained) {
    for (int i = 0; i < inputs; ++i)
      loop.in[i] = {reinterpret_cast<const T *>(data[i]), steps[i] == 0 && n > 1};
    loop.out = reinterpret_cast<T *>(out);
    const std::size_t moved = static_cast<std::size_t>(n) * width * (inputs + 1);
    loop.stream = !in_place && moved > cache_bytes();
    in_parallel(n, 1, loop.run, &loop);
    return;
  }

  // Any other layout goes through small contiguous copies, one element at a time if chained.
  T buffer[inputs + 1][block];
  loop.out = buffer[inputs];
  loop.stream = false;
  const std::ptrdiff_t most = chained ? 1 : block;
  for (std::ptrdiff_t begin = 0; begin < n; begin += most) {
    const std::ptrdiff_t count = n - begin < most ? n - begin : most;
    for (int i = 0; i < inputs; ++i) {
      const char *from = data[i] + begin * steps[i];
      for (std::ptrdiff_t j = 0; j < count; ++j, from += steps[i])
        __builtin_memcpy(&buffer[i][j], from, width);
      loop.in[i] = {buffer[i], false};
    }
    loop.run(&loop, 0, count);
    char *to = out + begin * out_step;
    for (std::ptrdiff_t j = 0; j < count; ++j, to += out_step)
      __builtin_memcpy(to, &buffer[inputs][j], width);
  }
}

// NumPy's inner loop.  The formulas are total and mean nothing by the flags they raise; where NumPy
// casts on the way it looks at them all the same, so they are put back.
template <class Kernel, class T, int inputs>
int elementwise(void *, char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps,
                void *) {
  const unsigned status = floating_point_status();
  strided<Kernel, T, inputs>(data, sizes, steps);
  set_floating_point_status(status);
  return 0;
}

}  // namespace
}  // namespace OGIVE_ISA
