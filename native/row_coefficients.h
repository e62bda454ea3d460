// Tables and polynomials for the exponentials and logarithms of rows and losses.  Written by
// tools/row_coefficients.py.
#pragma once

namespace OGIVE_ISA {
namespace {

// 2^(j / 8), its bits less j / 8 of an exponent; what rounding it left, relative to it.
constexpr float float_powers_8[2][8] = {
    {0x1.0000000000000p+0f, 0x1.f72b840000000p-1f, 0x1.f06fe00000000p-1f, 0x1.ebfdae0000000p-1f,
     0x1.ea09e60000000p-1f, 0x1.eace540000000p-1f, 0x1.ee89fa0000000p-1f, 0x1.f5818e0000000p-1f},
    {0x0.0p+0f, -0x1.9c0c220000000p-27f, 0x1.1250020000000p-25f, -0x1.0a35520000000p-25f,
     0x1.26055c0000000p-26f, 0x1.67a1ca0000000p-28f, -0x1.f9c3060000000p-27f,
     -0x1.a5217c0000000p-28f}};
// (e^r - 1 - r) / r^2 for |r| <= ln(2)/8, error of e^r; relative error 2^-33.7.
constexpr double exp_float_8[] = {0x1.ffffff57e3733p-2, 0x1.555555254d8aep-3, 0x1.556b33ac5dc6dp-5,
                                  0x1.111d9008e198fp-7};

// 2^(j / 32), its bits less j / 32 of an exponent; what rounding it left, relative to it.
constexpr float float_powers_32[2][32] = {
    {0x1.0000000000000p+0f, 0x1.fd9b0e0000000p-1f, 0x1.fb55860000000p-1f, 0x1.f9301e0000000p-1f,
     0x1.f72b840000000p-1f, 0x1.f548740000000p-1f, 0x1.f387a60000000p-1f, 0x1.f1e9e00000000p-1f,
     0x1.f06fe00000000p-1f, 0x1.ef1a740000000p-1f, 0x1.edea640000000p-1f, 0x1.ece0860000000p-1f,
     0x1.ebfdae0000000p-1f, 0x1.eb42b60000000p-1f, 0x1.eab07e0000000p-1f, 0x1.ea47ec0000000p-1f,
     0x1.ea09e60000000p-1f, 0x1.e9f75e0000000p-1f, 0x1.ea11480000000p-1f, 0x1.ea589a0000000p-1f,
     0x1.eace540000000p-1f, 0x1.eb737c0000000p-1f, 0x1.ec49180000000p-1f, 0x1.ed503c0000000p-1f,
     0x1.ee89fa0000000p-1f, 0x1.eff7700000000p-1f, 0x1.f199be0000000p-1f, 0x1.f3720e0000000p-1f,
     0x1.f5818e0000000p-1f, 0x1.f7c9740000000p-1f, 0x1.fa4afa0000000p-1f, 0x1.fd07660000000p-1f},
    {0x0.0p+0f,
     -0x1.9474160000000p-25f,
     0x1.8d96d20000000p-25f,
     -0x1.dda2fe0000000p-25f,
     -0x1.9c0c220000000p-27f,
     -0x1.a2fbb40000000p-25f,
     0x1.9649020000000p-25f,
     -0x1.2b0dbc0000000p-25f,
     0x1.1250020000000p-25f,
     -0x1.cde8ce0000000p-26f,
     0x1.370be40000000p-25f,
     0x1.336de20000000p-30f,
     -0x1.0a35520000000p-25f,
     -0x1.c541b60000000p-26f,
     -0x1.00d8ac0000000p-27f,
     -0x1.6cb2840000000p-25f,
     0x1.26055c0000000p-26f,
     0x1.8b2bb80000000p-26f,
     -0x1.05cb440000000p-25f,
     -0x1.1c21420000000p-26f,
     0x1.67a1ca0000000p-28f,
     -0x1.348e580000000p-25f,
     0x1.a3b5e40000000p-28f,
     -0x1.0b7ec80000000p-25f,
     -0x1.f9c3060000000p-27f,
     -0x1.e4c8860000000p-26f,
     -0x1.6961b40000000p-28f,
     -0x1.b5151e0000000p-28f,
     -0x1.a5217c0000000p-28f,
     -0x1.ab71320000000p-26f,
     0x1.61428e0000000p-28f,
     -0x1.2ad5f80000000p-27f}};
// (e^r - 1 - r) / r^2 for |r| <= ln(2)/32, error of e^r; relative error 2^-36.6.
constexpr double exp_float_32[] = {0x1.0000000000000p-1, 0x1.5556deec7a397p-3,
                                   0x1.55565bb9f4932p-5};

// 2^(j / 16), its bits less j / 16 of an exponent; what rounding it left, relative to it.
constexpr double double_powers_16[2][16] = {
    {0x1.0000000000000p+0, 0x1.fb5586cf9890fp-1, 0x1.f72b83c7d517bp-1, 0x1.f387a6e756238p-1,
     0x1.f06fe0a31b715p-1, 0x1.edea64c123422p-1, 0x1.ebfdad5362a27p-1, 0x1.eab07dd485429p-1,
     0x1.ea09e667f3bcdp-1, 0x1.ea11473eb0187p-1, 0x1.eace5422aa0dbp-1, 0x1.ec49182a3f090p-1,
     0x1.ee89f995ad3adp-1, 0x1.f199bdd85529cp-1, 0x1.f5818dcfba487p-1, 0x1.fa4afa2a490dap-1},
    {0x0.0p+0, 0x1.79aa660000000p-54, -0x1.01b15e0000000p-55, 0x1.68efde0000000p-54,
     0x1.34d7540000000p-55, 0x1.59f48a0000000p-55, 0x1.690cec0000000p-56, 0x1.063e1e0000000p-54,
     -0x1.3b3efc0000000p-54, -0x1.b32dcc0000000p-56, 0x1.db72fc0000000p-55, 0x1.1affc20000000p-56,
     0x1.c1a77a0000000p-55, 0x1.36eae40000000p-56, 0x1.4a385a0000000p-56, -0x1.ff71280000000p-55}};
// (e^r - 1 - r) / r^2 for |r| <= ln(2)/16, error of e^r; relative error 2^-56.6.
constexpr double exp_double_16[] = {0x1.000000000002ep-1,  0x1.555555555556ap-3,
                                    0x1.5555554e945dbp-5,  0x1.1111110e10a41p-7,
                                    0x1.6c1b70f434f0fp-10, 0x1.a01e2bdf0ac83p-13};

// (e^r - 1 - r) / r^2 for |r| <= ln(2)/32, error of e^r; relative error 2^-45.7.
constexpr double exp_wide_16[] = {0x1.ffffffff57e8ep-2, 0x1.55555555254ecp-3, 0x1.5556b330ec55bp-5,
                                  0x1.1111d8fc2d6fep-7};

// c = 1 / (1 + j / 15), rounded, and -log(c) with its remainder.
constexpr double log_factors_16[3][16] = {
    {0x1.0000000000000p+0, 0x1.e000000000000p-1, 0x1.c3c3c00000000p-1, 0x1.aaaaa00000000p-1,
     0x1.9435e00000000p-1, 0x1.8000000000000p-1, 0x1.6db6e00000000p-1, 0x1.5d17400000000p-1,
     0x1.4de9c00000000p-1, 0x1.4000000000000p-1, 0x1.3333400000000p-1, 0x1.2762800000000p-1,
     0x1.1c71c00000000p-1, 0x1.1249200000000p-1, 0x1.08d3e00000000p-1, 0x1.0000000000000p-1},
    {0x0.0p+0, 0x1.08598b59e3a07p-4, 0x1.005599be487e1p-3, 0x1.756534517d3e7p-3,
     0x1.e41fe65104d00p-3, 0x1.269621134db92p-2, 0x1.588c20c46690bp-2, 0x1.882f30095009cp-2,
     0x1.b5b3d9b9ad691p-2, 0x1.e148a1a2726cep-2, 0x1.058ada52bc619p-1, 0x1.199f9b57a3e33p-1,
     0x1.2cf26c7a5c120p-1, 0x1.3f912fdac91bdp-1, 0x1.51889e39c723cp-1, 0x1.62e42fefa39efp-1},
    {0x0.0p+0, -0x1.dd7009902bf32p-58, 0x1.995b513e58aa7p-58, -0x1.15b011225252fp-58,
     0x1.46f3271457961p-62, 0x1.e0efadd9db02bp-56, -0x1.e3d516f0231bbp-56, -0x1.13939fd9035d3p-56,
     0x1.64d6e3a038bcbp-56, -0x1.ac81cc8a4dfb8p-56, -0x1.e4caf407d9db9p-56, 0x1.79af990d0411fp-56,
     -0x1.3d48e7376bc9cp-55, -0x1.185ebf883130cp-56, 0x1.85b22764e1ffdp-55, 0x1.abc9e3b39803fp-56}};
// (log(1 + z) - z) / z^2 for |z| <= 1/30, error of log(1 + z); relative error 2^-42.4.
constexpr double log1p_wide_16[] = {-0x1.000000000bceap-1, 0x1.555555556a530p-2,
                                    -0x1.fffff4542ea13p-3, 0x1.99998f39af31fp-3,
                                    -0x1.55c2b1c2f8bcfp-3, 0x1.24f37f6c45298p-3};

// (log(1 + z) - z) / z^2 for |z| <= 1/30, error of log(1 + z); relative error 2^-60.6.
constexpr double log1p_double_16[] = {
    -0x1.0000000000000p-1, 0x1.55555555554fdp-2,  -0x1.fffffffffff5fp-3,
    0x1.9999999b9d2e9p-3,  -0x1.555555572df67p-3, 0x1.24922fa9f987fp-3,
    -0x1.ffffd1499e2d5p-4, 0x1.c80b25fb506b4p-4,  -0x1.9a746a7b01d85p-4};

}  // namespace
}  // namespace OGIVE_ISA
