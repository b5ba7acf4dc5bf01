#include "dynsplit/tokenizer.h"

#include <optional>
#include <utility>

#include "model/bpe.h"
#include "model/bpe_alphabet.h"
#include "model/sentencepiece.h"
#include "model/tokenizer_special.h"
#include "model/unigram.h"
#include "model/utf8.h"
#include "model/vocabulary_index.h"

namespace dynsplit {
namespace {

// Symbols count bytes in 32 bits, and a space becomes three bytes in SentencePiece.
constexpr size_t kMaxTextBytes = size_t{1} << 29;

// An id that no token has is as good as none (padding tokens of models whose vocabulary was cut,
// for one): libllama too goes on with its kind's default.
void ForgetIdsBeyondTokens(Vocabulary* v) {
  for (int64_t* id : {&v->bos, &v->eos, &v->eot, &v->eom, &v->unk, &v->pad}) {
    if (*id >= static_cast<int64_t>(v->tokens.size())) *id = -1;
  }
}

// SentencePiece's own numbering, which its files may leave out.
void FillSentencePieceDefaults(Vocabulary* v) {
  const auto size = static_cast<int64_t>(v->tokens.size());
  if (v->unk < 0 && size > 0) v->unk = 0;
  if (v->bos < 0 && size > 1) v->bos = 1;
  if (v->eos < 0 && size > 2) v->eos = 2;
  if (v->add_bos < 0) v->add_bos = 1;
  if (v->add_space_prefix < 0) v->add_space_prefix = 1;
}

// The same of its unigram models.
void FillUnigramDefaults(Vocabulary* v) {
  const auto size = static_cast<int64_t>(v->tokens.size());
  if (v->pad < 0 && size > 0) v->pad = 0;
  if (v->eos < 0 && size > 1) v->eos = 1;
  if (v->unk < 0 && size > 2) v->unk = 2;
  if (v->add_eos < 0) v->add_eos = 1;
}

bool IsControlType(TokenType type) {
  return type == TokenType::kControl || type == TokenType::kUnknown;
}

// What a token prints as; its name for control tokens.
std::string BytesOf(const VocabularyIndex& index, int32_t id, bool is_byte_level) {
  const std::string& text = index.Text(id);
  switch (index.Type(id)) {
    case TokenType::kNormal:
      return is_byte_level ? DecodeByteSymbols(text) : UnescapeSpaces(text);
    case TokenType::kByte: {
      const int byte = SentencePiece::ParseByteToken(text);
      return byte < 0 ? text : std::string(1, static_cast<char>(byte));
    }
    case TokenType::kUnused:
    case TokenType::kUndefined:
      return "";
    case TokenType::kUnknown:
    case TokenType::kControl:
    case TokenType::kUserDefined:
      return text;
  }
  return "";
}

}  // namespace

struct Tokenizer::Impl {
  explicit Impl(VocabularyIndex i) : index(std::move(i)), special(index) {}

  const VocabularyIndex index;  // the others refer to it
  const SpecialTokens special;
  std::optional<ByteLevelBpe> bpe;  // one of the three
  std::optional<SentencePiece> sentencepiece;
  std::optional<Unigram> unigram;
  std::vector<std::string> bytes;  // by id
  bool adds_bos = false;
  bool adds_eos = false;
  bool adds_space_prefix = false;

  const Vocabulary& vocabulary() const { return index.vocabulary(); }
  Status ReadModel();
  Status EncodeText(std::string_view text, bool follows_token, std::vector<int32_t>* ids) const;
};

Status Tokenizer::Impl::ReadModel() {
  const Vocabulary& v = vocabulary();
  if (v.model == "gpt2") {
    Result<ByteLevelBpe> model = ByteLevelBpe::Create(index);
    if (!model.ok()) return model.status();
    bpe = *std::move(model);
  } else if (v.model == "t5") {
    Result<Unigram> model = Unigram::Create(index);
    if (!model.ok()) return model.status();
    unigram = *std::move(model);
  } else {
    Result<SentencePiece> model = SentencePiece::Create(index);
    if (!model.ok()) return model.status();
    sentencepiece = *std::move(model);
  }
  adds_bos = v.add_bos >= 0 ? v.add_bos == 1 : bpe && bpe->adds_bos() && v.bos >= 0;
  adds_eos = v.add_eos == 1;
  adds_space_prefix = v.add_space_prefix == 1;
  bytes.reserve(v.tokens.size());
  for (int32_t id = 0; id < index.size(); ++id) {
    bytes.push_back(BytesOf(index, id, bpe.has_value()));
  }
  return {};
}

Status Tokenizer::Impl::EncodeText(std::string_view text, bool follows_token,
                                   std::vector<int32_t>* ids) const {
  if (bpe) return bpe->Encode(text, ids);
  if (unigram) return unigram->Encode(text, ids);
  sentencepiece->Encode(text, adds_space_prefix && follows_token, ids);
  return {};
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

Result<std::shared_ptr<const Tokenizer>> Tokenizer::Create(Vocabulary vocabulary) {
  ForgetIdsBeyondTokens(&vocabulary);
  if (vocabulary.model == "llama") {
    FillSentencePieceDefaults(&vocabulary);
  } else if (vocabulary.model == "t5") {
    FillUnigramDefaults(&vocabulary);
  } else if (vocabulary.model != "gpt2") {
    return Unsupported("tokenizer model " + Quoted(vocabulary.model) +
                       " is not known; known: gpt2 (byte-level BPE), llama (SentencePiece), t5 "
                       "(SentencePiece's unigram)");
  }
  Result<VocabularyIndex> index = VocabularyIndex::Create(std::move(vocabulary));
  if (!index.ok()) return index.status();
  auto impl = std::make_unique<Impl>(*std::move(index));
  DYNSPLIT_RETURN_IF_ERROR(impl->ReadModel());
  return std::shared_ptr<const Tokenizer>(new Tokenizer(std::move(impl)));
}

Result<std::vector<int32_t>> Tokenizer::Encode(std::string_view text,
                                               const EncodeOptions& options) const {
  if (text.size() > kMaxTextBytes) {
    return ResourceExhausted("a text of " + std::to_string(text.size()) +
                             " bytes to encode, wanted at most " + std::to_string(kMaxTextBytes));
  }
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 3 + 2);
  if (options.add_special && impl_->adds_bos) ids.push_back(bos());
  bool follows_token = true;  // the start of the text counts as one
  for (const SpecialTokens::Fragment& fragment : impl_->special.Cut(text, options.parse_special)) {
    if (fragment.token >= 0) {
      ids.push_back(fragment.token);
    } else {
      DYNSPLIT_RETURN_IF_ERROR(impl_->EncodeText(
          text.substr(fragment.begin, fragment.end - fragment.begin), follows_token, &ids));
    }
    follows_token = fragment.token >= 0;
  }
  if (options.add_end && impl_->adds_eos) ids.push_back(eos());
  return ids;
}

std::string_view Tokenizer::TokenBytes(int32_t id, bool show_control) const {
  if (!impl_->index.Contains(id) || (!show_control && IsControl(id))) return "";
  return impl_->bytes[id];
}

std::string Tokenizer::Decode(std::span<const int32_t> ids, bool show_control) const {
  std::string text;
  for (const int32_t id : ids) text += TokenBytes(id, show_control);
  return text;
}

int32_t Tokenizer::size() const { return impl_->index.size(); }
int32_t Tokenizer::bos() const { return static_cast<int32_t>(impl_->vocabulary().bos); }
int32_t Tokenizer::eos() const { return static_cast<int32_t>(impl_->vocabulary().eos); }
int32_t Tokenizer::eot() const { return static_cast<int32_t>(impl_->vocabulary().eot); }
int32_t Tokenizer::unk() const { return static_cast<int32_t>(impl_->vocabulary().unk); }
int32_t Tokenizer::pad() const { return static_cast<int32_t>(impl_->vocabulary().pad); }
bool Tokenizer::adds_bos() const { return impl_->adds_bos; }

bool Tokenizer::IsEndOfGeneration(int32_t id) const {
  return impl_->index.Contains(id) && impl_->index.IsEndOfGeneration(id);
}

bool Tokenizer::IsControl(int32_t id) const {
  return impl_->index.Contains(id) && IsControlType(impl_->index.Type(id));
}

bool Tokenizer::IsUnused(int32_t id) const {
  return impl_->index.Contains(id) && impl_->index.Type(id) == TokenType::kUnused;
}

int32_t Tokenizer::FindSpecial(std::string_view name) const {
  const int32_t id = impl_->index.Find(name);
  const bool is_special =
      id >= 0 && (IsControl(id) || impl_->index.Type(id) == TokenType::kUserDefined);
  return is_special ? id : -1;
}

const std::string& Tokenizer::chat_template() const { return impl_->vocabulary().chat_template; }

}  // namespace dynsplit
