#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dynkit/core/model.hpp"
#include "dynkit/system.h"

namespace dynkit {

class TangentPropagators;

/// A model with its parameters: what is simulated, and what an analysis is handed.
///
/// Whatever the model lacks is made here, so that every call works for every model.
class System {
 public:
  /// `host` must outlive the system. theta [p].
  System(std::shared_ptr<const Model> model, std::vector<double> theta, const dk_host& host);
  ~System();
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  /// The table of dynkit/system.h, valid as long as this object.
  const dk_system& table() const { return table_; }

  const Model& model() const { return *model_; }
  std::shared_ptr<const Model> shared_model() const { return model_; }
  const std::vector<double>& theta() const { return theta_; }
  const dk_host& host() const { return *host_; }
  /// What the model prepared for these parameters, or nullptr.
  const void* prepared() const { return prepared_data_; }
  /// What dk_system.propagate_tangent keeps from call to call.
  TangentPropagators& propagators() const { return *propagators_; }

  /// The step h of a map: the model's own, or 1 where that is not known.
  double step() const { return step_; }

  /// `points` with this system's parameters, its step for a model with DK_USES_STEP and, for an
  /// operation with K directions, scratch memory of the calling thread, where the caller gave none.
  dk_points complete(const dk_points& points, std::int32_t operation, std::int64_t K) const;

  /// "exact (own Jacobian)", "exact (from jvp)", "exact (from vjp)" or "central differences": how
  /// the state Jacobian comes about, for records.
  std::string derivative() const;

 private:
  void prepare();

  std::shared_ptr<const Model> model_;
  std::vector<double> theta_;
  std::vector<double> prepared_;  // storage; the aligned part is used
  const void* prepared_data_ = nullptr;
  const dk_host* host_;
  std::string version_;
  double step_;
  dk_system table_{};
  std::unique_ptr<TangentPropagators> propagators_;  // they hold instances of the model
};

}  // namespace dynkit
