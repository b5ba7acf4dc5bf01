#include "model/gguf_vocabulary.h"

#include <string>
#include <utility>
#include <vector>

namespace dynsplit {
namespace {

const std::string kPrefix = "tokenizer.ggml.";

// Stores the value, or returns why there is none.
template <typename T>
Status Store(Result<T> result, T* value) {
  if (!result.ok()) return result.status();
  *value = std::move(result).value();
  return {};
}

Status ReadTokenId(const GgufReader& reader, const std::string& name, int64_t* id) {
  const std::string key = kPrefix + name + "_token_id";
  if (!reader.Has(key)) return {};
  uint32_t value = 0;
  DYNSPLIT_RETURN_IF_ERROR(Store(reader.U32(key), &value));
  *id = value;
  return {};
}

Status ReadFlag(const GgufReader& reader, const std::string& name, int* flag) {
  const std::string key = kPrefix + name;
  if (!reader.Has(key)) return {};
  bool value = false;
  DYNSPLIT_RETURN_IF_ERROR(Store(reader.Bool(key), &value));
  *flag = value ? 1 : 0;
  return {};
}

Status ReadTypes(const GgufReader& reader, std::vector<TokenType>* types) {
  std::vector<int32_t> values;
  DYNSPLIT_RETURN_IF_ERROR(Store(reader.I32s(kPrefix + "token_type", false), &values));
  types->reserve(values.size());
  for (const int32_t value : values) types->push_back(static_cast<TokenType>(value));
  return {};
}

// Lists that go with the tokens are as long as they are, or missing.
Status CheckLength(const GgufReader& reader, const std::string& name, size_t length,
                   size_t wanted) {
  if (length == 0 || length == wanted) return {};
  return reader.KeyError(kPrefix + name, std::to_string(length) + " elements",
                         std::to_string(wanted) + ", one a token");
}

Status ReadLists(const GgufReader& reader, Vocabulary* vocabulary) {
  DYNSPLIT_RETURN_IF_ERROR(Store(reader.Strings(kPrefix + "tokens"), &vocabulary->tokens));
  DYNSPLIT_RETURN_IF_ERROR(Store(reader.F32s(kPrefix + "scores", false), &vocabulary->scores));
  DYNSPLIT_RETURN_IF_ERROR(ReadTypes(reader, &vocabulary->types));
  DYNSPLIT_RETURN_IF_ERROR(Store(reader.Strings(kPrefix + "merges", false), &vocabulary->merges));
  const size_t num_tokens = vocabulary->tokens.size();
  DYNSPLIT_RETURN_IF_ERROR(CheckLength(reader, "scores", vocabulary->scores.size(), num_tokens));
  return CheckLength(reader, "token_type", vocabulary->types.size(), num_tokens);
}

Status ReadSpecialTokens(const GgufReader& reader, Vocabulary* vocabulary) {
  DYNSPLIT_RETURN_IF_ERROR(ReadTokenId(reader, "bos", &vocabulary->bos));
  DYNSPLIT_RETURN_IF_ERROR(ReadTokenId(reader, "eos", &vocabulary->eos));
  DYNSPLIT_RETURN_IF_ERROR(ReadTokenId(reader, "eot", &vocabulary->eot));
  DYNSPLIT_RETURN_IF_ERROR(ReadTokenId(reader, "eom", &vocabulary->eom));
  DYNSPLIT_RETURN_IF_ERROR(ReadTokenId(reader, "unknown", &vocabulary->unk));
  DYNSPLIT_RETURN_IF_ERROR(ReadTokenId(reader, "padding", &vocabulary->pad));
  DYNSPLIT_RETURN_IF_ERROR(ReadFlag(reader, "add_bos_token", &vocabulary->add_bos));
  DYNSPLIT_RETURN_IF_ERROR(ReadFlag(reader, "add_eos_token", &vocabulary->add_eos));
  DYNSPLIT_RETURN_IF_ERROR(ReadFlag(reader, "add_space_prefix", &vocabulary->add_space_prefix));
  return ReadFlag(reader, "remove_extra_whitespaces", &vocabulary->merge_spaces);
}

}  // namespace

Result<Vocabulary> ReadVocabulary(const GgufReader& reader) {
  Vocabulary vocabulary;
  DYNSPLIT_RETURN_IF_ERROR(Store(reader.String(kPrefix + "model"), &vocabulary.model));
  DYNSPLIT_RETURN_IF_ERROR(Store(reader.String(kPrefix + "pre", ""), &vocabulary.pre));
  DYNSPLIT_RETURN_IF_ERROR(ReadLists(reader, &vocabulary));
  DYNSPLIT_RETURN_IF_ERROR(ReadSpecialTokens(reader, &vocabulary));
  DYNSPLIT_RETURN_IF_ERROR(
      Store(reader.Bytes(kPrefix + "precompiled_charsmap", false), &vocabulary.charsmap));
  DYNSPLIT_RETURN_IF_ERROR(Store(reader.String("general.name", ""), &vocabulary.model_name));
  DYNSPLIT_RETURN_IF_ERROR(
      Store(reader.String("tokenizer.chat_template", ""), &vocabulary.chat_template));
  return vocabulary;
}

}  // namespace dynsplit
