#include "model/sentencepiece.h"

#include <algorithm>
#include <optional>

#include "model/bpe_merge.h"
#include "model/utf8.h"

namespace dynsplit {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

std::string ByteTokenText(int byte) {
  return std::string("<0x") + kHexDigits[byte >> 4] + kHexDigits[byte & 15] + ">";
}

std::vector<Symbol> Characters(std::string_view text) {
  std::vector<Symbol> symbols;
  symbols.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t length = std::min(LengthByLead(text[at]), text.size() - at);
    AppendSymbol(static_cast<int32_t>(length), -1, &symbols);
    at += length;
  }
  return symbols;
}

}  // namespace

Result<SentencePiece> SentencePiece::Create(const VocabularyIndex& index) {
  if (index.vocabulary().scores.empty()) {
    return Corruption("vocabulary: SentencePiece-style without scores");
  }
  SentencePiece model(index);
  for (int32_t id = 0; id < index.size(); ++id) {
    model.longest_ = std::max(model.longest_, index.Text(id).size());
    if (index.Type(id) == TokenType::kByte && ParseByteToken(index.Text(id)) < 0) {
      return Corruption("vocabulary: byte token " + std::to_string(id) + " is " +
                        Quoted(index.Text(id)) + ", wanted '<0xNN>'");
    }
  }
  DYNSPLIT_RETURN_IF_ERROR(model.ReadBytes());
  return model;
}

Status SentencePiece::ReadBytes() {
  for (int byte = 0; byte < 256; ++byte) {
    int32_t id = index_->Find(ByteTokenText(byte));
    if (id < 0) id = index_->Find(std::string(1, static_cast<char>(byte)));
    if (id < 0) id = static_cast<int32_t>(index_->vocabulary().unk);
    if (id < 0) {
      return Corruption("vocabulary: no token for byte " + ByteTokenText(byte) +
                        " and no unknown token");
    }
    byte_tokens_[byte] = id;
  }
  return {};
}

void SentencePiece::Encode(std::string_view text, bool prefix_space,
                           std::vector<int32_t>* ids) const {
  const std::string escaped = (prefix_space ? std::string(kSpaceMark) : "") + EscapeSpaces(text);
  std::vector<Symbol> symbols = Characters(escaped);
  std::vector<MergeCandidate> heap;
  const std::string_view all = escaped;
  MergeSymbols(&symbols, &heap,
               [&](const Symbol& left, const Symbol& right) -> std::optional<Merge> {
                 const auto length = static_cast<size_t>(left.length + right.length);
                 if (length > longest_) return std::nullopt;
                 const int32_t id = index_->Find(all.substr(left.begin, length));
                 if (id < 0) return std::nullopt;
                 return Merge{-static_cast<double>(index_->Score(id)), id};
               });
  for (const Symbol& symbol : symbols) {
    if (symbol.length == 0) continue;
    const std::string_view piece = all.substr(symbol.begin, symbol.length);
    const int32_t id = symbol.token >= 0 ? symbol.token : index_->Find(piece);
    if (id >= 0) {
      ids->push_back(id);
    } else {
      for (const char byte : piece) ids->push_back(byte_tokens_[static_cast<uint8_t>(byte)]);
    }
  }
}

int SentencePiece::ParseByteToken(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return -1;
  const size_t high = kHexDigits.find(text[3]);
  const size_t low = kHexDigits.find(text[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return -1;
  return static_cast<int>(high * 16 + low);
}

std::string EscapeSpaces(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size() + text.size() / 2);
  for (const char c : text) {
    if (c == ' ') {
      escaped += kSpaceMark;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string UnescapeSpaces(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const bool is_mark = text.starts_with(kSpaceMark);
    plain += is_mark ? ' ' : text.front();
    text.remove_prefix(is_mark ? kSpaceMark.size() : 1);
  }
  return plain;
}

}  // namespace dynsplit
