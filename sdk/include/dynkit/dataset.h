/* dynkit/dataset.h - interface "dynkit.dataset/1": makes trials.
 *
 * The same settings and seed give the same bytes, whatever the number of threads or processes.
 * Arrays it may put, with these names, dimensions and meanings:
 *   time     [time]                    states   [trial, time, state]
 *   inputs   [trial, time, input]      targets  [trial, time, output]
 *   rates    [trial, time, neuron]     spikes   [trial, time, neuron]   (events per bin)
 *   observations [trial, time, observation]       (states as they were measured)
 *   mask     [trial, time]             split    [trial]  0 train, 1 validation, 2 test
 *   outcome  [trial]                   last_time [trial]   how and when it ended, see system.h
 *   bin_width, and other values of rank 0
 * states[:,0] is the initial state; inputs[:,k] acts between times k and k+1; targets align with
 * the state that the input has produced, states[:,k+1]. A generator that integrates a known system
 * also puts that system as a model, so that every analysis can be run on the truth. */
#ifndef DYNKIT_DATASET_H
#define DYNKIT_DATASET_H

#include "dynkit/job.h"
#include "dynkit/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_DATASET_V1 "dynkit.dataset/1"

typedef struct dk_dataset dk_dataset; /* opaque: the plugin's own */

typedef struct dk_dataset_v1 {
  dk_status (*create)(const dk_host* host, const dk_values* settings, dk_dataset** dataset,
                      dk_error* error);
  void (*destroy)(dk_dataset* dataset);
  dk_status (*generate)(const dk_dataset* dataset, const dk_job* job, dk_error* error);
} dk_dataset_v1;

#ifdef __cplusplus
}
#endif
#endif
