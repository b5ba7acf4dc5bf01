#include "support/wide_model.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <utility>
#include <vector>

#include "ggml-cpp.h"
#include "gguf.h"

namespace dynsplit::testing {
namespace {

// A file's tensors, without their values.
struct Header {
  gguf_context_ptr gguf;
  ggml_context_ptr tensors;
};

Header OpenHeader(const std::string& path) {
  ggml_context* tensors = nullptr;
  Header header;
  header.gguf.reset(gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = &tensors}));
  header.tensors.reset(tensors);
  return header;
}

// The same keys, and the same tensors with every matrix as f16.
gguf_context_ptr WideHeader(const Header& from) {
  gguf_context_ptr wide(gguf_init_empty());
  gguf_set_kv(wide.get(), from.gguf.get());
  for (ggml_tensor* tensor = ggml_get_first_tensor(from.tensors.get()); tensor != nullptr;
       tensor = ggml_get_next_tensor(from.tensors.get(), tensor)) {
    gguf_add_tensor(wide.get(), tensor);
    if (ggml_n_dims(tensor) > 1) gguf_set_tensor_type(wide.get(), tensor->name, GGML_TYPE_F16);
  }
  return wide;
}

// The values of a quantised tensor as f16; any other tensor's as they are.
std::vector<char> Widen(ggml_type type, std::vector<char> values, int64_t num_values) {
  if (!ggml_is_quantized(type)) return values;
  std::vector<float> floats(static_cast<size_t>(num_values));
  ggml_get_type_traits(type)->to_float(values.data(), floats.data(), num_values);
  std::vector<char> halves(floats.size() * sizeof(ggml_fp16_t));
  ggml_fp32_to_fp16_row(floats.data(), reinterpret_cast<ggml_fp16_t*>(halves.data()), num_values);
  return halves;
}

void WriteTensors(const Header& from, const gguf_context* wide, std::ifstream* in,
                  std::ofstream* out) {
  const size_t in_start = gguf_get_data_offset(from.gguf.get());
  const auto out_start = static_cast<size_t>(out->tellp());
  for (int64_t i = 0; i < gguf_get_n_tensors(wide); ++i) {
    std::vector<char> values(gguf_get_tensor_size(from.gguf.get(), i));
    in->seekg(static_cast<std::streamoff>(in_start + gguf_get_tensor_offset(from.gguf.get(), i)));
    in->read(values.data(), static_cast<std::streamsize>(values.size()));
    const ggml_tensor* tensor =
        ggml_get_tensor(from.tensors.get(), gguf_get_tensor_name(from.gguf.get(), i));
    values = Widen(tensor->type, std::move(values), ggml_nelements(tensor));
    out->seekp(static_cast<std::streamoff>(out_start + gguf_get_tensor_offset(wide, i)));
    out->write(values.data(), static_cast<std::streamsize>(values.size()));
  }
}

}  // namespace

Result<WideModel> WideModel::Make(const std::string& path) {
  const Header from = OpenHeader(path);
  if (from.gguf == nullptr) return NotFound(path + ": no GGUF file");
  const gguf_context_ptr wide = WideHeader(from);
  WideModel model(path + ".wide-" + std::to_string(getpid()));
  std::ifstream in(path, std::ios::binary);
  std::ofstream out(model.path(), std::ios::binary);
  std::vector<char> meta(gguf_get_meta_size(wide.get()));
  gguf_get_meta_data(wide.get(), meta.data());
  out.write(meta.data(), static_cast<std::streamsize>(meta.size()));
  WriteTensors(from, wide.get(), &in, &out);
  // ggml wants the padding after the last tensor as well.
  const size_t alignment = gguf_get_alignment(wide.get());
  const auto end = static_cast<size_t>(out.tellp());
  out.write(std::string(alignment, '\0').data(),
            static_cast<std::streamsize>((alignment - end % alignment) % alignment));
  out.close();
  if (!in || !out) return IoError(model.path() + ": cannot be written");
  return model;
}

WideModel::WideModel(WideModel&& other) noexcept : path_(std::exchange(other.path_, {})) {}

WideModel::~WideModel() {
  if (!path_.empty()) std::remove(path_.c_str());
}

}  // namespace dynsplit::testing
