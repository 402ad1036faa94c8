#include "continuous_rollout.hpp"

#include <algorithm>
#include <vector>

#include "dynkit/core/adjoint.hpp"

namespace dynkit::training {
namespace {

// Values that the model refuses are NaN.
class ModelField : public TransposedField {
 public:
  explicit ModelField(const Operations<double>& model) : model_(model) {}

  FieldInfo info() const override {
    FieldInfo info;
    info.n = model_.sizes().n;
    info.m = model_.sizes().m;
    return info;
  }
  std::int64_t parameters() const override { return model_.sizes().p; }

  dk_status eval(const dk_points& points, const dk_output& out, dk_error*) override {
    model_.eval(points, out.data);
    return DK_OK;
  }
  dk_status vjp(const dk_points& points, const dk_cotangents& cotangents, dk_error*) override {
    model_.vjp(points, cotangents);
    return DK_OK;
  }

 private:
  const Operations<double>& model_;
};

AdjointOptions adjoint_options(const RolloutOptions& options, std::int64_t n) {
  constexpr std::int64_t kMost = 4096;  // more would save little
  const std::int64_t fits = options.memory / (n * std::int64_t{sizeof(double)});
  return {options.integration, std::clamp(fits, AdjointOptions::kFewestSteps, kMost)};
}

}  // namespace

struct ContinuousRollout::Parts {
  Parts(const Operations<double>& model, std::int64_t samples, const RolloutOptions& options)
      : field(model),
        S(samples),
        n(model.sizes().n),
        m(model.sizes().m),
        adjoint(field, adjoint_options(options, n)),
        start(static_cast<std::size_t>(n)) {}

  double* state(std::int64_t k, std::int64_t s) { return states.data() + (k * S + s) * n; }
  double* cotangent(std::int64_t k, std::int64_t s) { return x_bar.data() + (k * S + s) * n; }
  const double* input(std::int64_t k, std::int64_t s) const {
    return data.inputs != nullptr ? data.inputs + (k * S + s) * m : nullptr;
  }
  double alpha(std::int64_t k) const { return data.forcing != nullptr ? data.forcing[k] : 0.0; }

  // The first time after k up to which row s goes on without a jump.
  std::int64_t end_of_piece(std::int64_t k, std::int64_t s) const {
    const double* u = input(k, s);
    std::int64_t end = k + 1;
    while (end + 1 < data.T && alpha(end) == 0.0 &&
           (u == nullptr || std::equal(u, u + m, input(end, s)))) {
      ++end;
    }
    return end;
  }

  // From where row s goes on at time k: its state, or what its teacher makes of it.
  const double* start_of_piece(std::int64_t k, std::int64_t s) {
    const double a = alpha(k);
    const double* x = state(k, s);
    if (a == 0.0) return x;
    const double* d = data.teacher + (k * S + s) * n;
    for (std::int64_t i = 0; i < n; ++i) {
      // A teacher that takes over leaves nothing of a state, even if that is not a number.
      start[static_cast<std::size_t>(i)] = a == 1.0 ? d[i] : (1.0 - a) * x[i] + a * d[i];
    }
    return start.data();
  }

  AdjointPiece piece(std::int64_t k, std::int64_t end, std::int64_t s) const {
    return {end - k + 1, data.times + k, input(k, s)};
  }

  // All states.
  void walk(const RolloutData<double>& given) {
    data = given;
    states.resize(static_cast<std::size_t>(data.T * S * n));
    std::copy_n(data.x0, S * n, states.begin());
    for (std::int64_t s = 0; s < S; ++s) {
      for (std::int64_t k = 0, end = 0; k + 1 < data.T; k = end) {
        end = end_of_piece(k, s);
        adjoint.forward(piece(k, end, s), start_of_piece(k, s), state(k, s), S * n);
      }
    }
  }

  // Row s: the cotangent of its last state becomes that of its first, in place of that time's.
  void walk_back(std::int64_t s, const RolloutGradient<double>& gradient) {
    pieces.clear();
    for (std::int64_t k = 0; k + 1 < data.T; k = end_of_piece(k, s)) pieces.push_back(k);
    std::int64_t end = data.T - 1;
    for (; !pieces.empty(); pieces.pop_back()) {
      const std::int64_t k = pieces.back();
      double* bar = cotangent(end, s);
      adjoint.forward(piece(k, end, s), start_of_piece(k, s), nullptr, 0);
      adjoint.backward(cotangent(k, s), S * n, bar, gradient.theta);
      for (std::int64_t i = 0; i < n; ++i) {
        if (gradient.teacher != nullptr) gradient.teacher[(k * S + s) * n + i] += alpha(k) * bar[i];
        cotangent(k, s)[i] += (1.0 - alpha(k)) * bar[i];
      }
      end = k;
    }
  }

  ModelField field;
  const std::int64_t S, n, m;
  CvodesAdjoint adjoint;
  RolloutData<double> data;
  std::vector<double> states;        // [T,S,n] as observed
  std::vector<double> x_bar;         // [T,S,n] dL_k/dx, then of all that follows
  std::vector<double> start;         // [n]
  std::vector<std::int64_t> pieces;  // times at which they begin
};

ContinuousRollout::ContinuousRollout(const Operations<double>& model, std::int64_t S,
                                     const RolloutOptions& options)
    : parts_(std::make_unique<Parts>(model, S, options)) {}

ContinuousRollout::~ContinuousRollout() = default;

double ContinuousRollout::loss(const RolloutData<double>& data, Observer<double>& observer) {
  parts_->walk(data);
  double loss = 0.0;
  for (std::int64_t k = 0; k < data.T; ++k) {
    loss += observer.observe(k, parts_->state(k, 0), nullptr);
  }
  return loss;
}

double ContinuousRollout::gradient(const RolloutData<double>& data, Observer<double>& observer,
                                   const RolloutGradient<double>& gradient) {
  Parts& parts = *parts_;
  parts.walk(data);
  if (gradient.teacher != nullptr) std::fill_n(gradient.teacher, parts.states.size(), 0.0);
  parts.x_bar.assign(parts.states.size(), 0.0);
  double loss = 0.0;
  for (std::int64_t k = data.T - 1; k >= 0; --k) {
    loss += observer.observe(k, parts.state(k, 0), parts.cotangent(k, 0));
  }
  for (std::int64_t s = 0; s < parts.S; ++s) parts.walk_back(s, gradient);
  if (gradient.x0 != nullptr) std::copy_n(parts.x_bar.begin(), parts.S * parts.n, gradient.x0);
  return loss;
}

}  // namespace dynkit::training
