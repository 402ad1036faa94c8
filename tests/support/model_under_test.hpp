// A model made from its component, and batches of arguments for it: the calls of dynkit/model.h
// with vectors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/initial.h"
#include "dynkit/model.h"
#include "dynkit/plugin.h"
#include "support/fake_host.hpp"

namespace dynkit::testing {

using Numbers = std::vector<double>;

/// S samples of every argument, each with its own parameters, in rows.
struct Batch {
  std::int64_t S = 0;
  Numbers t, x, u, theta;
};

/// Memory aligned to 64 bytes, with a guard behind it that `intact` checks.
class GuardedScratch {
 public:
  explicit GuardedScratch(std::int64_t size)
      : size_(static_cast<std::size_t>(size)),
        memory_(static_cast<unsigned char*>(std::aligned_alloc(64, (size_ + 127) / 64 * 64))) {
    std::memset(memory_.get(), 0xA5, (size_ + 127) / 64 * 64);
  }
  void* data() const { return size_ == 0 ? nullptr : memory_.get(); }
  bool intact() const {
    const unsigned char* guard = memory_.get() + size_;
    return std::all_of(guard, guard + 64, [](unsigned char byte) { return byte == 0xA5; });
  }

 private:
  struct Free {
    void operator()(unsigned char* memory) const { std::free(memory); }
  };
  std::size_t size_;
  std::unique_ptr<unsigned char, Free> memory_;
};

class ModelUnderTest {
 public:
  /// Integer settings as given, the others at their defaults.
  explicit ModelUnderTest(const dk_component& component,
                          const std::map<std::string, std::int64_t>& integers = {})
      : table_(static_cast<const dk_model_v1*>(component.interface_table)) {
    std::vector<dk_value> values;
    for (std::int64_t i = 0; i < component.setting_count; ++i) {
      const dk_setting& setting = component.settings[i];
      dk_value value{};
      value.type = setting.type;
      const auto given = integers.find(setting.name);
      value.integer = given != integers.end() ? given->second : std::stoll(setting.initial);
      values.push_back(value);
    }
    const dk_values all{static_cast<std::int64_t>(values.size()), values.data()};
    call(table_->create, &host_.table(), &all, &model_);
  }
  ~ModelUnderTest() { table_->destroy(model_); }
  ModelUnderTest(const ModelUnderTest&) = delete;
  ModelUnderTest& operator=(const ModelUnderTest&) = delete;

  const dk_model_info& info() const { return *table_->info(model_); }
  const dk_host& host() const { return host_.table(); }
  dk_model* handle() const { return model_; }
  std::int64_t n() const { return info().n; }
  std::int64_t m() const { return info().m; }
  std::int64_t p() const { return info().p; }
  std::int64_t size(std::int32_t wrt) const {
    return wrt == DK_WRT_STATE ? n() : wrt == DK_WRT_INPUT ? m() : p();
  }

  template <class Interface>
  const Interface* extension(const char* id) const {
    return static_cast<const Interface*>(table_->extension(model_, id));
  }

  Numbers initial_theta() const {
    Numbers theta(static_cast<std::size_t>(p()));
    dk_stream stream = FakeHost::stream(1);
    call(extension<dk_initial_v1>(DK_INITIAL_V1)->parameters, static_cast<const dk_model*>(model_),
         &host(), &stream, theta.data());
    return theta;
  }

  /// Arguments drawn evenly from [-1,1], so that no two are equal; parameters around the initial
  /// ones, within their bounds.
  Batch random_batch(std::int64_t S, unsigned seed) const {
    std::mt19937_64 generator(seed);
    const auto draw = [&](std::int64_t count) {
      Numbers numbers(static_cast<std::size_t>(count));
      for (double& number : numbers) {
        number = std::ldexp(static_cast<double>(generator() >> 11), -52) - 1;
      }
      return numbers;
    };
    Batch batch{S, draw(S), draw(S * n()), draw(S * m()), draw(S * p())};
    const Numbers theta = initial_theta();
    for (std::size_t i = 0; i < batch.theta.size(); ++i) {
      batch.theta[i] = theta[i % theta.size()] * (1 + 0.2 * batch.theta[i]) + 0.1 * batch.theta[i];
    }
    for (std::int64_t b = 0; b < info().block_count; ++b) clamp(info().blocks[b], batch);
    return batch;
  }

  /// The batch in rows; scratch is left to the calls below.
  dk_points points(const Batch& batch) const {
    dk_points points{};
    points.count = batch.S;
    points.layout = DK_ROWS;
    points.t = {batch.t.data(), 1};
    points.x = {batch.x.data(), n()};
    points.u = {batch.u.empty() ? nullptr : batch.u.data(), m()};
    points.theta = {batch.theta.data(), p()};
    return points;
  }

  void eval(const dk_points& points, const dk_output& out) const {
    run(points, DK_EVAL, 1, [&](const dk_points& at, dk_error* error) {
      return table_->eval(model_, &at, &out, error);
    });
  }
  void jacobian(const dk_points& points, std::int32_t wrt, const dk_matrices& J) const {
    run(points, DK_JACOBIAN, 1, [&](const dk_points& at, dk_error* error) {
      return table_->jacobian(model_, &at, wrt, &J, error);
    });
  }
  void jvp(const dk_points& points, const dk_tangents& tangents, const dk_output& out) const {
    run(points, DK_JVP, tangents.count, [&](const dk_points& at, dk_error* error) {
      return table_->jvp(model_, &at, &tangents, &out, error);
    });
  }
  void vjp(const dk_points& points, const dk_cotangents& cotangents) const {
    run(points, DK_VJP, cotangents.count, [&](const dk_points& at, dk_error* error) {
      return table_->vjp(model_, &at, &cotangents, error);
    });
  }

  /// [S,n]
  Numbers eval(const Batch& batch) const {
    Numbers out(static_cast<std::size_t>(batch.S * n()));
    eval(points(batch), {out.data(), n()});
    return out;
  }
  /// [S,n,k]
  Numbers jacobian(const Batch& batch, std::int32_t wrt) const {
    const std::int64_t k = size(wrt);
    Numbers J(static_cast<std::size_t>(batch.S * n() * k));
    jacobian(points(batch), wrt, {J.data(), n() * k, k});
    return J;
  }

 private:
  static void clamp(const dk_block& block, Batch& batch) {
    std::int64_t size = 1;
    for (std::int32_t axis = 0; axis < block.rank; ++axis) size *= block.shape[axis];
    const auto p = static_cast<std::int64_t>(batch.theta.size()) / batch.S;
    for (std::int64_t s = 0; s < batch.S; ++s) {
      for (std::int64_t i = 0; i < size; ++i) {
        double& value = batch.theta[static_cast<std::size_t>(s * p + block.offset + i)];
        value = std::clamp(value, block.lower, block.upper);
      }
    }
  }

  template <class Operation>
  void run(dk_points points, std::int32_t operation, std::int64_t K, Operation body) const {
    const std::int64_t size = table_->scratch_size == nullptr
                                  ? 0
                                  : table_->scratch_size(model_, operation, points.count, K);
    const GuardedScratch scratch(size);
    points.scratch = scratch.data();
    dk_error error{};
    check(body(points, &error), error);
    if (!scratch.intact()) throw std::logic_error("written beyond the stated scratch size");
  }

  FakeHost host_;
  const dk_model_v1* table_;
  dk_model* model_ = nullptr;
};

}  // namespace dynkit::testing
