#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "dynkit/error.hpp"
#include "dynkit/model.h"
#include "dynkit/noise.h"
#include "dynkit/system.h"

namespace dynkit {

/// Sizes and offers of a VectorField.
struct FieldInfo {
  std::int64_t n = 0;     // state
  std::int64_t m = 0;     // input
  bool columns = false;   // takes the column layout
  bool uses_time = true;  // false: points come without t
  bool jacobian = false;
  bool jvp = false;
};

/// The right-hand side f(t,x,u) of a flow or F(t,h,x,u) of a map, for many points at once.
///
/// Points carry count, layout, t, h (maps), x and u only; what else the right-hand side needs
/// (parameters, scratch) is its own. A status > 0 for a batch makes the caller ask again point by
/// point, and for a single point means that it is outside the domain; a status < 0 ends the
/// computation with an Error. One object is used by one thread at a time.
class VectorField {
 public:
  virtual ~VectorField() = default;

  /// The same at every call.
  virtual FieldInfo info() const = 0;

  virtual dk_status eval(const dk_points& points, const dk_output& out, dk_error* error) = 0;

  /// J[s][i][j] = d out_i / d x_j, where info().jacobian. Asked for points in rows.
  virtual dk_status jacobian(const dk_points& points, const dk_matrices& J, dk_error* error);

  /// out [S,K,n] = J x_dot for the tangents of x, where info().jvp. For single points in rows.
  virtual dk_status jvp(const dk_points& points, const dk_tangents& tangents, const dk_output& out,
                        dk_error* error);
};

/// How to solve a flow. The first three are our own explicit Runge-Kutta methods, which advance
/// many trajectories at once; the next four are SUNDIALS, one trajectory at a time; the last three
/// are for noise.
enum class Method {
  rk4,             // classical, order 4, fixed step
  tsit5,           // Tsitouras 5(4)
  dop853,          // Hairer & Wanner 8(5,3)
  adams,           // CVODES, Adams-Moulton
  bdf,             // CVODES, for stiff problems
  erk,             // ARKODE, explicit
  dirk,            // ARKODE, diagonally implicit, for stiff problems
  euler_maruyama,  // Ito
  heun,            // Stratonovich
  baoab            // second-order systems, with noise or without
};

/// "rk4", "tsit5", "dop853", "adams", "bdf", "arkode_erk", "arkode" (diagonally implicit),
/// "euler_maruyama", "heun", "baoab". Throws Error (DK_INVALID_ARGUMENT) that lists them.
Method method_named(std::string_view name);
const char* method_name(Method method);

/// What a run asks its caller every few milliseconds: whether to go on. `done` of its trajectories
/// are done, from 0 to S: those that have ended, and of those on the way the share of time that
/// lies behind them. It never decreases. False ends all that are on the way with DK_STOPPED.
using KeepGoing = std::function<bool(double done)>;

struct IntegrationOptions {
  Method method = Method::tsit5;
  double rtol = 1e-6;
  double atol = 1e-9;  // > 0
  double step = 0.0;   // the fixed step, shortened to land on each time; else the first, 0: chosen
  bool adaptive = true;                 // false: fixed steps with tsit5 and dop853 too
  std::int64_t max_steps = 10'000'000;  // tried, for each trajectory
  KeepGoing keep_going;                 // empty: never asked; of tangents `done` is always 0
};

/// Trajectories at given times, as in dk_simulation. An input [S,T,m] holds on [t_k, t_k+1), and
/// the solver restarts where it changes.
struct Trajectories {
  std::int64_t S = 0;
  std::int64_t T = 0;
  const double* times = nullptr;  // [T] increasing
  dk_input x0{};                  // [S,n]
  dk_input u{};                   // [S,T,m], stride from sample to sample; data NULL: zero
  bool u_constant = false;        // u is [S,m]
  std::int64_t first = 0;         // number of the first trajectory, for its random branch

  double* states = nullptr;          // [S,T,n]; NaN after a failure
  std::int32_t* outcomes = nullptr;  // [S] DK_REACHED_END, ...
  double* last_times = nullptr;      // [S] last valid time, NaN: none; NULL: not wanted

  /// Those from `begin` to `end`, so that several threads may share the work. n: state size.
  Trajectories part(std::int64_t begin, std::int64_t end, std::int64_t n) const;
};

/// What a simulation cost, all trajectories together.
struct IntegrationCounts {
  std::int64_t accepted = 0;  // steps
  std::int64_t rejected = 0;
  std::int64_t evaluations = 0;  // points at which the right-hand side was asked
};

/// How noise enters (dynkit/noise.h). One object is used by one thread at a time.
class NoiseField {
 public:
  virtual ~NoiseField() = default;

  virtual dk_noise_info info() const = 0;

  /// G [S,n] if diagonal, else [S,n,w] row-major; points in rows. Statuses as in VectorField.
  virtual dk_status amplitude(const dk_points& points, const dk_output& G, dk_error* error) = 0;
};

/// Where positions and velocities stand in a state of n = 2k numbers, [k] each.
struct SecondOrderLayout {
  std::vector<std::int64_t> positions, velocities;
};

/// gamma, T and m of each degree of freedom, [k].
struct HeatBath {
  std::vector<double> friction, temperature, mass;
};

/// A second-order system (dynkit/second_order.h):
///     dq = v dt,   m dv = F(t, q, u) dt - m gamma v dt + sqrt(2 m gamma T) dW
/// One object is used by one thread at a time.
class SecondOrderField {
 public:
  virtual ~SecondOrderField() = default;

  /// The same at every call; n = 2k, and of what is offered nothing matters.
  virtual FieldInfo info() const = 0;
  virtual SecondOrderLayout layout() const = 0;
  virtual HeatBath bath() const = 0;

  /// F [S,k]; points in rows. Statuses as in VectorField.
  virtual dk_status force(const dk_points& points, const dk_output& F, dk_error* error) = 0;
};

/// Standard normal numbers, one stream for each trajectory.
class NormalSource {
 public:
  virtual ~NormalSource() = default;

  /// The next `count` numbers of a trajectory's stream, whatever the sizes of the calls.
  virtual void draw(std::int64_t trajectory, std::int64_t count, double* out) = 0;
};

// All of these throw Error for arguments that break the rules above; how a trajectory ended is data
// in its outcome. A trajectory's bits do not depend on the others, on S, or on how the work is
// split into parts, if the right-hand side's do not (DK_BATCH_EXACT).

/// Solves dx/dt = f(t,x,u), where the noise methods are not allowed.
IntegrationCounts simulate_flow(VectorField& field, const IntegrationOptions& options,
                                const Trajectories& trajectories);

/// Iterates x_k+1 = F(t_k, h_k, x_k, u_k) with h_k = t_k+1 - t_k: one step from time to time.
IntegrationCounts simulate_map(VectorField& field, const Trajectories& trajectories,
                               const KeepGoing& keep_going = {});

/// Solves dx = f dt + G dW with euler_maruyama (Ito) or heun (Stratonovich) and fixed steps.
/// Throws Error (DK_UNSUPPORTED) for a method that converges to the other calculus than the noise
/// declares, unless the noise is additive: the correction is the model's to write.
IntegrationCounts simulate_noisy_flow(VectorField& field, NoiseField& noise, NormalSource& normals,
                                      const IntegrationOptions& options,
                                      const Trajectories& trajectories);

/// Solves a second-order system with baoab and fixed steps; normals NULL: without its noise, but
/// with friction. Throws Error for a layout that is not one of all states, and for gamma < 0, T < 0
/// or m <= 0.
IntegrationCounts simulate_second_order(SecondOrderField& field, NormalSource* normals,
                                        const IntegrationOptions& options,
                                        const Trajectories& trajectories);

/// Iterates x_k+1 = F + G xi.
IntegrationCounts simulate_noisy_map(VectorField& field, NoiseField& noise, NormalSource& normals,
                                     const Trajectories& trajectories,
                                     const KeepGoing& keep_going = {});

}  // namespace dynkit
