// The elementwise part of the LSTM and GRU cells, forwards and backwards.
//
// Both take the gates before their activation, sums of two matrix products that are added up
// elsewhere.  Backwards the activations are computed anew from these: a gate that is saturated so
// far that it rounds to 1 still has a derivative, which the rounded gate would give as 0.
//
// LSTM (Hochreiter and Schmidhuber, 1997; with the forget gate of Gers et al., 2000), rows i, f, g,
// o:  c' = sigmoid(f) c + sigmoid(i) tanh(g),  h' = sigmoid(o) tanh(c').
// GRU (Cho et al., 2014; with the reset gate after the matrix product), rows x, r, z, y:
// n = tanh(x + sigmoid(r) y),  h' = (1 - sigmoid(z)) n + sigmoid(z) h.
#pragma once
#include "linear_units.h"

namespace OGIVE_ISA {
namespace {

// sigmoid(x), sigmoid(-x) and their product, the derivative: of one exponential.
template <class Number>
struct Sides {
  Number rising, falling;
  Scaled<Number> derivative;
};
template <class Number>
inline Sides<Number> sides_of(Plain<Number> x) {
  const auto [M, q, k] = logistic_of<Number>(-abs(x));
  const Number small = normalised(value_of(Scaled<Number>{q, k})), large = M * q;
  const Mask<Number> negative = x < 0;
  return {select(negative, small, large), select(negative, large, small), {M * (q * q), k}};
}

// As a factor: what tanh leaves unnormalised is too long for a product.
template <class Number>
inline Number tanh_factor(Plain<Number> x) {
  return normalised(tanh<Number>(x));
}
// The last rounding of a sum that may be infinite.
template <class Number>
inline Plain<Number> sum_rounded(Number sum) {
  return rounded(without_remainder(~(abs(leading(sum)) < infinity), sum));
}
template <class Number>
inline Scaled<Number> times(Number a, Scaled<Number> x) {
  return {normalised(a * x.mantissa), x.exponent};
}
template <class Number>
inline Scaled<Number> scaled_by(Plain<Number> a, Scaled<Number> x) {
  return {normalised(x.mantissa * a), x.exponent};
}

// ---- LSTM -----------------------------------------------------------------------------------

// gates, c -> h', c'.
template <class Number>
struct lstm_kernel {
  using V = Plain<Number>;
  static constexpr bool has_parts = true;
  static constexpr int operands = 4, inputs = 5, outputs = 2;
  static constexpr int parts[] = {4, 1, 1, 1};
  static void apply(const V *in, V *out) {
    const V i = in[0], f = in[1], g = in[2], o = in[3], c = in[4];
    const Number kept = value_of(sigmoid<Number>(f)) * c;
    const V cell =
        sum_rounded<Number>(kept + value_of(sigmoid<Number>(i)) * tanh_factor<Number>(g));
    out[0] = rounded(value_of(sigmoid<Number>(o)) * tanh_factor<Number>(cell));
    out[1] = cell;
  }
};
// gates, c, c', two terms of the gradient of h', the gradient of c' -> those of the gates and of c.
template <class Number>
struct backward_lstm_kernel {
  using V = Plain<Number>;
  static constexpr bool has_parts = true;
  static constexpr int operands = 8, inputs = 9, outputs = 5;
  static constexpr int parts[] = {4, 1, 1, 1, 1, 1, 4, 1};
  static void apply(const V *in, V *out) {
    const V i = in[0], f = in[1], g = in[2], o = in[3], c = in[4], cell = in[5];
    const V grad_h = in[6] + in[7];
    const Sides<Number> output = sides_of<Number>(o);
    const V grad_c = in[8] + product_rounded(grad_h, times(output.rising, grad_tanh<Number>(cell)));
    const Sides<Number> input = sides_of<Number>(i), forget = sides_of<Number>(f);
    out[0] = product_rounded(grad_c, times(tanh_factor<Number>(g), input.derivative));
    out[1] = product_rounded(grad_c, scaled_by(c, forget.derivative));
    out[2] = product_rounded(grad_c, times(input.rising, grad_tanh<Number>(g)));
    out[3] = product_rounded(grad_h, times(tanh_factor<Number>(cell), output.derivative));
    out[4] = product_rounded(grad_c, forget.rising);
  }
};

// ---- GRU ------------------------------------------------------------------------------------

// x + sigmoid(r) y, rounded: what tanh is taken of.
template <class Number>
inline Plain<Number> candidate(Plain<Number> x, Number reset, Plain<Number> y) {
  return sum_rounded<Number>(reset * y + x);
}

// gates, h -> h'.
template <class Number>
struct gru_kernel {
  using V = Plain<Number>;
  static constexpr bool has_parts = true;
  static constexpr int operands = 3, inputs = 5, outputs = 1;
  static constexpr int parts[] = {4, 1, 1};
  static void apply(const V *in, V *out) {
    const V x = in[0], r = in[1], z = in[2], y = in[3], h = in[4];
    const Number n = tanh_factor<Number>(candidate<Number>(x, value_of(sigmoid<Number>(r)), y));
    const Sides<Number> update = sides_of<Number>(z);
    out[0] = sum_rounded<Number>(update.falling * n + update.rising * h);
  }
};
// gates, h, two terms of the gradient of h' -> those of the gates, and of h where h' is its share.
template <class Number>
struct backward_gru_kernel {
  using V = Plain<Number>;
  static constexpr bool has_parts = true;
  static constexpr int operands = 6, inputs = 7, outputs = 5;
  static constexpr int parts[] = {4, 1, 1, 1, 4, 1};
  static void apply(const V *in, V *out) {
    const V x = in[0], r = in[1], z = in[2], y = in[3], h = in[4];
    const V grad_h = in[5] + in[6];
    const Sides<Number> reset = sides_of<Number>(r), update = sides_of<Number>(z);
    const V argument = candidate<Number>(x, reset.rising, y);
    const Number less = normalised(h - tanh_factor<Number>(argument));
    const V grad_n = product_rounded(grad_h, times(update.falling, grad_tanh<Number>(argument)));
    out[0] = grad_n;
    out[1] = product_rounded(grad_n, scaled_by(y, reset.derivative));
    out[2] = product_rounded(grad_h, times(less, update.derivative));
    out[3] = product_rounded(grad_n, reset.rising);
    out[4] = product_rounded(grad_h, update.rising);
  }
};

}  // namespace
}  // namespace OGIVE_ISA
