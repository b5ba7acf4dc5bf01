// Utf8Stream: whole characters out of a stream of bytes.
#include "dynsplit/tokenizer.h"
#include "model/utf8.h"

namespace dynsplit {

std::string Utf8Stream::Append(std::string_view bytes) {
  pending_.append(bytes);
  std::string whole;
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const Utf8Prefix prefix = FirstUtf8(rest);
    if (prefix.kind == Utf8Kind::kIncomplete) break;
    if (prefix.kind == Utf8Kind::kValid) {
      whole.append(rest.substr(0, prefix.length));
    } else {
      whole.append(kReplacementCharacter);
    }
    rest.remove_prefix(prefix.length);
  }
  pending_.erase(0, pending_.size() - rest.size());
  return whole;
}

std::string Utf8Stream::Finish() {
  if (pending_.empty()) return "";
  pending_.clear();
  return std::string(kReplacementCharacter);
}

}  // namespace dynsplit
