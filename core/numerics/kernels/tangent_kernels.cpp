// Tangents of one trajectory. See variant.hpp.
#include "kernels/variant.hpp"

namespace dynkit::DYNKIT_KERNELS {
namespace {

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

}  // namespace

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

}  // namespace dynkit::DYNKIT_KERNELS
