#include "model/bpe.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "model/bpe_alphabet.h"
#include "model/utf8.h"

namespace dynsplit {
namespace {

uint64_t PairKey(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

Result<ByteLevelBpe> ByteLevelBpe::Create(const VocabularyIndex& index) {
  const std::string& pre = index.vocabulary().pre;
  Result<PreTokenizer> pre_tokenizer = PreTokenizer::Create(pre.empty() ? "default" : pre);
  if (!pre_tokenizer.ok()) return pre_tokenizer.status();
  ByteLevelBpe bpe(index, *std::move(pre_tokenizer));
  DYNSPLIT_RETURN_IF_ERROR(bpe.ReadBytes());
  DYNSPLIT_RETURN_IF_ERROR(bpe.ReadMerges());
  return bpe;
}

Status ByteLevelBpe::ReadBytes() {
  for (int byte = 0; byte < 256; ++byte) {
    byte_tokens_[byte] = index_->Find(ByteSymbol(static_cast<uint8_t>(byte)));
  }
  const bool has_any =
      std::any_of(byte_tokens_.begin(), byte_tokens_.end(), [](int32_t id) { return id >= 0; });
  return has_any ? Status() : Corruption("vocabulary: it has no token for any byte");
}

Status ByteLevelBpe::ReadMerges() {
  const std::vector<std::string>& merges = index_->vocabulary().merges;
  if (merges.empty()) return Corruption("vocabulary: byte-level BPE without merges");
  merges_.reserve(merges.size());
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const std::string_view merge = merges[rank];
    const size_t space = merge.find(' ', 1);
    const auto bad = [&](const char* what) {
      return Corruption("vocabulary: merge " + std::to_string(rank) + " (" + Quoted(merges[rank]) +
                        ") " + what);
    };
    if (space == std::string_view::npos) return bad("is not 'left right'");
    const std::string_view left_text = merge.substr(0, space);
    const std::string_view right_text = merge.substr(space + 1);
    const int32_t left = index_->Find(left_text);
    const int32_t right = index_->Find(right_text);
    if (left < 0 || right < 0) return bad("joins what is not a token");
    const int32_t joined = index_->Find(std::string(left_text) += right_text);
    if (joined < 0) return bad("gives what is not a token");
    merges_.emplace(PairKey(left, right), Merge{static_cast<double>(rank), joined});
  }
  return {};
}

Status ByteLevelBpe::Encode(std::string_view text, std::vector<int32_t>* ids) const {
  LenientText repaired;
  std::string_view well_formed = text;
  if (!IsValidUtf8(text)) {
    repaired = ReadLeniently(text);
    text = repaired.bytes;
    well_formed = repaired.well_formed;
  }
  const Result<std::vector<size_t>> ends = pre_tokenizer_.Split(well_formed);
  if (!ends.ok()) return ends.status();
  Scratch scratch;
  size_t begin = 0;
  for (const size_t end : *ends) {
    EncodeWord(text.substr(begin, end - begin), &scratch, ids);
    begin = end;
  }
  return {};
}

void ByteLevelBpe::EncodeWord(std::string_view word, Scratch* scratch,
                              std::vector<int32_t>* ids) const {
  if (pre_tokenizer_.ignore_merges()) {
    const int32_t whole = index_->Find(EncodeByteSymbols(word));
    if (whole >= 0) {
      ids->push_back(whole);
      return;
    }
  }
  std::vector<Symbol>& symbols = scratch->symbols;
  symbols.clear();
  for (const char byte : word) {
    AppendSymbol(1, byte_tokens_[static_cast<uint8_t>(byte)], &symbols);
  }
  MergeSymbols(&symbols, &scratch->heap,
               [this](const Symbol& left, const Symbol& right) -> std::optional<Merge> {
                 const auto it = merges_.find(PairKey(left.token, right.token));
                 if (it == merges_.end()) return std::nullopt;
                 return it->second;
               });
  for (const Symbol& symbol : symbols) {
    if (symbol.length > 0 && symbol.token >= 0) ids->push_back(symbol.token);
  }
}

}  // namespace dynsplit
