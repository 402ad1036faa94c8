// The inner loops of the explicit methods, compiled for several instruction sets and chosen at run
// time. Widths are multiples of kPack, so that no loop has a tail and the bits of a lane do not
// depend on where it stands.
#pragma once

#include <cstdint>

namespace dynkit {

inline constexpr std::int64_t kPack = 8;  // doubles in the widest vector
inline constexpr int kMaxTerms = 12;      // of one linear combination of stages

constexpr std::int64_t round_up(std::int64_t count) {
  return (count + kPack - 1) / kPack * kPack;
}

/// How the numbers of a batch stand: [outer, width], rows `stride` apart. In columns a row is a
/// component and the lanes are `width`; in rows a row is a lane.
struct Shape {
  std::int64_t outer = 0;
  std::int64_t width = 0;  // multiple of kPack
  std::int64_t stride = 0;
  bool columns = false;
};

/// sum_j weight[j] k[j], 1 <= count <= kMaxTerms.
struct Terms {
  int count = 0;
  const double* weight = nullptr;
  const double* const* k = nullptr;
};

/// Constants of a step-size controller: with the error e of a step, 1 = just tolerated, and e0 of
/// the one before,
///     h_new = h * clamp(safety * e^-exponent * e0^memory, shrink, grow).
struct Controller {
  double exponent = 0.0;
  double memory = 0.0;
  double log2_safety = 0.0;
  double log2_shrink = 0.0;
  double log2_grow = 0.0;
  double second = 0.0;  // weight of a second estimate: e = e1^2 / sqrt(e1^2 + second e2^2)
};

/// State of the lanes of an adaptive solver, arrays [width], a multiple of kPack or 1; masks hold 0
/// or 1.
struct LaneState {
  double* t = nullptr;          // time of the accepted state
  double* stop = nullptr;       // time that must not be stepped over
  double* watch = nullptr;      // time of the next output
  double* h = nullptr;          // step that is tried
  double* t_new = nullptr;      // where it leads
  double* landing = nullptr;    // mask: that is `stop`
  double* h_next = nullptr;     // step that is proposed
  double* h_min = nullptr;      // smallest step that moves t
  double* log_error = nullptr;  // log2 of the error of the last accepted step
  double* rejected = nullptr;   // mask: the last step was rejected
  double* tries = nullptr;      // steps tried
  double* sum = nullptr;        // sums of squares of the scaled error estimates
  double* sum2 = nullptr;
  double* accept = nullptr;  // mask
  double* finite = nullptr;  // mask: the error is a number
  double* event = nullptr;   // not 0: output, landing, or no way on
  double max_tries = 0.0;
  double h_floor = 0.0;  // of h_min, where t is near 0
};

/// One step of the tangents of a flow with at most kPack components, the directions as lanes: V and
/// k_i are [n, kPack].
struct TangentStep {
  std::int64_t n = 0;
  int stages = 0;                 // s
  const double* J = nullptr;      // [s+1,n,n] at the stages, the last at the end of the step
  const Terms* rows = nullptr;    // [s+1] of the stages, the last is the step itself
  const Terms* errors = nullptr;  // [2] estimates; count 0: none
  double* const* k = nullptr;     // [s+1] written, k_i = J_i (V + h row_i), the last J_s V_new
  const double* V = nullptr;
  double* V_new = nullptr;  // written
};

struct Kernels {
  const char* name;

  /// h = h_next, or what is left to `stop` where that is less or hardly more; sets t_new, landing
  /// and h_min.
  void (*begin_step)(std::int64_t width, const LaneState& lanes);

  /// out = t + c h, by lane.
  void (*stage_times)(std::int64_t width, const double* t, double c, const double* h, double* out);

  /// out = x + h sum, h by lane; x NULL: out = sum.
  void (*combine)(const Shape& shape, const double* h, const double* x, const Terms& terms,
                  double* out);

  /// sums[lane] = sum_i (sum_j weight_j k_j / (atol + rtol max(|x|,|x_new|)))_i^2, not finite where
  /// x_new is not.
  void (*error_sums)(const Shape& shape, const double* x, const double* x_new, double rtol,
                     double atol, const Terms& terms, double* sums);

  /// Judges the step of every lane and proposes the next. n: how many components the sums have.
  void (*control)(std::int64_t width, const Controller& controller, double n,
                  const LaneState& lanes);

  /// to = from where mask[lane] is not 0.
  void (*select)(const Shape& shape, const double* mask, const double* from, double* to);

  /// sums[lane] = 0 where all components are finite, NaN elsewhere.
  void (*finite)(const Shape& shape, const double* x, double* sums);

  /// sums[r] = sum_i a[r,i]^2 of dense rows of n.
  void (*row_squares)(std::int64_t rows, std::int64_t n, const double* a, double* sums);

  /// out [K,n] = V J^T for J [n,n] and V [K,n]; `transposed` [n, width], width = n rounded up to
  /// kPack, is scratch that starts as zeros.
  void (*tangent_product)(std::int64_t n, std::int64_t K, const double* J, const double* V,
                          double* transposed, double* out);

  /// A step of length h. sums[e] = sum over the directions of |error_e|^2 / |V|^2, h left out; not
  /// finite where V_new is not.
  void (*tangent_step)(const TangentStep& step, double h, double* sums);
};

/// The best of those below that this machine runs.
const Kernels& kernels();

/// All that this machine runs, best first; ends with nullptr.
const Kernels* const* runnable_kernels();

}  // namespace dynkit
