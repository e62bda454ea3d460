// From a kernel, which maps vectors to a vector, to a loop over strided arrays.
#pragma once
#include "memory.h"
#include "threads.h"

namespace OGIVE_ISA {
namespace {

template <class S>
struct Operand {
  const S *data;
  bool scalar;  // one element for all
};

template <int... i>
struct Indices {};
template <int count, int... i>
struct IndicesUpTo : IndicesUpTo<count - 1, count - 1, i...> {};
template <int... i>
struct IndicesUpTo<0, i...> {
  using type = Indices<i...>;
};

// A kernel over vectors V, on contiguous (or scalar) inputs of type S.  The tail runs through
// padded vectors, so that an element's result never depends on where it stands.
template <class Kernel, class V, class S, int inputs>
struct Contiguous {
  using M = Memory<V, S>;
  static constexpr std::ptrdiff_t step = V::count, line = 64 / sizeof(S), ahead = 2048 / sizeof(S);
  static constexpr std::ptrdiff_t enough_to_align = 16 * (step > line ? step : line);

  Operand<S> in[inputs];
  S *out;
  bool stream;

  // A scalar operand is read again and again from a vector's worth of copies.
  struct Source {
    S copies[step];
    const S *data;
    std::ptrdiff_t advance;
    void open(const Operand<S> &operand) {
      for (S &copy : copies) copy = *operand.data;
      data = operand.scalar ? copies : operand.data;
      advance = operand.scalar ? 0 : 1;
    }
    const S *at(std::ptrdiff_t i) const { return data + i * advance; }
  };

  // Elements [begin, end), a whole number of vectors.  flatten: everything called is inlined, so
  // that a kernel's constants stay in registers.
  template <int... i>
  [[gnu::noinline, gnu::flatten]] static void whole(Indices<i...>, const Source *source, S *out,
                                                    std::ptrdiff_t begin, std::ptrdiff_t end,
                                                    bool stream) {
    const S *data[] = {source[i].at(begin)...};
    const std::ptrdiff_t advance[] = {source[i].advance...};
    for (std::ptrdiff_t at = begin; at < end; at += step) {
      const V result = Kernel::apply(M::load(data[i])...);
#if defined(__GNUC__)
      // One loop for both kinds of stores: the kernel's code is large and the branch costs nothing.
      __asm__("" : "+r"(stream));
#endif
      if (stream) {
        for (std::ptrdiff_t j = 0; j < step; j += line)
          (__builtin_prefetch(data[i] + (j + ahead) * advance[i]), ...);
        M::stream(out + at, result);
      } else {
        M::store(out + at, result);
      }
      ((data[i] += step * advance[i]), ...);
    }
    if (stream) end_of_streaming();
  }

  template <int... i>
  static void some(Indices<i...> all, const Source *source, S *out, std::ptrdiff_t at,
                   std::ptrdiff_t count) {
    Source padded[inputs] = {};
    S result[step];
    for (int j = 0; j < inputs; ++j) {
      padded[j].data = padded[j].copies;
      __builtin_memcpy(padded[j].copies, source[j].at(at), count * sizeof(S));
    }
    whole(all, padded, result, 0, step, false);
    __builtin_memcpy(out + at, result, count * sizeof(S));
  }

  static void run(void *context, std::ptrdiff_t begin, std::ptrdiff_t end) {
    const Contiguous &self = *static_cast<Contiguous *>(context);
    constexpr typename IndicesUpTo<inputs>::type all;
    Source source[inputs];
    for (int i = 0; i < inputs; ++i) source[i].open(self.in[i]);
    S *const out = self.out;
    if (end - begin >= enough_to_align) {
      // Streaming stores must not straddle cache lines.  Otherwise it is the loads that should not:
      // the formulas wait for them (a quarter of sigmoid's time), while nothing waits for a store.
      const S *const aligned = self.stream ? out + begin : source[0].at(begin);
      const std::ptrdiff_t past = reinterpret_cast<std::uintptr_t>(aligned) % 64 / sizeof(S);
      std::ptrdiff_t head = past ? line - past : 0;
      for (; head > 0; head -= step) {
        const std::ptrdiff_t count = head < step ? head : step;
        some(all, source, out, begin, count);
        begin += count;
      }
    }
    const std::ptrdiff_t end_of_whole = begin + (end - begin) / step * step;
    whole(all, source, out, begin, end_of_whole, self.stream);
    if (end_of_whole < end) some(all, source, out, end_of_whole, end - end_of_whole);
  }
};

// How T, the type of the arrays, goes through a kernel over V: as it is, or by blocks of doubles.
template <class V, class T>
struct Passed {
  using type = T;
};
template <class V, int fraction>
struct Passed<V, Short<fraction>> {
  using type = double;
};

template <class T, class S>
struct Copy {  // T and S the same
  static void gather(const char *from, std::ptrdiff_t step, S *to, std::ptrdiff_t count) {
    for (std::ptrdiff_t j = 0; j < count; ++j, from += step)
      __builtin_memcpy(to + j, from, sizeof(S));
  }
  static void scatter(const S *from, char *to, std::ptrdiff_t step, std::ptrdiff_t count) {
    for (std::ptrdiff_t j = 0; j < count; ++j, to += step)
      __builtin_memcpy(to, from + j, sizeof(S));
  }
};
template <int fraction>
struct Copy<Short<fraction>, double> {
  using T = Short<fraction>;
  static constexpr std::ptrdiff_t step_of_vector = Real::count;
  // `to` and `from` have room for whole vectors.
  [[gnu::noinline]] static void gather(const char *from, std::ptrdiff_t step, double *to,
                                       std::ptrdiff_t count) {
    T some[step_of_vector] = {};
    for (std::ptrdiff_t at = 0; at < count; at += step_of_vector) {
      const std::ptrdiff_t here = count - at < step_of_vector ? count - at : step_of_vector;
      Copy<T, T>::gather(from + at * step, step, some, here);
      Memory<Real, double>::store(to + at, Memory<Real, T>::load(some));
    }
  }
  [[gnu::noinline]] static void scatter(const double *from, char *to, std::ptrdiff_t step,
                                        std::ptrdiff_t count) {
    T some[step_of_vector];
    for (std::ptrdiff_t at = 0; at < count; at += step_of_vector) {
      const std::ptrdiff_t here = count - at < step_of_vector ? count - at : step_of_vector;
      Memory<Real, T>::store(some, Memory<Real, double>::load(from + at));
      Copy<T, T>::scatter(some, to + at * step, step, here);
    }
  }
};

// A call of NumPy's: data[0 .. inputs-1] in, data[inputs] out, n elements at these steps.
template <class Kernel, class V, class T, int inputs>
struct Strided {
  using S = typename Passed<V, T>::type;
  static constexpr std::ptrdiff_t block = 512;
  static_assert(block % V::count == 0);

  char *const *data;
  const std::ptrdiff_t *steps;

  // Any layout and any type goes through small contiguous copies.
  static void in_blocks(void *context, std::ptrdiff_t begin, std::ptrdiff_t end) {
    const Strided &self = *static_cast<Strided *>(context);
    alignas(64) S buffer[inputs + 1][block];
    Contiguous<Kernel, V, S, inputs> loop;
    loop.out = buffer[inputs];
    loop.stream = false;
    const bool chained = self.chained();
    const std::ptrdiff_t most = chained ? 1 : block;
    for (std::ptrdiff_t at = begin; at < end; at += most) {
      const std::ptrdiff_t count = end - at < most ? end - at : most;
      for (int i = 0; i < inputs; ++i) {
        const bool scalar = self.steps[i] == 0 && !chained;
        if (!scalar || at == begin)
          Copy<T, S>::gather(self.data[i] + at * self.steps[i], self.steps[i], buffer[i],
                             scalar ? 1 : count);
        loop.in[i] = {buffer[i], scalar};
      }
      loop.run(&loop, 0, count);
      Copy<T, S>::scatter(buffer[inputs], self.data[inputs] + at * self.steps[inputs],
                          self.steps[inputs], count);
    }
  }

  // reduce and accumulate hand over outputs that are the next element's first input.
  bool chained() const {
    const std::ptrdiff_t out_step = steps[inputs];
    return inputs > 1 && steps[0] == out_step &&
           (out_step == 0 || data[inputs] - data[0] == out_step);
  }

  void run(std::ptrdiff_t n) {
    constexpr std::ptrdiff_t size = sizeof(T);
    if (n <= 0) return;
    bool contiguous = steps[inputs] == size && sizeof(S) == sizeof(T), in_place = false;
    for (int i = 0; i < inputs; ++i) {
      contiguous &= steps[i] == size || steps[i] == 0;
      in_place |= data[i] == data[inputs];
    }
    if (chained()) return in_blocks(this, 0, n);
    if (!contiguous) return in_parallel(n, 1, in_blocks, this);
    if constexpr (sizeof(S) == sizeof(T)) {
      Contiguous<Kernel, V, S, inputs> loop;
      for (int i = 0; i < inputs; ++i)
        loop.in[i] = {reinterpret_cast<const S *>(data[i]), steps[i] == 0 && n > 1};
      loop.out = reinterpret_cast<S *>(data[inputs]);
      const std::size_t moved = static_cast<std::size_t>(n) * size * (inputs + 1);
      loop.stream = !in_place && moved > cache_bytes();
      in_parallel(n, 1, loop.run, &loop);
    }
  }
};

// NumPy's inner loop.  The formulas are total and mean nothing by the flags they raise; where NumPy
// casts on the way it looks at them all the same, so they are put back.
template <class Kernel, class V, class T, int inputs>
int elementwise(void *, char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps,
                void *) {
  const auto status = floating_point_status();
  Strided<Kernel, V, T, inputs>{data, steps}.run(sizes[0]);
  set_floating_point_status(status);
  return 0;
}

}  // namespace
}  // namespace OGIVE_ISA
