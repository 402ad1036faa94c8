// Datasets as the host runs them: settings from values as a user writes them, a real system of one
// formula, a job, and a sink that keeps what is put.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dynkit/component.hpp"
#include "dynkit/core/model.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/core/services.hpp"
#include "dynkit/core/settings.hpp"
#include "dynkit/core/system.hpp"
#include "dynkit/differentiable_model.hpp"
#include "dynkit/error.hpp"
#include "support/fake_system.hpp"

namespace dynkit::testing {

using Numbers = std::vector<double>;
using Shape = std::vector<std::int64_t>;

/// x' = a x + b u, y' = c y: decays and grows as exponentials. n = 2, m = 1.
struct LinearFlow {
  static constexpr StateVariable kStates[] = {{"x", -1, 1}, {"y", -1, 1}};
  static constexpr const char* kInputs[] = {"u"};
  static constexpr Parameter kParameters[] = {{"a", -0.5, ""}, {"b", 2, ""}, {"c", 0.25, ""}};
  template <class S>
  void dynamics(const S* x, const S* u, const S* theta, S* dx) const {
    dx[0] = theta[0] * x[0] + theta[1] * u[0];
    dx[1] = theta[2] * x[1];
  }
};

/// x[k+1] = a x[k]. n = 1.
struct LinearMap {
  static constexpr std::int32_t kTimeKind = DK_MAP;
  static constexpr StateVariable kStates[] = {{"x", -1, 1}};
  static constexpr Parameter kParameters[] = {{"a", 0.5, ""}};
  template <class S>
  void dynamics(const S* x, const S* theta, S* next) const {
    next[0] = theta[0] * x[0];
  }
};

/// Arrays by name, as a dataset is handed them.
class TestData {
 public:
  explicit TestData(ArrayMap arrays = {}) : arrays_(std::move(arrays)) {
    table_.context = this;
    table_.find = [](const dk_data* data, const char* name, dk_array* array, dk_error* error) {
      const ArrayMap& held = static_cast<const TestData*>(data->context)->arrays_;
      const auto found = held.find(name);
      if (found == held.end()) return set_error(error, DK_UNSUPPORTED, "not there");
      std::vector<const char*> no_names;
      *array = view_array(found->second, no_names);
      array->dimensions = nullptr;
      return dk_status{DK_OK};
    };
  }
  TestData(const TestData&) = delete;
  TestData& operator=(const TestData&) = delete;
  const dk_data& table() const { return table_; }

 private:
  ArrayMap arrays_;
  dk_data table_{};
};

/// Opens the values of settings: lists of numbers, arrays by the text that stands there, one
/// system, one dataset.
class TestSource : public SettingSource {
 public:
  Array array(const Config& value) override {
    if (value.is_text()) return arrays.at(value.text());
    Array numbers{{static_cast<std::int64_t>(value.list().size())}, Numbers{}, {}, {}, {}};
    for (const Config& item : value.list()) {
      const auto* integer = std::get_if<std::int64_t>(&item.value);
      numbers.numbers().push_back(integer != nullptr ? static_cast<double>(*integer)
                                                     : std::get<double>(item.value));
    }
    return numbers;
  }
  std::pair<std::string, std::vector<std::uint8_t>> file(const std::string&) override {
    throw Error(DK_INTERNAL, "no files here");
  }
  const dk_system* system(const Config&) override { return model; }
  const dk_data* dataset(const Config&) override { return data; }
  std::optional<std::int64_t> extent(const std::string&, std::size_t) override { return {}; }

  ArrayMap arrays;  // by the text that stands in the setting
  const dk_system* model = nullptr;
  const dk_data* data = nullptr;
};

/// A host with so many threads, and a system on it. Keeps what is logged.
class TestHost {
 public:
  explicit TestHost(std::int32_t threads = 1) : services_(options(threads)), host_(services_, "") {}

  const dk_host& table() const { return host_.table(); }

  template <class Author>
  std::unique_ptr<System> system() {
    static constexpr dk_component component =
        differentiable_component<Author>({"org.test.system", "1.0.0", "a test system"});
    TestSource none;
    auto model = std::make_shared<Model>(LoadedComponent{&component, {}, {}, {}}, Config::Table{},
                                         none, table());
    dk_stream stream = make_stream(1, "theta");
    Numbers theta = initial_parameters(*model, table(), stream);
    return std::make_unique<System>(std::move(model), std::move(theta), table());
  }

  std::vector<std::string> logged;

 private:
  ServicesOptions options(std::int32_t threads) {
    ServicesOptions options;
    options.threads = threads;
    options.log = [this](std::int32_t, std::string_view text) { logged.emplace_back(text); };
    return options;
  }

  Services services_;
  HostTable host_;
};

/// Creates a dataset with these settings and generates into a sink. Throws Error as the host sees
/// it.
template <class Dataset>
std::unique_ptr<FakeSink> generate(TestHost& host, TestSource& source,
                                   const Config::Table& settings, std::uint64_t seed = 1) {
  static constexpr dk_component component =
      dataset_component<Dataset>({"org.test.dataset", "1.0.0", "a dataset"});
  const ResolvedSettings resolved = resolve_settings(component, settings, source);
  const auto& table = *static_cast<const dk_dataset_v1*>(component.interface_table);
  const dk_values values = resolved.values();
  dk_dataset* created = nullptr;
  call(table.create, &host.table(), &values, &created);
  const std::unique_ptr<dk_dataset, void (*)(dk_dataset*)> dataset(created, table.destroy);
  auto sink = std::make_unique<FakeSink>();
  const dk_stream stream = make_stream(seed, "dataset");
  const dk_job job{&host.table(), &stream, 0, nullptr, nullptr, &sink->table()};
  call(table.generate, static_cast<const dk_dataset*>(created), &job);
  return sink;
}

/// The message of the Error that `body` throws, "" if it throws none.
template <class Body>
std::string message_of(Body body) {
  try {
    body();
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

inline Config integer(std::int64_t value) {
  return {value, 0};
}
inline Config number(double value) {
  return {value, 0};
}
inline Config text(const std::string& value) {
  return {value, 0};
}

/// [1, 2.5]
inline Config list(const Numbers& values) {
  Config::List items;
  for (const double value : values) items.push_back({value, 0});
  return {std::move(items), 0};
}

inline Array array_of(Shape shape, Numbers values) {
  return {std::move(shape), std::move(values), {}, {}, {}};
}

inline double mean(const Numbers& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// Mean of (value - center)^2.
inline double spread(const Numbers& values, double center) {
  double sum = 0.0;
  for (const double value : values) sum += (value - center) * (value - center);
  return sum / static_cast<double>(values.size());
}

}  // namespace dynkit::testing
