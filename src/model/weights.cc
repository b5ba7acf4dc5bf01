#include "model/weights.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/aligned_buffer.h"
#include "base/archive.h"
#include "base/check.h"
#include "base/parallel_for.h"
#include "ggml-cpp.h"
#include "ggml-cpu.h"
#include "model/gguf_reader.h"
#include "model/repack.h"
#include "model/weights_layout.h"

namespace dynsplit {
namespace {

// A tensor of the file that the model uses.
struct FoundWeight {
  WeightSlot slot;
  GgufTensor source;  // of the file; of a matrix that lies in one with others, its own rows
  size_t part;        // of the model's files
};

// One ggml buffer and the tensors that lie in it.
struct WeightBuffer {
  ggml_context_ptr context;
  ggml_backend_buffer_ptr buffer;
};

std::string ShapeText(const std::array<int64_t, 4>& shape) {
  std::string text = "[" + std::to_string(shape[0]);
  for (size_t i = 1; i < shape.size(); ++i) {
    if (shape[i] != 1 || i == 1) text += ", " + std::to_string(shape[i]);
  }
  return text + "]";
}

Status CheckWeight(const std::string& path, const WeightSlot& slot, const GgufTensor& source) {
  std::array<int64_t, 4> wanted = {slot.shape[0], slot.shape[1], slot.shape[2], 1};
  if (slot.file_rows != 0) wanted[slot.rows_dim()] = slot.file_rows;
  const std::string where = path + ": tensor '" + slot.name + "': ";
  if (source.shape != wanted) {
    return Corruption(where + "got shape " + ShapeText(source.shape) + ", wanted " +
                      ShapeText(wanted));
  }
  const std::string type = std::string("type ") + ggml_type_name(source.type);
  if (slot.use == WeightUse::kVector && source.type != GGML_TYPE_F32) {
    return Unsupported(where + type + " is not supported here, wanted f32");
  }
  // Its matrices have factors in tensors of their own, which the graph does not know.
  if (std::string_view(ggml_type_name(source.type)) == "nvfp4") {
    return Unsupported(where + type + " is not supported");
  }
  // ggml's CPU looks up rows of every type that it can multiply.
  if (ggml_get_type_traits_cpu(source.type)->vec_dot == nullptr) {
    return Unsupported(where + "ggml's CPU cannot multiply matrices of " + type);
  }
  return {};
}

// The slot's own part of a tensor of the file.
GgufTensor Source(const WeightSlot& slot, GgufTensor tensor) {
  if (slot.file_rows == 0) return tensor;
  const size_t dim = slot.rows_dim();
  const size_t row_bytes = tensor.bytes.size() / static_cast<size_t>(slot.file_rows);
  tensor.bytes = tensor.bytes.subspan(static_cast<size_t>(slot.first_row) * row_bytes,
                                      static_cast<size_t>(slot.shape[dim]) * row_bytes);
  tensor.shape[dim] = slot.shape[dim];
  return tensor;
}

struct Place {
  const GgufTensor* tensor;
  size_t part;  // of the model's files
  bool used = false;
};

std::unordered_map<std::string_view, Place> PlacesByName(const ModelFile& file) {
  std::unordered_map<std::string_view, Place> places;
  for (size_t part = 0; part < file.parts().size(); ++part) {
    for (const GgufTensor& tensor : file.parts()[part].reader.tensors()) {
      places.emplace(tensor.name, Place{&tensor, part});
    }
  }
  return places;
}

// The files' tensors in the order of the slots; each used. The slots point into `weights`.
Result<std::vector<FoundWeight>> FindWeights(const ModelFile& file, const ModelConfig& config,
                                             ModelWeights* weights) {
  std::unordered_map<std::string_view, Place> places = PlacesByName(file);
  const auto has = [&](std::string_view name) { return places.contains(name); };
  std::vector<FoundWeight> found;
  for (const WeightSlot& slot : ListWeightSlots(config, has, weights)) {
    const auto place = places.find(slot.name);
    if (place == places.end()) {
      if (!slot.required) continue;
      return Corruption(file.header().path() + ": tensor '" + slot.name + "' is missing");
    }
    const auto& [tensor, part, used] = place->second;
    DYNSPLIT_RETURN_IF_ERROR(CheckWeight(file.parts()[part].reader.path(), slot, *tensor));
    found.push_back({slot, Source(slot, *tensor), part});
    place->second.used = true;
  }
  // Leaving one out would compute something else than the model's authors did.
  for (const ModelFile::Part& part : file.parts()) {
    for (const GgufTensor& tensor : part.reader.tensors()) {
      if (places.at(tensor.name).used) continue;
      return Unsupported(part.reader.path() + ": tensor '" + tensor.name +
                         "' is not part of the architecture as supported here");
    }
  }
  return found;
}

ggml_context_ptr NewContext(size_t num_tensors) {
  return ggml_context_ptr(ggml_init({num_tensors * ggml_tensor_overhead(), nullptr, true}));
}

ggml_tensor* NewTensor(ggml_context* context, const FoundWeight& weight) {
  const auto& shape = weight.slot.shape;
  const int num_dims = shape[2] > 1 ? 3 : shape[1] > 1 ? 2 : 1;
  ggml_tensor* tensor =
      ggml_new_tensor(context, weight.source.type, num_dims, weight.source.shape.data());
  ggml_set_name(tensor, weight.slot.name.c_str());
  return tensor;
}

// Tensors that point into the mapping of one file.
WeightBuffer MapWeights(const MappedFile& file, const std::vector<FoundWeight>& weights) {
  WeightBuffer mapped{NewContext(weights.size()), nullptr};
  // ggml takes no const pointers; the pages are read-only and nothing writes to weights.
  std::byte* base = const_cast<std::byte*>(file.bytes().data());
  mapped.buffer.reset(ggml_backend_cpu_buffer_from_ptr(base, file.bytes().size()));
  ggml_backend_buffer_set_usage(mapped.buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
  for (const FoundWeight& weight : weights) {
    ggml_tensor* tensor = NewTensor(mapped.context.get(), weight);
    std::byte* address = base + (weight.source.bytes.data() - base);
    const ggml_status status = ggml_backend_tensor_alloc(mapped.buffer.get(), tensor, address);
    DYNSPLIT_CHECK(status == GGML_STATUS_SUCCESS);  // a range within the file, proven by the reader
    *weight.slot.tensor = tensor;
  }
  return mapped;
}

// Copies of the weights in a buffer of another layout. Rows are interleaved by all CPUs, tensor by
// tensor, and each tensor's pages of the mapping are given back once it is copied: they come back
// when a large batch reads them, and until then are not held twice.
Result<WeightBuffer> RepackWeights(const ModelFile& model, ggml_backend_buffer_type_t type,
                                   const std::vector<FoundWeight>& weights) {
  WeightBuffer repacked{NewContext(weights.size()), nullptr};
  std::vector<ggml_tensor*> tensors;
  size_t num_bytes = 0;
  for (const FoundWeight& weight : weights) {
    tensors.push_back(NewTensor(repacked.context.get(), weight));
    num_bytes += weight.source.bytes.size();
  }
  repacked.buffer.reset(ggml_backend_alloc_ctx_tensors_from_buft(repacked.context.get(), type));
  if (repacked.buffer == nullptr) {
    return ResourceExhausted("no memory for " + std::to_string(num_bytes) +
                             " bytes of repacked weights");
  }
  ggml_backend_buffer_set_usage(repacked.buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
  // A decoded token streams through all of them.
  AskForHugePages(ggml_backend_buffer_get_base(repacked.buffer.get()),
                  ggml_backend_buffer_get_size(repacked.buffer.get()));
  const int num_threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  ParallelFor(num_threads, static_cast<int>(weights.size()), [&](int i) {
    const std::span<const std::byte> source = weights[i].source.bytes;
    ggml_backend_tensor_set(tensors[i], source.data(), 0, source.size());
    const MappedFile& file = model.parts()[weights[i].part].file;
    file.DropPages(static_cast<uint64_t>(source.data() - file.bytes().data()), source.size());
  });
  for (size_t i = 0; i < weights.size(); ++i) *weights[i].slot.tensor = tensors[i];
  return repacked;
}

// ggml 0.25 multiplies many rows at a time by tiles, from the file's own layout, at twice the speed
// of its interleaved layouts (docs/performance.md); AMX is faster still, for any number of rows.
bool HasTiledProducts() {
  int major = 0;
  int minor = 0;
  return std::sscanf(ggml_version(), "%d.%d", &major, &minor) == 2 && (major > 0 || minor >= 25);
}

// Up to so many rows the repacked layouts are faster all the same. Measured with Q4_K and 0.25.3:
// 198 GFLOP/s against 175 at 8 rows, 258 against 347 at 16.
constexpr int kRepackedRows = 8;

ggml_backend_buffer_type_t RepackTarget(const FoundWeight& weight) {
  if (weight.slot.use != WeightUse::kMatrix) return nullptr;
  return RepackedBufferType(weight.source.type, weight.slot.shape[0], weight.slot.shape[1]);
}

uint64_t Fingerprint(const ModelFile& model, const std::vector<FoundWeight>& weights) {
  constexpr size_t kSampled = 4096;  // bytes of a tensor
  ByteWriter seen;
  for (const ModelFile::Part& part : model.parts()) seen.Put(part.file.bytes().size());
  for (const FoundWeight& weight : weights) {
    const auto bytes = weight.source.bytes;
    seen.Put(Checksum(bytes.first(std::min(bytes.size(), kSampled))));
  }
  for (const ModelFile::Part& part : model.parts()) {
    seen.Put(Checksum(part.file.bytes().first(part.HeaderBytes())));
  }
  return Checksum(seen.bytes());
}

}  // namespace

struct Weights::Impl {
  explicit Impl(const ModelConfig& model_config) : config(model_config) {}

  Status Read(ModelFile file, const WeightsOptions& options);
  Status Place(const ModelFile& file, std::vector<FoundWeight> found, bool repack);
  void Map(const ModelFile& file, const std::vector<FoundWeight>& found);
  void AddTiedOutput(std::vector<FoundWeight>* found);

  std::vector<MappedFile> files;
  ModelConfig config;
  ModelWeights weights;        // for a few rows at a time
  ModelWeights batch_weights;  // for many
  std::vector<WeightBuffer> buffers;
  uint64_t fingerprint = 0;
  int64_t weight_bytes = 0;
  int64_t repacked_bytes = 0;
};

Status Weights::Impl::Read(ModelFile file, const WeightsOptions& options) {
  Result<std::vector<FoundWeight>> found = FindWeights(file, config, &weights);
  if (!found.ok()) return found.status();
  for (const FoundWeight& weight : *found) {
    weight_bytes += static_cast<int64_t>(weight.source.bytes.size());
  }
  fingerprint = Fingerprint(file, *found);
  DYNSPLIT_RETURN_IF_ERROR(Place(file, std::move(found).value(), options.repack));
  files = std::move(file).TakeFiles();
  return {};
}

void Weights::Impl::Map(const ModelFile& file, const std::vector<FoundWeight>& found) {
  std::vector<std::vector<FoundWeight>> by_part(file.parts().size());
  for (const FoundWeight& weight : found) by_part[weight.part].push_back(weight);
  for (size_t part = 0; part < by_part.size(); ++part) {
    buffers.push_back(MapWeights(file.parts()[part].file, by_part[part]));
  }
}

Status Weights::Impl::Place(const ModelFile& file, std::vector<FoundWeight> found, bool repack) {
  Map(file, found);
  if (weights.output == nullptr) weights.output = weights.token_embd;
  if ((weights.rope_short == nullptr) != (weights.rope_long == nullptr)) {
    return Corruption(file.header().path() +
                      ": wanted both of the tensors 'rope_factors_short.weight' and "
                      "'rope_factors_long.weight' or none, got one");
  }
  batch_weights = weights;
  if (!repack) return {};
  AddTiedOutput(&found);
  std::map<ggml_backend_buffer_type_t, std::vector<FoundWeight>> repacked;
  for (FoundWeight& weight : found) {
    ggml_backend_buffer_type_t type = RepackTarget(weight);
    if (type != nullptr) repacked[type].push_back(std::move(weight));
  }
  for (const bool tiles : {true, false}) {
    for (const auto& [type, group] : repacked) {
      if (HoldsAmxTiles(type) != tiles) continue;
      Result<WeightBuffer> buffer = RepackWeights(file, type, group);
      if (!buffer.ok()) return buffer.status();
      buffers.push_back(std::move(buffer).value());
      repacked_bytes +=
          static_cast<int64_t>(ggml_backend_buffer_get_size(buffers.back().buffer.get()));
    }
    if (tiles || !HasTiledProducts()) batch_weights = weights;
  }
  return {};
}

// A file that ties the output to the embedding has one matrix for both: it stays mapped for looking
// up rows, and gets a copy for products where repacking helps them.
void Weights::Impl::AddTiedOutput(std::vector<FoundWeight>* found) {
  std::optional<FoundWeight> output;
  for (const FoundWeight& weight : *found) {
    if (weight.slot.tensor == &weights.output) return;  // not tied
    if (weight.slot.use == WeightUse::kEmbedding) output = weight;
  }
  output->slot.use = WeightUse::kMatrix;
  output->slot.tensor = &weights.output;
  if (RepackTarget(*output) != nullptr) found->push_back(*std::move(output));
}

Weights::Weights(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Weights::~Weights() = default;

Result<std::unique_ptr<Weights>> Weights::Load(ModelFile file, const ModelConfig& config,
                                               const WeightsOptions& options) {
  auto impl = std::make_unique<Impl>(config);
  DYNSPLIT_RETURN_IF_ERROR(impl->Read(std::move(file), options));
  return std::unique_ptr<Weights>(new Weights(std::move(impl)));
}

Result<std::unique_ptr<Weights>> Weights::Load(const std::string& path,
                                               const WeightsOptions& options) {
  Result<ModelFile> file = ModelFile::Open(path);
  if (!file.ok()) return file.status();
  const Result<ModelConfig> config = ReadModelConfig(file->header());
  if (!config.ok()) return config.status();
  return Load(std::move(file).value(), *config, options);
}

const ModelConfig& Weights::config() const { return impl_->config; }
const ModelWeights& Weights::tensors(int rows) const {
  return rows <= kRepackedRows ? impl_->weights : impl_->batch_weights;
}
uint64_t Weights::fingerprint() const { return impl_->fingerprint; }
int64_t Weights::weight_bytes() const { return impl_->weight_bytes; }
int64_t Weights::repacked_bytes() const { return impl_->repacked_bytes; }

}  // namespace dynsplit
