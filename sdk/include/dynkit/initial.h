/* dynkit/initial.h - interface "dynkit.initial/1" of a model: where to start.
 *
 * Parameters to simulate or train from, and a typical state. Both come from the host's random
 * streams and stay the same bits for the same stream within a component's major version; a system
 * with textbook parameters ignores the stream. */
#ifndef DYNKIT_INITIAL_H
#define DYNKIT_INITIAL_H

#include "dynkit/model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_INITIAL_V1 "dynkit.initial/1"

typedef struct dk_initial_v1 {
  /* theta [p], finite and within the bounds of the blocks. */
  dk_status (*parameters)(const dk_model* model, const dk_host* host, dk_stream* stream,
                          double* theta, dk_error* error);

  /* x [n], a state from which a simulation makes sense. */
  dk_status (*state)(const dk_model* model, const dk_host* host, dk_stream* stream,
                     const double* theta, double* x, dk_error* error);
} dk_initial_v1;

#ifdef __cplusplus
}
#endif
#endif
