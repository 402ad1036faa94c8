/* dynkit/model.h - interface "dynkit.model/1": a parametric dynamical system.
 *
 *     map    x' = F(t, h, x, u; theta)          flow    dx/dt = f(t, x, u; theta)
 *
 * A model holds structure fixed by its settings, never parameters or state: theta and x are
 * arguments, so every call is pure, may run on many threads (see `threading`), and can be
 * differentiated in theta. The same arguments and batch give the same bits; another split of the
 * batch may differ by 1e-12 relative.
 *
 * Everything is batched. In row layout sample s of an argument stands at data + s * stride, stride
 * 0: shared by all samples. In column layout (models with DK_HAS_COLUMNS) component i of sample s
 * stands at data[i * stride + s], stride 0: shared, component i at data[i]; t and h are data[s].
 *
 * NaN in gives NaN out or a status > 0, never a hang. A sample outside the model's domain is a row
 * of NaN with status 0; a status > 0 means that the whole call may be retried elsewhere. */
#ifndef DYNKIT_MODEL_H
#define DYNKIT_MODEL_H

#include "dynkit/host.h"
#include "dynkit/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_MODEL_V1 "dynkit.model/1"

typedef struct dk_model dk_model; /* opaque: the plugin's own */

enum { DK_MAP = 1, DK_FLOW = 2 };

/* Flags of a model. */
enum {
  DK_USES_TIME = 1,   /* depends on t */
  DK_USES_STEP = 2,   /* a map that depends on h */
  DK_NOT_SMOOTH = 4,  /* derivatives jump (ReLU): finite differences across a kink disagree */
  DK_BATCH_EXACT = 8, /* splitting a batch gives the same bits */
  DK_HAS_COLUMNS = 16 /* takes the column layout */
};

/* Threading: any call at any time, or one call at a time per instance (the host then makes an
 * instance for each worker). */
enum { DK_REENTRANT = 1, DK_ONE_AT_A_TIME = 2 };

enum { DK_BLOCK_RANK = 4 };

/* A part of theta with a name and a shape. The blocks tile theta without gap or overlap. */
typedef struct dk_block {
  const char* name;           /* networks: PyTorch's name, "weight_hh_l0" */
  const char* const* aliases; /* other names in weight files, ends with NULL; NULL: none */
  int64_t offset;             /* in theta */
  int32_t rank;
  int32_t trainable; /* 1: fitted unless the user says otherwise */
  int64_t shape[DK_BLOCK_RANK];
  double lower, upper; /* bounds of its elements, kept by projection; infinite: none */
  const char* help;
} dk_block;

typedef struct dk_model_info {
  int32_t time_kind; /* DK_MAP, DK_FLOW */
  int32_t threading;
  uint64_t flags;
  int64_t n, m, p; /* state, input, parameters */
  double step;     /* of a map, in time units; NaN: not known, or a flow */
  int64_t block_count;
  const dk_block* blocks;
  const char* const* state_names; /* [n]; NULL: unnamed */
  const char* const* input_names; /* [m]; NULL: unnamed */
  const double* state_scale;      /* [n] typical magnitudes; NULL: 1 */
} dk_model_info;

typedef struct dk_input {
  const double* data;
  int64_t stride;
} dk_input;

typedef struct dk_output {
  double* data;
  int64_t stride;
} dk_output;

enum { DK_ROWS = 0, DK_COLUMNS = 1 };

/* Where to evaluate, and the buffers for it. Buffers are 64-byte aligned, owned by the caller, of
 * the sizes that the model states, and their contents are the model's own:
 *   scratch   needed by every call, one thread at a time; may be NULL where its size is 0;
 *   prepared  NULL, or filled by `prepare` for this theta (transposed weights, fused biases);
 *   tape      NULL, or written by `eval` and read by the derivatives at the same points: storing
 *             or recomputing is the caller's choice. */
typedef struct dk_points {
  int64_t count; /* S */
  int32_t layout;
  dk_input t;     /* [S]; data NULL: 0, where the model does not use it */
  dk_input h;     /* [S]; data NULL, except for models with DK_USES_STEP */
  dk_input x;     /* [S,n] */
  dk_input u;     /* [S,m]; data NULL: zero input */
  dk_input theta; /* [S,p] or shared [p] */
  void* scratch;
  const void* prepared;
  void* tape;
} dk_points;

/* dk_model_v1.jacobian: with respect to what. */
enum { DK_WRT_STATE = 1, DK_WRT_INPUT = 2, DK_WRT_PARAMETERS = 3 };

/* A Jacobian [S,n,k]: element (i,j) of sample s at
 *   rows     data[s * sample_stride + i * row_stride + j]
 *   columns  data[(i * row_stride + j) * sample_stride + s] */
typedef struct dk_matrices {
  double* data;
  int64_t sample_stride;
  int64_t row_stride;
} dk_matrices;

/* K tangent directions for each sample: x [S,K,n], u [S,K,m], theta [S,K,p]. The K directions of a
 * sample are dense; the stride is from sample to sample (0: shared). Column layout: component i of
 * direction k at data[(k * n + i) * stride + s]. data NULL: zero. */
typedef struct dk_tangents {
  int64_t count; /* K */
  dk_input x, u, theta;
} dk_tangents;

/* K cotangents for each sample, laid out as tangents are. x and u are WRITTEN. theta ACCUMULATES:
 * stride 0 adds the sum over the samples to [K,p], otherwise each sample adds to its own row.
 * data NULL: not wanted, and not computed. */
typedef struct dk_cotangents {
  int64_t count; /* K */
  dk_input out;  /* [S,K,n], what arrives */
  dk_output x, u, theta;
} dk_cotangents;

/* Operations, for scratch_size. */
enum { DK_EVAL = 1, DK_JACOBIAN = 2, DK_JVP = 3, DK_VJP = 4, DK_RESIDUAL = 5 };

/* Members marked "NULL: ..." may be absent. */
typedef struct dk_model_v1 {
  dk_status (*create)(const dk_host* host, const dk_values* settings, dk_model** model,
                      dk_error* error);
  void (*destroy)(dk_model* model);

  /* Constant for the life of the instance. */
  const dk_model_info* (*info)(const dk_model* model);

  /* Bytes for one call on S points with K directions. NULL: 0. */
  int64_t (*scratch_size)(const dk_model* model, int32_t operation, int64_t S, int64_t K);
  int64_t (*prepared_size)(const dk_model* model);
  int64_t (*tape_size)(const dk_model* model, int64_t S);

  /* Fills `prepared` for a shared theta [p]. NULL: nothing to prepare. */
  dk_status (*prepare)(const dk_model* model, const double* theta, void* prepared, dk_error* error);

  /* out [S,n] = F or f. */
  dk_status (*eval)(const dk_model* model, const dk_points* points, const dk_output* out,
                    dk_error* error);

  /* J[s][i][j] = d out_i / d v_j, v the state, the input or the parameters. NULL: the host makes it
   * from jvp or vjp. */
  dk_status (*jacobian)(const dk_model* model, const dk_points* points, int32_t wrt,
                        const dk_matrices* J, dk_error* error);

  /* out [S,K,n] = dF/dx x_dot + dF/du u_dot + dF/dtheta theta_dot. NULL: absent. */
  dk_status (*jvp)(const dk_model* model, const dk_points* points, const dk_tangents* tangents,
                   const dk_output* out, dk_error* error);

  /* x_bar = (dF/dx)^T out_bar, u_bar likewise, theta_bar += (dF/dtheta)^T out_bar. The order of a
   * sum depends only on S and the sizes. NULL: absent. */
  dk_status (*vjp)(const dk_model* model, const dk_points* points, const dk_cotangents* cotangents,
                   dk_error* error);

  /* An optional interface of this instance by id ("dynkit.noise/1"), valid as long as the instance;
   * NULL: not offered. */
  const void* (*extension)(const dk_model* model, const char* id);
} dk_model_v1;

#ifdef __cplusplus
}
#endif
#endif
