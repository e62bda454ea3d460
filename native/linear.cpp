// Logistic and softmax regression, compiled once per instruction set; see loops.cpp.
#include "loops.h"

#include "coordinates.h"
#include "linear.h"

namespace OGIVE_ISA {
namespace {

template <class Target>
constexpr LoopsOfType passes = {nullptr, nullptr, linear_pass<float, Target>,
                                linear_pass<double, Target>};

constexpr LoopsOfType descents = {nullptr, nullptr, coordinate_descent<float>,
                                  coordinate_descent<double>};

constexpr Loops loops[] = {
    {"logistic_pass", 6, 3, "(n,p),(q,p),(q),(n,q),(n,q),(n,q)->(q),(q,p),(q)", passes<bool>,
     " ddd?dddd"},
    {"softmax_pass", 6, 3, "(n,p),(q,k,p),(q,k),(n,k),(n),(n,q)->(q),(q,k,p),(q,k)",
     passes<std::int64_t>, " dddidddd"},
    {"coordinate_descent", 9, 2, "(m),(r),(m),(n),(p),(p),(p),(p),(5)->(p),(3)", descents,
     " iidddddddd"},
};

}  // namespace

const Level level_of_linear = {loops, sizeof loops / sizeof *loops};

}  // namespace OGIVE_ISA
