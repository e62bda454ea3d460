// Written by tools/coefficients.py; change that, not this.
// Polynomials are listed from the lowest power up; a constant in braces of two is a double and its
// remainder.
#pragma once

namespace OGIVE_ISA {
namespace {

constexpr double log2_e = 0x1.71547652b82fep+0;
// ln 2 = ln2_hi + ln2_lo; ln2_hi has 38 bits: n ln2_hi is exact for |n| < 2^15.
constexpr double ln2_hi = 0x1.62e42fefa0000p-1;
constexpr double ln2_lo = 0x1.cf79abc9e3b3ap-40;
constexpr double sqrt_2 = 0x1.6a09e667f3bcdp+0;

// ln 2.
constexpr double ln2[] = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};

// ln 2 in two floats; the first has 16 bits: n times it is exact for |n| < 256.
constexpr float ln2_hi_single = 0x1.62e4000000000p-1f;
constexpr float ln2_lo_single = 0x1.7f7d1c0000000p-20f;

// (e^r - 1 - r) / r^2 for |r| <= ln(2)/2, error of e^r; relative error 2^-32.2.
constexpr double exp_single[] = {0x1.0000000b8f670p-1,  0x1.5555555a78251p-3,
                                 0x1.5554e91133b7ep-5,  0x1.1110e0f71a4a5p-7,
                                 0x1.6d43152a5e20ap-10, 0x1.a124e412bb9cfp-13};

// (e^r - 1 - r - r^2/2) / r^3 for |r| <= ln(2)/2, error of e^r; relative error 2^-59.8.
constexpr double exp_double[] = {
    0x1.5555555555556p-3,  0x1.5555555555555p-5,  0x1.11111111109b5p-7,  0x1.6c16c16c167e2p-10,
    0x1.a01a01a7c2f2cp-13, 0x1.a01a01a47a5abp-16, 0x1.71de0db2eb873p-19, 0x1.27e4e1f71bcbbp-22,
    0x1.af389eea54156p-26, 0x1.1f66d957d0ef0p-29};

// (e^r - 1 - r) / r^2 in floats, error of e^r; relative error 2^-26.7.
constexpr float exp_float[] = {0x1.0000000000000p-1f, 0x1.5554de0000000p-3f, 0x1.55551a0000000p-5f,
                               0x1.120b620000000p-7f, 0x1.6d10fc0000000p-10f};

// (2 atanh(s) - 2 s) / s^3 in s^2, for 1/sqrt(2) <= (1+s)/(1-s) <= sqrt(2), error of atanh;
// relative error 2^-35.9.
constexpr double atanh_single[] = {0x1.5555554bb2b05p-1, 0x1.9999eb5d94878p-2, 0x1.245c437c3b954p-2,
                                   0x1.ddced87f793adp-3};

// (2 atanh(s) - 2 s) / s^3 in s^2, for 1/sqrt(2) <= (1+s)/(1-s) <= sqrt(2), error of atanh;
// relative error 2^-60.7.
constexpr double atanh_double[] = {0x1.5555555555555p-1, 0x1.9999999999a38p-2, 0x1.2492492476ccbp-2,
                                   0x1.c71c7201592a1p-3, 0x1.745cf9048617ap-3, 0x1.3b1c355c3560fp-3,
                                   0x1.0fbe95aaf31a8p-3, 0x1.0c039e172b8dfp-3};

// 1 / sqrt(2 pi), the normal density at 0.
constexpr double inv_sqrt_2pi[] = {0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56};

// (a + 1) Phi(-a) / phi(a) in y = (a - 4) / (a + 4), 0 <= a <= 20; relative error 2^-37.6.
constexpr double mills_single[] = {
    0x1.2eea40b9ab547p+0,  -0x1.f06f3d096ec09p-3,  0x1.1f7901c406697p-5,   0x1.25a4ea0bf85a8p-4,
    -0x1.4a947ba6b4522p-4, 0x1.704e405ce1405p-5,   -0x1.9ae17606a92fep-7,  -0x1.779703cc89da7p-11,
    0x1.c8902841d8dd4p-10, -0x1.ed0b841ba7adfp-13, -0x1.cbc30018b362fp-13, 0x1.a49db6324d0b0p-15,
    0x1.0a3b030decddbp-15, -0x1.7a7fe0b9a03b4p-18, -0x1.f145c7dbc0795p-19};

constexpr double mills_double_leading[][2] = {{0x1.2eea40b9abcabp+0, -0x1.2bcb846c6b9ecp-55},
                                              {-0x1.f06f3d0b9e634p-3, -0x1.303769d5934bcp-58},
                                              {0x1.1f7901bed41e5p-5, 0x1.06b5af4e75289p-61},
                                              {0x1.25a4eb031bf46p-4, 0x1.ad7e493b9ff71p-58},
                                              {-0x1.4a947b618cdddp-4, -0x1.c1c62e186c239p-58}};
// (a + 1) Phi(-a) / phi(a) in y = (a - 4) / (a + 4), 0 <= a <= 55; relative error 2^-59.0.
constexpr double mills_double[] = {
    0x1.704e20a1b733dp-5,   -0x1.9ae19ffbedbfap-7,  -0x1.775d4f0f26cc7p-11, 0x1.c89d7df1ed430p-10,
    -0x1.f06620b97e8cfp-13, -0x1.cdd34ed3573d3p-13, 0x1.bed2b14c8a19dp-15,  0x1.1e8aefc34ded0p-15,
    -0x1.209b69c28881ep-17, -0x1.b7bb160c5a3e3p-18, 0x1.0ea35e04ea3c8p-20,  0x1.74ccd7983edfdp-20,
    0x1.e97dd901c0032p-27,  -0x1.309b437afcbbfp-22, -0x1.0ef13f48c4797p-24, 0x1.93ab06f7eebc3p-25,
    0x1.c2811becd82a1p-26,  -0x1.de9dfd5e83099p-29, -0x1.dfa652efe638cp-28, -0x1.4f9016e4975fbp-30,
    0x1.39a68971ecbf4p-30,  0x1.2af43f6ef26dfp-31,  -0x1.97e0cea4534a4p-35, -0x1.645d69b0ff936p-34,
    -0x1.0c984a4617116p-36};

// Where the derivative of silu is 0.
constexpr double silu_root[] = {-0x1.474973c84120bp+0, -0x1.f8d74bc9ac154p-54};

// silu'(root + d) / d for |d| <= 1/4; relative error 2^-38.7.
constexpr double silu_quotient_single[] = {
    0x1.be1410460527fp-3,  0x1.2c56345956c9bp-3,  0x1.353eb57434d53p-6,
    -0x1.f2d0ea6664ce5p-7, -0x1.b0f82dad4430dp-8, 0x1.09f6c6bbdc145p-13,
    0x1.a2aa4da46fb54p-11, 0x1.7cc098db33b1bp-13, -0x1.5a840ef0c00bdp-15};

constexpr double silu_quotient_double_leading[][2] = {
    {0x1.be1410460527fp-3, -0x1.2541062177473p-58}};
// silu'(root + d) / d for |d| <= 1/4; relative error 2^-55.8.
constexpr double silu_quotient_double[] = {
    0x1.2c563458cc0adp-3,   0x1.353eb573ca457p-6,   -0x1.f2d0e32bc297ep-7, -0x1.b0f82c498fd3ap-8,
    0x1.098e92b8b6b29p-13,  0x1.a2a7caf0f2286p-11,  0x1.8574d1480b23fp-13, -0x1.57238ddbb2d06p-15,
    -0x1.f2d8ac7a152bcp-16, -0x1.8af3e4c322009p-19, 0x1.3aeecf9dd5049p-19, 0x1.cda33af4a92a6p-21,
    -0x1.2b495a6e43c05p-25, -0x1.89512cb6a2c93p-24};

// Where the derivative of gelu is 0.
constexpr double gelu_root[] = {-0x1.80ead197f00b4p-1, 0x1.13e74c58cada8p-56};

// gelu'(root + d) / d for |d| <= 1/4; relative error 2^-37.0.
constexpr double gelu_quotient_single[] = {
    0x1.b9d98fa5a3215p-2,  0x1.8d9a941c2fbffp-2,  -0x1.2a2ef9c811eabp-6,
    -0x1.d2fa466a4aab3p-4, -0x1.e4086d5a1bae4p-7, 0x1.3e2f50cb26d83p-6,
    0x1.297230fed5e31p-8,  -0x1.22201cc27c372p-9, -0x1.803464442574ep-11};

constexpr double gelu_quotient_double_leading[][2] = {
    {0x1.b9d98fa5a3215p-2, 0x1.f7c1a23190c7cp-56}};
// gelu'(root + d) / d for |d| <= 1/4; relative error 2^-55.7.
constexpr double gelu_quotient_double[] = {
    0x1.8d9a941de3ac5p-2,  -0x1.2a2ef9bb865aep-6, -0x1.d2fa4c17c7e84p-4,  -0x1.e4088244f8ff4p-7,
    0x1.3e346def41f94p-6,  0x1.297b9d6ff7345p-8,  -0x1.258a6d8546671p-9,  -0x1.8680f74626fcdp-11,
    0x1.86c8637089644p-13, 0x1.6960ff0863522p-14, -0x1.784a70ded327ep-17, -0x1.03f8264f1d43dp-17,
    0x1.d04fab0ae096dp-22, 0x1.2dbc8a23fc800p-21};

}  // namespace
}  // namespace OGIVE_ISA
