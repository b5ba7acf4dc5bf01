// Any bytes as a model file: parsing, configuration, vocabulary, tokenizer and loading of weights
// give a Status or something usable, and never read outside the bytes. Start it from the files
// that gguf_reader_seeds writes; random bytes seldom get past the header.
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/check.h"
#include "dynsplit/tokenizer.h"
#include "model/gguf_reader.h"
#include "model/gguf_vocabulary.h"
#include "model/model_config.h"
#include "model/weights.h"
#include "support/memory_file.h"

namespace dynsplit {
namespace {

void ReadAsVocabulary(const GgufReader& reader) {
  Result<Vocabulary> vocabulary = ReadVocabulary(reader);
  if (!vocabulary.ok()) return;
  const auto tokenizer = Tokenizer::Create(std::move(vocabulary).value());
  if (!tokenizer.ok()) return;
  const auto ids = (*tokenizer)->Encode("the <|im_end|> \xff 12", {.parse_special = true});
  if (!ids.ok()) return;
  for (const int32_t id : *ids) DYNSPLIT_CHECK(id >= 0 && id < (*tokenizer)->size());
}

void ReadAsWeights(std::string_view bytes) {
  const testing::MemoryFile file(bytes);
  const auto weights = Weights::Load(file.path(), {.repack = true});
  if (!weights.ok()) return;
  DYNSPLIT_CHECK((*weights)->weight_bytes() <= static_cast<int64_t>(bytes.size()));
  for (const int rows : {1, 512}) {
    DYNSPLIT_CHECK((*weights)->tensors(rows).layers.size() ==
                   static_cast<size_t>((*weights)->config().num_layers));
  }
}

}  // namespace
}  // namespace dynsplit

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using namespace dynsplit;
  const auto bytes = std::as_bytes(std::span(input, size));
  const Result<GgufReader> reader = GgufReader::FromBuffer(bytes, "fuzz");
  if (!reader.ok()) return 0;
  ReadAsVocabulary(*reader);
  if (ReadModelConfig(*reader).ok()) {
    ReadAsWeights({reinterpret_cast<const char*>(input), size});
  }
  return 0;
}
