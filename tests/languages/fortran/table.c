/* What the host reads of coupled_logistic.f90: constant tables, which Fortran cannot write down. */
#include <math.h>
#include <stddef.h>

#include "dynkit/model.h"
#include "dynkit/plugin.h"

dk_status coupled_logistic_eval(const dk_model* model, const dk_points* points,
                                const dk_output* out, dk_error* error);
dk_status coupled_logistic_jvp(const dk_model* model, const dk_points* points,
                               const dk_tangents* tangents, const dk_output* out, dk_error* error);

static const dk_block kBlocks[] = {
    {"r", NULL, 0, 0, 1, {0}, 0.0, 4.0, "rate of growth"},
    {"c", NULL, 1, 0, 1, {0}, 0.0, 1.0, "share that comes from the neighbors"}};
static const char* const kStateNames[] = {"x_1", "x_2", "x_3"};
static const dk_model_info kInfo = {
    .time_kind = DK_MAP,
    .threading = DK_REENTRANT,
    .flags = DK_BATCH_EXACT,
    .n = 3,
    .p = 2,
    .step = NAN,
    .block_count = 2,
    .blocks = kBlocks,
    .state_names = kStateNames,
};

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

static const void* extension(const dk_model* model, const char* id) {
  (void)model, (void)id;
  return NULL;
}

static const dk_model_v1 kModel = {
    .create = create,
    .destroy = destroy,
    .info = info,
    .eval = coupled_logistic_eval,
    .jvp = coupled_logistic_jvp,
    .extension = extension,
};

static const dk_component kComponents[] = {{
    .interface_id = DK_MODEL_V1,
    .id = "org.dynkit.test.coupled_logistic",
    .version = "1.0.0",
    .summary = "Logistic maps on a ring: x_i' = (1 - c) f(x_i) + c/2 (f(x_i-1) + f(x_i+1))",
    .citation = "K. Kaneko, Period-doubling of kink-antikink patterns, Prog. Theor. Phys. 72, 480 "
                "(1984)",
    .license = "MIT",
    .interface_table = &kModel,
}};

static const dk_library kLibrary = {DK_ABI_MAJOR,
                                    DK_ABI_MINOR,
                                    "dynkit-sdk",
                                    DK_VERSION,
                                    sizeof kComponents / sizeof kComponents[0],
                                    kComponents};

const dk_library* dynkit_plugin_v1(void) {
  return &kLibrary;
}
