// The recurrent cells, compiled once per instruction set; see loops.cpp.
#include "loops.h"

#include "cells.h"
#include "fused.h"
#include "kinds.h"

namespace OGIVE_ISA {
namespace {

constexpr Loops loops[] = {
    {"lstm_cell", 2, 2, "(4,n),(n)->(n),(n)", fused_loops<lstm_kernel, Smooth>, nullptr},
    {"backward_lstm_cell", 6, 2, "(4,n),(n),(n),(n),(n),(n)->(4,n),(n)",
     fused_loops<backward_lstm_kernel, Smooth>, nullptr},
    {"gru_cell", 2, 1, "(4,n),(n)->(n)", fused_loops<gru_kernel, Smooth>, nullptr},
    {"backward_gru_cell", 4, 2, "(4,n),(n),(n),(n)->(4,n),(n)",
     fused_loops<backward_gru_kernel, Smooth>, nullptr},
};

}  // namespace

const Level level_of_cells = {loops, sizeof loops / sizeof *loops};

}  // namespace OGIVE_ISA
