// Random streams on Philox (philox.hpp).
//
// Words. Position i of a stream (key, path) is 64 bits: half i mod 2, low word first, of
//
//     philox(counter = (i div 2 low, i div 2 high, path low, path high), key)              (1)
//
// Splits. The child `index` of (key, path) has the 128 bits
//
//     philox(counter = (index low, index high, path low, path high), key xor kSplitTag)    (2)
//
// as its key and path: the tag keeps them apart from every word of (1). Roots are made the same way
// from seed and name with a tag of their own.
//
// Uniform: (2 k + 1) 2^-53 with the upper 52 bits k of the word. The usual k 2^-53 gives 0, and
// (k + 1/2) 2^-53 rounds to 1 for the largest k.
//
// Normal: the inverse of the distribution function by Wichura, "Algorithm AS 241: the percentage
// points of the normal distribution", J. R. Stat. Soc. C 37, 477 (1988), routine PPND16, relative
// error about 1e-16. It needs + - * / sqrt, which IEEE 754 rounds in one way only, and a logarithm,
// whose last bits differ between C libraries: `natural_log` below uses the four operations. This
// file is compiled without contraction to fused multiply-adds, so the bits are the same everywhere.
//
// Integer: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29, 3 (2019).
#include "dynkit/core/random.hpp"

#include <bit>
#include <cmath>

#include "philox.hpp"

namespace dynkit {
namespace {

__extension__ using Uint128 = unsigned __int128;

// The fractional parts of sqrt(2) and sqrt(3).
constexpr PhiloxKey kSplitTag{0x6A09E667, 0xF3BCC908};
constexpr PhiloxKey kRootTag{0xBB67AE85, 0x84CAA73B};

constexpr std::uint32_t low(std::uint64_t word) {
  return static_cast<std::uint32_t>(word);
}
constexpr std::uint32_t high(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> 32);
}

dk_stream stream_of(const PhiloxCounter& bits) {
  return {{bits[0], bits[1]}, {bits[2], bits[3]}, 0};
}

// FNV-1a, 64 bits.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xCBF29CE484222325;
  for (const char character : text) {
    value = (value ^ static_cast<unsigned char>(character)) * 0x100000001B3;
  }
  return value;
}

// Reads the words (1) of a stream one after the other and moves its position.
class Words {
 public:
  explicit Words(dk_stream& stream) : stream_(stream) {
    if (stream.position % 2 != 0) load();
  }

  std::uint64_t next() {
    if (stream_.position % 2 == 0) load();
    const std::size_t half = 2 * (stream_.position++ % 2);
    return std::uint64_t{block_[half + 1]} << 32 | block_[half];
  }

 private:
  void load() {
    const std::uint64_t index = stream_.position / 2;
    block_ = philox({low(index), high(index), stream_.path[0], stream_.path[1]},
                    {stream_.key[0], stream_.key[1]});
  }

  dk_stream& stream_;
  PhiloxCounter block_{};
};

double to_uniform(std::uint64_t word) {
  return static_cast<double>((word >> 12) * 2 + 1) * 0x1p-53;
}

// log(x) for normal x > 0: x = 2^e m with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh(s) with
// s = (m-1)/(m+1), |s| < 0.172, by the series to s^21, which leaves out less than 1e-18 of it.
double natural_log(double x) {
  constexpr double kLog2High = 0x1.62e42feep-1, kLog2Low = 0x1.a39ef35793c76p-33;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  auto exponent = static_cast<std::int64_t>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000);
  if (m > 0x1.6a09e667f3bcdp+0) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1) / (m + 1);
  const double s2 = s * s;
  double series = 1.0 / 21;
  for (int degree = 19; degree >= 3; degree -= 2) series = series * s2 + 1.0 / degree;
  const auto e = static_cast<double>(exponent);
  return e * kLog2High + (e * kLog2Low + 2 * s * s2 * series + 2 * s);
}

template <std::size_t size>
double polynomial(const double (&coefficients)[size], double x) {
  double value = coefficients[size - 1];
  for (std::size_t i = size - 1; i-- > 0;) value = value * x + coefficients[i];
  return value;
}

// PPND16 with its coefficients: |u - 1/2| <= 0.425, r <= 5, r > 5.
// clang-format off
constexpr double kCenterTop[] = {
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
    1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
    3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr double kCenterBottom[] = {
    1.0,                     4.2313330701600911252e1, 6.8718700749205790830e2,
    5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4,
    2.8729085735721942674e4, 5.2264952788528545610e3};
constexpr double kTailTop[] = {
    1.42343711074968357734e0,  4.63033784615654529590e0,  5.76949722146069140550e0,
    3.64784832476320460504e0,  1.27045825245236838258e0,  2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double kTailBottom[] = {
    1.0,                       2.05319162663775882187e0,  1.67638483018380384940e0,
    6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
    5.47593808499534494600e-4, 1.05075007164441684324e-9};
constexpr double kFarTop[] = {
    6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
    2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kFarBottom[] = {
    1.0,                       5.99832206555887937690e-1, 1.36929880922735805310e-1,
    1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
    1.42151175831644588870e-7, 2.04426310338993978564e-15};
// clang-format on

double to_normal(double u) {
  const double q = u - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kCenterTop, r) / polynomial(kCenterBottom, r);
  }
  const double r = std::sqrt(-natural_log(q < 0 ? u : 1 - u));
  const double magnitude = r <= 5 ? polynomial(kTailTop, r - 1.6) / polynomial(kTailBottom, r - 1.6)
                                  : polynomial(kFarTop, r - 5) / polynomial(kFarBottom, r - 5);
  return q < 0 ? -magnitude : magnitude;
}

}  // namespace

dk_stream make_stream(std::uint64_t seed, std::string_view name) {
  const std::uint64_t label = hash(name);
  const std::uint64_t length = name.size();
  return stream_of(philox({low(label), high(label), low(length), high(length)},
                          {low(seed) ^ kRootTag[0], high(seed) ^ kRootTag[1]}));
}

dk_stream split(const dk_stream& stream, std::int64_t index) {
  const auto branch = static_cast<std::uint64_t>(index);
  return stream_of(philox({low(branch), high(branch), stream.path[0], stream.path[1]},
                          {stream.key[0] ^ kSplitTag[0], stream.key[1] ^ kSplitTag[1]}));
}

void draw_uniform(dk_stream& stream, std::span<double> out) {
  Words words(stream);
  for (double& value : out) value = to_uniform(words.next());
}

void draw_normal(dk_stream& stream, std::span<double> out) {
  Words words(stream);
  for (double& value : out) value = to_normal(to_uniform(words.next()));
}

void draw_integer(dk_stream& stream, std::int64_t bound, std::span<std::int64_t> out) {
  const std::uint64_t range = bound < 1 ? 1 : static_cast<std::uint64_t>(bound);
  const std::uint64_t threshold = (0 - range) % range;  // 2^64 mod range
  Words words(stream);
  for (std::int64_t& value : out) {
    Uint128 product{};
    do {
      product = Uint128{words.next()} * range;
    } while (static_cast<std::uint64_t>(product) < threshold);
    value = static_cast<std::int64_t>(product >> 64);
  }
}

}  // namespace dynkit
