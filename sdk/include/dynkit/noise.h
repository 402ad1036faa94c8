/* dynkit/noise.h - interface "dynkit.noise/1" of a model: how chance enters.
 *
 *     flow   dx = f(t, x, u) dt + G(t, x, u) dW          W: w independent Wiener processes
 *     map    x' = F(t, x, u) + G(t, x, u) xi             xi ~ N(0, I_w), no step in it
 *
 * The host draws the noise, so a simulation repeats with its seed, and noise is off wherever the
 * deterministic part is analyzed. */
#ifndef DYNKIT_NOISE_H
#define DYNKIT_NOISE_H

#include "dynkit/model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_NOISE_V1 "dynkit.noise/1"

/* DK_ADDITIVE: G [n,w] does not depend on x. DK_DIAGONAL: w = n, component i is driven by its own
 * process, G is given by its diagonal [n]. DK_GENERAL: any G [n,w]. */
enum { DK_ADDITIVE = 1, DK_DIAGONAL = 2, DK_GENERAL = 3 };
enum { DK_ITO = 1, DK_STRATONOVICH = 2 };

typedef struct dk_noise_info {
  int32_t kind;
  int32_t calculus; /* of a flow; DK_ITO for additive noise and maps, where it does not matter */
  int64_t w;
} dk_noise_info;

typedef struct dk_noise_v1 {
  const dk_noise_info* (*info)(const dk_model* model);

  /* G at each point: [S,n] if diagonal, else [S,n,w] row-major. Rows only. */
  dk_status (*amplitude)(const dk_model* model, const dk_points* points, const dk_output* G,
                         dk_error* error);
} dk_noise_v1;

#ifdef __cplusplus
}
#endif
#endif
