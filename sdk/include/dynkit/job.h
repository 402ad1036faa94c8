/* dynkit/job.h - what a dataset generator or an analysis works with, and where its results go. */
#ifndef DYNKIT_JOB_H
#define DYNKIT_JOB_H

#include "dynkit/host.h"
#include "dynkit/system.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Named arrays of an earlier stage or a file. */
typedef struct dk_data dk_data;
struct dk_data {
  void* context;
  /* Fills `array`, valid as long as the job; DK_UNSUPPORTED: there is none of that name. */
  dk_status (*find)(const dk_data* data, const char* name, dk_array* array, dk_error* error);
};

/* One column of a table: an array of rank 1. */
typedef struct dk_column {
  const char* name;
  dk_array values;
} dk_column;

/* One series of a figure. An axis names an array put by this stage, "x" or, for a matrix, a column
 * of it, "pca[0]"; `group` an array of labels by which points are colored and listed in the legend;
 * `length` an array with the number of points of each line, where lines are stacked in one array.
 * NULL: not used by this kind. */
typedef struct dk_series {
  const char* label;
  const char* x;
  const char* y;
  const char* z;
  const char* group;
  const char* length;
} dk_series;

/* kind: "line", "scatter", "lines3d", "scatter3d", "heatmap", "histogram", "complex_plane" (x, y are
 * real and imaginary parts; the unit circle or the imaginary axis is drawn). A figure shows each
 * series in its own kind, so trajectories and points can share one. */
typedef struct dk_figure {
  const char* name;
  const char* title;
  const char* caption; /* what a reader should see, one or two sentences; NULL: none */
  const char* x_label;
  const char* y_label;
  const char* z_label; /* NULL: two dimensions */
  int64_t series_count;
  const dk_series* series;
  const char* const* kinds; /* [series_count] */
} dk_figure;

/* Takes results. Everything is copied at once. Names are lower_snake_case; a second put of a name
 * replaces the first. An array of rank 0 is one of the stage's summary values, shown to the user
 * and printed as JSON in the order they were put. */
typedef struct dk_sink dk_sink;
struct dk_sink {
  void* context;
  dk_status (*put_array)(const dk_sink* sink, const char* name, const dk_array* array,
                         dk_error* error);
  dk_status (*put_table)(const dk_sink* sink, const char* name, const char* title,
                         int64_t column_count, const dk_column* columns, dk_error* error);
  dk_status (*put_figure)(const dk_sink* sink, const dk_figure* figure, dk_error* error);
  /* Markdown, shown in the report. */
  dk_status (*put_text)(const dk_sink* sink, const char* name, const char* markdown,
                        dk_error* error);
  /* A model that belongs to the result: the system that made the data, a reduced model. */
  dk_status (*put_model)(const dk_sink* sink, const char* name, const dk_system* system,
                         dk_error* error);
};

typedef struct dk_job {
  const dk_host* host;
  const dk_stream* stream; /* this stage's own: from the run's seed and the stage's name */
  int64_t system_count;
  const dk_system* const* systems; /* the run's model first; a comparison gets two */
  const dk_data* data;             /* the run's dataset; NULL: none */
  const dk_sink* sink;
} dk_job;

#ifdef __cplusplus
}
#endif
#endif
