// Steps of many lanes. See variant.hpp.
#include "kernels/variant.hpp"

namespace dynkit::DYNKIT_KERNELS {

extern const Kernels kKernels;

namespace {

using Bits = std::uint64_t;

// Tells the compiler that a width has no tail.
inline Int whole(Int width) {
  return width & ~Int{7};
}

// The same for the state of lanes, which may also be that of a single one.
inline Int lanes_in(Int width) {
  return width == 1 ? 1 : whole(width);
}

constexpr double kLeastStep = 0x1p-48;  // relative to the time: 16 units in its last place
constexpr double kLeastLogError = -13.287712379549449;  // 1e-4: smaller errors count as that

inline double smaller(double a, double b) {
  return a < b ? a : b;
}
inline double magnitude(double a) {
  return __builtin_fabs(a);
}

inline Bits bits(double value) {
  Bits result;
  __builtin_memcpy(&result, &value, sizeof result);
  return result;
}

inline double number(Bits value) {
  double result;
  __builtin_memcpy(&result, &value, sizeof result);
  return result;
}

// log2 of a normal x > 0 to 1e-9: x = 2^e y with y in [1/sqrt 2, sqrt 2), then the series of
// artanh((y-1)/(y+1)).
inline double log2_of(double x) {
  constexpr Bits kSqrtHalf = 0x3fe6a09e667f3bcd, kMantissa = (Bits{1} << 52) - 1;
  constexpr Bits kOne = Bits{1023} << 52, kTwo52 = Bits{1023 + 52} << 52;
  const Bits shifted = bits(x) + (kOne - kSqrtHalf);
  const double e = number((shifted >> 52) | kTwo52) - (4503599627370496.0 + 1023.0);
  const double y = number((shifted & kMantissa) + kSqrtHalf);
  const double s = (y - 1.0) / (y + 1.0);
  const double z = s * s;
  const double series = 1.0 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9))));
  return e + 2.8853900817779268 * s * series;  // 2 / ln 2
}

// 2^x to 1e-8 for |x| < 1000.
inline double exp2_of(double x) {
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52: a sum with it has no fraction left
  const double rounded = x + kRound;
  const double r = (x - (rounded - kRound)) * 0.69314718055994531;
  double p = 1.0 / 5040;
  p = 1.0 / 720 + r * p;
  p = 1.0 / 120 + r * p;
  p = 1.0 / 24 + r * p;
  p = 1.0 / 6 + r * p;
  p = 0.5 + r * p;
  p = 1.0 + r * p;
  p = 1.0 + r * p;
  return p * number((bits(rounded) << 52) + (Bits{1023} << 52));
}

void begin_step(Int width, const LaneState& lanes) {
  const double *t = lanes.t, *h_next = lanes.h_next, *stop = lanes.stop;
  double *h = lanes.h, *t_new = lanes.t_new, *landing = lanes.landing, *h_min = lanes.h_min;
  const double h_floor = lanes.h_floor;
  const Int count = lanes_in(width);
  DYNKIT_VECTOR_LOOP
  for (Int l = 0; l < count; ++l) {
    const double left = stop[l] - t[l];
    const bool lands = 1.01 * h_next[l] >= left;  // leaves no tiny last step
    landing[l] = lands ? 1.0 : 0.0;
    h[l] = lands ? left : h_next[l];
    t_new[l] = lands ? stop[l] : t[l] + h_next[l];
    h_min[l] = larger(kLeastStep * magnitude(t[l]), h_floor);
  }
}

void stage_times(Int width, const double* t, double c, const double* h, double* out) {
  DYNKIT_VECTOR_LOOP
  for (Int l = 0; l < whole(width); ++l) out[l] = t[l] + c * h[l];
}

// The terms of one row, with their number known.
template <int N>
struct Row {
  double weight[N];
  const double* k[N];

  Row(const Terms& terms, Int offset) {
    for (int j = 0; j < N; ++j) {
      weight[j] = terms.weight[j];
      k[j] = terms.k[j] + offset;
    }
  }

  double sum(Int i) const {
    double result = weight[0] * k[0][i];
    for (int j = 1; j < N; ++j) result += weight[j] * k[j][i];
    return result;
  }
};

template <int N>
struct Combine {
  static void run(const Shape& shape, const double* h, const double* x, const Terms& terms,
                  double* out) {
    const Int width = whole(shape.width);
    for (Int o = 0; o < shape.outer; ++o) {
      const Row<N> row(terms, o * shape.stride);
      double* to = out + o * shape.stride;
      if (x == nullptr) {
        DYNKIT_VECTOR_LOOP
        for (Int i = 0; i < width; ++i) to[i] = row.sum(i);
      } else if (shape.columns) {
        const double* from = x + o * shape.stride;
        DYNKIT_VECTOR_LOOP
        for (Int i = 0; i < width; ++i) to[i] = from[i] + h[i] * row.sum(i);
      } else {
        const double* from = x + o * shape.stride;
        const double step = h[o];
        DYNKIT_VECTOR_LOOP
        for (Int i = 0; i < width; ++i) to[i] = from[i] + step * row.sum(i);
      }
    }
  }
};

// The square of a scaled error; 0 * y makes it NaN where the new state overflowed.
inline double scaled_square(double error, double x, double y, double rtol, double atol) {
  const double scaled = error / (atol + rtol * larger(magnitude(x), magnitude(y)));
  return scaled * scaled + 0.0 * y;
}

template <int N>
struct ErrorSums {
  static void run(const Shape& shape, const double* x, const double* x_new, double rtol,
                  double atol, const Terms& terms, double* sums) {
    const Int width = whole(shape.width);
    if (shape.columns) {
      DYNKIT_VECTOR_LOOP
      for (Int i = 0; i < width; ++i) sums[i] = 0.0;
    }
    for (Int o = 0; o < shape.outer; ++o) {
      const Row<N> row(terms, o * shape.stride);
      const double *x0 = x + o * shape.stride, *x1 = x_new + o * shape.stride;
      if (shape.columns) {
        DYNKIT_VECTOR_LOOP
        for (Int i = 0; i < width; ++i) {
          sums[i] += scaled_square(row.sum(i), x0[i], x1[i], rtol, atol);
        }
      } else {
        double part[kPack] = {};
        for (Int i = 0; i < width; i += kPack) {
          DYNKIT_VECTOR_LOOP
          for (Int l = 0; l < kPack; ++l) {
            part[l] += scaled_square(row.sum(i + l), x0[i + l], x1[i + l], rtol, atol);
          }
        }
        double sum = part[0];
        for (Int l = 1; l < kPack; ++l) sum += part[l];
        sums[o] = sum;
      }
    }
  }
};

// Runs the instance of Function for the number of terms.
template <template <int> class Function, class... Arguments>
inline void run_for(int count, const Arguments&... arguments) {
  using Run = decltype(&Function<1>::run);
  static constexpr Run kRun[kMaxTerms + 1] = {
      nullptr,           &Function<1>::run, &Function<2>::run,  &Function<3>::run,
      &Function<4>::run, &Function<5>::run, &Function<6>::run,  &Function<7>::run,
      &Function<8>::run, &Function<9>::run, &Function<10>::run, &Function<11>::run,
      &Function<12>::run};
  kRun[count](arguments...);
}

void combine(const Shape& shape, const double* h, const double* x, const Terms& terms,
             double* out) {
  run_for<Combine>(terms.count, shape, h, x, terms, out);
}

void error_sums(const Shape& shape, const double* x, const double* x_new, double rtol, double atol,
                const Terms& terms, double* sums) {
  run_for<ErrorSums>(terms.count, shape, x, x_new, rtol, atol, terms, sums);
}

void control(Int width, const Controller& controller, double n, const LaneState& lanes) {
  const Controller c = controller;  // a copy, which no store can change
  const double *h = lanes.h, *h_min = lanes.h_min, *landing = lanes.landing, *watch = lanes.watch;
  const double *t_new = lanes.t_new, *sum = lanes.sum, *sum2 = lanes.sum2;
  double *h_next = lanes.h_next, *log_error = lanes.log_error, *rejected = lanes.rejected;
  double *accept = lanes.accept, *finite = lanes.finite, *event = lanes.event, *tries = lanes.tries;
  const double max_tries = lanes.max_tries;
  const Int count = lanes_in(width);
  DYNKIT_VECTOR_LOOP
  for (Int l = 0; l < count; ++l) {
    // The square of the error.
    const double both = sum[l] + c.second * sum2[l];
    const double square = h[l] * h[l] * sum[l] * (sum[l] / larger(both, 1e-300)) / n;
    const double good = square <= 1.0 ? 1.0 : 0.0;
    const double number = square < 1e300 ? 1.0 : 0.0;

    // The logarithm of the factor. After a rejection the memory is left out and nothing grows.
    const double log_e = 0.5 * log2_of(smaller(larger(square, 1e-24), 1e24));
    const double wanted = c.log2_safety - c.exponent * log_e + good * c.memory * log_error[l];
    const double most = good * rejected[l] > 0.0 ? 0.0 : c.log2_grow;
    const double factor = exp2_of(smaller(larger(wanted, c.log2_shrink), most));
    const double proposed = h[l] * (number > 0.0 ? factor : 0.1);

    // A step cut short to land says nothing against the one proposed before.
    h_next[l] = larger(proposed, good * landing[l] * h_next[l]);
    log_error[l] = good > 0.0 ? larger(log_e, kLeastLogError) : log_error[l];
    rejected[l] = 1.0 - good;
    accept[l] = good;
    finite[l] = number;
    tries[l] += 1.0;

    const double output = t_new[l] >= watch[l] ? 1.0 : landing[l];
    const double stuck = h_next[l] < h_min[l] ? 1.0 : 0.0;
    event[l] = good * output + stuck + (tries[l] >= max_tries ? 1.0 : 0.0);
  }
}

void select(const Shape& shape, const double* mask, const double* from, double* to) {
  const Int width = whole(shape.width);
  for (Int o = 0; o < shape.outer; ++o) {
    const double* a = from + o * shape.stride;
    double* b = to + o * shape.stride;
    if (shape.columns) {
      DYNKIT_VECTOR_LOOP
      for (Int i = 0; i < width; ++i) b[i] = mask[i] != 0.0 ? a[i] : b[i];
    } else if (mask[o] != 0.0) {
      __builtin_memcpy(b, a, static_cast<unsigned long>(width) * sizeof(double));
    }
  }
}

void finite(const Shape& shape, const double* x, double* sums) {
  const Int width = whole(shape.width);
  if (shape.columns) {
    for (Int i = 0; i < width; ++i) sums[i] = 0.0;
  }
  for (Int o = 0; o < shape.outer; ++o) {
    const double* row = x + o * shape.stride;
    if (shape.columns) {
      DYNKIT_VECTOR_LOOP
      for (Int i = 0; i < width; ++i) sums[i] += 0.0 * row[i];
    } else {
      double part[kPack] = {};
      for (Int i = 0; i < width; i += kPack) {
        DYNKIT_VECTOR_LOOP
        for (Int l = 0; l < kPack; ++l) part[l] += 0.0 * row[i + l];
      }
      double sum = part[0];
      for (Int l = 1; l < kPack; ++l) sum += part[l];
      sums[o] = sum;
    }
  }
}

void row_squares(Int rows, Int n, const double* a, double* sums) {
  for (Int r = 0; r < rows; ++r) {
    const double* row = a + r * n;
    double part[kPack] = {};
    Int i = 0;
    for (; i + kPack <= n; i += kPack) {
      DYNKIT_VECTOR_LOOP
      for (Int l = 0; l < kPack; ++l) part[l] += row[i + l] * row[i + l];
    }
    for (Int l = 0; i < n; ++i, ++l) part[l] += row[i] * row[i];
    double sum = part[0];
    for (Int l = 1; l < kPack; ++l) sum += part[l];
    sums[r] = sum;
  }
}

}  // namespace

const Kernels kKernels = {DYNKIT_KERNELS_NAME, begin_step,      stage_times, combine,
                          error_sums,          control,         select,      finite,
                          row_squares,         tangent_product, tangent_step};

}  // namespace dynkit::DYNKIT_KERNELS
