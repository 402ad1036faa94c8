// See kernels.hpp. This file is compiled once for each instruction set, with DYNKIT_KERNELS the
// namespace of the variant. It includes nothing with inline functions: the linker keeps one copy of
// those, and it might be one that this machine cannot run.
#include "kernels/kernels.hpp"

#if defined(__clang__)
#define DYNKIT_VECTOR_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define DYNKIT_VECTOR_LOOP _Pragma("GCC ivdep")
#endif

namespace dynkit::DYNKIT_KERNELS {

extern const Kernels kKernels;

namespace {

using Int = std::int64_t;
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

inline double larger(double a, double b) {
  return a > b ? a : b;
}
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

// Vectors of this instruction set, for the one loop that the compilers do not keep in registers.
#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
typedef double Vector __attribute__((vector_size(kVectorBytes)));
constexpr Int kVector = kVectorBytes / 8;
constexpr Int kVectors = kPack / kVector;  // in a pack

// out[k,i] = sum_j V[k,j] Jt[j,i] for `Rows` directions and `count` <= kPack components from
// `first` on.
template <int Rows>
void product_tile(Int n, Int width, Int first, Int count, const double* transposed, const double* V,
                  double* out) {
  Vector sum[Rows][kVectors] = {};
  for (Int j = 0; j < n; ++j) {
    Vector row[kVectors];
    __builtin_memcpy(row, transposed + j * width + first, sizeof row);
    for (int k = 0; k < Rows; ++k) {
      for (Int v = 0; v < kVectors; ++v) sum[k][v] += V[k * n + j] * row[v];
    }
  }
  for (int k = 0; k < Rows; ++k) {
    double values[kPack];
    __builtin_memcpy(values, sum[k], sizeof values);
    for (Int l = 0; l < count; ++l) out[k * n + first + l] = values[l];
  }
}

// Too small for vectors: loads of whole ones would wait for the scalars that were just stored. N: n
// where it is known, so that the loops unroll, else 0.
template <Int N>
void small_product(Int size, Int K, const double* J, const double* V, double* out) {
  const Int n = N > 0 ? N : size;
  for (Int k = 0; k < K; ++k) {
    for (Int i = 0; i < n; ++i) {
      double sum = J[i * n] * V[k * n];
      for (Int j = 1; j < n; ++j) sum += J[i * n + j] * V[k * n + j];
      out[k * n + i] = sum;
    }
  }
}

void tangent_product(Int n, Int K, const double* J, const double* V, double* transposed,
                     double* out) {
  if (n == 2) return small_product<2>(n, K, J, V, out);
  if (n == 3) return small_product<3>(n, K, J, V, out);
  if (n < kPack) return small_product<0>(n, K, J, V, out);
  const Int width = round_up(n);
  for (Int i = 0; i < n; ++i) {
    for (Int j = 0; j < n; ++j) transposed[j * width + i] = J[i * n + j];
  }
  for (Int first = 0; first < width; first += kPack) {
    const Int count = n - first < kPack ? n - first : kPack;
    Int k = 0;
    for (; k + 4 <= K; k += 4) {
      product_tile<4>(n, width, first, count, transposed, V + k * n, out + k * n);
    }
    for (; k < K; ++k) {
      product_tile<1>(n, width, first, count, transposed, V + k * n, out + k * n);
    }
  }
}

// The lanes from `lane` on of component i of [n, kPack].
inline Vector lanes_of(const double* a, Int i, Int lane) {
  Vector result;
  __builtin_memcpy(&result, a + i * kPack + lane, sizeof result);
  return result;
}

inline void set_lanes(const Vector& value, Int i, Int lane, double* a) {
  __builtin_memcpy(a + i * kPack + lane, &value, sizeof value);
}

// sum_j weight_j k_j for the components of one vector of lanes.
inline void weighted_sum(const Terms& terms, Int n, Int lane, Vector* sum) {
  for (Int i = 0; i < n; ++i) sum[i] = terms.weight[0] * lanes_of(terms.k[0], i, lane);
  for (int j = 1; j < terms.count; ++j) {
    const double weight = terms.weight[j];
    const double* k = terms.k[j];
    for (Int i = 0; i < n; ++i) sum[i] += weight * lanes_of(k, i, lane);
  }
}

// N: n where it is known, so that the loops over components unroll, else 0.
template <Int N>
struct TangentLanes {
  static constexpr Int kMost = N > 0 ? N : kPack;

  // One vector of lanes through all stages; adds to the sums of errors.
  static void run(const TangentStep& step, double h, Int lane, double* sums) {
    const Int n = N > 0 ? N : step.n;
    Vector V[kMost], argument[kMost], square = {}, not_finite = {};
    for (Int i = 0; i < n; ++i) {
      argument[i] = V[i] = lanes_of(step.V, i, lane);
      square += V[i] * V[i];
    }
    for (int stage = 0; stage <= step.stages; ++stage) {
      if (stage > 0) {
        weighted_sum(step.rows[stage], n, lane, argument);
        for (Int i = 0; i < n; ++i) argument[i] = V[i] + h * argument[i];
      }
      const double* J = step.J + stage * n * n;
      for (Int i = 0; i < n; ++i) {
        Vector sum = J[i * n] * argument[0];
        for (Int j = 1; j < n; ++j) sum += J[i * n + j] * argument[j];
        set_lanes(sum, i, lane, step.k[stage]);
      }
    }
    for (Int i = 0; i < n; ++i) {
      set_lanes(argument[i], i, lane, step.V_new);
      not_finite += 0.0 * argument[i];
    }
    for (int e = 0; e < 2; ++e) {
      Vector error = {};
      if (step.errors[e].count > 0) {
        weighted_sum(step.errors[e], n, lane, argument);
        for (Int i = 0; i < n; ++i) error += argument[i] * argument[i];
      }
      for (Int l = 0; l < kVector; ++l) {
        sums[e] += error[l] / larger(square[l], 1e-300) + not_finite[l];
      }
    }
  }
};

template <Int N>
void tangent_lanes(const TangentStep& step, double h, double* sums) {
  sums[0] = sums[1] = 0.0;
  for (Int lane = 0; lane < kPack; lane += kVector) TangentLanes<N>::run(step, h, lane, sums);
}

void tangent_step(const TangentStep& step, double h, double* sums) {
  switch (step.n) {
    case 2:
      return tangent_lanes<2>(step, h, sums);
    case 3:
      return tangent_lanes<3>(step, h, sums);
    case 4:
      return tangent_lanes<4>(step, h, sums);
    default:
      return tangent_lanes<0>(step, h, sums);
  }
}

}  // namespace

const Kernels kKernels = {DYNKIT_KERNELS_NAME, begin_step,      stage_times, combine,
                          error_sums,          control,         select,      finite,
                          row_squares,         tangent_product, tangent_step};

}  // namespace dynkit::DYNKIT_KERNELS
