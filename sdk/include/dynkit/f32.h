/* dynkit/f32.h - interface "dynkit.f32/1" of a model or a readout: its operations in single
 * precision.
 *
 * For training, where twice the numbers in a vector and half the memory count for more than digits;
 * analyses use double. Everything is as in dynkit/model.h with float for double, except that times
 * and steps stay double: a float cannot tell t from t + h in a long recording. Rows only. A table
 * belongs to the instance that offered it, which is what `self` is. It offers no operation that the
 * double precision lacks. */
#ifndef DYNKIT_F32_H
#define DYNKIT_F32_H

#include "dynkit/model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DK_F32_V1 "dynkit.f32/1"

typedef struct dk_input_f32 {
  const float* data;
  int64_t stride;
} dk_input_f32;

typedef struct dk_output_f32 {
  float* data;
  int64_t stride;
} dk_output_f32;

typedef struct dk_points_f32 {
  int64_t count;      /* S */
  dk_input t;         /* [S]; data NULL: 0, where the model does not use it */
  dk_input h;         /* [S]; data NULL, except for models with DK_USES_STEP */
  dk_input_f32 x;     /* [S,n] */
  dk_input_f32 u;     /* [S,m]; data NULL: zero input */
  dk_input_f32 theta; /* [S,p] or shared [p] */
  void* scratch;
  const void* prepared;
  void* tape;
} dk_points_f32;

/* A Jacobian [S,n,k]: element (i,j) of sample s at data[s * sample_stride + i * row_stride + j]. */
typedef struct dk_matrices_f32 {
  float* data;
  int64_t sample_stride;
  int64_t row_stride;
} dk_matrices_f32;

typedef struct dk_tangents_f32 {
  int64_t count; /* K */
  dk_input_f32 x, u, theta;
} dk_tangents_f32;

typedef struct dk_cotangents_f32 {
  int64_t count; /* K */
  dk_input_f32 out;
  dk_output_f32 x, u, theta;
} dk_cotangents_f32;

/* Members marked "NULL: ..." may be absent. */
typedef struct dk_f32_v1 {
  /* Of these buffers, as in dk_model_v1. NULL: 0. */
  int64_t (*scratch_size)(const void* self, int32_t operation, int64_t S, int64_t K);
  int64_t (*prepared_size)(const void* self);
  int64_t (*tape_size)(const void* self, int64_t S);
  /* NULL: nothing to prepare. */
  dk_status (*prepare)(const void* self, const float* theta, void* prepared, dk_error* error);

  dk_status (*eval)(const void* self, const dk_points_f32* points, const dk_output_f32* out,
                    dk_error* error);
  /* NULL: absent. */
  dk_status (*jacobian)(const void* self, const dk_points_f32* points, int32_t wrt,
                        const dk_matrices_f32* J, dk_error* error);
  /* NULL: absent. */
  dk_status (*jvp)(const void* self, const dk_points_f32* points, const dk_tangents_f32* tangents,
                   const dk_output_f32* out, dk_error* error);
  /* NULL: absent. */
  dk_status (*vjp)(const void* self, const dk_points_f32* points,
                   const dk_cotangents_f32* cotangents, dk_error* error);
} dk_f32_v1;

#ifdef __cplusplus
}
#endif
#endif
