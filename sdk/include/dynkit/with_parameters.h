/* dynkit/with_parameters.h - interface "dynkit.with_parameters/1" of a system (dynkit/system.h): the
 * same model at other parameters, for families of systems. */
#ifndef DYNKIT_WITH_PARAMETERS_H
#define DYNKIT_WITH_PARAMETERS_H

#include "dynkit/system.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_WITH_PARAMETERS_V1 "dynkit.with_parameters/1"

typedef struct dk_with_parameters_v1 {
  /* dk_system.simulate with theta [p] in place of the system's own. */
  dk_status (*simulate)(const dk_system* system, const double* theta,
                        const dk_simulation* simulation, dk_error* error);
} dk_with_parameters_v1;

#ifdef __cplusplus
}
#endif
#endif
