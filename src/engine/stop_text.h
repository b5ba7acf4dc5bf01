// Finds the texts that end an answer while it is being written, piece by piece. What may be the
// beginning of one is held back until that is decided, so nothing shown ever has to be taken back.
// Order of calls: Push* Finish. Not thread safe. Cost of Push: O(piece * stops * longest stop).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dynsplit {

class StopText {
 public:
  explicit StopText(std::vector<std::string> stops);  // empty texts are ignored

  // Adds a piece and returns what is now certain to belong to the answer: valid until the next
  // call. Nothing comes any more once found().
  std::string_view Push(std::string_view piece);

  // What was held back, if no stop text came. Valid until the next call.
  std::string_view Finish();

  bool found() const { return found_; }

 private:
  std::vector<std::string> stops_;
  std::string held_;
  std::string certain_;
  bool found_ = false;
};

}  // namespace dynsplit
