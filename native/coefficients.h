// Written by tools/coefficients.py; change that, not this.
// Polynomials are listed from the lowest power up; a constant in braces of two is a double and its
// remainder.
#pragma once

namespace OGIVE_ISA {
namespace {

constexpr double log2_e = 0x1.71547652b82fep+0;
constexpr double sqrt_2 = 0x1.6a09e667f3bcdp+0;

// ln 2.
constexpr double ln2[] = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};

// ln 2 = hi + lo, hi so short that n hi is a multiple of the last place of n ln 2.
template <class T>
struct Ln2;
template <>
struct Ln2<double> {
  static constexpr double hi = 0x1.62e42fefa0000p-1;
  static constexpr double lo = 0x1.cf79abc9e3b3ap-40;
};
template <>
struct Ln2<float> {
  static constexpr float hi = 0x1.62e4000000000p-1f;
  static constexpr float lo = 0x1.7f7d1c0000000p-20f;
};
// (e^r - 1 - r) / r^2 for |r| <= ln(2)/2, error of e^r; relative error 2^-32.2.
constexpr double exp_wide[] = {0x1.0000000b8f670p-1, 0x1.5555555a78251p-3,  0x1.5554e91133b7ep-5,
                               0x1.1110e0f71a4a5p-7, 0x1.6d43152a5e20ap-10, 0x1.a124e412bb9cfp-13};

// (e^r - 1 - r) / r^2 for |r| <= ln(2)/2, error of e^r; relative error 2^-61.4.
constexpr double exp_double[] = {
    0x1.0000000000000p-1,  0x1.5555555555557p-3,  0x1.5555555555556p-5,  0x1.11111111100dfp-7,
    0x1.6c16c16c162d6p-10, 0x1.a01a01abe6323p-13, 0x1.a01a01a6d7831p-16, 0x1.71de0237484cdp-19,
    0x1.27e4db67ac2b0p-22, 0x1.af4ddda1c08cdp-26, 0x1.1f72fc83bcbc7p-29};

// (e^r - 1 - r - r^2/2) / r^3 for |r| <= ln(2)/2, error of e^r; relative error 2^-31.2.
constexpr double exp_cubic_single[] = {0x1.5555555555555p-3, 0x1.555519337a32bp-5,
                                       0x1.1110f6596d865p-7, 0x1.6d10fc850d02bp-10,
                                       0x1.a0f8613a13bbap-13};

// (e^r - 1 - r - r^2/2) / r^3 for |r| <= ln(2)/2, error of e^r; relative error 2^-60.6.
constexpr double exp_cubic[] = {0x1.5555555555555p-3,  0x1.5555555555556p-5,  0x1.1111111111111p-7,
                                0x1.6c16c16c162d6p-10, 0x1.a01a01a019b2bp-13, 0x1.a01a01a6d7831p-16,
                                0x1.71de3a5904949p-19, 0x1.27e4db67ac2b0p-22, 0x1.ae64344d76c0cp-26,
                                0x1.1f72fc83bcbc7p-29, 0x1.61b2b02877046p-33};

// (2 atanh(s) - 2 s) / s^3 in s^2, for 1/sqrt(2) <= (1+s)/(1-s) <= sqrt(2), error of atanh;
// relative error 2^-28.5.
constexpr double atanh_single[] = {0x1.55555b7f8f0cap-1, 0x1.997c3059c7182p-2,
                                   0x1.2ee610ac0e56ep-2};

// (2 atanh(s) - 2 s) / s^3 in s^2, for 1/sqrt(2) <= (1+s)/(1-s) <= sqrt(2), error of atanh;
// relative error 2^-35.9.
constexpr double atanh_wide[] = {0x1.5555554bb2b05p-1, 0x1.9999eb5d94878p-2, 0x1.245c437c3b954p-2,
                                 0x1.ddced87f793adp-3};

// (2 atanh(s) - 2 s) / s^3 in s^2, for 1/sqrt(2) <= (1+s)/(1-s) <= sqrt(2), error of atanh;
// relative error 2^-60.7.
constexpr double atanh_double[] = {0x1.5555555555555p-1, 0x1.9999999999a38p-2, 0x1.2492492476ccbp-2,
                                   0x1.c71c7201592a1p-3, 0x1.745cf9048617ap-3, 0x1.3b1c355c3560fp-3,
                                   0x1.0fbe95aaf31a8p-3, 0x1.0c039e172b8dfp-3};

constexpr double atanh_closely_leading[][2] = {{0x1.5555555555555p-1, 0x1.55551d292a341p-55},
                                               {0x1.999999999999ap-2, -0x1.8df46cc08dd0cp-56},
                                               {0x1.2492492492486p-2, -0x1.d114fdf43471bp-56}};
// (2 atanh(s) - 2 s) / s^3 in s^2, for 1/sqrt(2) <= (1+s)/(1-s) <= sqrt(2), error of atanh;
// relative error 2^-77.8.
constexpr double atanh_closely[] = {
    0x1.c71c71c71f255p-3, 0x1.745d17437e30cp-3, 0x1.3b13b261106aep-3, 0x1.1110b8d0f4a92p-3,
    0x1.e202961d1b395p-4, 0x1.ab83dfcf7ed93p-4, 0x1.bedb0584e0d4bp-4};

// (log(1 + t) - t + t^2/2) / t^3 for -1/4 <= t <= 1/2, error of log(1 + t); relative error 2^-27.8.
constexpr double log1p_single[] = {
    0x1.555555355d707p-2,  -0x1.0000260f9189cp-2, 0x1.999a56b9b34b3p-3,
    -0x1.5536aab7a1e17p-3, 0x1.2437033a083eap-3,  -0x1.02da6324b07c0p-3,
    0x1.de70e68d10c58p-4,  -0x1.87a226a99f9a0p-4, 0x1.5f357086d2038p-5};

// (log(1 + t) - t + t^2/2) / t^3 for -1/4 <= t <= 1/2, error of log(1 + t); relative error 2^-33.0.
constexpr double log1p_wide[] = {
    0x1.5555554fdc1d3p-2, -0x1.fffffe0051026p-3, 0x1.9999ab7509195p-3, -0x1.5556b317a40bap-3,
    0x1.248f2d28a86a8p-3, -0x1.ff795b4cd6f8dp-4, 0x1.c6d32b601ba66p-4, -0x1.a2db0b5524217p-4,
    0x1.89fb5ba487e7cp-4, -0x1.32f91b7e7ed6ap-4, 0x1.f2936a7d6e008p-6};

// (log(1 + t) - t + t^2/2) / t^3 for -1/4 <= t <= 1/2, error of log(1 + t); relative error 2^-58.3.
constexpr double log1p_double[] = {
    0x1.5555555555555p-2, -0x1.ffffffffffffdp-3, 0x1.9999999999977p-3, -0x1.5555555555b6dp-3,
    0x1.2492492495abap-3, -0x1.ffffffff7b1cdp-4, 0x1.c71c71c2da4c3p-4, -0x1.999999bf34b88p-4,
    0x1.745d189e4eab5p-4, -0x1.555550c2cfd56p-4, 0x1.3b1375e692554p-4, -0x1.24925d2a0f72ap-4,
    0x1.1116a9923ac5ep-4, -0x1.00098a89cee72p-4, 0x1.e15e15d742b9ep-5, -0x1.c52babf7f4316p-5,
    0x1.b04d8265c84e7p-5, -0x1.ab331ca277b2dp-5, 0x1.a350143420a72p-5, -0x1.5bdb2f3a646dfp-5,
    0x1.83df370067633p-6, -0x1.98b88c73f51c0p-8};

// 2^(j / 32), and what rounding it left.
constexpr float exp2_table[2][32] = {
    {0x1.0000000000000p+0f, 0x1.059b0e0000000p+0f, 0x1.0b55860000000p+0f, 0x1.11301e0000000p+0f,
     0x1.172b840000000p+0f, 0x1.1d48740000000p+0f, 0x1.2387a60000000p+0f, 0x1.29e9e00000000p+0f,
     0x1.306fe00000000p+0f, 0x1.371a740000000p+0f, 0x1.3dea640000000p+0f, 0x1.44e0860000000p+0f,
     0x1.4bfdae0000000p+0f, 0x1.5342b60000000p+0f, 0x1.5ab07e0000000p+0f, 0x1.6247ec0000000p+0f,
     0x1.6a09e60000000p+0f, 0x1.71f75e0000000p+0f, 0x1.7a11480000000p+0f, 0x1.82589a0000000p+0f,
     0x1.8ace540000000p+0f, 0x1.93737c0000000p+0f, 0x1.9c49180000000p+0f, 0x1.a5503c0000000p+0f,
     0x1.ae89fa0000000p+0f, 0x1.b7f7700000000p+0f, 0x1.c199be0000000p+0f, 0x1.cb720e0000000p+0f,
     0x1.d5818e0000000p+0f, 0x1.dfc9740000000p+0f, 0x1.ea4afa0000000p+0f, 0x1.f507660000000p+0f},
    {0x0.0p+0f,
     -0x1.9d4f520000000p-25f,
     0x1.9f31220000000p-25f,
     -0x1.fdb4960000000p-25f,
     -0x1.c157420000000p-27f,
     -0x1.d2e8ca0000000p-25f,
     0x1.ceac480000000p-25f,
     -0x1.5c04240000000p-25f,
     0x1.4636e20000000p-25f,
     -0x1.18aac60000000p-25f,
     0x1.8246840000000p-25f,
     0x1.8624b40000000p-30f,
     -0x1.593abc0000000p-25f,
     -0x1.2c56100000000p-25f,
     -0x1.5bd5ec0000000p-27f,
     -0x1.f8b5500000000p-25f,
     0x1.9fcef40000000p-26f,
     0x1.1d8bee0000000p-25f,
     -0x1.829fd00000000p-25f,
     -0x1.accc7c0000000p-26f,
     0x1.15506e0000000p-27f,
     -0x1.e647440000000p-25f,
     0x1.51f8480000000p-27f,
     -0x1.b83b540000000p-25f,
     -0x1.a94b140000000p-26f,
     -0x1.a094380000000p-25f,
     -0x1.3d56b20000000p-27f,
     -0x1.8837cc0000000p-27f,
     -0x1.822dbc0000000p-27f,
     -0x1.908c940000000p-25f,
     0x1.52486c0000000p-27f,
     -0x1.246eb00000000p-26f}};

// tanh(c + y) for |x| = c + y, and tanh(x) - x in the first, where c = 0: by 32 intervals, the
// value at the centre c, what rounding it left, and the coefficients of y, y^2, ...; relative error
// 2^-25.8.
constexpr float tanh_table[7][32] = {
    {0x1.f4bfd60000000p-1f,
     0x1.fbd50a0000000p-1f,
     0x1.fe767a0000000p-1f,
     0x1.ff6f180000000p-1f,
     0x1.ffdfa60000000p-1f,
     0x1.fffba00000000p-1f,
     0x1.ffff680000000p-1f,
     0x1.ffffec0000000p-1f,
     0x1.fffffe0000000p-1f,
     0x1.0000000000000p+0f,
     0x1.0000000000000p+0f,
     0x1.0000000000000p+0f,
     0x1.0000000000000p+0f,
     0x1.0000000000000p+0f,
     0x1.0000000000000p+0f,
     0x1.0000000000000p+0f,
     0x0.0p+0f,
     0x1.5c93080000000p-3f,
     0x1.9a5f1c0000000p-3f,
     0x1.d7665c0000000p-3f,
     0x1.18a39a0000000p-2f,
     0x1.52c2c60000000p-2f,
     0x1.8a87e20000000p-2f,
     0x1.bfae6a0000000p-2f,
     0x1.0508700000000p-1f,
     0x1.3157e00000000p-1f,
     0x1.5789000000000p-1f,
     0x1.77d8380000000p-1f,
     0x1.9e5cb60000000p-1f,
     0x1.c278a60000000p-1f,
     0x1.d9c6fc0000000p-1f,
     0x1.e8789e0000000p-1f},
    {0x1.2700100000000p-26f,
     -0x1.d50e1a0000000p-27f,
     -0x1.65735e0000000p-26f,
     -0x1.7bb2ac0000000p-27f,
     0x1.873bea0000000p-26f,
     -0x1.ba09d40000000p-26f,
     0x1.38c6060000000p-27f,
     -0x1.0f30660000000p-26f,
     0x1.f315a20000000p-26f,
     -0x1.33a7380000000p-31f,
     -0x1.68a1a20000000p-37f,
     -0x1.a6bb7e0000000p-43f,
     -0x1.53f6ba0000000p-51f,
     -0x1.d321000000000p-63f,
     -0x1.40ee2e0000000p-74f,
     -0x1.b8f9da0000000p-86f,
     0x0.0p+0f,
     -0x1.bb0ce40000000p-28f,
     -0x1.899efc0000000p-31f,
     0x1.f3767a0000000p-28f,
     -0x1.954ab00000000p-30f,
     -0x1.3c61a00000000p-27f,
     -0x1.69a96c0000000p-27f,
     0x1.72d62e0000000p-27f,
     -0x1.a256a80000000p-26f,
     -0x1.6386d40000000p-29f,
     -0x1.de1f760000000p-26f,
     0x1.c70bd80000000p-26f,
     -0x1.9650e00000000p-28f,
     -0x1.94ed060000000p-26f,
     -0x1.fad17c0000000p-26f,
     0x1.9ed4060000000p-26f},
    {0x1.64108a0000000p-5f,
     0x1.09a7a60000000p-6f,
     0x1.88ef6a0000000p-8f,
     0x1.21a7b00000000p-9f,
     0x1.02bf320000000p-11f,
     0x1.1833500000000p-14f,
     0x1.2f60780000000p-17f,
     0x1.4876460000000p-20f,
     0x1.05c30c0000000p-24f,
     0x1.32d6680000000p-30f,
     0x1.67acdc0000000p-36f,
     0x1.a59c940000000p-42f,
     0x1.14e3fc0000000p-50f,
     0x1.7c767c0000000p-62f,
     0x1.0563700000000p-73f,
     0x1.67297c0000000p-85f,
     0x0.0p+0f,
     0x1.f12b000000000p-1f,
     0x1.eb715a0000000p-1f,
     0x1.e4dfb20000000p-1f,
     0x1.d98b360000000p-1f,
     0x1.c7f7240000000p-1f,
     0x1.b3ff2e0000000p-1f,
     0x1.9e23ae0000000p-1f,
     0x1.7aeae60000000p-1f,
     0x1.49e6c00000000p-1f,
     0x1.197fce0000000p-1f,
     0x1.d834d20000000p-2f,
     0x1.6150020000000p-2f,
     0x1.cea7440000000p-3f,
     0x1.265e340000000p-3f,
     0x1.6fcfa60000000p-4f},
    {-0x1.5c3a3c0000000p-5f,  -0x1.0779060000000p-6f,  -0x1.87b86e0000000p-8f,
     -0x1.214eaa0000000p-9f,  -0x1.02451e0000000p-11f, -0x1.17bd960000000p-14f,
     -0x1.2ee3200000000p-17f, -0x1.47eee00000000p-20f, -0x1.fccc120000000p-25f,
     -0x1.2a34cc0000000p-30f, -0x1.5d8ec20000000p-36f, -0x1.99c0740000000p-42f,
     -0x1.a9b20a0000000p-52f, -0x1.2476e80000000p-63f, -0x1.91dcbc0000000p-75f,
     -0x1.1417240000000p-86f, 0x1.4bf0900000000p-24f,  -0x1.5279fe0000000p-3f,
     -0x1.89e50e0000000p-3f,  -0x1.be6cb80000000p-3f,  -0x1.038f700000000p-2f,
     -0x1.2daf980000000p-2f,  -0x1.4ff7120000000p-2f,  -0x1.6a1d380000000p-2f,
     -0x1.825de40000000p-2f,  -0x1.897d220000000p-2f,  -0x1.79c0e60000000p-2f,
     -0x1.5aa2240000000p-2f,  -0x1.1df0560000000p-2f,  -0x1.970ed20000000p-3f,
     -0x1.1064ba0000000p-3f,  -0x1.5ee8aa0000000p-4f},
    {0x1.bbcdd00000000p-6f,  0x1.5995880000000p-7f,  0x1.0397860000000p-8f,  0x1.80e94e0000000p-10f,
     0x1.5881a80000000p-12f, 0x1.754e5e0000000p-15f, 0x1.9437d60000000p-18f, 0x1.b5a5840000000p-21f,
     0x1.58d0ae0000000p-25f, 0x1.9431520000000p-31f, 0x1.d9cb860000000p-37f, 0x1.15b1040000000p-42f,
     0x1.104b220000000p-51f, 0x1.76256e0000000p-63f, 0x1.010c780000000p-74f, 0x1.6132f40000000p-86f,
     -0x1.55596c0000000p-2f, -0x1.2ea3fc0000000p-2f, -0x1.202a340000000p-2f, -0x1.0fdf040000000p-2f,
     -0x1.e91ee60000000p-3f, -0x1.98587e0000000p-3f, -0x1.4271f40000000p-3f, -0x1.d71f680000000p-4f,
     -0x1.bd0b340000000p-5f, 0x1.d76bb60000000p-7f,  0x1.072cde0000000p-4f,  0x1.8434a40000000p-4f,
     0x1.c68d500000000p-4f,  0x1.97d7ac0000000p-4f,  0x1.33dee60000000p-4f,  0x1.a85bea0000000p-5f},
    {-0x1.9602040000000p-7f,  -0x1.51959c0000000p-8f,  -0x1.0374e40000000p-9f,
     -0x1.83e7ec0000000p-11f, -0x1.69dada0000000p-13f, -0x1.888ca20000000p-16f,
     -0x1.a91eb40000000p-19f, -0x1.cc49560000000p-22f, -0x1.a881ac0000000p-26f,
     -0x1.f19b6e0000000p-32f, -0x1.23a5d40000000p-37f, -0x1.55deaa0000000p-43f,
     -0x1.781ef80000000p-51f, -0x1.0267cc0000000p-62f, -0x1.6310320000000p-74f,
     -0x1.e7e05e0000000p-86f, 0x1.de8d5a0000000p-12f,  0x1.af9b740000000p-4f,
     0x1.ed77f80000000p-4f,   0x1.11e9f00000000p-3f,   0x1.32dfc60000000p-3f,
     0x1.4fff780000000p-3f,   0x1.5c02d40000000p-3f,   0x1.5839a00000000p-3f,
     0x1.39dad40000000p-3f,   0x1.e93af80000000p-4f,   0x1.47435e0000000p-4f,
     0x1.633ac20000000p-5f,   0x1.e50c1c0000000p-9f,   -0x1.599f880000000p-6f,
     -0x1.9b961e0000000p-6f,  -0x1.5596b00000000p-6f},
    {0x1.04bca00000000p-8f,  0x1.f586fa0000000p-10f, 0x1.93732e0000000p-11f,
     0x1.326e7e0000000p-12f, 0x1.1cd2c40000000p-14f, 0x1.358c280000000p-17f,
     0x1.4f50580000000p-20f, 0x1.6b10480000000p-23f, 0x1.418c880000000p-27f,
     0x1.78eb960000000p-33f, 0x1.b9d3860000000p-39f, 0x1.02f45e0000000p-44f,
     0x1.efb05a0000000p-53f, 0x1.548d460000000p-64f, 0x1.d3efdc0000000p-76f,
     0x1.417c4c0000000p-87f, 0x1.09bd6c0000000p-3f,  0x1.a261b20000000p-4f,
     0x1.74a65e0000000p-4f,  0x1.428bfa0000000p-4f,  0x1.e3cc8e0000000p-5f,
     0x1.05c1ee0000000p-5f,  0x1.8439f60000000p-8f,  -0x1.193bb20000000p-6f,
     -0x1.6469ce0000000p-5f, -0x1.f8946a0000000p-5f, -0x1.00c1840000000p-4f,
     -0x1.b2b7820000000p-5f, -0x1.0660b20000000p-5f, -0x1.37255e0000000p-7f,
     0x1.70aaba0000000p-10f, 0x1.2dd5ec0000000p-8f}};

// log(1 + e^-a) e^a for a = c + y: by 32 intervals, the value at the centre c, what rounding it
// left, and the coefficients of y, y^2, ...; relative error 2^-28.3.
constexpr float softplus_table[7][32] = {
    {0x1.e6c6860000000p-1f, 0x1.f04cd60000000p-1f, 0x1.f652ba0000000p-1f, 0x1.fa127c0000000p-1f,
     0x1.fd2d4e0000000p-1f, 0x1.fef4e60000000p-1f, 0x1.ff9d920000000p-1f, 0x1.ffdbc40000000p-1f,
     0x1.fff7ea0000000p-1f, 0x1.fffee80000000p-1f, 0x1.ffffda0000000p-1f, 0x1.fffffa0000000p-1f,
     0x1.0000000000000p+0f, 0x1.0000000000000p+0f, 0x1.0000000000000p+0f, 0x1.0000000000000p+0f,
     0x1.707f4a0000000p-1f, 0x1.736f5e0000000p-1f, 0x1.76570e0000000p-1f, 0x1.79362e0000000p-1f,
     0x1.7d74740000000p-1f, 0x1.82fd680000000p-1f, 0x1.8861800000000p-1f, 0x1.8d9fd60000000p-1f,
     0x1.9534f20000000p-1f, 0x1.9ec74c0000000p-1f, 0x1.a7ba3a0000000p-1f, 0x1.b00db60000000p-1f,
     0x1.bb64cc0000000p-1f, 0x1.c875e00000000p-1f, 0x1.d35cf40000000p-1f, 0x1.dc57ea0000000p-1f},
    {-0x1.a672880000000p-29f, -0x1.e0380e0000000p-26f, 0x1.b7e4340000000p-29f,
     0x1.7ba3ea0000000p-26f,  0x1.9ed47a0000000p-26f,  -0x1.ce1ef20000000p-27f,
     -0x1.2634120000000p-27f, 0x1.9553980000000p-28f,  -0x1.93da240000000p-27f,
     -0x1.bd3e380000000p-28f, 0x1.38a7f80000000p-29f,  0x1.bc33d60000000p-26f,
     -0x1.06752e0000000p-27f, -0x1.33a7380000000p-33f, -0x1.68a1a20000000p-39f,
     -0x1.a6bb7e0000000p-45f, 0x1.5dd5480000000p-27f,  0x1.e2ae460000000p-27f,
     0x1.3b77f40000000p-27f,  -0x1.0d4be60000000p-27f, -0x1.e168f40000000p-28f,
     0x1.e3c27c0000000p-27f,  0x1.c16bd60000000p-26f,  -0x1.1b81720000000p-30f,
     0x1.64bd980000000p-27f,  0x1.c68dfc0000000p-26f,  0x1.9978160000000p-26f,
     -0x1.761e560000000p-27f, -0x1.fb03380000000p-28f, 0x1.1bf83a0000000p-26f,
     0x1.d1eed40000000p-26f,  0x1.aff6820000000p-27f},
    {0x1.7982b00000000p-5f,  0x1.e210500000000p-6f,  0x1.2de7940000000p-6f,  0x1.758b560000000p-7f,
     0x1.66b1c00000000p-8f,  0x1.0a60c00000000p-9f,  0x1.8954320000000p-11f, 0x1.21c3060000000p-12f,
     0x1.02c4a60000000p-14f, 0x1.18341e0000000p-17f, 0x1.2f60960000000p-20f, 0x1.48764a0000000p-23f,
     0x1.05c30c0000000p-27f, 0x1.32d6680000000p-33f, 0x1.67acdc0000000p-39f, 0x1.a59c940000000p-45f,
     0x1.7a1b7a0000000p-3f,  0x1.75f4c60000000p-3f,  0x1.71b7640000000p-3f,  0x1.6d64920000000p-3f,
     0x1.66c2e60000000p-3f,  0x1.5dac1e0000000p-3f,  0x1.5456760000000p-3f,  0x1.4acc2a0000000p-3f,
     0x1.3c30300000000p-3f,  0x1.285a6e0000000p-3f,  0x1.14610a0000000p-3f,  0x1.00886c0000000p-3f,
     0x1.c704a20000000p-4f,  0x1.7e4f840000000p-4f,  0x1.3cc3ac0000000p-4f,  0x1.035e700000000p-4f},
    {-0x1.491dea0000000p-6f,  -0x1.bb3eb80000000p-7f,  -0x1.1ed4ec0000000p-7f,
     -0x1.6a13dc0000000p-8f,  -0x1.616a300000000p-9f,  -0x1.08e8f80000000p-10f,
     -0x1.8881580000000p-12f, -0x1.2185380000000p-13f, -0x1.024fb60000000p-15f,
     -0x1.17bf240000000p-18f, -0x1.2ee35a0000000p-21f, -0x1.47eee80000000p-24f,
     -0x1.fccc140000000p-29f, -0x1.2a34cc0000000p-34f, -0x1.5d8ec20000000p-40f,
     -0x1.99c0740000000p-46f, -0x1.06bd4a0000000p-5f,  -0x1.0c8ff40000000p-5f,
     -0x1.1213b60000000p-5f,  -0x1.1747900000000p-5f,  -0x1.1e7dc80000000p-5f,
     -0x1.26fdc20000000p-5f,  -0x1.2e35c80000000p-5f,  -0x1.3427100000000p-5f,
     -0x1.3ab60e0000000p-5f,  -0x1.3f396a0000000p-5f,  -0x1.3f3c4a0000000p-5f,
     -0x1.3b36840000000p-5f,  -0x1.2ed12c0000000p-5f,  -0x1.157dfe0000000p-5f,
     -0x1.ec77ee0000000p-6f,  -0x1.a9acd20000000p-6f},
    {0x1.43adc60000000p-8f,  0x1.ee7dbc0000000p-9f,   0x1.57f0520000000p-9f,
     0x1.c4fc640000000p-10f, 0x1.c9642e0000000p-11f,  0x1.5d64d60000000p-12f,
     0x1.04a2fa0000000p-13f, 0x1.817ac80000000p-15f,  0x1.589e600000000p-17f,
     0x1.7552940000000p-20f, 0x1.9438740000000p-23f,  0x1.b5a59c0000000p-26f,
     0x1.58d0ae0000000p-30f, 0x1.9431520000000p-36f,  0x1.d9cb860000000p-42f,
     0x1.15b1040000000p-47f, -0x1.fdda620000000p-8f,  -0x1.e3cbba0000000p-8f,
     -0x1.c951d60000000p-8f, -0x1.ae897c0000000p-8f,  -0x1.85ef1c0000000p-8f,
     -0x1.4f575e0000000p-8f, -0x1.18b3580000000p-8f,  -0x1.c503c00000000p-9f,
     -0x1.2623460000000p-9f, -0x1.7626b20000000p-11f, 0x1.64e62c0000000p-11f,
     0x1.f447920000000p-10f, 0x1.bd99680000000p-9f,   0x1.3553180000000p-8f,
     0x1.5eb7d40000000p-8f,  0x1.64c9ee0000000p-8f},
    {-0x1.02a40c0000000p-11f, -0x1.3fe5560000000p-11f, -0x1.0f8b500000000p-11f,
     -0x1.8c03740000000p-12f, -0x1.b1a3ee0000000p-13f, -0x1.597fe40000000p-14f,
     -0x1.05a4e80000000p-15f, -0x1.85196a0000000p-17f, -0x1.6a21840000000p-19f,
     -0x1.8897000000000p-22f, -0x1.a920380000000p-25f, -0x1.cc49900000000p-28f,
     -0x1.a881b00000000p-32f, -0x1.f19b6e0000000p-38f, -0x1.23a5d40000000p-43f,
     -0x1.55deaa0000000p-49f, 0x1.a010820000000p-9f,   0x1.a4cc5c0000000p-9f,
     0x1.aa3bfe0000000p-9f,   0x1.ae9ad20000000p-9f,   0x1.b321a20000000p-9f,
     0x1.b58f480000000p-9f,   0x1.b3ee5e0000000p-9f,   0x1.ae718a0000000p-9f,
     0x1.9f6dec0000000p-9f,   0x1.80d75a0000000p-9f,   0x1.58abbc0000000p-9f,
     0x1.2a0dea0000000p-9f,   0x1.bd626e0000000p-10f,  0x1.f5a0bc0000000p-11f,
     0x1.6069c40000000p-12f,  -0x1.ede8b60000000p-14f},
    {-0x1.fd027c0000000p-14f, 0x1.53f87a0000000p-17f,  0x1.c157fa0000000p-15f,
     0x1.cbd1720000000p-15f,  0x1.2e78c20000000p-15f,  0x1.070e020000000p-16f,
     0x1.9a4fe80000000p-18f,  0x1.344f660000000p-19f,  0x1.1d3dc40000000p-21f,
     0x1.359bdc0000000p-24f,  0x1.4f52a60000000p-27f,  0x1.6b109e0000000p-30f,
     0x1.418c8e0000000p-34f,  0x1.78eb960000000p-40f,  0x1.b9d3860000000p-46f,
     0x1.02f45e0000000p-51f,  0x1.d2e54c0000000p-12f,  0x1.319a4a0000000p-12f,
     0x1.f613d40000000p-13f,  0x1.890a3a0000000p-13f,  0x1.cd7a180000000p-14f,
     0x1.3046bc0000000p-17f,  -0x1.7052d40000000p-14f, -0x1.77ae400000000p-13f,
     -0x1.3d6f6c0000000p-12f, -0x1.cb96e40000000p-12f, -0x1.1927460000000p-11f,
     -0x1.3862660000000p-11f, -0x1.4439b80000000p-11f, -0x1.232b880000000p-11f,
     -0x1.c52fea0000000p-12f, -0x1.34d1660000000p-12f}};

// Phi(-a) e^(a^2 / 2) for a = c + y: by 32 intervals, the value at the centre c, what rounding it
// left, and the coefficients of y, y^2, ...; relative error 2^-27.2.
constexpr float normal_tail_table[8][32] = {
    {0x1.3aadde0000000p-3f, 0x1.0bb9680000000p-3f, 0x1.d0b31c0000000p-4f, 0x1.99c2b60000000p-4f,
     0x1.5b5ace0000000p-4f, 0x1.201faa0000000p-4f, 0x1.eba5fe0000000p-5f, 0x1.ac62920000000p-5f,
     0x1.66ccb80000000p-5f, 0x1.26b4d00000000p-5f, 0x1.f3ddc20000000p-6f, 0x1.b1d7060000000p-6f,
     0x1.6a03fe0000000p-6f, 0x1.287e3c0000000p-6f, 0x1.f60cae0000000p-7f, 0x1.b344d00000000p-7f,
     0x1.cb427e0000000p-2f, 0x1.c0b5940000000p-2f, 0x1.b68aa00000000p-2f, 0x1.acbd1a0000000p-2f,
     0x1.9eaeb60000000p-2f, 0x1.8d11d60000000p-2f, 0x1.7ca4c60000000p-2f, 0x1.6d4d6e0000000p-2f,
     0x1.58207e0000000p-2f, 0x1.3ee88e0000000p-2f, 0x1.28a5d40000000p-2f, 0x1.14e6fe0000000p-2f,
     0x1.f6704e0000000p-3f, 0x1.bdb9f20000000p-3f, 0x1.8f68460000000p-3f, 0x1.690b320000000p-3f},
    {-0x1.cc2d000000000p-32f, 0x1.9bdb280000000p-28f,  0x1.04a8780000000p-33f,
     0x1.b676740000000p-29f,  -0x1.89d4080000000p-29f, -0x1.b4c90a0000000p-29f,
     0x1.6c52ca0000000p-31f,  0x1.7b77fc0000000p-30f,  -0x1.18fcea0000000p-31f,
     -0x1.999aca0000000p-32f, 0x1.7a2c420000000p-32f,  0x1.a21c260000000p-31f,
     -0x1.2e8d8e0000000p-32f, 0x1.4e17ac0000000p-31f,  -0x1.d7c3220000000p-36f,
     -0x1.e2f7ce0000000p-33f, 0x1.0a0b400000000p-29f,  -0x1.250c840000000p-29f,
     -0x1.8e27b60000000p-27f, -0x1.ac60420000000p-29f, 0x1.cdfd340000000p-31f,
     0x1.fb3fd80000000p-30f,  -0x1.8ac26e0000000p-27f, -0x1.b386700000000p-28f,
     -0x1.ea3d560000000p-27f, -0x1.d2a0da0000000p-27f, -0x1.737a040000000p-27f,
     0x1.6f288a0000000p-31f,  -0x1.7b61cc0000000p-29f, 0x1.4e74da0000000p-28f,
     0x1.7102940000000p-28f,  0x1.cf4cea0000000p-28f},
    {-0x1.b405cc0000000p-5f,  -0x1.432b1a0000000p-5f,  -0x1.ef2cc80000000p-6f,
     -0x1.85dc7e0000000p-6f,  -0x1.1be2c60000000p-6f,  -0x1.8b19560000000p-7f,
     -0x1.21ae920000000p-7f,  -0x1.b9fa6c0000000p-8f,  -0x1.3781260000000p-8f,
     -0x1.a5dac40000000p-9f,  -0x1.3012a80000000p-9f,  -0x1.cabcda0000000p-10f,
     -0x1.3fd5d60000000p-10f, -0x1.ad7fb00000000p-11f, -0x1.340bd20000000p-11f,
     -0x1.cf42ba0000000p-12f, -0x1.57eefa0000000p-2f,  -0x1.4b651e0000000p-2f,
     -0x1.3f702a0000000p-2f,  -0x1.3408020000000p-2f,  -0x1.23e3300000000p-2f,
     -0x1.1006320000000p-2f,  -0x1.fbc2c60000000p-3f,  -0x1.da90100000000p-3f,
     -0x1.ade41a0000000p-3f,  -0x1.7a88e40000000p-3f,  -0x1.4efb300000000p-3f,
     -0x1.29d78a0000000p-3f,  -0x1.f7949e0000000p-4f,  -0x1.9851f20000000p-4f,
     -0x1.4ffe680000000p-4f,  -0x1.18274e0000000p-4f},
    {0x1.15aa6c0000000p-6f,  0x1.6c5e3c0000000p-7f,  0x1.f2f5d00000000p-8f,  0x1.62200e0000000p-8f,
     0x1.bfbaf00000000p-9f,  0x1.07e3ea0000000p-9f,  0x1.4ea5080000000p-10f, 0x1.c0f9d20000000p-11f,
     0x1.0b6e0a0000000p-11f, 0x1.2b9aa40000000p-12f, 0x1.6fdc400000000p-13f, 0x1.e2fd900000000p-14f,
     0x1.19b88a0000000p-14f, 0x1.36743e0000000p-15f, 0x1.7977e80000000p-16f, 0x1.ec829e0000000p-17f,
     0x1.9ae4e40000000p-3f,  0x1.87c0320000000p-3f,  0x1.75a7d60000000p-3f,  0x1.648b3a0000000p-3f,
     0x1.4c96d00000000p-3f,  0x1.2f8fb60000000p-3f,  0x1.1581340000000p-3f,  0x1.fc27540000000p-4f,
     0x1.be70ac0000000p-4f,  0x1.7992fe0000000p-4f,  0x1.411f900000000p-4f,  0x1.1293ea0000000p-4f,
     0x1.b6596a0000000p-5f,  0x1.4a033a0000000p-5f,  0x1.f9a64c0000000p-6f,  0x1.8999660000000p-6f},
    {-0x1.49b98c0000000p-8f,  -0x1.838b3e0000000p-9f,  -0x1.dec4b20000000p-10f,
     -0x1.34a1e80000000p-10f, -0x1.55b7280000000p-11f, -0x1.57fcc40000000p-12f,
     -0x1.7b5de80000000p-13f, -0x1.c158740000000p-14f, -0x1.c62db60000000p-15f,
     -0x1.a655ae0000000p-16f, -0x1.ba8e460000000p-17f, -0x1.fa5edc0000000p-18f,
     -0x1.eec1d00000000p-19f, -0x1.bfe1280000000p-20f, -0x1.cdd9860000000p-21f,
     -0x1.0583040000000p-21f, -0x1.a40e0a0000000p-4f,  -0x1.8cf8cc0000000p-4f,
     -0x1.77517e0000000p-4f,  -0x1.62ff960000000p-4f,  -0x1.46d2a40000000p-4f,
     -0x1.2521fe0000000p-4f,  -0x1.0759860000000p-4f,  -0x1.d9f3ca0000000p-5f,
     -0x1.95c5dc0000000p-5f,  -0x1.4ba8780000000p-5f,  -0x1.10b3220000000p-5f,
     -0x1.c305dc0000000p-6f,  -0x1.56ad900000000p-6f,  -0x1.e3d45e0000000p-7f,
     -0x1.5c321c0000000p-7f,  -0x1.fe274a0000000p-8f},
    {0x1.70c4000000000p-10f, 0x1.87b6220000000p-11f, 0x1.b7d4320000000p-12f, 0x1.031f1c0000000p-12f,
     0x1.fa34ea0000000p-14f, 0x1.b640980000000p-15f, 0x1.a672300000000p-16f, 0x1.bb58c80000000p-17f,
     0x1.7dab4c0000000p-18f, 0x1.277db00000000p-19f, 0x1.08c4780000000p-20f, 0x1.0856a20000000p-21f,
     0x1.b137e60000000p-23f, 0x1.42709e0000000p-24f, 0x1.1a25840000000p-25f, 0x1.156a340000000p-26f,
     0x1.7d7c700000000p-5f,  0x1.65a2d20000000p-5f,  0x1.4f89900000000p-5f,  0x1.3af1460000000p-5f,
     0x1.1ea1320000000p-5f,  0x1.fa5bba0000000p-6f,  0x1.c0060c0000000p-6f,  0x1.8d12300000000p-6f,
     0x1.4c51000000000p-6f,  0x1.0791100000000p-6f,  0x1.a4ad8e0000000p-7f,  0x1.51bd100000000p-7f,
     0x1.eb2f1a0000000p-8f,  0x1.4764260000000p-8f,  0x1.bd7ac80000000p-9f,  0x1.34edba0000000p-9f},
    {-0x1.89fdb40000000p-12f, -0x1.7c880c0000000p-13f, -0x1.8661520000000p-14f,
     -0x1.a640c40000000p-15f, -0x1.7180240000000p-16f, -0x1.13f9760000000p-17f,
     -0x1.d219840000000p-19f, -0x1.b22ac20000000p-20f, -0x1.4369140000000p-21f,
     -0x1.9fdf260000000p-23f, -0x1.3e237c0000000p-24f, -0x1.14ddee0000000p-25f,
     -0x1.8233aa0000000p-27f, -0x1.d5ef120000000p-29f, -0x1.5bc1940000000p-30f,
     -0x1.283b160000000p-31f, -0x1.37287e0000000p-6f,  -0x1.2501ba0000000p-6f,
     -0x1.1101f60000000p-6f,  -0x1.fcf95a0000000p-7f,  -0x1.ca866e0000000p-7f,
     -0x1.8f79340000000p-7f,  -0x1.5ca0da0000000p-7f,  -0x1.30c5e40000000p-7f,
     -0x1.f416280000000p-8f,  -0x1.81fad60000000p-8f,  -0x1.2bd01c0000000p-8f,
     -0x1.d4a6b00000000p-9f,  -0x1.4815200000000p-9f,  -0x1.9ef4260000000p-10f,
     -0x1.0c1d7c0000000p-10f, -0x1.61880c0000000p-11f},
    {0x1.8ed5360000000p-14f, 0x1.60bb660000000p-15f, 0x1.4c9db00000000p-16f,
     0x1.4bf8740000000p-17f, 0x1.0331da0000000p-18f, 0x1.5105820000000p-20f,
     0x1.f5e2e80000000p-22f, 0x1.a0eac00000000p-23f, 0x1.0a42d40000000p-24f,
     0x1.1ec6400000000p-26f, 0x1.7897420000000p-28f, 0x1.1eaf060000000p-29f,
     0x1.50284e0000000p-31f, 0x1.50f4a80000000p-33f, 0x1.a7a8a80000000p-35f,
     0x1.398e880000000p-36f, 0x1.1861520000000p-7f,  0x1.bb4c680000000p-8f,
     0x1.9a6f900000000p-8f,  0x1.7c2e3a0000000p-8f,  0x1.5342d00000000p-8f,
     0x1.23dd300000000p-8f,  0x1.f70e9a0000000p-9f,  0x1.b248bc0000000p-9f,
     0x1.5da3b40000000p-9f,  0x1.0735bc0000000p-9f,  0x1.8ee0000000000p-10f,
     0x1.30263a0000000p-10f, 0x1.9a688c0000000p-11f, 0x1.ee94180000000p-12f,
     0x1.30b5720000000p-12f, 0x1.7f6afc0000000p-13f}};

// 1 / sqrt(2 pi), the normal density at 0.
constexpr double inv_sqrt_2pi[] = {0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56};

// (a + 1) Phi(-a) e^(a^2 / 2) in y = (a - 4) / (a + 4), 0 <= a <= 20; relative error 2^-35.9.
constexpr double normal_tail_wide[] = {
    0x1.e361ea6ff86fep-2,  -0x1.8c18f202a4804p-4,  0x1.cabd6e39ea78dp-7,   0x1.d49699c687710p-6,
    -0x1.07c3a8b38a79ep-5, 0x1.25ddd36acfe5ap-6,   -0x1.47dca2258b1f6p-8,  -0x1.2c47d1cffd565p-12,
    0x1.6d0f6ba679402p-11, -0x1.7f5b13ea1189dp-14, -0x1.7809789795a8ap-14, 0x1.008d1147b0445p-16,
    0x1.b21e0500c6e10p-17, 0x1.52ef9cafc4673p-20};

constexpr double normal_tail_double_leading[][2] = {
    {0x1.e361ea6fba141p-2, 0x1.0055136190bd1p-56},
    {-0x1.8c18f2086e34ap-4, 0x1.1e69637c6b5b6p-58},
    {0x1.cabd72a60f8a2p-7, -0x1.7903e29ceaab0p-61},
    {0x1.d4969f10dff40p-6, -0x1.65db684f30a35p-61},
    {-0x1.07c3c2582b9bcp-5, -0x1.884c99cc13403p-59}};
// (a + 1) Phi(-a) e^(a^2 / 2) in y = (a - 4) / (a + 4), 0 <= a <= 55; relative error 2^-60.2.
constexpr double normal_tail_double[] = {
    0x1.25dd720603c28p-6,   -0x1.47d5fc74bdce8p-8,  -0x1.2b7f5e14ff2a9p-12, 0x1.6c5383336c398p-11,
    -0x1.8c11ad1c347b4p-14, -0x1.707bbe5fbfbfbp-14, 0x1.6483603f5270fp-16,  0x1.c9418aee832cdp-17,
    -0x1.cc8cde88062a4p-19, -0x1.5edabb4af8d7bp-19, 0x1.afe042140b81dp-22,  0x1.29739538b7c7dp-21,
    0x1.868ecaf3d010bp-28,  -0x1.e614e6a60a46bp-24, -0x1.b05c8959a8fbap-26, 0x1.42149d45e4cd9p-26,
    0x1.677350c7c506cp-27,  -0x1.7de19872842f0p-30, -0x1.7eb480f368344p-29, -0x1.0bbd8bf2121bap-31,
    0x1.f4838ae87de00p-32,  0x1.dd0fcc3e430c3p-33,  -0x1.45708eeff8355p-36, -0x1.1c568a3e13f73p-35,
    -0x1.ac9d8c3ba7fbfp-38};

// Where the derivative of silu is 0.
constexpr double silu_root[] = {-0x1.474973c84120bp+0, -0x1.f8d74bc9ac154p-54};

constexpr double silu_quotient_single_leading[][2] = {
    {0x1.be1410460527fp-3, -0x1.2541062177473p-58}};
// silu'(root + d) / d for |d| <= 1/4; relative error 2^-29.9.
constexpr double silu_quotient_single[] = {0x1.2c56350037fefp-3,  0x1.353eb4453c186p-6,
                                           -0x1.f2d6203c1e064p-7, -0x1.b0f5cf80de11fp-8,
                                           0x1.339fafa28c154p-13, 0x1.a04bfdffdae42p-11};

// silu'(root + d) / d for |d| <= 1/4; relative error 2^-38.7.
constexpr double silu_quotient_wide[] = {
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

constexpr double gelu_quotient_single_leading[][2] = {
    {0x1.b9d98fa5a3215p-2, 0x1.f7c1a23190c7cp-56}};
// gelu'(root + d) / d for |d| <= 1/4; relative error 2^-27.4.
constexpr double gelu_quotient_single[] = {0x1.8d9a9023cd7f1p-2,  -0x1.2a2f0ed1e4175p-6,
                                           -0x1.d2f25697bc769p-4, -0x1.e3f36702c7a54p-7,
                                           0x1.3a37b00e3fa64p-6,  0x1.243120aa46c4ep-8};

// gelu'(root + d) / d for |d| <= 1/4; relative error 2^-37.0.
constexpr double gelu_quotient_wide[] = {
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

// 1 / 6.
constexpr double sixth[] = {0x1.5555555555555p-3, 0x1.5555555555555p-57};

// (e^y - 1 - y) / y^2 for 0 <= y <= 1; relative error 2^-40.7.
constexpr double exp_rest_wide[] = {
    0x1.00000000009d7p-1,  0x1.55555553c716cp-3,  0x1.555555fad90dfp-5,
    0x1.1110f6a4d8e6cp-7,  0x1.6c1af8065ec7ap-10, 0x1.9fb9d176ad277p-13,
    0x1.a51a81311ee7dp-16, 0x1.4b9d012092037p-19, 0x1.c010925f9fd8ep-22};

constexpr double exp_rest_double_leading[][2] = {{0x1.0000000000000p-1, -0x1.462d69fcf53b8p-71},
                                                 {0x1.5555555555555p-3, 0x1.5d22e07ebc7f9p-57}};
// (e^y - 1 - y) / y^2 for 0 <= y <= 1; relative error 2^-58.6.
constexpr double exp_rest_double[] = {
    0x1.5555555555553p-5,  0x1.11111111111dcp-7,  0x1.6c16c16c117c2p-10, 0x1.a01a01a16a5c8p-13,
    0x1.a01a0169d8ccep-16, 0x1.71de4043bfde0p-19, 0x1.27e48809e0ef8p-22, 0x1.ae70aa4b68edap-26,
    0x1.1e77d601f4c52p-29, 0x1.6720ea74aee97p-33, 0x1.615fa9a3fb5dap-37, 0x1.4ebaf4b785b1bp-40};

// The scale of selu.
constexpr double selu_scale[] = {0x1.0cfabd6a91132p+0, 0x1.6fc7d272f2696p-55};

// The scale of selu times its alpha.
constexpr double selu_scale_alpha[] = {0x1.c212cc640f031p+0, 0x1.05161b045a1f1p-56};

// (1 - tanh(x) / x) / x^2 in x^2, for |x| <= 1; relative error 2^-38.2.
constexpr double shrinkage_wide[] = {
    0x1.5555555550966p-2,  -0x1.111111081436fp-3,  0x1.ba1b9c0fe8ce9p-5,  -0x1.664e94f3aac41p-6,
    0x1.2262b4594c4f9p-7,  -0x1.d5f509b9f8a1dp-9,  0x1.784b28a816387p-10, -0x1.1fadb2c4a1225p-11,
    0x1.7f2a681522a73p-13, -0x1.75314ed28568fp-15, 0x1.76b833be7e3ddp-18};

constexpr double shrinkage_double_leading[][2] = {{0x1.5555555555555p-2, 0x1.4de6f73409c3fp-56},
                                                  {-0x1.1111111111109p-3, 0x1.5022ca61d9486p-57},
                                                  {0x1.ba1ba1ba1ad79p-5, -0x1.7aa399f7c4686p-59}};
// (1 - tanh(x) / x) / x^2 in x^2, for |x| <= 1; relative error 2^-58.1.
constexpr double shrinkage_double[] = {
    -0x1.664f488284a62p-6,  0x1.226e3554e44b7p-7,  -0x1.d6d3cf0c9f4f0p-9,  0x1.7da3468275600p-10,
    -0x1.3556d1497c973p-11, 0x1.f567a08729e42p-13, -0x1.95f8917d9e05ap-14, 0x1.4716206d34c37p-15,
    -0x1.02a4681561bf1p-16, 0x1.83b86bf37b691p-18, -0x1.01ed0537aafe1p-19, 0x1.1306c68e489eap-21,
    -0x1.922fdbe58a872p-24, 0x1.255e7760dc76dp-27};

// 2 sqrt(2 / pi), and 0.044715 times that.
constexpr double gelu_tanh_linear[] = {0x1.9884533d43651p+0, -0x1.cbc0d30ebfd15p-54};
constexpr double gelu_tanh_cubic[] = {0x1.2444f2a4d8b4bp-4, -0x1.6c843a29d1c70p-61};

// 1.702.
constexpr double quick_gelu_beta[] = {0x1.b3b645a1cac08p+0, 0x1.89374bc6a7efap-55};

// Where the derivative of quick_gelu is 0.
constexpr double quick_gelu_root[] = {-0x1.80974a62be3dfp-1, 0x1.b12c858d26bf0p-55};

// Where the derivative of gelu_tanh is 0.
constexpr double gelu_tanh_root[] = {-0x1.81429f9e97e4dp-1, 0x1.4f523ed77dbdcp-55};

constexpr double gelu_tanh_quotient_single_leading[][2] = {
    {0x1.b8bacd2c96b91p-2, 0x1.7625a206be83dp-56}};
// gelu_tanh'(root + d) / d for |d| <= 1/4; relative error 2^-27.3.
constexpr double gelu_tanh_quotient_single[] = {0x1.8cd19e68ac925p-2,  -0x1.0296302261bdbp-6,
                                                -0x1.d2aedcc222b4bp-4, -0x1.103d6611c1700p-6,
                                                0x1.3e2b87ba27d49p-6,  0x1.5235b89a4f40ep-8};

// gelu_tanh'(root + d) / d for |d| <= 1/4; relative error 2^-36.5.
constexpr double gelu_tanh_quotient_wide[] = {
    0x1.b8bacd2c96b91p-2,  0x1.8cd1a2b09caebp-2,  -0x1.029615ffaf5aap-6,
    -0x1.d2b76b4f75f59p-4, -0x1.104a74ec60edep-6, 0x1.427268dc01842p-6,
    0x1.58bc6698ceb40p-8,  -0x1.38bf4884176c6p-9, -0x1.dd31dde481e82p-11};

constexpr double gelu_tanh_quotient_double_leading[][2] = {
    {0x1.b8bacd2c96b91p-2, 0x1.7625a206be83dp-56}};
// gelu_tanh'(root + d) / d for |d| <= 1/4; relative error 2^-55.5.
constexpr double gelu_tanh_quotient_double[] = {
    0x1.8cd1a2b2fff32p-2,  -0x1.029615edb077ap-6, -0x1.d2b773464701ep-4,  -0x1.104a83edc0ce9p-6,
    0x1.427996dc0ce14p-6,  0x1.58c9ed710b7b9p-8,  -0x1.3d8d63de7aa1fp-9,  -0x1.e63f28e15831dp-11,
    0x1.14bf44179ec54p-12, 0x1.04933321a5946p-13, -0x1.250e53f62b6b3p-15, -0x1.0b7533ed2766fp-16,
    0x1.7dee5ee557f9dp-18, 0x1.3964d3d8dcf35p-19};

// Where the derivative of mish is 0.
constexpr double mish_root[] = {-0x1.31432c0d12d84p+0, -0x1.bf319154da210p-55};

constexpr double mish_quotient_single_leading[][2] = {
    {0x1.115acb42500bbp-2, 0x1.1ad72de557d4cp-56}};
// mish'(root + d) / d for |d| <= 1/4; relative error 2^-27.9.
constexpr double mish_quotient_single[] = {0x1.a34a28a55c048p-3,  0x1.574f15a8ce5d7p-5,
                                           -0x1.4c30506cb4ef8p-6, -0x1.033a2d2b8f2fcp-6,
                                           -0x1.aa599815b184ap-9, 0x1.258770192c404p-10};

// mish'(root + d) / d for |d| <= 1/4; relative error 2^-38.4.
constexpr double mish_quotient_wide[] = {
    0x1.115acb42500bbp-2,  0x1.a34a251e5c23cp-3,  0x1.574f121ea185ep-5,
    -0x1.4c2235572017dp-6, -0x1.0336a4228fe03p-6, -0x1.b87420c264807p-9,
    0x1.1e76bc3dfb1bcp-10, 0x1.01de77d952f61p-10, 0x1.02417e630bd39p-12};

constexpr double mish_quotient_double_leading[][2] = {
    {0x1.115acb42500bbp-2, 0x1.1ad72de557d4cp-56}};
// mish'(root + d) / d for |d| <= 1/4; relative error 2^-57.8.
constexpr double mish_quotient_double[] = {
    0x1.a34a251d8ad7bp-3,   0x1.574f121a868dbp-5,   -0x1.4c222fe64d503p-6,  -0x1.03369d4ac90a7p-6,
    -0x1.b87ddfb518e26p-9,  0x1.1e5e1849d7778p-10,  0x1.037991811d150p-10,  0x1.0a79552b8b599p-12,
    -0x1.5fff983c2d479p-15, -0x1.d45400ff0c16cp-15, -0x1.223d43f886fc0p-16, 0x1.fbcdd720b2e2cp-21,
    0x1.86fda1bba731ep-19,  0x1.16bfc8574aa19p-20};

}  // namespace
}  // namespace OGIVE_ISA
