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

/* One series of a figure, in a kind of its own, so that trajectories and points can share one:
 *   "line" y [x]                 "lines3d" x y z      "histogram" x
 *   "scatter" x y                "scatter3d" x y z    "heatmap" z [r,c], x [c], y [r]
 *   "complex_plane" x complex, or x and y the real and imaginary parts: eigenvalues of the model
 *   "multipliers" the same for eigenvalues of a map, whatever the model: with the unit circle
 * An axis names an array put by this stage, "x", or a column of a matrix, "pca[0]". `group` is an
 * array of labels by which points are colored and listed in the legend. `length` is an array with
 * the number of points of each line, where lines are stacked in one array. NULL: not used. */
typedef struct dk_series {
  const char* kind;
  const char* label;
  const char* x;
  const char* y;
  const char* z;
  const char* group;
  const char* length;
} dk_series;

/* Series in two dimensions or in three, never both. */
typedef struct dk_figure {
  const char* name;
  const char* title;
  const char* caption; /* what a reader should see, one or two sentences; NULL: none */
  const char* x_label; /* labels NULL: the first series' axes are named */
  const char* y_label;
  const char* z_label;
  int64_t series_count;
  const dk_series* series;
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
