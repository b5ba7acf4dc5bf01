#include "apps/common/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "apps/common/figures.h"

namespace dynsplit {
namespace {

// Off a terminal every line stays, so there are few.
constexpr std::chrono::seconds kLineInterval(5);

}  // namespace

Progress::Progress(std::string label, bool wanted, std::string_view unit)
    : label_(std::move(label)),
      unit_(unit),
      terminal_(isatty(STDERR_FILENO) == 1),
      shown_(wanted || terminal_),
      start_(std::chrono::steady_clock::now()),
      next_line_(start_) {}

void Progress::Update(int64_t done, int64_t total) {
  if (!shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ && now < next_line_) return;
  next_line_ = now + kLineInterval;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = Rate(done, seconds);
  const std::string left =
      rate > 0 ? FormatSeconds(static_cast<double>(total - done) / rate) : "some time";
  const std::string line =
      fmt::format("{}: {} of {} {}, {:.0f} %, {} {}/s, {} left", label_, done, total, unit_,
                  100.0 * static_cast<double>(done) / static_cast<double>(total), FormatRate(rate),
                  unit_, left);
  // \33[K clears what a longer line left behind.
  PrintToStderr(terminal_ ? "\r" + line + "\33[K" : line + "\n");
  dirty_ = terminal_;
}

void Progress::Finish() {
  if (dirty_) PrintToStderr("\r\33[K");
  dirty_ = false;
}

}  // namespace dynsplit
