#include "model/tokenizer_special.h"

#include <functional>
#include <map>
#include <string>
#include <utility>

namespace dynsplit {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// GGUF has no key for tokens that take the white space behind them (Hugging Face's rstrip). In the
// vocabularies here only Phi-3's do, and libllama too knows it by its name.
bool IsPhi3(std::string name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name.find("phi-3") != std::string::npos || name.find("phi3") != std::string::npos;
}

}  // namespace

SpecialTokens::SpecialTokens(const VocabularyIndex& index)
    : index_(&index),
      is_phi3_(IsPhi3(index.vocabulary().model_name)),
      user_defined_(Classes(false)),
      all_(Classes(true)) {}

bool SpecialTokens::TakesSpaces(int32_t token) const {
  const std::string& text = index_->Text(token);
  return is_phi3_ && text != "<unk>" && text != "<s>" && text != "<|endoftext|>";
}

bool SpecialTokens::IsSpecial(TokenType type, bool with_control) {
  return type == TokenType::kUserDefined ||
         (with_control && (type == TokenType::kControl || type == TokenType::kUnknown));
}

std::vector<SpecialTokens::LengthClass> SpecialTokens::Classes(bool with_control) const {
  std::map<size_t, LengthClass, std::greater<>> by_length;
  for (int32_t id = 0; id < index_->size(); ++id) {
    const std::string& text = index_->Text(id);
    if (text.empty() || !IsSpecial(index_->Type(id), with_control)) continue;
    LengthClass& entry = by_length[text.size()];
    entry.length = text.size();
    entry.first.set(static_cast<uint8_t>(text.front()));
    entry.last.set(static_cast<uint8_t>(text.back()));
  }
  std::vector<LengthClass> classes;
  for (const auto& [length, entry] : by_length) classes.push_back(entry);
  return classes;
}

std::vector<SpecialTokens::Fragment> SpecialTokens::Cut(std::string_view text,
                                                        bool parse_special) const {
  std::vector<Fragment> fragments;
  if (text.empty()) return fragments;
  fragments.push_back({0, text.size(), -1});
  for (const LengthClass& wanted : parse_special ? all_ : user_defined_) {
    const std::vector<Fragment> before = std::exchange(fragments, {});
    for (const Fragment& fragment : before) {
      if (fragment.token >= 0) {
        fragments.push_back(fragment);
      } else {
        CutText(text, wanted, parse_special, fragment, &fragments);
      }
    }
  }
  return fragments;
}

void SpecialTokens::CutText(std::string_view text, const LengthClass& wanted, bool with_control,
                            Fragment rest, std::vector<Fragment>* out) const {
  size_t at = rest.begin;
  while (at + wanted.length <= rest.end) {
    int32_t token = -1;
    if (wanted.first[static_cast<uint8_t>(text[at])] &&
        wanted.last[static_cast<uint8_t>(text[at + wanted.length - 1])]) {
      token = index_->Find(text.substr(at, wanted.length));
      if (token >= 0 && !IsSpecial(index_->Type(token), with_control)) token = -1;
    }
    if (token < 0) {
      ++at;
      continue;
    }
    if (at > rest.begin) out->push_back({rest.begin, at, -1});
    out->push_back({at, at + wanted.length, token});
    at += wanted.length;
    while (TakesSpaces(token) && at < rest.end && IsSpace(text[at])) ++at;
    rest.begin = at;
  }
  if (rest.begin < rest.end) out->push_back(rest);
}

}  // namespace dynsplit
