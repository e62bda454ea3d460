// Losses of single logits, and their gradients, in one pass.
//
// With e = e^-|x|, L = log1p(e), of a target t and a weight p of the positive class:
//
//   sigmoid(|x|) = 1 / (1 + e),  sigmoid(-|x|) = e / (1 + e)
//   loss = (1 - t) softplus(x) + p t softplus(-x),  softplus(+-x) = L + max(0, +-x)
//   gradient = (1 - t) sigmoid(x) - p t sigmoid(-x)
//
// in which nothing cancels for t = 0 or 1.
#pragma once
#include "certain.h"
#include "tiles.h"

namespace OGIVE_ISA {
namespace {

template <class Number>
struct LossAndGradient {
  Number loss, gradient;
};

// e^-|x| and what follows from it.
template <class Number>
struct Logit {
  static constexpr double huge = 0x1p1000;
  Bits<double> negative;
  Real positive_part, negative_part;  // max(0, x), max(0, -x)
  Number log, e, inverse;             // log1p(e), e, 1 / (1 + e)

  explicit Logit(Real logit) : negative(logit < 0) {
    const Real x = at_most(at_least(logit, -huge), huge), a = abs(x);
    positive_part = select(negative, Real{}, x);
    negative_part = select(negative, -x, Real{});
    positive_part = select(x == x, positive_part, x);
    const Scaled<Number> power = exp_of<Number>(at_least(-a, lowest<Number> / 2));
    e = select(a > -lowest<Number> / 2, Exact<Number>::of(Real{}), value_of(power));
    log = normalised(value_of(OGIVE_ISA::log1p(power)));
    log = select(a > -lowest<Number> / 2, Exact<Number>::of(Real{}), log);
    inverse = OGIVE_ISA::inverse(normalised(e + 1.0));
  }
  // sigmoid(x) times a, less sigmoid(-x) times b.
  Number difference(Number a, Number b) const {
    return normalised(normalised(select(negative, a * e - b, a - b * e)) * inverse);
  }
  // The limit of a loss at an infinite logit.
  static Real at_infinity(Real x, Real a, Real b) {
    const Real weight = select(x > 0, a, b);
    return select(weight == 0, Real{}, splat<Real>(infinity));
  }
  Number softplus(bool turned) const { return log + (turned ? negative_part : positive_part); }
};

struct binary_cross_entropy {
  static constexpr bool certain = true;  // Certain is this loss
  template <class Number>
  static LossAndGradient<Number> of(Real x, Real t, Real positive, double, double) {
    const Logit<Number> logit(x);
    const Number a = Exact<Number>::sum(splat<Real>(1), -t);
    const Number b = Exact<Number>::product(positive, t);
    const Number loss = a * logit.softplus(false) + b * logit.softplus(true);
    const Real limit = logit.at_infinity(x, leading(a), leading(b));
    return {select(abs(x) == infinity, Exact<Number>::of(limit), loss), logit.difference(a, b)};
  }
};

// The loss, times alpha t + (1 - alpha) (1 - t) where alpha >= 0, and times q^gamma, where
// q = (1 - t) sigmoid(x) + t sigmoid(-x) is the probability of a mistake.
struct sigmoid_focal {
  static constexpr bool certain = false;
  template <class Number>
  static LossAndGradient<Number> of(Real x, Real t, Real, double alpha, double gamma) {
    const Logit<Number> logit(x);
    const Number a = Exact<Number>::sum(splat<Real>(1), -t), b = Exact<Number>::of(t);
    const Number loss = normalised(a * logit.softplus(false) + b * logit.softplus(true));
    const Number slope = logit.difference(a, b);
    const Number q = logit.difference(a, -b);
    // q^gamma, by the logarithm; a q of 0 leaves nothing.
    const Bits<double> wrong = leading(q) > 1e-290;
    const Number power =
        select(wrong, power_of(q, gamma), Exact<Number>::of(splat<Real>(gamma == 0 ? 1 : 0)));
    // q' = (1 - 2 t) sigmoid(x) sigmoid(-x)
    const Number bend = (a - b) * normalised(logit.e * normalised(logit.inverse * logit.inverse));
    // gamma loss q^(gamma - 1) q'
    const Number turn = select(wrong, quotient(normalised(loss * bend) * splat<Real>(gamma), q),
                               Exact<Number>::of(Real{}));
    const Real weight = alpha < 0 ? splat<Real>(1) : alpha * t + (1 - alpha) * (1 - t);
    const Real limit = logit.at_infinity(x, leading(a), leading(b));
    const Number value = select(abs(x) == infinity, Exact<Number>::of(limit), loss * power);
    return {value * weight, normalised(slope + turn) * power * weight};
  }
  template <class Number>
  static Number power_of(Number q, double gamma) {
    const Number power = log(normalised(q)) * splat<Real>(gamma);
    return value_of(exp(bounded(normalised(power), lowest<Number> / 2, 0)));
  }
};

// The gufuncs (n),(n),(n),(n),(),(),()-> of logits, targets, weights, weights of the positive
// class, what the gradient is multiplied with, alpha and gamma (float64); what they give is the sum
// of the losses (float64) or all of them, and the gradient if it is asked for.
template <class Function, class T, bool each, bool with_gradient>
struct PointwiseCall {
  using Number = NumberOfRow<T>;
  static constexpr int inputs = 7, rows = 4;
  // The sums of so many losses are added up in order, whatever the number of threads.
  static constexpr std::ptrdiff_t chunk = 4096;

  RowOperands<T> operands;  // for its failure
  Operand<T> in[rows], losses = {}, gradient = {};
  Operand<double> parameter[3], sum = {};
  std::ptrdiff_t n, count;

  PointwiseCall(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps)
      : n(sizes[1]), count(sizes[0]) {
    const std::ptrdiff_t *inner = steps + inputs + 1 + with_gradient;
    for (int i = 0; i < rows; ++i) in[i] = {data[i], steps[i], *inner++};
    for (int i = 0; i < 3; ++i) parameter[i] = {data[rows + i], steps[rows + i], 0};
    if (each)
      losses = {data[inputs], steps[inputs], *inner++};
    else
      sum = {data[inputs], steps[inputs], 0};
    if (with_gradient) gradient = {data[inputs + 1], steps[inputs + 1], *inner};
  }

  struct Parameters {
    double factor, alpha, gamma;
  };
  // The losses of a vector and their slopes.
  struct Found {
    Real loss, slope;
  };
  [[gnu::noinline]] static Found carefully(Real x, Real t, Real weight, Real positive,
                                           const Parameters &p) {
    const auto both = Function::template of<Number>(x, t, positive, p.alpha, p.gamma);
    const Real plain = leading(both.loss);
    const Real slope = rounded(both.gradient * weight * splat<Real>(p.factor));
    return {select(plain == infinity, plain * weight, rounded(both.loss * weight)), slope};
  }
  // What becomes of a logit does not depend on those beside it.
  static Found found(Real x, Real t, Real weight, Real positive, const Parameters &p) {
    if constexpr (Function::certain) {
      const Bits<double> served = Certain<T>::serves(x, t);
      const Real side = Certain<T>::side(t);
      const Certain<T> certain(with_sign_of(x, side));
      const Real whole = weight * select(t == 1, positive, splat<Real>(1));
      const Found fast = {certain.loss() * whole,
                          with_sign_of(certain.slope(whole * p.factor), side)};
      if (!any(~served)) return fast;
      const Found slow = carefully(x, t, weight, positive, p);
      return {select(served, fast.loss, slow.loss), select(served, fast.slope, slow.slope)};
    } else {
      return carefully(x, t, weight, positive, p);
    }
  }

  // What a row has of an operand whose entries are adjacent, or all the same.
  struct Values {
    const T *data = nullptr;
    Real all = {};
    static bool serves(const Operand<T> &from) { return from.adjacent() || from.inner == 0; }
    Values(const Operand<T> &from, std::ptrdiff_t row) {
      if (from.inner)
        data = from.entries(row);
      else
        all = splat<Real>(as_double(from.at(row)));
    }
    Real load(std::ptrdiff_t at) const { return data ? Memory<Real, T>::load(data + at) : all; }
  };
  bool regular() const {
    bool all = true;
    for (const Operand<T> &operand : in) all &= Values::serves(operand);
    return all && (!each || losses.adjacent()) && (!with_gradient || gradient.adjacent());
  }
  bool unweighted(std::ptrdiff_t row) const {
    bool all = in[0].adjacent() && in[1].adjacent();
    for (int i = 2; i < rows; ++i) all &= in[i].inner == 0 && as_double(in[i].at(row)) == 1;
    return all;
  }
  // A few losses, wherever they lie.
  [[gnu::noinline]] Real singly(std::ptrdiff_t row, std::ptrdiff_t at, std::ptrdiff_t here,
                                const Parameters &p) const {
    using M = Memory<Real, T>;
    Real x[rows];
    T some[Real::count];
    for (int i = 0; i < rows; ++i) {
      for (std::ptrdiff_t j = 0; j < Real::count; ++j)
        some[j] = in[i].at(row, at + (j < here ? j : 0));
      x[i] = M::load(some);
    }
    const Found one = found(x[0], x[1], x[2], x[3], p);
    const auto put = [&](const Operand<T> &to, Real y) {
      M::store(some, y);
      for (std::ptrdiff_t j = 0; j < here; ++j) to.put(row, at + j, some[j]);
    };
    if constexpr (each) put(losses, one.loss);
    if constexpr (with_gradient) put(gradient, one.slope);
    return first_lanes(one.loss, here);
  }

  // The sum of the first losses of [begin, end), of those that Certain serves; and where they end.
  std::ptrdiff_t certain_part(std::ptrdiff_t row, std::ptrdiff_t begin, std::ptrdiff_t end,
                              double factor, Number &total) const {
    using V = EntriesOf<T>;
    using M = Memory<V, T>;
    CertainSum<T> sum;
    for (; begin + V::count <= end; begin += V::count) {
      const V x = M::load(in[0].entries(row) + begin), t = M::load(in[1].entries(row) + begin);
      if (any(~Certain<T>::serves(x, t))) break;
      const V side = Certain<T>::side(t);
      Doubles<V> loss, slope, s(with_sign_of(x, side));
      for (int i = 0; i < s.parts; ++i) {
        const Certain<T> one(s.part[i]);
        if constexpr (each)
          loss.part[i] = one.loss();
        else
          sum.add(one);
        if constexpr (with_gradient) slope.part[i] = one.slope(splat<Real>(factor));
      }
      if constexpr (each) M::store(losses.entries(row) + begin, entries(loss));
      if constexpr (with_gradient)
        M::store(gradient.entries(row) + begin, with_sign_of(entries(slope), side));
    }
    total = sum.total();
    return begin;
  }

  // The sum over [begin, end) of a row.
  [[gnu::flatten]] double part(std::ptrdiff_t row, std::ptrdiff_t begin, std::ptrdiff_t end) const {
    using M = Memory<Real, T>;
    const Parameters p = {parameter[0].at(row), parameter[1].at(row), parameter[2].at(row)};
    Number total = Exact<Number>::of(Real{});
    std::ptrdiff_t at = begin;
    if constexpr (Function::certain) {
      if (regular() && unweighted(row)) at = certain_part(row, begin, end, p.factor, total);
    }
    if (regular()) {
      const Values logits(in[0], row), targets(in[1], row), weights(in[2], row), odds(in[3], row);
      for (; at + Real::count <= end; at += Real::count) {
        const Found one =
            found(logits.load(at), targets.load(at), weights.load(at), odds.load(at), p);
        total = total + one.loss;
        if constexpr (each) M::store(losses.entries(row) + at, one.loss);
        if constexpr (with_gradient) M::store(gradient.entries(row) + at, one.slope);
      }
    }
    for (; at < end; at += Real::count)
      total = total + singly(row, at, end - at < Real::count ? end - at : Real::count, p);
    return first_lane(rounded(total_of_reals<T>(total)));
  }
  void one(std::ptrdiff_t row, bool alone) {
    const std::ptrdiff_t chunks = chunks_of<chunk>(n);
    const Scratch<double> sums(chunks ? chunks : 1);
    if (!sums.data) operands.failed = true;
    if (operands.failed) return;
    each_chunk<chunk>(n, alone, [&](std::ptrdiff_t i, std::ptrdiff_t begin, std::ptrdiff_t end) {
      sums.data[i] = part(row, begin, end);
    });
    if constexpr (!each) {
      double hi = 0, lo = 0;
      for (std::ptrdiff_t i = 0; i < chunks; ++i) {
        const double a = hi, b = sums.data[i], s = a + b, u = s - a;
        lo += (a - (s - u)) + (b - u);
        hi = s;
      }
      sum.put(row, 0, hi - hi == 0 ? hi + lo : hi);
    }
  }
  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (; begin < end; ++begin) one(begin, count == 1);
  }
};

}  // namespace
}  // namespace OGIVE_ISA
