/* dynkit/domain.h - interface "dynkit.domain/1" of a model: a box that traps its states.
 *
 * A closed box that a map sends into itself, or whose boundary a flow only enters, for every input
 * and at these parameters. Every fixed point reached from inside it lies in it, so a point found
 * outside is an artefact of the search. And, by Brouwer's degree, the fixed points inside obey
 *     map   sum of sign det(I - J) = +1          flow   sum of sign det(-J) = +1
 * which tells that a set of points is not complete, though never that it is. A model without such a
 * box does not offer this interface. */
#ifndef DYNKIT_DOMAIN_H
#define DYNKIT_DOMAIN_H

#include "dynkit/model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_DOMAIN_V1 "dynkit.domain/1"

typedef struct dk_domain_v1 {
  /* lower, upper [n], finite. */
  dk_status (*box)(const dk_model* model, const double* theta, double* lower, double* upper,
                   dk_error* error);
} dk_domain_v1;

#ifdef __cplusplus
}
#endif
#endif
