#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "dynkit/core/system.hpp"

namespace dynkit {

/// Of one system, for each thread that of its last call: Lyapunov spectra call some 10^4 times in a
/// row with the same options.
class TangentPropagators {
 public:
  struct Propagator;

  TangentPropagators();
  ~TangentPropagators();
  TangentPropagators(const TangentPropagators&) = delete;
  TangentPropagators& operator=(const TangentPropagators&) = delete;

  Propagator& of_this_thread();

 private:
  std::mutex mutex_;
  std::map<std::thread::id, std::unique_ptr<Propagator>> propagators_;
};

/// dk_system.simulate and dk_system.propagate_tangent (dynkit/system.h). Throw Error where the
/// request is refused; a trajectory that fails is an outcome.
void simulate(const System& system, const dk_simulation& simulation);
void propagate_tangent(const System& system, double t0, double t1, const double* u,
                       const dk_simulation& options, double* x, std::int64_t K, double* V);

}  // namespace dynkit
