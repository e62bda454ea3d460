// Logistic and softmax regression: losses and gradients of scores X w + b, in one pass over X.
//
// The rows are taken in blocks that stay in the caches: the scores of a block, its losses and their
// slopes, and what the slopes times the rows add to the gradient.  X is float32 or float64; all
// that is computed is computed in doubles.
#pragma once
#include "certain.h"
#include "tiles.h"

namespace OGIVE_ISA {
namespace {

using Doubled = Register<double>;
constexpr int lanes = register_bytes / sizeof(double);

inline Doubled doubled(const double *p) { return raw_load<Doubled>(p); }
inline Doubled doubled(const float *p) { return widened(raw_load<HalfFloats>(p)); }
// Of the first `count`; 0 behind them.
#if defined(__AVX512F__)
inline Doubled doubled(const double *p, std::ptrdiff_t count) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1 << count) - 1), p);
}
inline Doubled doubled(const float *p, std::ptrdiff_t count) {
  return widened(_mm256_maskz_loadu_ps(static_cast<__mmask8>((1 << count) - 1), p));
}
#else
template <class T>
inline Doubled doubled(const T *p, std::ptrdiff_t count) {
  T some[lanes] = {};
  for (std::ptrdiff_t i = 0; i < count; ++i) some[i] = p[i];
  return doubled(some);
}
#endif
inline Doubled plus_product(Doubled sum, Doubled a, Doubled b) {
#if defined(OGIVE_NO_FMA)
  return sum + a * b;
#else
  return fused(a, b, sum);
#endif
}
template <int count>
inline double sum_of_halves(Vector<double, count> v) {
  if constexpr (count == 2) {
    return v[0] + v[1];
  } else {
    Vector<double, count / 2> half[2];
    __builtin_memcpy(half, &v, sizeof v);
    return sum_of_halves<count / 2>(half[0] + half[1]);
  }
}
inline double sum_of(Doubled v) { return sum_of_halves<lanes>(v); }

// ---- products with a block of rows -----------------------------------------------------------

// The rows of a block: `count` of them, of n columns, `apart` elements from each other; those of
// the block behind it are `ahead` elements further on, if that is not 0.
template <class T>
struct Rows {
  const T *data;
  std::ptrdiff_t apart, count, n, ahead;
};
// Some vectors, such as the weights of some classes, `apart` numbers from each other.
template <class T>
struct Several {
  T *data;
  std::ptrdiff_t apart;
  T *of(std::ptrdiff_t i) const { return data + i * apart; }
};

// At most so many vectors are multiplied at a time: what the registers hold.
#if defined(__AVX512F__)
constexpr int most_vectors = 5;
#else
constexpr int most_vectors = 3;
#endif

// scores.of(c)[i] is row i times vectors.of(c), for `some` vectors and `rows` rows from `first` on.
template <int some, int rows, class T>
inline void scores_of_rows(const Rows<T> &x, std::ptrdiff_t first, Several<const double> vectors,
                           Several<double> scores) {
  Doubled sum[rows][some] = {};
  const T *const data = x.data + first * x.apart;
  const auto add = [&](std::ptrdiff_t j, auto load) __attribute__((always_inline)) {
    Doubled row[rows];
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) row[i] = load(data + i * x.apart + j);
#pragma GCC unroll 8
    for (int c = 0; c < some; ++c) {
      const Doubled v = doubled(vectors.of(c) + j);
#pragma GCC unroll 8
      for (int i = 0; i < rows; ++i) sum[i][c] = plus_product(sum[i][c], row[i], v);
    }
  };
  const std::ptrdiff_t whole = x.n / lanes * lanes;
  for (std::ptrdiff_t j = 0; j < whole; j += lanes)
    add(j, [](const T *p) __attribute__((always_inline)) { return doubled(p); });
  if (whole < x.n)
    add(whole, [&](const T *p) __attribute__((always_inline)) { return doubled(p, x.n - whole); });
  for (int c = 0; c < some; ++c)
    for (int i = 0; i < rows; ++i) scores.of(c)[first + i] = sum_of(sum[i][c]);
}
template <int some, class T>
[[gnu::noinline]] void scores_of(const Rows<T> &x, Several<const double> vectors,
                                 Several<double> scores) {
  constexpr int rows = some == 1 ? 8 : most_vectors == 5 || some == 2 ? 4 : 2;
  std::ptrdiff_t i = 0;
  for (; i + rows <= x.count; i += rows) scores_of_rows<some, rows>(x, i, vectors, scores);
  for (; i < x.count; ++i) scores_of_rows<some, 1>(x, i, vectors, scores);
}

// Adds to sums.of(c) what the columns from `column` on come to, each row times its slopes.of(c)[i].
// `tail`: so many numbers are in the last register, if it is not full.
template <int some, int registers, bool partial, class T>
inline void sums_of_columns(const Rows<T> &x, std::ptrdiff_t column, std::ptrdiff_t tail,
                            Several<const double> slopes, Several<double> sums) {
  Doubled sum[some][registers] = {};
  const T *row = x.data + column;
  for (std::ptrdiff_t i = 0; i < x.count; ++i, row += x.apart) {
    Doubled part[registers];
#pragma GCC unroll 8
    for (int j = 0; j < registers; ++j)
      part[j] =
          partial && j == registers - 1 ? doubled(row + j * lanes, tail) : doubled(row + j * lanes);
    // The next block, while this one is multiplied.
    if (x.ahead) {
#pragma GCC unroll 8
      for (int j = 0; j < registers; ++j) __builtin_prefetch(row + x.ahead + j * lanes, 0, 2);
    }
#pragma GCC unroll 8
    for (int c = 0; c < some; ++c) {
      const Doubled slope = slopes.of(c)[i] - Doubled{};
#pragma GCC unroll 8
      for (int j = 0; j < registers; ++j) sum[c][j] = plus_product(sum[c][j], part[j], slope);
    }
  }
  for (int c = 0; c < some; ++c)
    for (int j = 0; j < registers; ++j) {
      double *const to = sums.of(c) + column + j * lanes;
      raw_store(to, raw_load<Doubled>(to) + sum[c][j]);
    }
}
// The last columns: fewer than `registers` full ones.
template <int some, int registers, class T>
inline void last_columns(const Rows<T> &x, std::ptrdiff_t column, Several<const double> slopes,
                         Several<double> sums) {
  const std::ptrdiff_t left = x.n - column, tail = left % lanes;
  if (left > (registers - 1) * lanes) {
    if (tail)
      sums_of_columns<some, registers, true>(x, column, tail, slopes, sums);
    else
      sums_of_columns<some, registers, false>(x, column, tail, slopes, sums);
  } else if constexpr (registers > 1) {
    last_columns<some, registers - 1>(x, column, slopes, sums);
  }
}
template <int some, class T>
[[gnu::noinline]] void add_sums(const Rows<T> &x, Several<const double> slopes,
                                Several<double> sums) {
  constexpr int registers = some == 1 ? 8 : most_vectors == 5 ? 4 : 2;
  std::ptrdiff_t j = 0;
  for (; j + registers * lanes <= x.n; j += registers * lanes)
    sums_of_columns<some, registers, false>(x, j, 0, slopes, sums);
  if (j < x.n) last_columns<some, registers>(x, j, slopes, sums);
}

// Calls visit(constant, first) for all `count` vectors, as many at a time as are multiplied at
// once.
template <int n>
struct Constant {
  static constexpr int value = n;
};
template <class Visit>
inline void some_at_a_time(std::ptrdiff_t count, Visit visit) {
  for (std::ptrdiff_t first = 0; first < count; first += most_vectors) {
    switch (count - first < most_vectors ? count - first : most_vectors) {
      case 1:
        visit(Constant<1>(), first);
        break;
      case 2:
        visit(Constant<2>(), first);
        break;
      case 3:
        visit(Constant<3>(), first);
        break;
      case 4:
        visit(Constant<most_vectors == 5 ? 4 : 1>(), first);
        break;
      default:
        visit(Constant<most_vectors == 5 ? 5 : 1>(), first);
    }
  }
}

// ---- losses ----------------------------------------------------------------------------------

// The losses of a block turn scores into slopes, and are added up: for `problems` of as many
// vectors as there are classes each.

// A column of an operand as doubles, in the lanes of a block; those behind `count` are 0.
template <class T>
inline void gather(const Operand<T> &from, std::ptrdiff_t column, std::ptrdiff_t first,
                   std::ptrdiff_t count, std::ptrdiff_t room, double *to) {
  if (from.outer == 0) {
    const double all = static_cast<double>(from.at(0, column));
    for (std::ptrdiff_t i = 0; i < count; ++i) to[i] = all;
  } else {
    for (std::ptrdiff_t i = 0; i < count; ++i)
      to[i] = static_cast<double>(from.at(first + i, column));
  }
  for (std::ptrdiff_t i = count; i < room; ++i) to[i] = 0;
}
inline Real real_at(const double *p) { return Memory<Real, double>::load(p); }
inline void put_at(double *p, Real x) { Memory<Real, double>::store(p, x); }
inline double sum_of(Real x) { return sum_of(x.part[0] + x.part[1]); }

// What is given for every row: offsets to the scores, targets and weights.
template <class Target>
struct Given {
  Operand<double> offset;
  Operand<Target> target;
  Operand<double> weight;
};
using Labels = Given<bool>;           // one for each problem
using Classes = Given<std::int64_t>;  // one for all problems

// Rows [begin, begin + count), and room for what is given for them: a multiple of Real::count.
struct Block {
  std::ptrdiff_t begin, count, room;
  double *target, *weight, *offset;
};

// -log of the probability that the sigmoid gives the target, times the weight.  The scores become
// slopes, whose sum is added to `slopes`.
inline double losses_of(const Labels &given, std::ptrdiff_t problem, std::ptrdiff_t,
                        const Block &block, const double *bias, Several<double> scores,
                        double *slopes) {
  double *const z = scores.of(problem);
  gather(given.target, problem, block.begin, block.count, block.room, block.target);
  gather(given.weight, problem, block.begin, block.count, block.room, block.weight);
  gather(given.offset, problem, block.begin, block.count, block.room, block.offset);
  CertainSum<double> simple;
  Real total = {}, all = {};
  for (std::ptrdiff_t i = 0; i < block.count; i += Real::count) {
    constexpr double limit = Below<double>::normal;
    const Real side = 0.5 - real_at(block.target + i), weight = real_at(block.weight + i);
    const Real x = real_at(z + i) + (real_at(block.offset + i) + bias[problem]);
    const Real s = with_sign_of(x, side), beyond = at_least(s, limit) - limit;
    Certain<double> one(at_most(at_least(s, -limit), limit));
    const Real slope = with_sign_of(one.slope(weight), side);
    all = all + slope;
    put_at(z + i, slope);
    if (any((weight != 0) & (weight != 1))) {
      total = total + (one.loss() + beyond) * weight;
    } else {
      one.over = (one.over + beyond) * weight;
      one.e = one.e * weight;
      simple.add(one);
    }
  }
  *slopes += sum_of(all);
  return sum_of(total) + first_lane(rounded(total_of_reals<double>(simple.total())));
}

// -log of the probability that the softmax gives the class, times the weight.
inline double losses_of(const Classes &given, std::ptrdiff_t problem, std::ptrdiff_t classes,
                        const Block &block, const double *bias, Several<double> scores,
                        double *slopes) {
  scores.data = scores.of(problem * classes);
  gather(given.target, 0, block.begin, block.count, block.room, block.target);
  gather(given.weight, problem, block.begin, block.count, block.room, block.weight);
  for (std::ptrdiff_t c = 0; c < classes; ++c) {
    double *const z = scores.of(c);
    gather(given.offset, c, block.begin, block.count, block.room, block.offset);
    for (std::ptrdiff_t i = 0; i < block.count; i += Real::count)
      put_at(z + i, real_at(z + i) + (real_at(block.offset + i) + bias[problem * classes + c]));
  }
  const Below<double> exp{Real{}};
  Real total = {};
  for (std::ptrdiff_t i = 0; i < block.count; i += Real::count) {
    const Real target = real_at(block.target + i), weight = real_at(block.weight + i);
    Real largest = real_at(scores.data + i), own = {}, sum = {};
    for (std::ptrdiff_t c = 1; c < classes; ++c)
      largest = larger_of(real_at(scores.of(c) + i), largest);
    for (std::ptrdiff_t c = 0; c < classes; ++c) {
      double *const z = scores.of(c) + i;
      const Real x = real_at(z) - largest, e = exp.of<false>(x);
      own = own + select(target == static_cast<double>(c), x, Real{});
      sum = sum + e;
      put_at(z, e);
    }
    const Real inverse = weight / sum;
    total = total + (rounded(log(Exact<Pair<Real>>::of(sum))) - own) * weight;
    for (std::ptrdiff_t c = 0; c < classes; ++c) {
      double *const z = scores.of(c) + i;
      const Real slope =
          real_at(z) * inverse - select(target == static_cast<double>(c), weight, Real{});
      put_at(z, slope);
    }
  }
  for (std::ptrdiff_t c = 0; c < classes; ++c)
    for (std::ptrdiff_t i = 0; i < block.count; ++i)
      slopes[problem * classes + c] += scores.of(c)[i];
  return sum_of(total);
}

// ---- the pass --------------------------------------------------------------------------------

// The gufuncs, of q problems at once,
//   (n,p),(q,p),(q),(n,q),(n,q),(n,q)->(q),(q,p),(q)              labels, for the sigmoid
//   (n,p),(q,k,p),(q,k),(n,k),(n),(n,q)->(q),(q,k,p),(q,k)        classes, for the softmax
// of X, weights, biases, offsets, targets and sample weights, to the sums of the losses and the
// gradients of weights and biases.
template <class T, class Target>
struct LinearPass {
  static constexpr bool softmax = sizeof(Target) > 1;
  static constexpr int operands = 9;

  // Strides of a problem, of a class in it, and of what it has.
  struct Vectors {
    char *data;
    std::ptrdiff_t problem, one, within;
    double &at(std::ptrdiff_t q, std::ptrdiff_t c, std::ptrdiff_t j) const {
      return *reinterpret_cast<double *>(data + q * problem + c * one + j * within);
    }
  };
  Operand<T> x;
  Vectors weights, biases, losses, weight_sums, bias_sums;
  Given<Target> given;
  std::ptrdiff_t n, p, problems, classes, vectors, padded, room;
  std::ptrdiff_t chunks, chunk_rows, chunk_numbers;
  double *memory = nullptr;

  LinearPass(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *inner)
      : n(sizes[0]), p(sizes[1]), problems(sizes[2]), classes(softmax ? sizes[3] : 1) {
    const auto next = [&] { return *inner++; };
    const auto of_class = [&] { return softmax ? next() : 0; };
    const auto vectors_at = [&](char *at, bool with_classes, bool rows) {
      Vectors found = {at, next(), 0, 0};
      if (with_classes) found.one = of_class();
      if (rows) found.within = next();
      return found;
    };
    const auto entries_at = [&](char *at, bool both) {
      const std::ptrdiff_t outer = next();
      return Operand<double>{at, outer, both ? next() : 0};
    };
    x = {data[0], next(), 0};
    x.inner = next();
    weights = vectors_at(data[1], true, true);
    biases = vectors_at(data[2], true, false);
    given.offset = entries_at(data[3], true);
    const Operand<double> target = entries_at(data[4], !softmax);
    given.target = {target.data, target.outer, target.inner};
    given.weight = entries_at(data[5], true);
    losses = vectors_at(data[6], false, false);
    weight_sums = vectors_at(data[7], true, true);
    bias_sums = vectors_at(data[8], true, false);
    vectors = problems * classes;
    padded = (p + 2 * lanes - 1) / lanes * lanes;
    // A block is needed twice while it is in a core's own caches.
    const std::ptrdiff_t bytes = std::ptrdiff_t{1} << (vectors == 1 ? 16 : 17);
    const std::ptrdiff_t fit = bytes / (p ? p * static_cast<std::ptrdiff_t>(sizeof(T)) : 1);
    room = fit > 256 ? 256 : fit / Real::count * Real::count;
    if (room < Real::count) room = Real::count;
    // As many as there are threads that it keeps busy: four vectors take what a row takes to come.
    const std::ptrdiff_t worth = n * p * (vectors + 3) / 4 / elements_worth_a_thread;
    chunks = worth < 1 ? 1 : worth < thread_count() ? worth : thread_count();
    chunk_rows = ((n + chunks - 1) / chunks + room - 1) / room * room;
    chunk_numbers =
        (vectors * (padded + room + 1) + problems + 3 * room) + room * padded + 2 * lanes;
  }
  double *numbers_of_chunk(std::ptrdiff_t i) const {
    return memory + vectors * (padded + 1) + i * chunk_numbers;
  }
  std::ptrdiff_t numbers() const { return vectors * (padded + 1) + chunks * chunk_numbers; }

  // Sums over a chunk of rows: of weights, then of biases, then losses.
  void chunk(std::ptrdiff_t i) {
    double *const sums = numbers_of_chunk(i), *const slopes = sums + vectors * padded;
    double *const losses_here = slopes + vectors, *const scores = losses_here + problems;
    double *const bias = memory + vectors * padded, *const given_here = scores + vectors * room;
    T *const copy = reinterpret_cast<T *>(given_here + 3 * room);
    for (double *to = sums; to < scores; ++to) *to = 0;
    const std::ptrdiff_t end = (i + 1) * chunk_rows < n ? (i + 1) * chunk_rows : n;
    for (std::ptrdiff_t begin = i * chunk_rows; begin < end; begin += room) {
      const std::ptrdiff_t count = end - begin < room ? end - begin : room;
      Rows<T> rows = rows_at(begin, count, copy);
      some_at_a_time(vectors, [&](auto some, std::ptrdiff_t first) {
        scores_of<decltype(some)::value>(rows, {memory + first * padded, padded},
                                         {scores + first * room, room});
      });
      for (std::ptrdiff_t c = 0; c < vectors; ++c)
        for (std::ptrdiff_t k = count; k % Real::count; ++k) scores[c * room + k] = 0;
      const Block block = {
          begin, count, room, given_here, given_here + room, given_here + 2 * room};
      for (std::ptrdiff_t q = 0; q < problems; ++q)
        losses_here[q] += losses_of(given, q, classes, block, bias, {scores, room},
                                    softmax ? slopes : slopes + q);
      some_at_a_time(vectors, [&](auto some, std::ptrdiff_t first) {
        add_sums<decltype(some)::value>(rows, {scores + first * room, room},
                                        {sums + first * padded, padded});
        rows.ahead = 0;  // once is enough
      });
    }
  }
  // Rows as the kernels see them: adjacent entries.
  Rows<T> rows_at(std::ptrdiff_t begin, std::ptrdiff_t count, T *copy) const {
    const std::ptrdiff_t size = sizeof(T);
    if (x.adjacent() && x.outer % size == 0)
      return {x.entries(begin), x.outer / size, count, p,
              begin + 2 * room <= n ? room * (x.outer / size) : 0};
    const Operand<T> here = {x.row(begin), x.outer, x.inner};
    each_entry(here, count, p,
               [&](std::ptrdiff_t i, std::ptrdiff_t j) { copy[i * padded + j] = here.at(i, j); });
    return {copy, padded, count, p, 0};
  }

  bool run() {
    const Scratch<double> scratch(numbers());
    if (!scratch.data) return false;
    memory = scratch.data;
    double *const bias = memory + vectors * padded;
    for (std::ptrdiff_t q = 0, v = 0; q < problems; ++q)
      for (std::ptrdiff_t c = 0; c < classes; ++c, ++v) {
        for (std::ptrdiff_t j = 0; j < padded; ++j)
          memory[v * padded + j] = j < p ? weights.at(q, c, j) : 0;
        bias[v] = biases.at(q, c, 0);
      }
    in_parallel(
        chunks, elements_worth_a_thread,
        [](void *context, std::ptrdiff_t begin, std::ptrdiff_t end) {
          for (; begin < end; ++begin) static_cast<LinearPass *>(context)->chunk(begin);
        },
        this);
    for (std::ptrdiff_t i = 1; i < chunks; ++i)
      for (std::ptrdiff_t j = 0; j < vectors * (padded + 1) + problems; ++j)
        numbers_of_chunk(0)[j] += numbers_of_chunk(i)[j];
    const double *const sums = numbers_of_chunk(0), *const slopes = sums + vectors * padded;
    for (std::ptrdiff_t q = 0, v = 0; q < problems; ++q) {
      losses.at(q, 0, 0) = slopes[vectors + q];
      for (std::ptrdiff_t c = 0; c < classes; ++c, ++v) {
        bias_sums.at(q, c, 0) = slopes[v];
        for (std::ptrdiff_t j = 0; j < p; ++j) weight_sums.at(q, c, j) = sums[v * padded + j];
      }
    }
    return true;
  }
};

template <class T, class Target>
int linear_pass(void *, char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps,
                void *) {
  using Pass = LinearPass<T, Target>;
  const auto status = floating_point_status();
  bool done = true;
  for (std::ptrdiff_t i = 0; i < sizes[0] && done; ++i) {
    char *here[Pass::operands];
    for (int k = 0; k < Pass::operands; ++k) here[k] = data[k] + i * steps[k];
    done = Pass(here, sizes + 1, steps + Pass::operands).run();
  }
  set_floating_point_status(status);
  return done ? 0 : out_of_memory();
}

}  // namespace
}  // namespace OGIVE_ISA
