// Coordinate descent: the minimum of a quadratic model of a regression on sparse features, with
// absolute values.
//
//   q(w, b) = g.s + g' t + 1/2 sum d_i (X s + t)_i^2 + ridge/2 |s|^2 + sum l_j |w_j|
//
// for steps s = w - at and t = b - bias.  X comes by columns: the row of every entry and its value.
// One number for every row, (X s + t)_i, is all that has to be kept up to date.
//
// Source: J. Friedman, T. Hastie, R. Tibshirani (2010), J. Stat. Softw. 33; the sweeps over what is
// not 0 in between are those of their section 2.6.
#pragma once
#include <cstdint>

#include "scratch.h"

namespace OGIVE_ISA {
namespace {

// The entries of one operand, `step` bytes from each other.
template <class T>
struct Strided {
  char *data;
  std::ptrdiff_t step;
  T &operator[](std::ptrdiff_t i) const { return *reinterpret_cast<T *>(data + i * step); }
};

template <class T>
struct CoordinateDescent {
  static constexpr int operands = 11;
  // What a sweep over all columns is followed by, until another is due.
  static constexpr int sweeps_among_some = 10;

  struct Row {
    double curvature, moved;
  };

  Strided<T> values;
  Strided<std::int64_t> begins, rows;
  Strided<double> curvature, gradient, at, own, heavy, settings, target, told;
  std::ptrdiff_t n, p;
  double bias_gradient, ridge, tolerance;
  bool has_bias;
  std::int64_t most_sweeps;
  Row *row = nullptr;
  double bias = 0, total = 0;

  // sizes: entries, columns + 1, rows, columns.
  CoordinateDescent(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps)
      : values{data[0], steps[0]},
        begins{data[1], steps[1]},
        rows{data[2], steps[2]},
        curvature{data[3], steps[3]},
        gradient{data[4], steps[4]},
        at{data[5], steps[5]},
        own{data[6], steps[6]},
        heavy{data[7], steps[7]},
        settings{data[8], steps[8]},
        target{data[9], steps[9]},
        told{data[10], steps[10]},
        n(sizes[2]),
        p(sizes[3]),
        bias_gradient(settings[0]),
        ridge(settings[1]),
        tolerance(settings[2]),
        has_bias(settings[3] != 0),
        most_sweeps(static_cast<std::int64_t>(settings[4])) {}

  // Goes to the minimum along one column; returns how large the subgradient was there.
  double step_along(std::ptrdiff_t j) {
    const std::int64_t begin = begins[j], end = begins[j + 1];
    const double old = target[j], weight = heavy[j];
    // Several sums, none of which waits for another.
    double sums[4] = {gradient[j] + ridge * (old - at[j])};
    const auto product = [&](std::int64_t k) {
      const Row &here = row[rows[k]];
      return here.curvature * here.moved * static_cast<double>(values[k]);
    };
    std::int64_t k = begin;
    for (; k + 4 <= end; k += 4)
      for (int i = 0; i < 4; ++i) sums[i] += product(k + i);
    for (; k < end; ++k) sums[0] += product(k);
    const double slope = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    if (!(own[j] > 0)) return 0;  // no entry, and no ridge: nothing depends on it
    const double ahead = own[j] * old - slope;
    const double size = __builtin_fabs(ahead) - weight;
    const double wanted = size > 0 ? __builtin_copysign(size, ahead) / own[j] : 0;
    const double change = wanted - old;
    const double steepness = old != 0 ? __builtin_fabs(slope + __builtin_copysign(weight, old))
                                      : __builtin_fabs(slope) - weight;
    if (change != 0) {
      target[j] = wanted;
      for (k = begin; k < end; ++k) row[rows[k]].moved += change * static_cast<double>(values[k]);
    }
    return steepness;
  }
  double step_of_bias() {
    if (!has_bias || !(total > 0)) return 0;
    double slope = bias_gradient;
    for (std::ptrdiff_t i = 0; i < n; ++i) slope += row[i].curvature * row[i].moved;
    const double change = -slope / total;
    bias += change;
    for (std::ptrdiff_t i = 0; i < n; ++i) row[i].moved += change;
    return __builtin_fabs(slope);
  }
  double sweep(bool all) {
    double worst = step_of_bias();
    for (std::ptrdiff_t j = 0; j < p; ++j) {
      if (!all && target[j] == 0) continue;
      const double steepness = step_along(j);
      if (steepness > worst) worst = steepness;
    }
    return worst;
  }

  bool run() {
    const Scratch<Row> scratch(n);
    if (!scratch.data) return false;
    row = scratch.data;
    for (std::ptrdiff_t i = 0; i < n; ++i) {
      row[i] = {curvature[i], 0};
      total += curvature[i];
    }
    for (std::ptrdiff_t j = 0; j < p; ++j) target[j] = at[j];
    std::int64_t sweeps = 0;
    double worst = 0;
    while (sweeps < most_sweeps) {
      worst = sweep(true);
      ++sweeps;
      if (worst <= tolerance) break;
      for (int more = 0; more < sweeps_among_some && sweeps < most_sweeps; ++more) {
        ++sweeps;
        if (sweep(false) <= tolerance) break;
      }
    }
    told[0] = bias;
    told[1] = worst;
    told[2] = static_cast<double>(sweeps);
    return true;
  }
};

template <class T>
int coordinate_descent(void *, char *const *data, const std::ptrdiff_t *sizes,
                       const std::ptrdiff_t *steps, void *) {
  using Descent = CoordinateDescent<T>;
  bool done = true;
  for (std::ptrdiff_t i = 0; i < sizes[0] && done; ++i) {
    char *here[Descent::operands];
    for (int k = 0; k < Descent::operands; ++k) here[k] = data[k] + i * steps[k];
    done = Descent(here, sizes + 1, steps + Descent::operands).run();
  }
  return done ? 0 : out_of_memory();
}

}  // namespace
}  // namespace OGIVE_ISA
