// Rows of arrays of any strides, as the adjacent entries that a kernel sees.
//
// Rows whose entries are not adjacent, and those with a mask, are copied, some at a time.
#pragma once
#include "across.h"
#include "rows.h"
#include "scratch.h"
#include "threads.h"

namespace OGIVE_ISA {
namespace {

// An operand of a gufunc: rows at one distance, their entries at another (0: without a core).
template <class T>
struct Operand {
  char *data;
  std::ptrdiff_t outer, inner;
  char *row(std::ptrdiff_t i) const { return data + i * outer; }
  T *entries(std::ptrdiff_t i) const { return reinterpret_cast<T *>(row(i)); }
  T at(std::ptrdiff_t i, std::ptrdiff_t j = 0) const {
    T value;
    __builtin_memcpy(&value, row(i) + j * inner, sizeof value);
    return value;
  }
  void put(std::ptrdiff_t i, std::ptrdiff_t j, T value) const {
    __builtin_memcpy(row(i) + j * inner, &value, sizeof value);
  }
  bool adjacent() const { return inner == sizeof(T); }
};

// Calls visit(i, j) for all rows and entries, in the order in which they lie in memory.
template <class T, class Visit>
inline void each_entry(const Operand<T> &operand, std::ptrdiff_t rows, std::ptrdiff_t n,
                       Visit visit) {
  if (operand.outer < operand.inner) {
    for (std::ptrdiff_t j = 0; j < n; ++j)
      for (std::ptrdiff_t i = 0; i < rows; ++i) visit(i, j);
  } else {
    for (std::ptrdiff_t i = 0; i < rows; ++i)
      for (std::ptrdiff_t j = 0; j < n; ++j) visit(i, j);
  }
}

// The entries of one row, those of the next (nullptr: there is none), a second input if there is
// one, and where the results go.
template <class T>
struct RowInMemory {
  Entries<T> in;
  const T *next, *second;
  T *out;
};

// Rows of up to so many entries are taken as many at a time as a vector has lanes.
#if defined(__AVX512F__)
constexpr int short_row = 192;
#else
constexpr int short_row = 64;
#endif
// The e_i of rows of up to so many entries are kept outside the results where these cannot hold
// them: half of a second-level cache holds two such rows.
template <class T>
constexpr std::ptrdiff_t most_kept =
    std::ptrdiff_t{1 << 17} / sizeof(typename EntriesOf<T>::Element);

// Up to two inputs and one output of rows of n, and a mask of the first input.
template <class T>
struct RowOperands {
  static constexpr std::ptrdiff_t tile_bytes = 1 << 16;

  std::ptrdiff_t n = 0, results = 0;
  Operand<T> in = {}, second = {}, out = {};
  Operand<bool> mask = {};
  bool failed = false;  // for want of memory

  T entry(std::ptrdiff_t i, std::ptrdiff_t j, T nothing) const {
    return mask.data && !mask.at(i, j) ? nothing : in.at(i, j);
  }
  bool adjacent() const {
    return !mask.data && in.adjacent() && (!second.data || second.adjacent()) &&
           (results <= 1 || out.adjacent());
  }

  // Whether there are instructions for that many rows at once.
  template <class V>
  static bool at_once(const Operand<T> &rows, std::ptrdiff_t count) {
    return count == V::count && rows.adjacent() && Across<V, T>::serves(rows.outer);
  }
  // Entry j of the rows [begin, begin + count) as the lanes of in[j].  Lanes without a row of their
  // own repeat the first.
  template <class V>
  void load_across(std::ptrdiff_t begin, std::ptrdiff_t count, V *across) const {
    if (results == n && at_once<V>(out, count)) Across<V, T>(out.outer, n).fetch(out.row(begin));
    if (!mask.data && at_once<V>(in, count))
      return Across<V, T>(in.outer, n).load(in.row(begin), across);
    const T nothing = element<T>(-infinity);
    alignas(64) T columns[short_row][V::count];
    for (int i = 0; i < V::count; ++i) {
      const std::ptrdiff_t row = begin + (i < count ? i : 0);
      for (std::ptrdiff_t j = 0; j < n; ++j) columns[j][i] = entry(row, j, nothing);
    }
    for (std::ptrdiff_t j = 0; j < n; ++j) across[j] = Memory<V, T>::load(columns[j]);
  }
  template <class V>
  void store_across(std::ptrdiff_t begin, std::ptrdiff_t count, const V *across) const {
    if (results == n && at_once<V>(out, count))
      return Across<V, T>(out.outer, n).store(out.row(begin), across);
    alignas(64) T columns[short_row][V::count];
    for (std::ptrdiff_t j = 0; j < results; ++j) Memory<V, T>::store(columns[j], across[j]);
    for (std::ptrdiff_t i = 0; i < count; ++i)
      for (std::ptrdiff_t j = 0; j < results; ++j) out.put(begin + i, j, columns[j][i]);
  }
  // The results of the lanes that `served` names; those of the others are what alone(i, result)
  // makes of the row i.
  template <class V, class Alone>
  void store_across(std::ptrdiff_t begin, std::ptrdiff_t count, const V *across,
                    Bits<typename V::Element> served, Alone alone) const {
    if (!any(~served)) return store_across(begin, count, across);
    const Unpacked<Bits<typename V::Element>> serves(served);
    T result[short_row];
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      if (serves.lane[i])
        store_lane(across, i, result);
      else
        alone(begin + i, result);
      for (std::ptrdiff_t j = 0; j < results; ++j) out.put(begin + i, j, result[j]);
    }
  }
  // A short row of its own, by the kernel of each_in_flow.
  template <class Writing, class Kernel>
  void alone(std::ptrdiff_t i, T *result, Kernel kernel) const {
    T some[short_row];
    typename EntriesOf<T>::Element kept[short_row];
    const T nothing = element<T>(-infinity);
    for (std::ptrdiff_t j = 0; j < n; ++j) some[j] = entry(i, j, nothing);
    const RowInMemory<T> row = {{some, n}, nullptr, nullptr, result};
    Writing writing;
    kernel(i, row, Extent<T>(row.in), kept, [](std::ptrdiff_t) {}, writing);
    for (std::ptrdiff_t at = 0; at < n; at += EntriesOf<T>::count) write(writing, n, at);
  }

  // kernel(i, row) for the rows [begin, end); flush() when the last of them in memory is done.
  template <class Kernel>
  void each(std::ptrdiff_t begin, std::ptrdiff_t end, Kernel kernel) {
    each(begin, end, kernel, [] {});
  }
  template <class Kernel, class Flush>
  void each(std::ptrdiff_t begin, std::ptrdiff_t end, Kernel kernel, Flush flush) {
    if (!adjacent()) return each_copied(begin, end, kernel, flush);
    for (; begin < end; ++begin)
      kernel(begin, RowInMemory<T>{{in.entries(begin), n},
                                   begin + 1 < end ? in.entries(begin + 1) : nullptr,
                                   second.data ? second.entries(begin) : nullptr,
                                   out.data ? out.entries(begin) : nullptr});
    flush();
  }
  // Several rows at a time, so that memory and processor are busy all along: kernel(i, row, extent,
  // kept, meanwhile, writing) sums one up.  While it does, by meanwhile(at), the extent of the next
  // is found, and what `writing` has been left by the one before is written.  `kept` has room for
  // the e_i, or is nullptr.
  template <class Writing, class Kernel>
  void each_in_flow(std::ptrdiff_t begin, std::ptrdiff_t end, Kernel kernel) {
    using V = EntriesOf<T>;
    using Element = typename V::Element;
    const std::ptrdiff_t room = n <= most_kept<T> ? (n / V::count + 1) * V::count : 0;
    const Scratch<Element> scratch(2 * room + 1);
    if (!scratch.data) failed = true;
    if (failed) return;
    Writing writing;
    Extent<T> own;
    bool known = false;
    // flatten: all that is called is inlined, so that sums stay in registers.
    const auto flow = [&](std::ptrdiff_t i, const RowInMemory<T> &row) __attribute__((flatten)) {
      const Entries<T> x = row.in, following = {row.next, x.n};
      if (!known) own = Extent<T>(x);
      const Writing before = writing;
      Extent<T> coming;
      std::ptrdiff_t passed = 0;
      const auto meanwhile = [&](std::ptrdiff_t at) {
        passed = at + V::count;
        write(before, x.n, at);
        if (!following.data) return;
        fetch(following.data + at);
        if (Writing::writes) fetch(row.out + at);
        coming.add(following, at);
      };
      Element *kept = in_results(row);
      if (!kept && room) kept = scratch.data + (i % 2 ? room : 0);
      writing = Writing();
      kernel(i, row, own, kept, meanwhile, writing);
      while (passed < x.n) meanwhile(passed);
      own = coming;
      known = row.next;
    };
    each(begin, end, flow, [&] {
      for (std::ptrdiff_t at = 0; at < n; at += V::count) write(writing, n, at);
      writing = Writing();
    });
  }
  // The results of one lane.
  template <class V>
  void store_lane(const V *across, std::ptrdiff_t lane, T *row) const {
    for (std::ptrdiff_t j = 0; j < results; ++j) {
      alignas(64) T some[V::count];
      Memory<V, T>::store(some, across[j]);
      row[j] = some[lane];
    }
  }
  // Room for the e_i where the results will be, unless the row still is there.
  typename EntriesOf<T>::Element *in_results(const RowInMemory<T> &row) const {
    if constexpr (sizeof(T) == sizeof(typename EntriesOf<T>::Element)) {
      if (results == n && row.in.data != row.out) return row.out;
    }
    return nullptr;
  }
  // What will be read or overwritten before long: of a vector.
  static void fetch(const T *at) {
    constexpr std::ptrdiff_t ahead = 1024 / sizeof(T), line = 64 / sizeof(T);
    for (std::ptrdiff_t j = 0; j < EntriesOf<T>::count; j += line)
      __builtin_prefetch(at + ahead + j);
  }
  template <class Kernel, class Flush>
  void each_copied(std::ptrdiff_t begin, std::ptrdiff_t end, Kernel kernel, Flush flush) {
    const std::ptrdiff_t size = n > results ? n : results, fit = tile_bytes / sizeof(T);
    const std::ptrdiff_t most = size * 2 > fit ? 1 : fit / (size ? size : 1) < 32 ? fit / size : 32;
    const Scratch<T> tile(most * (size ? size : 1) * (second.data ? 2 : 1));
    if (!tile.data) failed = true;
    const T nothing = element<T>(-infinity);
    for (; begin < end && !failed; begin += most) {
      const std::ptrdiff_t rows = end - begin < most ? end - begin : most;
      T *const seconds = tile.data + rows * size;
      each_entry(in, rows, n, [&](std::ptrdiff_t i, std::ptrdiff_t j) {
        tile.data[i * size + j] = entry(begin + i, j, nothing);
      });
      if (second.data)
        each_entry(second, rows, n, [&](std::ptrdiff_t i, std::ptrdiff_t j) {
          seconds[i * size + j] = second.at(begin + i, j);
        });
      for (std::ptrdiff_t i = 0; i < rows; ++i) {
        T *const first = tile.data + i * size;
        kernel(begin + i, RowInMemory<T>{{first, n},
                                         i + 1 < rows ? first + size : nullptr,
                                         second.data ? seconds + i * size : nullptr,
                                         first});
      }
      flush();
      if (out.data)
        each_entry(out, rows, results, [&](std::ptrdiff_t i, std::ptrdiff_t j) {
          out.put(begin + i, j, tile.data[i * size + j]);
        });
    }
  }
};

// [0, n) in chunks of one size: how many there are, and visit(i, begin, end) for each of them, on
// several threads if `alone` says that nothing else keeps these busy.
template <std::ptrdiff_t size>
constexpr std::ptrdiff_t chunks_of(std::ptrdiff_t n) {
  return (n + size - 1) / size;
}
template <std::ptrdiff_t size, class Visit>
inline void each_chunk(std::ptrdiff_t n, bool alone, Visit visit) {
  auto some = [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (; begin < end; ++begin) {
      const std::ptrdiff_t from = begin * size, to = from + size;
      visit(begin, from, to < n ? to : n);
    }
  };
  if (!alone) return some(0, chunks_of<size>(n));
  in_parallel(
      chunks_of<size>(n), size,
      [](void *context, std::ptrdiff_t begin, std::ptrdiff_t end) {
        (*static_cast<decltype(some) *>(context))(begin, end);
      },
      &some);
}

// A gufunc's loop: Call makes itself of what NumPy hands over, and does the rows [begin, end).
template <class Call>
int row_loop(void *, char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps,
             void *) {
  // NumPy looks at the status after a gufunc even if the loop is registered as raising nothing.
  const auto status = floating_point_status();
  Call call(data, sizes, steps);
  in_parallel(
      sizes[0], sizes[1] ? sizes[1] : 1,
      [](void *context, std::ptrdiff_t begin, std::ptrdiff_t end) {
        static_cast<Call *>(context)->run(begin, end);
      },
      &call);
  set_floating_point_status(status);
  return call.operands.failed ? out_of_memory() : 0;
}

}  // namespace
}  // namespace OGIVE_ISA
