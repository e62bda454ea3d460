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

  // One row, but for what is left to `writing`.
  template <class Meanwhile, class Writing>
  void one(std::ptrdiff_t i, Entries<T> x, const Extent<T> &extent, T *y, typename V::Element *kept,
           Meanwhile meanwhile, Writing &writing) const {
    if (Function::fast(x, extent, y, kept, meanwhile, writing)) return;
    const double nothing = to_row ? as_double(empty.at(i)) : 0;
    Function::careful(x, careful_sum(x), nothing, y);
  }

  void run(std::ptrdiff_t begin, std::ptrdiff_t end) {
    if (operands.n > short_row || !operands.n) return in_flow(begin, end);
    for (; begin < end; begin += V::count)
      across(begin, end - begin < V::count ? end - begin : V::count);
  }
  void in_flow(std::ptrdiff_t begin, std::ptrdiff_t end) {
    using Writing = typename Function::template Writing<T>;
    operands.template each_in_flow<Writing>(
        begin, end,
        [this](std::ptrdiff_t i, const RowInMemory<T> &row, const Extent<T> &extent, auto *kept,
               auto meanwhile,
               Writing &writing) { one(i, row.in, extent, row.out, kept, meanwhile, writing); });
  }

  // Rows [begin, begin + count), with an entry of each in a vector.  What becomes of a row does not
  // depend on those beside it.
  [[gnu::flatten]] void across(std::ptrdiff_t begin, std::ptrdiff_t count) const {
    V rows[short_row];  // the entries, then the results
    operands.load_across(begin, count, rows);
    const auto served = Function::template across<T>(rows, static_cast<int>(operands.n));
    if (!any(~served)) return operands.store_across(begin, count, rows);
    const Unpacked<decltype(~served)> serves(served);
    T result[short_row];
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      if (serves.lane[i])
        operands.store_lane(rows, i, result);
      else
        alone(begin + i, result);
      for (std::ptrdiff_t j = 0; j < operands.results; ++j)
        operands.out.put(begin + i, j, result[j]);
    }
  }
  [[gnu::noinline]] void alone(std::ptrdiff_t i, T *result) const {
    T some[short_row];
    typename V::Element kept[short_row];
    operands.load_row(i, some);
    const Entries<T> x = {some, operands.n};
    typename Function::template Writing<T> writing;
    one(i, x, Extent<T>(x), result, kept, [](std::ptrdiff_t) {}, writing);
    for (std::ptrdiff_t at = 0; at < x.n; at += V::count) write(writing, x.n, at);
  }
};

}  // namespace
}  // namespace OGIVE_ISA
