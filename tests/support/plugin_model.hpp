// A model straight from a plugin's library, called through its table as a host does: for tests of
// model plugins, at every instruction-set level that this machine runs.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/model.h"
#include "dynkit/plugin.h"
#include "support/fake_host.hpp"

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

/// Doubles at a 64-byte boundary with NaN behind them; `intact` tells whether nobody wrote there.
class GuardedBuffer {
 public:
  explicit GuardedBuffer(std::int64_t bytes)
      : count_((static_cast<std::size_t>(bytes) + 63) / 64 * 8),
        data_(static_cast<double*>(std::aligned_alloc(64, (count_ + 8) * sizeof(double))),
              &std::free) {
    std::fill_n(data_.get(), count_, std::numeric_limits<double>::signaling_NaN());
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

/// The first component of a library, created with settings given as text.
class PluginModel {
 public:
  PluginModel(const std::string& library, const std::map<std::string, std::string>& settings) {
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed, as in the host
    if (handle == nullptr) throw Error(DK_IO, dlerror());
    const auto entry = reinterpret_cast<decltype(&dynkit_plugin_v1)>(dlsym(handle, DK_ENTRY_POINT));
    component_ = &entry()->components[0];
    table_ = static_cast<const dk_model_v1*>(component_->interface_table);
    std::vector<dk_value> values;
    for (std::int64_t i = 0; i < component_->setting_count; ++i) {
      const dk_setting& setting = component_->settings[i];
      const auto given = settings.find(setting.name);
      const char* text = given != settings.end() ? given->second.c_str() : setting.initial;
      dk_value value{};
      value.type = setting.type;
      value.given = 1;
      value.number = std::strtod(text, nullptr);
      value.integer = std::strtoll(text, nullptr, 10);
      value.text = text;
      values.push_back(value);
    }
    const dk_values all{static_cast<std::int64_t>(values.size()), values.data()};
    call(table_->create, &host_->table(), &all, &model_);
  }
  ~PluginModel() {
    if (model_ != nullptr) table_->destroy(model_);
  }
  PluginModel(const PluginModel&) = delete;
  PluginModel& operator=(const PluginModel&) = delete;

  const dk_component& component() const { return *component_; }
  const dk_model_info& info() const { return *table_->info(model_); }
  const dk_model* handle() const { return model_; }
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

  /// [S,n]. `points` needs no scratch; prepared and tape are passed on.
  Numbers eval(dk_points points) const {
    Numbers out(size(points.count * info().n));
    const GuardedBuffer buffer = scratch(DK_EVAL, points.count, 1);
    points.scratch = buffer.data();
    const dk_output output{out.data(), info().n};
    call(table_->eval, model_, &points, &output);
    EXPECT_TRUE(buffer.intact()) << "eval wrote past its scratch";
    return out;
  }

  /// [S,n,k]
  Numbers jacobian(dk_points points, std::int32_t wrt) const {
    const std::int64_t k = wrt == DK_WRT_STATE   ? info().n
                           : wrt == DK_WRT_INPUT ? info().m
                                                 : info().p;
    Numbers J(size(points.count * info().n * k));
    const GuardedBuffer buffer = scratch(DK_JACOBIAN, points.count, 1);
    points.scratch = buffer.data();
    const dk_matrices matrices{J.data(), info().n * k, k};
    call(table_->jacobian, model_, &points, wrt, &matrices);
    EXPECT_TRUE(buffer.intact()) << "jacobian wrote past its scratch";
    return J;
  }

  /// [S,K,n]
  Numbers jvp(dk_points points, const dk_tangents& tangents) const {
    const std::int64_t stride = tangents.count * info().n;
    Numbers out(size(points.count * stride));
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
  const dk_component* component_ = nullptr;
  const dk_model_v1* table_ = nullptr;
  dk_model* model_ = nullptr;
};

}  // namespace dynkit::testing
