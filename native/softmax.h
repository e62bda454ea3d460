// The gufuncs (n),()->(n) and (n)->() of rows.h, and those with a mask: (n),(n),()->(n),
// (n),(n)->(). Those that give rows take last what the entries of an empty row become.
#pragma once
#include "tiles.h"

namespace OGIVE_ISA {
namespace {

template <class Function, class T, bool masked>
struct RowCall {
  using V = EntriesOf<T>;
  static constexpr bool to_row = Function::to_row;

  RowOperands<T> operands;
  Operand<T> empty = {};

  RowCall(char *const *data, const std::ptrdiff_t *sizes, const std::ptrdiff_t *steps) {
    constexpr int rows = masked ? 2 : 1, result = to_row ? rows + 1 : rows;
    const std::ptrdiff_t *const inner = steps + result + 1;
    operands.n = sizes[1];
    operands.results = to_row ? sizes[1] : 1;
    operands.in = {data[0], steps[0], inner[0]};
    if (masked) operands.mask = {data[1], steps[1], inner[1]};
    if (to_row) empty = {data[rows], steps[rows], 0};
    operands.out = {data[result], steps[result], to_row ? inner[rows] : 0};
  }

  using Writing = typename Function::template Writing<T>;

  // One row, but for what is left to `writing`.
  struct One {
    const RowCall *call;
    template <class Meanwhile>
    void operator()(std::ptrdiff_t i, const RowInMemory<T> &row, const Extent<T> &extent,
                    typename V::Element *kept, Meanwhile meanwhile, Writing &writing) const {
      if (Function::fast(row.in, extent, row.out, kept, meanwhile, writing)) return;
      const double nothing = to_row ? as_double(call->empty.at(i)) : 0;
      Function::careful(row.in, careful_sum(row.in), nothing, row.out);
    }
  };

  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    if (operands.n > short_row || !operands.n)
      return operands.template each_in_flow<Writing>(begin, end, One{this});
    for (; begin < end; begin += V::count)
      across(begin, end - begin < V::count ? end - begin : V::count);
  }

  // Rows [begin, begin + count), with an entry of each in a vector.  What becomes of a row does not
  // depend on those beside it.
  [[gnu::flatten]] void across(std::ptrdiff_t begin, std::ptrdiff_t count) const {
    V rows[short_row];  // the entries, then the results
    operands.load_across(begin, count, rows);
    const auto served = Function::template across<T>(rows, static_cast<int>(operands.n));
    operands.store_across(begin, count, rows, served,
                          [this](std::ptrdiff_t i, T *result) { alone(i, result); });
  }
  [[gnu::noinline]] void alone(std::ptrdiff_t i, T *result) const {
    operands.template alone<Writing>(i, result, One{this});
  }
};

}  // namespace
}  // namespace OGIVE_ISA
