/* The Brusselator, a chemical reaction that oscillates, in C11.
 *
 *     dx/dt = a - (b + 1) x + x^2 y
 *     dy/dt = b x - x^2 y
 *
 * Prigogine & Lefever, "Symmetry breaking instabilities in dissipative systems II", J. Chem. Phys.
 * 48, 1695 (1968). It rests at (a, b / a), stable where b < 1 + a^2.
 *
 *   x = (x, y) [S,2]   theta = (a, b) [2] */
#include <math.h>
#include <stddef.h>

#include "dynkit/model.h"
#include "dynkit/plugin.h"

enum { kN = 2, kP = 2 };

static const dk_block kBlocks[] = {
    {"a", NULL, 0, 0, 1, {0}, 0.0, INFINITY, "inflow"},
    {"b", NULL, 1, 0, 1, {0}, 0.0, INFINITY, "rate of the conversion"}};
static const char* const kStateNames[] = {"x", "y"};
static const dk_model_info kInfo = {DK_FLOW, DK_REENTRANT, DK_BATCH_EXACT, kN,          0,    kP,
                                    NAN,     kP,           kBlocks,        kStateNames, NULL, NULL};

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

static dk_status eval(const dk_model* model, const dk_points* points, const dk_output* out,
                      dk_error* error) {
  (void)model, (void)error;
  for (int64_t s = 0; s < points->count; ++s) {
    const double* x = points->x.data + s * points->x.stride;
    const double* theta = points->theta.data + s * points->theta.stride;
    const double reaction = x[0] * x[0] * x[1];
    double* dx = out->data + s * out->stride;
    dx[0] = theta[0] - (theta[1] + 1.0) * x[0] + reaction;
    dx[1] = theta[1] * x[0] - reaction;
  }
  return DK_OK;
}

static dk_status jacobian(const dk_model* model, const dk_points* points, int32_t wrt,
                          const dk_matrices* J, dk_error* error) {
  (void)model, (void)error;
  if (wrt == DK_WRT_INPUT) return DK_OK; /* no inputs: no columns */
  for (int64_t s = 0; s < points->count; ++s) {
    const double* x = points->x.data + s * points->x.stride;
    const double* theta = points->theta.data + s * points->theta.stride;
    double* row_x = J->data + s * J->sample_stride;
    double* row_y = row_x + J->row_stride;
    if (wrt == DK_WRT_STATE) {
      row_x[0] = 2.0 * x[0] * x[1] - theta[1] - 1.0;
      row_x[1] = x[0] * x[0];
      row_y[0] = theta[1] - 2.0 * x[0] * x[1];
      row_y[1] = -x[0] * x[0];
    } else {
      row_x[0] = 1.0;
      row_x[1] = -x[0];
      row_y[0] = 0.0;
      row_y[1] = x[0];
    }
  }
  return DK_OK;
}

static dk_status vjp(const dk_model* model, const dk_points* points,
                     const dk_cotangents* cotangents, dk_error* error) {
  (void)model, (void)error;
  for (int64_t s = 0; s < points->count; ++s) {
    const double* x = points->x.data + s * points->x.stride;
    const double* theta = points->theta.data + s * points->theta.stride;
    for (int64_t k = 0; k < cotangents->count; ++k) {
      const double* g = cotangents->out.data + s * cotangents->out.stride + k * kN;
      if (cotangents->x.data != NULL) {
        double* x_bar = cotangents->x.data + s * cotangents->x.stride + k * kN;
        x_bar[0] = (2.0 * x[0] * x[1] - theta[1]) * (g[0] - g[1]) - g[0];
        x_bar[1] = x[0] * x[0] * (g[0] - g[1]);
      }
      if (cotangents->theta.data != NULL) {
        double* theta_bar = cotangents->theta.data + s * cotangents->theta.stride + k * kP;
        theta_bar[0] += g[0];
        theta_bar[1] -= x[0] * (g[0] - g[1]);
      }
    }
  }
  return DK_OK;
}

static const void* extension(const dk_model* model, const char* id) {
  (void)model, (void)id;
  return NULL;
}

static const dk_model_v1 kModel = {create, destroy, info,     NULL, NULL, NULL,
                                   NULL,   eval,    jacobian, NULL, vjp,  extension};

/* What an author has to write at the least. */
static const dk_model_v1 kEquation = {create, destroy, info, NULL, NULL, NULL,
                                      NULL,   eval,    NULL, NULL, NULL, extension};

static const char kCitation[] =
    "I. Prigogine & R. Lefever, Symmetry breaking instabilities in dissipative systems II, J. "
    "Chem. Phys. 48, 1695 (1968)";

static const dk_component kComponents[] = {
    {DK_MODEL_V1, "org.dynkit.test.brusselator", "1.0.0",
     "Brusselator (1968): x' = a - (b + 1) x + x^2 y, y' = b x - x^2 y", kCitation, "MIT", NULL, 0,
     NULL, &kModel},
    {DK_MODEL_V1, "org.dynkit.test.brusselator_equation", "1.0.0",
     "Brusselator without derivatives of its own", kCitation, "MIT", NULL, 0, NULL, &kEquation}};

static const dk_library kLibrary = {DK_ABI_MAJOR,
                                    DK_ABI_MINOR,
                                    "dynkit-sdk",
                                    DK_VERSION,
                                    sizeof kComponents / sizeof kComponents[0],
                                    kComponents};

const dk_library* dynkit_plugin_v1(void) {
  return &kLibrary;
}
