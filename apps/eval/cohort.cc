#include "apps/eval/cohort.h"

#include <algorithm>
#include <utility>

namespace dynsplit::eval {
namespace {

// A pass of 32 rows has products enough to be bound by arithmetic, as that of a prompt is; each
// seat holds a row of logits.
constexpr size_t kSeats = 32;

}  // namespace

Status Cohort::Admit(Candidate candidate) {
  while (seats_.size() >= kSeats) DYNSPLIT_RETURN_IF_ERROR(Step());
  seats_.push_back({.candidate = std::move(candidate)});
  Seat& seat = seats_.back();
  if (!seat.candidate.question.empty()) return {};
  const Result<bool> done = Advance(&seat);
  if (!done.ok()) return done.status();
  if (*done) seats_.pop_back();
  return {};
}

Status Cohort::Finish() {
  while (!seats_.empty()) DYNSPLIT_RETURN_IF_ERROR(Step());
  return {};
}

Status Cohort::Step() {
  std::vector<BatchItem> items;
  std::vector<Seats::iterator> seated;
  size_t room = static_cast<size_t>(engine_.batch_tokens());
  for (auto seat = seats_.begin(); seat != seats_.end(); ++seat) {
    const BatchItem item = NextItem(*seat, room);
    if (item.tokens.empty()) continue;
    room -= item.tokens.size();
    items.push_back(item);
    seated.push_back(seat);
  }
  DYNSPLIT_RETURN_IF_ERROR(engine_.Run(items, cancel_));
  for (size_t i = 0; i < items.size(); ++i) {
    Seat& seat = *seated[i];
    if (!seat.writer) seat.asked += items[i].tokens.size();
    const Result<bool> done = Advance(&seat);
    if (!done.ok()) return done.status();
    if (*done) seats_.erase(seated[i]);
  }
  return {};
}

BatchItem Cohort::NextItem(const Seat& seat, size_t room) const {
  const Candidate& candidate = seat.candidate;
  BatchItem item = {.session = candidate.session.get()};
  if (seat.writer) {
    item.tokens = {&seat.token, room > 0 ? size_t{1} : 0};
    item.attention = Attention::kSelected;
    return item;
  }
  const std::span<const int32_t> left = std::span(candidate.question).subspan(seat.asked);
  size_t count = std::min(left.size(), room);
  if (candidate.attention == Attention::kSelected) {
    // In the passes that the session would make alone, whoever else sits here: where passes end
    // is where blocks are cut.
    const auto pass = static_cast<size_t>(engine_.pass_tokens(candidate.attention));
    const size_t whole = std::min(left.size(), pass);
    count = whole <= room ? whole : 0;
  }
  item.tokens = left.first(count);
  item.attention = candidate.attention;
  item.logits = count == left.size() ? Logits::kLast : Logits::kNone;
  return item;
}

Result<bool> Cohort::Advance(Seat* seat) {
  Candidate& candidate = seat->candidate;
  if (seat->asked < candidate.question.size()) return false;
  if (!seat->writer) {
    auto writer = AnswerWriter::Create(candidate.session.get(), engine_.model().tokenizer(),
                                       candidate.options);
    if (!writer.ok()) return writer.status();
    seat->writer = *std::move(writer);
  }
  if (const std::optional<int32_t> token = seat->writer->Next()) {
    seat->token = *token;
    return false;
  }
  DYNSPLIT_RETURN_IF_ERROR(candidate.on_answer(*candidate.session, seat->writer->Finish()));
  return true;
}

}  // namespace dynsplit::eval
