/* dynkit/host.h - what the host does for a plugin.
 *
 * A host table is passed to every `create` and lives as long as the instance. All members are
 * always present. Every function may be called from any thread, but a dk_stream belongs to one
 * thread at a time. */
#ifndef DYNKIT_HOST_H
#define DYNKIT_HOST_H

#include "dynkit/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DK_LOG_DEBUG = 0, DK_LOG_INFO = 1, DK_LOG_WARNING = 2, DK_LOG_ERROR = 3 };

/* A counter-based random stream: a key, and how much of it was used. Copying it repeats it. Its
 * numbers depend on the run's seed and on how it was split off, never on threads or processes. */
typedef struct dk_stream {
  uint32_t key[2];
  uint32_t path[2];  /* which branch; set by `split` */
  uint64_t position; /* numbers drawn so far */
} dk_stream;

/* Works on [begin, end); `worker` < number of workers tells which buffer of one's own to use. A
 * status other than 0 stops the loop. */
typedef dk_status (*dk_task)(void* context, int64_t begin, int64_t end, int32_t worker,
                             dk_error* error);

typedef struct dk_host dk_host;
struct dk_host {
  void* context; /* the host's own */

  void (*log)(const dk_host* host, int32_t level, const char* text);

  /* fraction in [0,1], or negative: unknown. Cheap enough for an inner loop. */
  void (*progress)(const dk_host* host, double fraction, const char* text);

  /* 1 once the user has asked to stop: return DK_CANCELLED soon, with what is done so far put. */
  int32_t (*cancelled)(const dk_host* host);

  /* Cuts [0, count) into chunks of `grain` and runs them on the host's threads. The chunks depend
   * on count and grain only. Nested calls run inline. The first error wins and stops the rest. */
  dk_status (*parallel_for)(const dk_host* host, int64_t count, int64_t grain, dk_task task,
                            void* context, dk_error* error);
  int32_t (*worker_count)(const dk_host* host);

  /* Fill out[0..count): uniform in (0,1); standard normal; integers in [0, bound). The same bits on
   * every machine. */
  void (*uniform)(const dk_host* host, dk_stream* stream, int64_t count, double* out);
  void (*normal)(const dk_host* host, dk_stream* stream, int64_t count, double* out);
  void (*integer)(const dk_host* host, dk_stream* stream, int64_t bound, int64_t count,
                  int64_t* out);

  /* An independent stream, the same for the same (stream, index) however much of it was drawn. */
  void (*split)(const dk_host* host, const dk_stream* stream, int64_t index, dk_stream* child);

  /* Memory that counts against the run's budget, 64-byte aligned; NULL: the budget is used up. */
  void* (*allocate)(const dk_host* host, size_t bytes);
  void (*free)(const dk_host* host, void* memory);

  /* The folder of the library that this instance comes from, for files shipped with it. */
  const char* (*resource_directory)(const dk_host* host);

  const void* (*extension)(const dk_host* host, const char* id);
};

#ifdef __cplusplus
}
#endif
#endif
