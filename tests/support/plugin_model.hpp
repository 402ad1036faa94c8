// A model straight from a plugin's library, called through its table as a host does: for tests of
// model plugins, at every instruction-set level that this machine runs.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/model.h"
#include "dynkit/plugin.h"
#include "support/fake_host.hpp"
#include "support/readout_as_model.hpp"

namespace dynkit::testing {

using Numbers = std::vector<double>;

inline Numbers random_numbers(std::int64_t count, std::uint64_t seed, double scale = 1.0) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal(0.0, scale);
  Numbers numbers(static_cast<std::size_t>(count));
  for (double& number : numbers) number = normal(engine);
  return numbers;
}

/// The library and its variants for newer instruction sets, as far as built and runnable here.
inline std::vector<std::string> runnable_levels(const std::string& library) {
  std::vector<std::string> levels = {library};
#if defined(__x86_64__)
  const std::filesystem::path path(library);
  const auto add = [&](const char* level) {
    const std::filesystem::path variant = path.parent_path() / level / path.filename();
    if (std::filesystem::exists(variant)) levels.push_back(variant.string());
  };
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  if (v3) add("x86-64-v3");
  if (v3 && v4) add("x86-64-v4");
#endif
  return levels;
}

/// For INSTANTIATE_TEST_SUITE_P: "baseline", "x86_64_v3", ...
inline std::string level_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = std::filesystem::path(info.param).parent_path().filename().string();
  if (!name.starts_with("x86-64")) return "baseline";
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

/// Memory at a 64-byte boundary, NaN as doubles and as floats, with a guard behind it; `intact`
/// tells whether nobody wrote there.
class GuardedBuffer {
 public:
  explicit GuardedBuffer(std::int64_t bytes)
      : count_((static_cast<std::size_t>(bytes) + 63) / 64 * 8),
        data_(static_cast<double*>(std::aligned_alloc(64, (count_ + 8) * sizeof(double))),
              &std::free) {
    std::memset(data_.get(), 0xFF, count_ * sizeof(double));
    std::fill_n(data_.get() + count_, 8, kGuard);
  }
  double* data() const { return data_.get(); }
  bool intact() const {
    return std::all_of(data_.get() + count_, data_.get() + count_ + 8,
                       [](double value) { return value == kGuard; });
  }

 private:
  static constexpr double kGuard = -1234.5;
  std::size_t count_;
  std::unique_ptr<double, decltype(&std::free)> data_;
};

inline const dk_component& find_component(const std::string& library, const std::string& id) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed, as in the host
  if (handle == nullptr) throw Error(DK_IO, dlerror());
  const auto entry = reinterpret_cast<decltype(&dynkit_plugin_v1)>(dlsym(handle, DK_ENTRY_POINT));
  const dk_library& contents = *entry();
  for (std::int64_t i = 0; i < contents.component_count; ++i) {
    if (id.empty() || id == contents.components[i].id) return contents.components[i];
  }
  throw Error(DK_INVALID_ARGUMENT, library + " has no component '" + id + "'");
}

/// What `create` receives for settings given as text.
struct SettingValues {
  SettingValues(const dk_component& component, const std::map<std::string, std::string>& given) {
    for (std::int64_t i = 0; i < component.setting_count; ++i) {
      const dk_setting& setting = component.settings[i];
      const auto own = given.find(setting.name);
      const char* text = own != given.end() ? own->second.c_str() : setting.initial;
      if (text == nullptr) throw Error(DK_SETTINGS, std::string(setting.name) + " is required");
      dk_value value{};
      value.type = setting.type;
      value.given = 1;
      value.number = std::strtod(text, nullptr);
      value.integer = text == std::string_view("true") ? 1 : std::strtoll(text, nullptr, 10);
      value.text = text;
      if (setting.type == DK_NUMBERS) value.array = list(text);
      values.push_back(value);
    }
  }

  std::vector<dk_value> values;

 private:
  dk_array list(const char* text) {
    Numbers& numbers = lists_.emplace_back();
    for (const char* at = text; *at != '\0';) {
      char* end = nullptr;
      const double number = std::strtod(at, &end);
      if (end != at) numbers.push_back(number);
      at = end != at ? end : at + 1;
    }
    dk_array array{};
    array.type = DK_F64;
    array.rank = 1;
    array.shape[0] = static_cast<std::int64_t>(numbers.size());
    array.data = numbers.data();
    return array;
  }

  std::deque<Numbers> lists_;
};

/// A component of a library, its first unless `id` names another, created with settings given as
/// they would stand in an experiment file: "2.5", "true", "[5, 3]". A readout too, as a model whose
/// outputs are not its states.
class PluginModel {
 public:
  PluginModel(const std::string& library, const std::map<std::string, std::string>& settings,
              const std::string& id = "")
      : component_(&find_component(library, id)) {
    const SettingValues values(*component_, settings);
    const dk_values all{static_cast<std::int64_t>(values.values.size()), values.values.data()};
    if (component_->interface_id == std::string_view(DK_READOUT_V1)) {
      const auto* table = static_cast<const dk_readout_v1*>(component_->interface_table);
      readout_.table = table;
      call(table->create, &host_->table(), &all, &readout_.readout);
      readout_.info = readout_info(*table->info(readout_.readout));
      outputs_ = table->info(readout_.readout)->o;
      table_ = &readout_as_model;
      model_ = reinterpret_cast<dk_model*>(&readout_);
    } else {
      table_ = static_cast<const dk_model_v1*>(component_->interface_table);
      call(table_->create, &host_->table(), &all, &model_);
      outputs_ = info().n;
    }
  }
  ~PluginModel() {
    if (readout_.readout != nullptr) {
      readout_.table->destroy(readout_.readout);
    } else if (model_ != nullptr) {
      table_->destroy(model_);
    }
  }
  PluginModel(const PluginModel&) = delete;
  PluginModel& operator=(const PluginModel&) = delete;

  const dk_component& component() const { return *component_; }
  const dk_model_info& info() const { return *table_->info(model_); }
  /// Numbers in a row of results: n of a model, o of a readout.
  std::int64_t outputs() const { return outputs_; }
  const dk_model* handle() const { return model_; }
  /// The plugin's own instance, behind which extensions find their `self`.
  const void* instance() const {
    return readout_.readout != nullptr ? static_cast<const void*>(readout_.readout) : model_;
  }
  const dk_model_v1& table() const { return *table_; }
  const dk_host& host() const { return host_->table(); }

  template <class Interface>
  const Interface* extension(const char* id) const {
    return static_cast<const Interface*>(table_->extension(model_, id));
  }

  GuardedBuffer scratch(std::int32_t operation, std::int64_t S, std::int64_t K) const {
    return GuardedBuffer(table_->scratch_size(model_, operation, S, K));
  }
  GuardedBuffer prepared(const double* theta) const {
    GuardedBuffer buffer(table_->prepared_size(model_));
    call(table_->prepare, model_, theta, static_cast<void*>(buffer.data()));
    EXPECT_TRUE(buffer.intact()) << "prepare wrote past its buffer";
    return buffer;
  }
  GuardedBuffer tape(std::int64_t S) const { return GuardedBuffer(table_->tape_size(model_, S)); }

  /// [S,o]. `points` needs no scratch; prepared and tape are passed on.
  Numbers eval(dk_points points) const {
    Numbers out(size(points.count * outputs_), std::nan(""));
    const GuardedBuffer buffer = scratch(DK_EVAL, points.count, 1);
    points.scratch = buffer.data();
    const dk_output output{out.data(), outputs_};
    call(table_->eval, model_, &points, &output);
    EXPECT_TRUE(buffer.intact()) << "eval wrote past its scratch";
    return out;
  }

  /// [S,o,k]
  Numbers jacobian(dk_points points, std::int32_t wrt) const {
    const std::int64_t k = wrt == DK_WRT_STATE   ? info().n
                           : wrt == DK_WRT_INPUT ? info().m
                                                 : info().p;
    Numbers J(size(points.count * outputs_ * k), std::nan(""));
    const GuardedBuffer buffer = scratch(DK_JACOBIAN, points.count, 1);
    points.scratch = buffer.data();
    const dk_matrices matrices{J.data(), outputs_ * k, k};
    call(table_->jacobian, model_, &points, wrt, &matrices);
    EXPECT_TRUE(buffer.intact()) << "jacobian wrote past its scratch";
    return J;
  }

  /// [S,K,o]
  Numbers jvp(dk_points points, const dk_tangents& tangents) const {
    const std::int64_t stride = tangents.count * outputs_;
    Numbers out(size(points.count * stride), std::nan(""));
    const GuardedBuffer buffer = scratch(DK_JVP, points.count, tangents.count);
    points.scratch = buffer.data();
    const dk_output output{out.data(), stride};
    call(table_->jvp, model_, &points, &tangents, &output);
    EXPECT_TRUE(buffer.intact()) << "jvp wrote past its scratch";
    return out;
  }

  void vjp(dk_points points, const dk_cotangents& cotangents) const {
    const GuardedBuffer buffer = scratch(DK_VJP, points.count, cotangents.count);
    points.scratch = buffer.data();
    call(table_->vjp, model_, &points, &cotangents);
    EXPECT_TRUE(buffer.intact()) << "vjp wrote past its scratch";
  }

 private:
  static std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

  std::unique_ptr<FakeHost> host_ = std::make_unique<FakeHost>();
  const dk_component* component_;
  ReadoutHandle readout_{};
  const dk_model_v1* table_ = nullptr;
  dk_model* model_ = nullptr;
  std::int64_t outputs_ = 0;
};

}  // namespace dynkit::testing
