#include "model/repack.h"

#include <string_view>

#include "ggml-cpp.h"

namespace dynsplit {
namespace {

ggml_backend_buffer_type_t* ExtraBufferTypes(ggml_backend_dev_t cpu) {
  const auto get =
      reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(ggml_backend_reg_get_proc_address(
          ggml_backend_dev_backend_reg(cpu), "ggml_backend_dev_get_extra_bufts"));
  return get == nullptr ? nullptr : get(cpu);
}

}  // namespace

ggml_backend_buffer_type_t RepackedBufferType(ggml_type type, int64_t row_length,
                                              int64_t num_rows) {
  ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  ggml_backend_buffer_type_t* candidate = cpu == nullptr ? nullptr : ExtraBufferTypes(cpu);
  if (candidate == nullptr) return nullptr;
  const ggml_context_ptr context(ggml_init({4 * ggml_tensor_overhead(), nullptr, true}));
  ggml_tensor* matrix = ggml_new_tensor_2d(context.get(), type, row_length, num_rows);
  ggml_tensor* vectors = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, row_length, 1);
  ggml_tensor* product = ggml_mul_mat(context.get(), matrix, vectors);
  for (; *candidate != nullptr; ++candidate) {
    // A buffer of no bytes tells the device which kind the matrix would lie in.
    const ggml_backend_buffer_ptr buffer(ggml_backend_buft_alloc_buffer(*candidate, 0));
    matrix->buffer = buffer.get();
    const bool supported = ggml_backend_dev_supports_op(cpu, product);
    matrix->buffer = nullptr;
    if (supported) return *candidate;
  }
  return nullptr;
}

bool HoldsAmxTiles(ggml_backend_buffer_type_t type) {
  return std::string_view(ggml_backend_buft_name(type)) == "AMX";
}

}  // namespace dynsplit
