#include "model/weights.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/archive.h"
#include "base/check.h"
#include "base/mapped_file.h"
#include "base/parallel_for.h"
#include "ggml-cpp.h"
#include "ggml-cpu.h"
#include "model/gguf_reader.h"
#include "model/gguf_vocabulary.h"
#include "model/repack.h"
#include "model/weights_layout.h"

namespace dynsplit {
namespace {

// A tensor of the file that the model uses.
struct FoundWeight {
  WeightSlot slot;
  GgufTensor source;
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
  const std::array<int64_t, 4> wanted = {slot.shape[0], slot.shape[1], 1, 1};
  const std::string where = path + ": tensor '" + slot.name + "': ";
  if (source.shape != wanted) {
    return Corruption(where + "got shape " + ShapeText(source.shape) + ", wanted " +
                      ShapeText(wanted));
  }
  const std::string type = std::string("type ") + ggml_type_name(source.type);
  if (slot.use == WeightUse::kVector && source.type != GGML_TYPE_F32) {
    return Unsupported(where + type + " is not supported here, wanted f32");
  }
  // ggml's CPU looks up rows of every type that it can multiply.
  if (ggml_get_type_traits_cpu(source.type)->vec_dot == nullptr) {
    return Unsupported(where + "ggml's CPU cannot multiply matrices of " + type);
  }
  return {};
}

// The file's tensors in the order of `slots`; each used exactly once.
Result<std::vector<FoundWeight>> FindWeights(const GgufReader& reader,
                                             const std::vector<WeightSlot>& slots) {
  std::unordered_map<std::string_view, const GgufTensor*> unused;
  for (const GgufTensor& tensor : reader.tensors()) unused.emplace(tensor.name, &tensor);
  std::vector<FoundWeight> found;
  for (const WeightSlot& slot : slots) {
    const auto source = unused.find(slot.name);
    if (source == unused.end()) {
      if (!slot.required) continue;
      return Corruption(reader.path() + ": tensor '" + slot.name + "' is missing");
    }
    DYNSPLIT_RETURN_IF_ERROR(CheckWeight(reader.path(), slot, *source->second));
    found.push_back({slot, *source->second});
    unused.erase(source);
  }
  // Leaving one out would compute something else than the model's authors did.
  for (const GgufTensor& tensor : reader.tensors()) {
    if (!unused.contains(tensor.name)) continue;
    return Unsupported(reader.path() + ": tensor '" + tensor.name +
                       "' is not part of the architecture as supported here");
  }
  return found;
}

ggml_context_ptr NewContext(size_t num_tensors) {
  return ggml_context_ptr(ggml_init({num_tensors * ggml_tensor_overhead(), nullptr, true}));
}

ggml_tensor* NewTensor(ggml_context* context, const FoundWeight& weight) {
  ggml_tensor* tensor = ggml_new_tensor(
      context, weight.source.type, weight.slot.shape[1] > 1 ? 2 : 1, weight.source.shape.data());
  ggml_set_name(tensor, weight.slot.name.c_str());
  return tensor;
}

// Tensors that point into the mapping.
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
Result<WeightBuffer> RepackWeights(const MappedFile& file, ggml_backend_buffer_type_t type,
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
  const int num_threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  ParallelFor(num_threads, static_cast<int>(weights.size()), [&](int i) {
    const std::span<const std::byte> source = weights[i].source.bytes;
    ggml_backend_tensor_set(tensors[i], source.data(), 0, source.size());
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

uint64_t Fingerprint(std::span<const std::byte> file, const std::vector<FoundWeight>& weights) {
  constexpr size_t kSampled = 4096;  // bytes of a tensor
  ByteWriter seen;
  seen.Put(file.size());
  size_t header = file.size();
  for (const FoundWeight& weight : weights) {
    const auto bytes = weight.source.bytes;
    header = std::min(header, static_cast<size_t>(bytes.data() - file.data()));
    seen.Put(Checksum(bytes.first(std::min(bytes.size(), kSampled))));
  }
  seen.Put(Checksum(file.first(header)));
  return Checksum(seen.bytes());
}

}  // namespace

struct Weights::Impl {
  explicit Impl(MappedFile mapping) : file(std::move(mapping)) {}

  Status Read(const std::string& path, const WeightsOptions& options);
  Status Place(std::vector<FoundWeight> found, bool repack);
  void AddTiedOutput(std::vector<FoundWeight>* found);

  MappedFile file;
  ModelConfig config;
  Vocabulary vocabulary;
  ModelWeights weights;        // for a few rows at a time
  ModelWeights batch_weights;  // for many
  std::vector<WeightBuffer> buffers;
  uint64_t fingerprint = 0;
  int64_t weight_bytes = 0;
  int64_t repacked_bytes = 0;
};

Status Weights::Impl::Read(const std::string& path, const WeightsOptions& options) {
  Result<GgufReader> reader = GgufReader::FromBuffer(file.bytes(), path);
  if (!reader.ok()) return reader.status();
  Result<ModelConfig> model_config = ReadModelConfig(*reader);
  if (!model_config.ok()) return model_config.status();
  Result<Vocabulary> model_vocabulary = ReadVocabulary(*reader);
  if (!model_vocabulary.ok()) return model_vocabulary.status();
  config = std::move(model_config).value();
  vocabulary = std::move(model_vocabulary).value();
  Result<std::vector<FoundWeight>> found = FindWeights(*reader, ListWeightSlots(config, &weights));
  if (!found.ok()) return found.status();
  for (const FoundWeight& weight : *found) {
    weight_bytes += static_cast<int64_t>(weight.source.bytes.size());
  }
  fingerprint = Fingerprint(file.bytes(), *found);
  return Place(std::move(found).value(), options.repack);
}

Status Weights::Impl::Place(std::vector<FoundWeight> found, bool repack) {
  buffers.push_back(MapWeights(file, found));
  if (weights.output == nullptr) weights.output = weights.token_embd;
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

Result<std::unique_ptr<Weights>> Weights::Load(const std::string& path,
                                               const WeightsOptions& options) {
  Result<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  auto impl = std::make_unique<Impl>(std::move(file).value());
  DYNSPLIT_RETURN_IF_ERROR(impl->Read(path, options));
  return std::unique_ptr<Weights>(new Weights(std::move(impl)));
}

const ModelConfig& Weights::config() const { return impl_->config; }
const ModelWeights& Weights::tensors(int rows) const {
  return rows <= kRepackedRows ? impl_->weights : impl_->batch_weights;
}
Vocabulary Weights::TakeVocabulary() { return std::exchange(impl_->vocabulary, {}); }
uint64_t Weights::fingerprint() const { return impl_->fingerprint; }
int64_t Weights::weight_bytes() const { return impl_->weight_bytes; }
int64_t Weights::repacked_bytes() const { return impl_->repacked_bytes; }

}  // namespace dynsplit
