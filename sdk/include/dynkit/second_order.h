/* dynkit/second_order.h - interface "dynkit.second_order/1" of a flow: positions and velocities.
 *
 *     dq = v dt,   m dv = F(t, q, u) dt - m gamma v dt + sqrt(2 m gamma T) dW
 *
 * for each degree of freedom: a force that does not depend on v, and a heat bath of temperature T
 * with friction gamma. `eval` of the model is the drift of this system. Force, motion and heat bath
 * can each be solved exactly when taken alone, and a scheme made of these parts (BAOAB) samples the
 * stationary density exp(-(U(q) + m v^2/2) / T), F = -dU/dq, with an error of order 2. Such an
 * integrator needs no other interface of the model, not even dynkit/noise.h. */
#ifndef DYNKIT_SECOND_ORDER_H
#define DYNKIT_SECOND_ORDER_H

#include "dynkit/model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_SECOND_ORDER_V1 "dynkit.second_order/1"

typedef struct dk_second_order_info {
  int64_t k;                 /* degrees of freedom, n = 2 k */
  const int64_t* positions;  /* [k] where q stands in x; NULL: 0 .. k-1 */
  const int64_t* velocities; /* [k] where v stands in x; NULL: k .. 2k-1 */
} dk_second_order_info;

/* Scratch of both calls: scratch_size(model, DK_EVAL, S, 1). Rows only, no tape. */
typedef struct dk_second_order_v1 {
  /* Constant for the life of the instance. */
  const dk_second_order_info* (*info)(const dk_model* model);

  /* F [S,k] at whole states x, of which only q matters. */
  dk_status (*force)(const dk_model* model, const dk_points* points, const dk_output* F,
                     dk_error* error);

  /* gamma >= 0, T >= 0 and m > 0, [S,k] each; data NULL: not wanted. They depend on theta alone: of
   * the points only count, theta and the buffers are read. */
  dk_status (*bath)(const dk_model* model, const dk_points* points, const dk_output* gamma,
                    const dk_output* T, const dk_output* m, dk_error* error);
} dk_second_order_v1;

#ifdef __cplusplus
}
#endif
#endif
