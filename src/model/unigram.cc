#include "model/unigram.h"

#include <algorithm>
#include <cstddef>

#include "model/sentencepiece.h"
#include "model/utf8.h"

namespace dynsplit {
namespace {

constexpr float kUnknownPenalty = 10.0f;  // below the lowest score of a piece; SentencePiece's

}  // namespace

Result<Unigram> Unigram::Create(const VocabularyIndex& index) {
  const Vocabulary& v = index.vocabulary();
  if (v.scores.empty()) return Corruption("vocabulary: unigram without scores");
  if (v.unk < 0) return Corruption("vocabulary: unigram without an unknown token");
  Result<Charsmap> charsmap = Charsmap::Create(v.charsmap);
  if (!charsmap.ok()) return charsmap.status();
  Unigram model(index, *std::move(charsmap));
  model.AddPieces();
  return model;
}

void Unigram::AddPieces() {
  float lowest = std::numeric_limits<float>::max();  // of the normal pieces
  for (int32_t id = 0; id < index_->size(); ++id) {
    const std::string& text = index_->Text(id);
    const TokenType type = index_->Type(id);
    if (type == TokenType::kNormal) lowest = std::min(lowest, index_->Score(id));
    if (text.empty()) continue;
    if (type == TokenType::kUserDefined) user_defined_.Insert(text, id);
    if (type == TokenType::kNormal || type == TokenType::kUserDefined ||
        type == TokenType::kUnused) {
      pieces_.Insert(text, id);
    }
  }
  unknown_ = static_cast<int32_t>(index_->vocabulary().unk);
  unknown_score_ = lowest - kUnknownPenalty;
}

// Bytes at the beginning of `text` with which a user-defined token begins too. libllama leaves all
// of them as they are, not only whole tokens.
size_t Unigram::UserDefinedBeginning(std::string_view text) const {
  size_t length = 0;
  int32_t node = PieceTrie::kRoot;
  while (length < text.size()) {
    node = user_defined_.Child(node, text[length]);
    if (node < 0) break;
    ++length;
  }
  return length;
}

Result<std::string> Unigram::Normalise(std::string_view text) const {
  const bool prefix_space = index_->vocabulary().add_space_prefix == 1;
  const bool merge_spaces = index_->vocabulary().merge_spaces == 1;
  std::string normalised;
  normalised.reserve(text.size() + text.size() / 2);
  bool in_word = false;
  bool is_prefixed = false;
  const auto append = [&](std::string_view piece) {
    for (const char byte : piece) {
      if (byte == ' ') {
        in_word = false;
        if (!merge_spaces) normalised += kSpaceMark;
        continue;
      }
      if (!in_word && (merge_spaces || (prefix_space && !is_prefixed))) {
        normalised += kSpaceMark;
        is_prefixed = true;
      }
      in_word = true;
      normalised += byte;
    }
  };
  while (!text.empty()) {
    size_t length = UserDefinedBeginning(text);
    if (length > 0) {
      append(text.substr(0, length));
    } else {
      const Result<Charsmap::Match> match = charsmap_.LongestPrefix(text);
      if (!match.ok()) return match.status();
      length = match->length > 0 ? match->length : LenientLength(text);
      append(match->length > 0 ? match->replacement
             : length > 0      ? text.substr(0, length)
                               : kReplacementCharacter);
      length = std::max<size_t>(length, 1);
    }
    text.remove_prefix(length);
  }
  return normalised;
}

std::vector<Unigram::Step> Unigram::BestSteps(std::string_view text) const {
  std::vector<Step> best(text.size() + 1);
  best[0].score = 0;
  const auto offer = [&best](int32_t token, size_t begin, size_t end, double own) {
    const double score = best[begin].score + own;
    if (score > best[end].score) best[end] = {token, static_cast<uint32_t>(begin), score};
  };
  for (size_t begin = 0; begin < text.size();) {
    const size_t character = std::min(LengthByLead(text[begin]), text.size() - begin);
    bool covers_character = false;
    int32_t node = PieceTrie::kRoot;
    for (size_t end = begin; end < text.size();) {
      node = pieces_.Child(node, text[end++]);
      if (node < 0) break;
      const int32_t token = pieces_.Token(node);
      if (token < 0) continue;
      covers_character = covers_character || end - begin == character;
      // A user-defined piece is free, so hardly anything is likelier.
      const bool is_free = index_->Type(token) == TokenType::kUserDefined;
      offer(token, begin, end, is_free ? 0.0 : index_->Score(token));
    }
    if (!covers_character) offer(unknown_, begin, begin + character, unknown_score_);
    begin += character;
  }
  return best;
}

Status Unigram::Encode(std::string_view text, std::vector<int32_t>* ids) const {
  const Result<std::string> normalised = Normalise(text);
  if (!normalised.ok()) return normalised.status();
  const std::vector<Step> best = BestSteps(*normalised);
  const size_t first = ids->size();
  for (size_t end = normalised->size(); end > 0; end = best[end].begin) {
    const bool goes_on = ids->size() > first && ids->back() == unknown_;
    if (best[end].token != unknown_ || !goes_on) ids->push_back(best[end].token);
  }
  std::reverse(ids->begin() + static_cast<std::ptrdiff_t>(first), ids->end());
  return {};
}

}  // namespace dynsplit
