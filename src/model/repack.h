// ggml's extra CPU buffer types (interleaved rows, AMX tiles): which of them, if any, has faster
// kernels on this machine for the products of a matrix.
#pragma once

#include "ggml-backend.h"
#include "ggml.h"

namespace dynsplit {

// The buffer type that multiplies a matrix of `type` with `row_length` x `num_rows` elements by
// f32 vectors on this machine, or null where the plain layout is as good as any. Thread-safe.
ggml_backend_buffer_type_t RepackedBufferType(ggml_type type, int64_t row_length, int64_t num_rows);

// Whether `type` holds tiles for AMX, which are faster than the plain layout for any number of
// rows.
bool HoldsAmxTiles(ggml_backend_buffer_type_t type);

}  // namespace dynsplit
