/* dynkit/balance.h - interface "dynkit.balance/1" of a model: a residual that is easier to solve.
 *
 * A function r(x, u) with the zeros of F(x,u) - x (maps) or f(x,u) (flows) and no others, of the
 * same sign of det(-dr/dx) there, and better conditioned. Gates make the plain residual vanish
 * where nothing is at rest: a gated unit has F(x) - x = (1-z) (n(x) - x), which is tiny wherever
 * the gate z is closed; r = n(x) - x is not. A search that solves r needs several times fewer steps
 * and does not stop in saturated gates. */
#ifndef DYNKIT_BALANCE_H
#define DYNKIT_BALANCE_H

#include "dynkit/model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_BALANCE_V1 "dynkit.balance/1"

/* Scratch: scratch_size(model, DK_RESIDUAL, S, 1). Rows only. */
typedef struct dk_balance_v1 {
  /* r [S,n] */
  dk_status (*residual)(const dk_model* model, const dk_points* points, const dk_output* r,
                        dk_error* error);
  /* r [S,n] and dr/dx [S,n,n] at the same points; r->data NULL: not wanted. */
  dk_status (*linearized)(const dk_model* model, const dk_points* points, const dk_output* r,
                          const dk_matrices* dr_dx, dk_error* error);
} dk_balance_v1;

#ifdef __cplusplus
}
#endif
#endif
