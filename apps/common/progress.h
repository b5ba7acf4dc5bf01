// How far a long piece of work is, for a person who waits: one line on stderr that renews itself on
// a terminal, and a line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace dynsplit {

class Progress {
 public:
  // "reading: 1536 of 6100 tokens, 25 %, 310 tokens/s, 15 s left". Says nothing unless `wanted`
  // or stderr is a terminal. `unit` is static storage.
  Progress(std::string label, bool wanted, std::string_view unit = "tokens");
  ~Progress() { Finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(int64_t done, int64_t total);
  // Clears the line of a terminal.
  void Finish();

 private:
  std::string label_;
  std::string_view unit_;
  bool terminal_;
  bool shown_;          // whether to say anything at all
  bool dirty_ = false;  // a line stands there and waits to be cleared
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_line_;  // not before, off a terminal
};

}  // namespace dynsplit
