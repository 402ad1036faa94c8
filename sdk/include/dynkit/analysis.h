/* dynkit/analysis.h - interface "dynkit.analysis/1": takes a system apart.
 *
 * An analysis sees the host's tables (dynkit/job.h), never another plugin. That it did not converge
 * is a result, not an error: an error is a question that has no answer here. */
#ifndef DYNKIT_ANALYSIS_H
#define DYNKIT_ANALYSIS_H

#include "dynkit/job.h"
#include "dynkit/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_ANALYSIS_V1 "dynkit.analysis/1"

typedef struct dk_analysis dk_analysis; /* opaque: the plugin's own */

typedef struct dk_analysis_v1 {
  dk_status (*create)(const dk_host* host, const dk_values* settings, dk_analysis** analysis,
                      dk_error* error);
  void (*destroy)(dk_analysis* analysis);

  /* Whether `run` makes sense for this job: cheap, no model calls. The message is a reason such as
   * "needs a flow", "needs data". */
  dk_status (*accepts)(const dk_analysis* analysis, const dk_job* job, dk_error* error);

  /* Puts the results. DK_CANCELLED: stopped on request, with what was done so far put. */
  dk_status (*run)(const dk_analysis* analysis, const dk_job* job, dk_error* error);
} dk_analysis_v1;

#ifdef __cplusplus
}
#endif
#endif
