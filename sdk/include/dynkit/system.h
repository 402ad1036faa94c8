/* dynkit/system.h - a model together with its parameters, as the host hands it to an analysis.
 *
 * Every call works for every model: what the model lacks the host makes (jacobian from jvp or vjp,
 * finite differences last; the residual from eval), and the result records what was used. Points
 * need only `count`, `t`, `x` and `u`: theta with data NULL means the system's own, and scratch with
 * data NULL the host's. Calls may run on any thread. Rows only. */
#ifndef DYNKIT_SYSTEM_H
#define DYNKIT_SYSTEM_H

#include "dynkit/model.h"
#include "dynkit/noise.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a derivative comes about. */
enum {
  DK_EXACT = 1,      /* the model's own, or made from its jvp or vjp */
  DK_DIFFERENCES = 2 /* central differences of eval */
};

/* How a trajectory ended. */
enum {
  DK_REACHED_END = 0,
  DK_NOT_FINITE = 1,     /* NaN or infinite state */
  DK_STEP_TOO_SMALL = 2, /* the tolerance cannot be met */
  DK_TOO_MANY_STEPS = 3,
  DK_STOPPED = 4 /* cancelled */
};

/* A request for trajectories at given times. Inputs are held constant on [t_k, t_k+1); the solver
 * restarts there. Maps: one step from each time to the next, times only label the rows. */
typedef struct dk_simulation {
  int64_t S, T;
  const double* times; /* [T] increasing; states[:,0] is the initial state */
  dk_input x0;         /* [S,n] */
  dk_input u;          /* [S,T,m], stride from sample to sample; data NULL: zero */
  int32_t u_constant;  /* 1: u is [S,m], the same at all times */
  int32_t noise;       /* 1: with the model's noise, drawn from `stream`, one branch a sample */
  const char* method;  /* "tsit5", "dop853", "rk4", "adams", "bdf", "arkode", "arkode_erk",
                          "euler_maruyama", "heun", "baoab" (models with dynkit/second_order.h);
                          NULL: the host's choice for the model */
  double rtol, atol;   /* 0: 1e-6, 1e-9 */
  double step;         /* of the fixed-step methods, rk4, euler_maruyama, heun and baoab, 0: the
                          shortest spacing of `times`; the first step of the others, 0: chosen */
  const dk_stream* stream;
  double* states;      /* [S,T,n]; NaN after a failure */
  int32_t* outcomes;   /* [S] */
  double* last_times;  /* [S] last valid time; NULL: not wanted */
} dk_simulation;

typedef struct dk_system dk_system;
struct dk_system {
  void* context; /* the host's own */
  const char* component; /* id and version, for messages and records */
  const char* version;
  const dk_model_info* info;
  const double* theta; /* [p] */
  int32_t jacobian_kind; /* DK_EXACT, DK_DIFFERENCES */
  int32_t residual_balanced; /* 1: residual is the model's own (dynkit/balance.h) */
  const dk_noise_info* noise; /* NULL: no noise */

  dk_status (*eval)(const dk_system* system, const dk_points* points, const dk_output* out,
                    dk_error* error);
  dk_status (*jacobian)(const dk_system* system, const dk_points* points, int32_t wrt,
                        const dk_matrices* J, dk_error* error);
  dk_status (*jvp)(const dk_system* system, const dk_points* points, const dk_tangents* tangents,
                   const dk_output* out, dk_error* error);
  dk_status (*vjp)(const dk_system* system, const dk_points* points,
                   const dk_cotangents* cotangents, dk_error* error);

  /* r [S,n]: zero where the system is at rest. The model's balanced residual, else F(x,u) - x or
   * f(x,u). `linearized` gives r (data NULL: not wanted) and dr/dx [S,n,n] together. */
  dk_status (*residual)(const dk_system* system, const dk_points* points, const dk_output* r,
                        dk_error* error);
  dk_status (*linearized)(const dk_system* system, const dk_points* points, const dk_output* r,
                          const dk_matrices* dr_dx, dk_error* error);

  /* The box that traps the states (dynkit/domain.h); DK_UNSUPPORTED: none is known. */
  dk_status (*domain)(const dk_system* system, double* lower, double* upper, dk_error* error);

  /* A typical state [n] from the stream; zero where the model offers none. */
  dk_status (*typical_state)(const dk_system* system, dk_stream* stream, double* x,
                             dk_error* error);

  /* Runs all samples; a trajectory that fails is an outcome, not an error. */
  dk_status (*simulate)(const dk_system* system, const dk_simulation* simulation, dk_error* error);

  /* Carries x [n] and tangents V [K,n] (rows) from t0 to t1 along dV/dt = J V, or through a map's
   * steps (t counts them), with constant input u [m] (NULL: zero). method, rtol, atol and step as in
   * dk_simulation, but rk4 needs a step. Made for repeated calls: solver memory stays between them. DK_NUMERIC: the
   * trajectory cannot be continued, the message says where. */
  dk_status (*propagate_tangent)(const dk_system* system, double t0, double t1, const double* u,
                                 const dk_simulation* options, double* x, int64_t K, double* V,
                                 dk_error* error);

  const void* (*extension)(const dk_system* system, const char* id);
};

#ifdef __cplusplus
}
#endif
#endif
