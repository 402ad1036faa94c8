/* A neuron that fires pulses when a current drives it.
 *
 *     dv/dt = v - v^3/3 - w + I
 *     dw/dt = epsilon (v + a - b w)
 *
 * FitzHugh, "Impulses and physiological states in theoretical models of nerve membrane", Biophys.
 * J. 1, 445 (1961).
 *
 *   x = (v, w) [S,2]   u = (I) [S,1]   theta = (a, b, epsilon) [3] */
#include <math.h>
#include <string.h>

#include "dynkit/initial.h"
#include "dynkit/plugin.h"

enum { kStates = 2, kInputs = 1, kParameters = 3 };

static const double kDefaults[] = {0.7, 0.8, 0.08};
static const dk_block kBlocks[] = {
    {.name = "a",
     .offset = 0,
     .trainable = 1,
     .lower = -INFINITY,
     .upper = INFINITY,
     .help = "threshold of the recovery"},
    {.name = "b",
     .offset = 1,
     .trainable = 1,
     .lower = -INFINITY,
     .upper = INFINITY,
     .help = "decay of the recovery"},
    {.name = "epsilon",
     .offset = 2,
     .trainable = 1,
     .lower = 0,
     .upper = INFINITY,
     .help = "speed of the recovery"},
};
static const char* const kStateNames[] = {"v", "w"};
static const char* const kInputNames[] = {"I"};

static const dk_model_info kInfo = {
    .time_kind = DK_FLOW,
    .threading = DK_REENTRANT,
    .flags = DK_BATCH_EXACT,
    .n = kStates,
    .m = kInputs,
    .p = kParameters,
    .step = NAN,
    .block_count = kParameters,
    .blocks = kBlocks,
    .state_names = kStateNames,
    .input_names = kInputNames,
};

/* The arguments of one sample. */
typedef struct sample {
  double v, w, I, a, b, epsilon;
} sample;

static sample sample_at(const dk_points* points, int64_t s) {
  const double* x = points->x.data + s * points->x.stride;
  const double* theta = points->theta.data + s * points->theta.stride;
  const double I = points->u.data != NULL ? points->u.data[s * points->u.stride] : 0.0;
  return (sample){x[0], x[1], I, theta[0], theta[1], theta[2]};
}

static dk_status eval(const dk_model* model, const dk_points* points, const dk_output* out,
                      dk_error* error) {
  (void)model, (void)error;
  for (int64_t s = 0; s < points->count; ++s) {
    const sample at = sample_at(points, s);
    double* dx = out->data + s * out->stride;
    dx[0] = at.v - at.v * at.v * at.v / 3.0 - at.w + at.I;
    dx[1] = at.epsilon * (at.v + at.a - at.b * at.w);
  }
  return DK_OK;
}

static dk_status jacobian(const dk_model* model, const dk_points* points, int32_t wrt,
                          const dk_matrices* J, dk_error* error) {
  (void)model, (void)error;
  for (int64_t s = 0; s < points->count; ++s) {
    const sample at = sample_at(points, s);
    double* row_v = J->data + s * J->sample_stride;
    double* row_w = row_v + J->row_stride;
    if (wrt == DK_WRT_STATE) {
      row_v[0] = 1.0 - at.v * at.v;
      row_v[1] = -1.0;
      row_w[0] = at.epsilon;
      row_w[1] = -at.epsilon * at.b;
    } else if (wrt == DK_WRT_INPUT) {
      row_v[0] = 1.0;
      row_w[0] = 0.0;
    } else {
      row_v[0] = row_v[1] = row_v[2] = 0.0;
      row_w[0] = at.epsilon;
      row_w[1] = -at.epsilon * at.w;
      row_w[2] = at.v + at.a - at.b * at.w;
    }
  }
  return DK_OK;
}

/* The transposed Jacobians times each cotangent (g_v, g_w). x and u are written, theta accumulates:
 * with stride 0 all samples add to the same row. An output without data is not wanted. */
static dk_status vjp(const dk_model* model, const dk_points* points,
                     const dk_cotangents* cotangents, dk_error* error) {
  (void)model, (void)error;
  for (int64_t s = 0; s < points->count; ++s) {
    const sample at = sample_at(points, s);
    for (int64_t k = 0; k < cotangents->count; ++k) {
      const double* g = cotangents->out.data + s * cotangents->out.stride + k * kStates;
      if (cotangents->x.data != NULL) {
        double* x_bar = cotangents->x.data + s * cotangents->x.stride + k * kStates;
        x_bar[0] = (1.0 - at.v * at.v) * g[0] + at.epsilon * g[1];
        x_bar[1] = -g[0] - at.epsilon * at.b * g[1];
      }
      if (cotangents->u.data != NULL) {
        cotangents->u.data[s * cotangents->u.stride + k * kInputs] = g[0];
      }
      if (cotangents->theta.data != NULL) {
        double* theta_bar = cotangents->theta.data + s * cotangents->theta.stride + k * kParameters;
        theta_bar[0] += at.epsilon * g[1];
        theta_bar[1] -= at.epsilon * at.w * g[1];
        theta_bar[2] += (at.v + at.a - at.b * at.w) * g[1];
      }
    }
  }
  return DK_OK;
}

static dk_status initial_parameters(const dk_model* model, const dk_host* host, dk_stream* stream,
                                    double* theta, dk_error* error) {
  (void)model, (void)host, (void)stream, (void)error;
  memcpy(theta, kDefaults, sizeof kDefaults);
  return DK_OK;
}

/* Evenly from the box -2 <= v <= 2, -1 <= w <= 2, which holds the pulses. */
static dk_status initial_state(const dk_model* model, const dk_host* host, dk_stream* stream,
                               const double* theta, double* x, dk_error* error) {
  (void)model, (void)theta, (void)error;
  host->uniform(host, stream, kStates, x);
  x[0] = -2.0 + 4.0 * x[0];
  x[1] = -1.0 + 3.0 * x[1];
  return DK_OK;
}

static const dk_initial_v1 kInitial = {initial_parameters, initial_state};

static const void* extension(const dk_model* model, const char* id) {
  (void)model;
  return strcmp(id, DK_INITIAL_V1) == 0 ? &kInitial : NULL;
}

/* Nothing depends on settings, so one instance without contents serves all. */
static char instance;

static dk_status create(const dk_host* host, const dk_values* settings, dk_model** model,
                        dk_error* error) {
  (void)host, (void)settings, (void)error;
  *model = (dk_model*)&instance;
  return DK_OK;
}

static void destroy(dk_model* model) {
  (void)model;
}

static const dk_model_info* info(const dk_model* model) {
  (void)model;
  return &kInfo;
}

/* What is left out is NULL: no scratch, no prepared weights, no tape; the host makes jvp. */
static const dk_model_v1 kModel = {
    .create = create,
    .destroy = destroy,
    .info = info,
    .eval = eval,
    .jacobian = jacobian,
    .vjp = vjp,
    .extension = extension,
};

static const dk_component kComponents[] = {{
    .interface_id = DK_MODEL_V1,
    .id = "@id@",
    .version = "1.0.0",
    .summary = "FitzHugh (1961): v' = v - v^3/3 - w + I, w' = epsilon (v + a - b w)",
    .citation = "R. FitzHugh, Impulses and physiological states in theoretical models of nerve "
                "membrane, Biophys. J. 1, 445 (1961)",
    .license = "MIT",
    .interface_table = &kModel,
}};

static const dk_library kLibrary = {
    DK_ABI_MAJOR,
    DK_ABI_MINOR,
    "dynkit-sdk",
    DK_VERSION,
    sizeof kComponents / sizeof kComponents[0],
    kComponents,
};

const dk_library* dynkit_plugin_v1(void) {
  return &kLibrary;
}
