// What an analysis or a dataset generator is handed, for tests of them without the core: a system
// made of C++ functions, settings from their declarations, and a sink that keeps what it takes.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <complex>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "dynkit/analysis.h"
#include "dynkit/core/array.hpp"
#include "dynkit/error.hpp"
#include "dynkit/job.h"
#include "dynkit/plugin.h"
#include "dynkit/settings.h"
#include "support/fake_host.hpp"

namespace dynkit::testing {

/// A system by its equations, one point at a time. x, out [n]; u [m]; matrices row-major.
struct Equations {
  std::int32_t time_kind = DK_FLOW;
  std::int64_t n = 1, m = 0;
  std::function<void(double t, const double* x, const double* u, double* out)> eval;
  std::function<void(double t, const double* x, const double* u, double* J)> jacobian;  // [n,n]
  std::function<void(double t, const double* x, const double* u, double* B)> input_jacobian = {};
  std::vector<double> typical_state = {};                  // empty: zero
  double step = std::numeric_limits<double>::quiet_NaN();  // of a map in time units
  std::uint64_t flags = 0;
  std::int32_t jacobian_kind = DK_EXACT;
};

/// The table of dynkit/system.h over `Equations`. Tangents are carried along flows by classical
/// Runge-Kutta steps of at most `options->step` (0: 0.01), along maps step by step. `simulate`,
/// `residual` and `vjp` are absent.
class FakeSystem {
 public:
  explicit FakeSystem(Equations equations) : equations_(std::move(equations)) {
    info_.time_kind = equations_.time_kind;
    info_.threading = DK_REENTRANT;
    info_.flags = equations_.flags;
    info_.n = equations_.n;
    info_.m = equations_.m;
    info_.step = equations_.step;
    table_.context = this;
    table_.component = "org.test.system";
    table_.version = "1.0.0";
    table_.info = &info_;
    table_.jacobian_kind = equations_.jacobian_kind;
    table_.eval = [](const dk_system* system, const dk_points* points, const dk_output* out,
                     dk_error* error) {
      return guard(error, [&] { self(system).eval(*points, *out); });
    };
    table_.jacobian = [](const dk_system* system, const dk_points* points, std::int32_t wrt,
                         const dk_matrices* J, dk_error* error) {
      return guard(error, [&] { self(system).jacobian(*points, wrt, *J); });
    };
    table_.typical_state = [](const dk_system* system, dk_stream*, double* x, dk_error*) {
      const Equations& own = self(system).equations_;
      std::vector<double> state = own.typical_state;
      state.resize(static_cast<std::size_t>(own.n), 0.0);
      std::copy(state.begin(), state.end(), x);
      return dk_status{DK_OK};
    };
    table_.propagate_tangent = [](const dk_system* system, double t0, double t1, const double* u,
                                  const dk_simulation* options, double* x, std::int64_t K,
                                  double* V, dk_error* error) {
      return guard(error, [&] { self(system).propagate(t0, t1, u, *options, x, K, V); });
    };
    table_.extension = [](const dk_system*, const char*) -> const void* { return nullptr; };
  }
  FakeSystem(const FakeSystem&) = delete;
  FakeSystem& operator=(const FakeSystem&) = delete;

  const dk_system& table() const { return table_; }

  std::atomic<std::int64_t> jacobian_calls = 0;
  std::atomic<std::int64_t> propagate_calls = 0;

 private:
  static FakeSystem& self(const dk_system* system) {
    return *static_cast<FakeSystem*>(system->context);
  }

  std::vector<double> input(const dk_points& points, std::int64_t s) const {
    std::vector<double> u(static_cast<std::size_t>(info_.m), 0.0);
    if (points.u.data == nullptr) return u;
    const double* from = points.u.data + s * points.u.stride;
    std::copy(from, from + info_.m, u.begin());
    return u;
  }

  void eval(const dk_points& points, const dk_output& out) const {
    for (std::int64_t s = 0; s < points.count; ++s) {
      const double t = points.t.data == nullptr ? 0.0 : points.t.data[s * points.t.stride];
      equations_.eval(t, points.x.data + s * points.x.stride, input(points, s).data(),
                      out.data + s * out.stride);
    }
  }

  void jacobian(const dk_points& points, std::int32_t wrt, const dk_matrices& J) {
    ++jacobian_calls;
    const bool is_state = wrt == DK_WRT_STATE;
    const std::int64_t columns = is_state ? info_.n : info_.m;
    std::vector<double> dense(static_cast<std::size_t>(info_.n * columns));
    for (std::int64_t s = 0; s < points.count; ++s) {
      const double t = points.t.data == nullptr ? 0.0 : points.t.data[s * points.t.stride];
      const auto& f = is_state ? equations_.jacobian : equations_.input_jacobian;
      f(t, points.x.data + s * points.x.stride, input(points, s).data(), dense.data());
      for (std::int64_t i = 0; i < info_.n; ++i) {
        std::copy_n(dense.begin() + i * columns, columns,
                    J.data + s * J.sample_stride + i * J.row_stride);
      }
    }
  }

  // d(x, V)/dt or (x, V)', x [n] then V [K,n].
  void eval_with_tangents(double t, const double* u, std::int64_t K, const double* y, double* out) {
    const std::int64_t n = info_.n;
    J_.resize(static_cast<std::size_t>(n * n));
    equations_.eval(t, y, u, out);
    equations_.jacobian(t, y, u, J_.data());
    for (std::int64_t k = 0; k < K; ++k) {
      for (std::int64_t i = 0; i < n; ++i) {
        double sum = 0.0;
        for (std::int64_t j = 0; j < n; ++j) {
          sum += J_[static_cast<std::size_t>(i * n + j)] * y[n + k * n + j];
        }
        out[n + k * n + i] = sum;
      }
    }
  }

  void rk4_step(double t, double h, const double* u, std::int64_t K, std::vector<double>& y) {
    const std::size_t size = y.size();
    for (auto& stage : stages_) stage.resize(size);
    trial_.resize(size);
    const double shares[] = {0.0, 0.5, 0.5, 1.0};
    for (std::size_t stage = 0; stage < 4; ++stage) {
      for (std::size_t i = 0; i < size; ++i) {
        trial_[i] = y[i] + (stage > 0 ? h * shares[stage] * stages_[stage - 1][i] : 0.0);
      }
      eval_with_tangents(t + shares[stage] * h, u, K, trial_.data(), stages_[stage].data());
    }
    for (std::size_t i = 0; i < size; ++i) {
      y[i] += h / 6.0 * (stages_[0][i] + 2 * stages_[1][i] + 2 * stages_[2][i] + stages_[3][i]);
    }
  }

  void propagate(double t0, double t1, const double* u, const dk_simulation& options, double* x,
                 std::int64_t K, double* V) {
    ++propagate_calls;
    const std::int64_t n = info_.n;
    const std::vector<double> zero(static_cast<std::size_t>(info_.m), 0.0);
    const double* input = u == nullptr ? zero.data() : u;
    y_.assign(x, x + n);
    y_.insert(y_.end(), V, V + K * n);
    const bool is_map = info_.time_kind == DK_MAP;
    const double largest = options.step > 0.0 ? options.step : 0.01;
    const double own = is_map ? 1.0 : largest;
    const double steps = is_map ? std::round((t1 - t0) / own) : std::ceil((t1 - t0) / own - 1e-9);
    for (double i = 0; i < steps; ++i) {
      const double h = (t1 - t0) / steps;
      if (is_map) {
        trial_.resize(y_.size());
        eval_with_tangents(t0 + i * h, input, K, y_.data(), trial_.data());
        std::swap(y_, trial_);
      } else {
        rk4_step(t0 + i * h, h, input, K, y_);
      }
    }
    std::copy_n(y_.begin(), n, x);
    std::copy_n(y_.begin() + n, K * n, V);
  }

  Equations equations_;
  dk_model_info info_{};
  dk_system table_{};
  std::vector<double> J_, trial_, y_;
  std::vector<double> stages_[4];
};

/// Keeps what a stage puts.
class FakeSink {
 public:
  struct Series {
    std::string kind, label, x, y, z, group, length;
  };
  struct Figure {
    std::string kind, x, y, group;  // of the first series
    std::size_t series;
    std::string caption;
    std::vector<Series> all;
  };

  FakeSink() {
    table_.context = this;
    table_.put_array = [](const dk_sink* sink, const char* name, const dk_array* array,
                          dk_error* error) {
      return guard(error, [&] { self(sink).arrays[name] = copy_array(*array); });
    };
    table_.put_table = [](const dk_sink* sink, const char* name, const char*, std::int64_t count,
                          const dk_column* columns, dk_error* error) {
      return guard(error, [&] {
        for (std::int64_t c = 0; c < count; ++c) {
          self(sink).tables[name][columns[c].name] = copy_array(columns[c].values);
        }
      });
    };
    table_.put_figure = [](const dk_sink* sink, const dk_figure* figure, dk_error* error) {
      return guard(error, [&] {
        const auto text = [](const char* t) { return std::string(t == nullptr ? "" : t); };
        const dk_series& first = figure->series[0];
        Figure& kept = self(sink).figures[figure->name];
        kept = {text(first.kind),
                text(first.x),
                text(first.y),
                text(first.group),
                static_cast<std::size_t>(figure->series_count),
                text(figure->caption),
                {}};
        for (const dk_series& one : std::span(figure->series, kept.series)) {
          kept.all.push_back({text(one.kind), text(one.label), text(one.x), text(one.y),
                              text(one.z), text(one.group), text(one.length)});
        }
      });
    };
    table_.put_text = [](const dk_sink* sink, const char* name, const char* markdown, dk_error*) {
      self(sink).texts[name] = markdown;
      return dk_status{DK_OK};
    };
    table_.put_model = [](const dk_sink*, const char*, const dk_system*, dk_error*) {
      return dk_status{DK_OK};
    };
  }
  FakeSink(const FakeSink&) = delete;
  FakeSink& operator=(const FakeSink&) = delete;

  const dk_sink& table() const { return table_; }

  const std::vector<double>& numbers(const std::string& name) const {
    return std::get<std::vector<double>>(arrays.at(name).values);
  }
  const std::vector<std::complex<double>>& complexes(const std::string& name) const {
    return std::get<std::vector<std::complex<double>>>(arrays.at(name).values);
  }
  const std::vector<std::int64_t>& integers(const std::string& name) const {
    return std::get<std::vector<std::int64_t>>(arrays.at(name).values);
  }
  const std::vector<std::string>& words(const std::string& name) const {
    return std::get<std::vector<std::string>>(arrays.at(name).values);
  }

  ArrayMap arrays;
  std::map<std::string, ArrayMap> tables;
  std::map<std::string, Figure> figures;
  std::map<std::string, std::string> texts;

 private:
  static FakeSink& self(const dk_sink* sink) { return *static_cast<FakeSink*>(sink->context); }

  dk_sink table_{};
};

/// Values for the declared settings: their defaults, and what a test sets.
class FakeValues {
 public:
  explicit FakeValues(std::span<const dk_setting> declared) : declared_(declared) {
    for (const dk_setting& setting : declared) {
      dk_value value{};
      value.type = setting.type;
      value.given = setting.initial != nullptr ? 1 : 0;
      if (setting.initial != nullptr) {
        const std::string initial = setting.initial;
        value.text = setting.initial;
        if (setting.type == DK_NUMBER) value.number = std::stod(initial);
        if (setting.type == DK_INTEGER) value.integer = std::stoll(initial);
        if (setting.type == DK_BOOLEAN) value.integer = initial == "true" ? 1 : 0;
      }
      values_.push_back(value);
    }
  }

  FakeValues& number(const std::string& name, double number) {
    find(name).number = number;
    return *this;
  }
  FakeValues& integer(const std::string& name, std::int64_t integer) {
    find(name).integer = integer;
    return *this;
  }
  FakeValues& text(const std::string& name, const char* text) {
    find(name).text = text;
    return *this;
  }
  FakeValues& array(const std::string& name, std::vector<std::int64_t> shape,
                    std::vector<double> numbers) {
    auto array = std::make_shared<Array>();
    array->shape = std::move(shape);
    array->values = std::move(numbers);
    std::vector<const char*> no_names;
    find(name).array = view_array(*array, no_names);
    arrays_.push_back(std::move(array));
    return *this;
  }

  dk_values values() const { return {static_cast<std::int64_t>(values_.size()), values_.data()}; }

 private:
  dk_value& find(const std::string& name) {
    for (std::size_t i = 0; i < declared_.size(); ++i) {
      if (name != declared_[i].name) continue;
      values_[i].given = 1;
      return values_[i];
    }
    throw std::runtime_error("no setting '" + name + "'");
  }

  std::span<const dk_setting> declared_;
  std::vector<dk_value> values_;
  std::vector<std::shared_ptr<const Array>> arrays_;  // shared, so that copies stay valid
};

/// Runs an analysis on one system through its tables, as a host does; throws what it reports.
inline void run_analysis(const dk_component& component, const FakeValues& values,
                         const dk_host& host, const dk_system& system, const FakeSink& sink,
                         const dk_data* data = nullptr) {
  const auto& table = *static_cast<const dk_analysis_v1*>(component.interface_table);
  const dk_values given = values.values();
  dk_analysis* analysis = nullptr;
  call(table.create, &host, &given, &analysis);
  const dk_stream stream = FakeHost::stream(1);
  const dk_system* systems[] = {&system};
  const dk_job job{&host, &stream, 1, systems, data, &sink.table()};
  dk_error error{};
  dk_status status = table.accepts(analysis, &job, &error);
  if (status == DK_OK) status = table.run(analysis, &job, &error);
  table.destroy(analysis);
  check(status, error);
}

}  // namespace dynkit::testing
