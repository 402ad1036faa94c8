#include "transition.hpp"

#include <algorithm>

#include "dynkit/core/workspace.hpp"

namespace dynkit::training {
namespace {

constexpr std::int64_t kAlignment = 64;

std::int64_t round_up(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

template <class Number>
class MapTransition : public Transition<Number> {
 public:
  MapTransition(const Operations<Number>& map, std::int64_t S)
      : map_(map), S_(S), n_(map.sizes().n) {
    x_bar_ = static_cast<Number*>(memory_.bytes(static_cast<std::size_t>(S * n_) * sizeof(Number)));
  }

  std::int64_t tape_size() const override { return round_up(map_.tape_size(S_)); }

  void forward(const StepPoint<Number>& point, const Number* x, Number* x_next,
               std::byte* tape) override {
    map_.eval(points_at(point, x, tape), x_next);
  }

  void backward(const StepPoint<Number>& point, const Number* x, std::byte* tape, Number* x_bar,
                Number* theta_bar) override {
    map_.vjp(points_at(point, x, tape), {1, {x_bar, n_}, {x_bar_, n_}, {}, {theta_bar, 0}});
    std::copy_n(x_bar_, S_ * n_, x_bar);
  }

 private:
  Points<Number> points_at(const StepPoint<Number>& point, const Number* x, std::byte* tape) const {
    Points<Number> points{};
    points.count = S_;
    points.t = {point.t, 1};
    points.h = {point.h, 1};
    points.x = {x, n_};
    if (point.u != nullptr) points.u = {point.u, map_.sizes().m};
    points.tape = map_.tape_size(S_) > 0 ? tape : nullptr;
    return points;
  }

  const Operations<Number>& map_;
  std::int64_t S_, n_;
  Workspace memory_;
  Number* x_bar_;
};

// to [S,n] += h_s w from, row by row.
template <class Number>
void add_scaled(std::int64_t S, std::int64_t n, const double* h, double w, const Number* from,
                Number* to) {
  for (std::int64_t s = 0; s < S; ++s) {
    const auto factor = static_cast<Number>(h[s] * w);
    const Number* __restrict row = from + s * n;
    Number* __restrict sum = to + s * n;
    for (std::int64_t i = 0; i < n; ++i) sum[i] += factor * row[i];
  }
}

}  // namespace

template <class Number>
std::unique_ptr<Transition<Number>> map_transition(const Operations<Number>& map, std::int64_t S) {
  return std::make_unique<MapTransition<Number>>(map, S);
}

template std::unique_ptr<Transition<double>> map_transition(const Operations<double>&,
                                                            std::int64_t);
template std::unique_ptr<Transition<float>> map_transition(const Operations<float>&, std::int64_t);

// The stages k_i, X_i_bar and one k_i_bar [S,n], and the times of a stage.
template <class Number>
struct RungeKutta<Number>::Buffers {
  Buffers(std::int64_t numbers, std::int64_t stages, std::int64_t S) {
    const auto bytes = static_cast<std::size_t>(numbers) * sizeof(Number);
    const std::int64_t stride = round_up(static_cast<std::int64_t>(bytes));
    auto* data = static_cast<std::byte*>(
        memory.bytes(static_cast<std::size_t>(stride * (stages + 2)) + bytes));
    for (std::int64_t i = 0; i <= stages; ++i) {
      stage.push_back(reinterpret_cast<Number*>(data + i * stride));
    }
    argument = reinterpret_cast<Number*>(data + (stages + 1) * stride);
    times.resize(static_cast<std::size_t>(S));
  }

  Workspace memory;
  std::vector<Number*> stage;  // [s+1]: k_i on the way forwards, X_i_bar on the way back
  Number* argument;
  std::vector<double> times;
};

template <class Number>
RungeKutta<Number>::RungeKutta(const Operations<Number>& field, const ButcherTableau& tableau,
                               std::int64_t S)
    : field_(field),
      tableau_(tableau),
      S_(S),
      n_(field.sizes().n),
      state_bytes_(round_up(S * n_ * std::int64_t{sizeof(Number)})),
      stage_bytes_(state_bytes_ + round_up(field.tape_size(S))),
      buffers_(std::make_unique<Buffers>(S * n_, tableau.stages, S)) {}

template <class Number>
RungeKutta<Number>::~RungeKutta() = default;

template <class Number>
std::int64_t RungeKutta<Number>::tape_size() const {
  return tableau_.stages * stage_bytes_;
}

template <class Number>
Points<Number> RungeKutta<Number>::points_at(const StepPoint<Number>& point, double c,
                                             const Number* x, std::byte* tape) {
  for (std::int64_t s = 0; s < S_; ++s) {
    buffers_->times[static_cast<std::size_t>(s)] = point.t[s] + c * point.h[s];
  }
  Points<Number> points{};
  points.count = S_;
  points.t = {buffers_->times.data(), 1};
  points.x = {x, n_};
  if (point.u != nullptr) points.u = {point.u, field_.sizes().m};
  points.tape = tape != nullptr && stage_bytes_ > state_bytes_ ? tape : nullptr;
  return points;
}

template <class Number>
void RungeKutta<Number>::forward(const StepPoint<Number>& point, const Number* x, Number* x_next,
                                 std::byte* tape) {
  for (int i = 0; i < tableau_.stages; ++i) {
    std::byte* stage_tape = tape != nullptr ? tape + i * stage_bytes_ : nullptr;
    Number* X = tape != nullptr ? reinterpret_cast<Number*>(stage_tape) : buffers_->argument;
    std::copy_n(x, S_ * n_, X);
    for (int j = 0; j < i; ++j) {
      const double a = tableau_.weight(i, j);
      if (a != 0.0) add_scaled(S_, n_, point.h, a, stage(j), X);
    }
    std::byte* model_tape = tape != nullptr ? stage_tape + state_bytes_ : nullptr;
    field_.eval(points_at(point, tableau_.c[static_cast<std::size_t>(i)], X, model_tape), stage(i));
  }
  std::copy_n(x, S_ * n_, x_next);
  for (int i = 0; i < tableau_.stages; ++i) {
    const double b = tableau_.b[static_cast<std::size_t>(i)];
    if (b != 0.0) add_scaled(S_, n_, point.h, b, stage(i), x_next);
  }
}

template <class Number>
void RungeKutta<Number>::backward(const StepPoint<Number>& point, const Number*, std::byte* tape,
                                  Number* x_bar, Number* theta_bar) {
  for (int i = tableau_.stages; i-- > 0;) {
    Number* k_bar = buffers_->argument;
    std::fill_n(k_bar, S_ * n_, Number(0));
    const double b = tableau_.b[static_cast<std::size_t>(i)];
    if (b != 0.0) add_scaled(S_, n_, point.h, b, x_bar, k_bar);
    for (int j = i + 1; j < tableau_.stages; ++j) {
      const double a = tableau_.weight(j, i);
      if (a != 0.0) add_scaled(S_, n_, point.h, a, stage(j), k_bar);
    }
    std::byte* stage_tape = tape + i * stage_bytes_;
    const Points<Number> points =
        points_at(point, tableau_.c[static_cast<std::size_t>(i)],
                  reinterpret_cast<const Number*>(stage_tape), stage_tape + state_bytes_);
    field_.vjp(points, {1, {k_bar, n_}, {stage(i), n_}, {}, {theta_bar, 0}});
  }
  for (int i = 0; i < tableau_.stages; ++i) {
    const Number* X_bar = stage(i);
    for (std::int64_t e = 0; e < S_ * n_; ++e) x_bar[e] += X_bar[e];
  }
}

template <class Number>
void RungeKutta<Number>::sum_stages(const StepPoint<Number>& point, const Number* x_next,
                                    const std::vector<double>& weights, Number* sum) {
  const int s = tableau_.stages;
  if (weights[static_cast<std::size_t>(s)] != 0.0) {
    field_.eval(points_at(point, 1.0, x_next, nullptr), stage(s));
  }
  std::fill_n(sum, S_ * n_, Number(0));
  for (int i = 0; i <= s; ++i) {
    const double weight = weights[static_cast<std::size_t>(i)];
    if (weight != 0.0) add_scaled(S_, n_, point.h, weight, stage(i), sum);
  }
}

template <class Number>
Number* RungeKutta<Number>::stage(int i) const {
  return buffers_->stage[static_cast<std::size_t>(i)];
}

template class RungeKutta<double>;
template class RungeKutta<float>;

}  // namespace dynkit::training
