/* dynkit/readout.h - interface "dynkit.readout/1": what stands between states and data.
 *
 *     y = g(z; theta)          z [S,n]   y [S,o]
 *
 * A static map with the operations and rules of a model (dynkit/model.h): pure, batched, theta an
 * argument, vjp accumulates in theta. Points carry z in `x`; t, h and u are not used. Rows only. */
#ifndef DYNKIT_READOUT_H
#define DYNKIT_READOUT_H

#include "dynkit/model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_READOUT_V1 "dynkit.readout/1"

typedef struct dk_readout dk_readout; /* opaque: the plugin's own */

typedef struct dk_readout_info {
  int32_t threading;
  uint64_t flags;
  int64_t n, o, p;
  int64_t block_count;
  const dk_block* blocks;
  const char* const* observation_names; /* [o]; NULL: unnamed */
} dk_readout_info;

typedef struct dk_readout_v1 {
  dk_status (*create)(const dk_host* host, const dk_values* settings, dk_readout** readout,
                      dk_error* error);
  void (*destroy)(dk_readout* readout);
  const dk_readout_info* (*info)(const dk_readout* readout);

  /* As in dk_model_v1, members marked NULL there may be absent here. */
  int64_t (*scratch_size)(const dk_readout* readout, int32_t operation, int64_t S, int64_t K);
  int64_t (*prepared_size)(const dk_readout* readout);
  int64_t (*tape_size)(const dk_readout* readout, int64_t S);
  dk_status (*prepare)(const dk_readout* readout, const double* theta, void* prepared,
                       dk_error* error);

  dk_status (*eval)(const dk_readout* readout, const dk_points* points, const dk_output* y,
                    dk_error* error);
  dk_status (*jacobian)(const dk_readout* readout, const dk_points* points, int32_t wrt,
                        const dk_matrices* J, dk_error* error);
  dk_status (*jvp)(const dk_readout* readout, const dk_points* points, const dk_tangents* tangents,
                   const dk_output* out, dk_error* error);
  dk_status (*vjp)(const dk_readout* readout, const dk_points* points,
                   const dk_cotangents* cotangents, dk_error* error);

  const void* (*extension)(const dk_readout* readout, const char* id);
} dk_readout_v1;

/* Optional interface of a readout: parameters to train from. theta [p], finite and within the bounds
 * of the blocks, the same bits for the same stream within a component's major version. */
#define DK_READOUT_INITIAL_V1 "dynkit.readout_initial/1"

typedef struct dk_readout_initial_v1 {
  dk_status (*parameters)(const dk_readout* readout, const dk_host* host, dk_stream* stream,
                          double* theta, dk_error* error);
} dk_readout_initial_v1;

#ifdef __cplusplus
}
#endif
#endif
