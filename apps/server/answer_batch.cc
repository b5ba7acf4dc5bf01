#include "apps/server/answer_batch.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "apps/common/prefill.h"
#include "engine/grammar_constraint.h"

namespace dynsplit::server {
namespace {

using Clock = std::chrono::steady_clock;

// While answers are being written, a pass reads no more of prompts than this: each of their tokens
// waits for it.
constexpr int64_t kReadBesideAnswers = 128;
// Rows of logits of one pass, where a prompt's own are asked for: 40 MB for 152,000 tokens.
constexpr int64_t kScoredTokens = 64;
// A prefix is kept every so many tokens, and of long texts 32 times for each doubling of their
// length: each costs 30 bytes for every token before it.
constexpr int64_t kPrefixTokens = 512;
constexpr int64_t kPrefixesPerDoubling = 32;

// Choices are not told any more while so many events wait for a client that takes them slowly:
// those of one token may have a megabyte.
constexpr size_t kMostWaiting = 64;

bool TellsChoices(const Job& job) {
  return job.tracing == Tracing::kChoices && job.stream->num_waiting() < kMostWaiting;
}

int64_t PrefixStep(int64_t read) {
  const auto octave = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(read)));
  return std::max(kPrefixTokens, octave / kPrefixesPerDoubling);
}

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

TokenScore Score(std::span<const float> logits, int32_t token, int top) {
  return {.token = token, .logprob = LogprobOf(logits, token), .top = TopLogprobs(logits, top)};
}

}  // namespace

AnswerBatch::AnswerBatch(Engine* engine, int max_answers, PrefixCache* cache, Metrics* metrics)
    : engine_(*engine),
      max_answers_(std::min(max_answers, engine->batch_tokens())),
      cache_(*cache),
      metrics_(*metrics) {}

bool AnswerBatch::HasRoom(const Job& job) const {
  int taken = job.num_choices;
  for (const Seat& seat : seats_) taken += seat.num_answers();
  return seats_.empty() || taken <= max_answers_;
}

void AnswerBatch::Admit(Job job) {
  if (!job.load_path.empty()) return LoadPrefix(job);
  // Votes of a prompt's queries are counted while it is read, for the method that asks for them.
  const Method method = MethodToReadUnder({&job.method, 1});
  const bool votes = method.policy == Policy::kH2o;
  std::string key = job.cache_salt + (votes ? "\n" + method.name : "");
  PrefixCache::Match match;
  if (!job.prompt_logprobs) match = cache_.Find(key, job.prompt);
  Status status = engine_.CheckMethod(job.method);
  if (status.ok() && !match.session) {
    auto session = engine_.NewSession(method);
    status = session.status();
    if (session.ok()) match.session = *std::move(session);
  }
  if (!status.ok()) {
    return job.stream->Push({.kind = AnswerEvent::Kind::kFailed, .status = status});
  }
  const auto cached = static_cast<int64_t>(match.session->tokens().size());
  metrics_.cached_tokens.Increment(static_cast<double>(cached));
  job.stream->Push(
      {.kind = AnswerEvent::Kind::kStarted, .choice = job.first_choice, .cached_tokens = cached});
  if (job.prompt_logprobs) {  // nothing comes before the first token
    const Tokenizer& tokenizer = engine_.model().tokenizer();
    job.stream->Push({.kind = AnswerEvent::Kind::kPrompt,
                      .choice = job.first_choice,
                      .scores = {{.token = job.prompt.front(),
                                  .in_text = job.prompt.front() != tokenizer.bos()}}});
  }
  seats_.push_back({.job = std::move(job),
                    .cache_key = std::move(key),
                    .session = std::move(match.session),
                    .branch = match.shared_tokens});
  Seat& seat = seats_.back();
  if (seat.left() == 0) {
    StartAnswers(&seat);
    if (seat.answers.empty()) seats_.pop_back();
  }
  UpdateMetrics();
}

void AnswerBatch::LoadPrefix(const Job& job) {
  const auto session = engine_.LoadSession(job.load_path);
  AnswerEvent event{.kind = AnswerEvent::Kind::kFailed, .status = session.status()};
  if (session.ok()) {
    cache_.Insert(job.cache_salt, **session);
    event.kind = AnswerEvent::Kind::kFinished;
    event.num_tokens = static_cast<int64_t>((*session)->tokens().size());
  }
  job.stream->Push(std::move(event));
  UpdateMetrics();
}

void AnswerBatch::DropGone() {
  const Clock::time_point now = Clock::now();
  for (auto seat = seats_.begin(); seat != seats_.end();) {
    const auto next = std::next(seat);
    if (seat->job.stream->cancelled()) {
      seats_.erase(seat);
    } else if (now > seat->job.deadline) {
      Fail(seat, Status(StatusCode::kCancelled, "the answer took longer than a request may"));
    }
    seat = next;
  }
  UpdateMetrics();
}

void AnswerBatch::FailAll(const Status& status) {
  while (!seats_.empty()) Fail(seats_.begin(), status);
  UpdateMetrics();
}

void AnswerBatch::Fail(Seats::iterator seat, const Status& status) {
  seat->job.stream->Push({.kind = AnswerEvent::Kind::kFailed, .status = status});
  seats_.erase(seat);
}

void AnswerBatch::Step(const std::atomic<bool>* cancel) {
  const Pass pass = PlanPass();
  Status status = engine_.Run(pass.items, cancel);
  if (!status.ok() && status.code() != StatusCode::kCancelled && cache_.size() > 0) {
    cache_.Clear();
    status = engine_.Run(pass.items, cancel);
  }
  if (status.code() == StatusCode::kCancelled) return;
  if (status.code() == StatusCode::kCorruption) return ReadAnew(status);
  metrics_.passes.Increment();
  if (status.ok()) {
    FinishPass(pass);
  } else {
    // A seat has several items where it has several answers.
    for (size_t i = 0; i < pass.seats.size(); ++i) {
      if (i == 0 || pass.seats[i] != pass.seats[i - 1]) Fail(pass.seats[i], status);
    }
  }
  UpdateMetrics();
}

void AnswerBatch::ReadAnew(const Status& status) {
  cache_.Clear();
  cache_.ClearStore();
  for (auto seat = seats_.begin(); seat != seats_.end();) {
    const auto next = std::next(seat);
    const Method method = MethodToReadUnder({&seat->job.method, 1});
    auto session = engine_.NewSession(method);
    if (!seat->session || !session.ok()) {
      Fail(seat, status);
    } else {
      seat->session = *std::move(session);
    }
    seat = next;
  }
  UpdateMetrics();
}

AnswerBatch::Pass AnswerBatch::PlanPass() {
  Pass pass;
  PlanAnswers(&pass);
  int64_t room = engine_.batch_tokens() - static_cast<int64_t>(pass.items.size());
  if (!pass.items.empty()) room = std::min(room, kReadBesideAnswers);
  PlanPrompts(static_cast<size_t>(room), &pass);
  return pass;
}

void AnswerBatch::PlanAnswers(Pass* pass) {
  for (auto seat = seats_.begin(); seat != seats_.end(); ++seat) {
    for (Answer& answer : seat->answers) {
      pass->items.push_back({.session = answer.session.get(),
                             .tokens = {&answer.token, 1},
                             .attention = Attention::kSelected,
                             .choices = TellsChoices(seat->job)});
      pass->seats.push_back(seat);
      pass->answers.push_back(&answer);
    }
  }
}

// Equal shares; what one does not need goes to those after it.
void AnswerBatch::PlanPrompts(size_t room, Pass* pass) {
  std::vector<Seats::iterator> readers;
  for (auto seat = seats_.begin(); seat != seats_.end(); ++seat) {
    if (seat->session) readers.push_back(seat);
  }
  auto left = static_cast<int64_t>(room);
  for (size_t i = 0; i < readers.size() && left > 0; ++i) {
    const auto waiting = static_cast<int64_t>(readers.size() - i);
    const BatchItem item = NextChunk(*readers[i], (left + waiting - 1) / waiting);
    left -= static_cast<int64_t>(item.tokens.size());
    pass->items.push_back(item);
    pass->seats.push_back(readers[i]);
    pass->answers.push_back(nullptr);
    // Where there are more readers than tokens, others are first the next time.
    seats_.splice(seats_.end(), seats_, readers[i]);
  }
}

BatchItem AnswerBatch::NextChunk(const Seat& seat, int64_t room) const {
  const bool scored = seat.job.prompt_logprobs;
  const int64_t read = seat.read();
  const int64_t step = PrefixStep(read);
  int64_t count = std::min({seat.left(), room, step - read % step});
  if (read < seat.branch) count = std::min(count, seat.branch - read);
  if (scored) count = std::min(count, kScoredTokens);
  const bool last = count == seat.left();
  return {
      .session = seat.session.get(),
      .tokens =
          std::span(seat.job.prompt).subspan(static_cast<size_t>(read), static_cast<size_t>(count)),
      .attention = Attention::kDense,
      .logits = scored ? Logits::kAll
                : last ? Logits::kLast
                       : Logits::kNone};
}

void AnswerBatch::FinishPass(const Pass& pass) {
  for (size_t i = 0; i < pass.items.size(); ++i) {
    Seat& seat = *pass.seats[i];
    if (pass.answers[i] == nullptr) {
      FinishChunk(&seat, pass.items[i]);
    } else if (!Advance(&seat, pass.answers[i])) {
      seat.answers.remove_if([&](const Answer& answer) { return &answer == pass.answers[i]; });
    }
  }
  seats_.remove_if([](const Seat& seat) { return !seat.session && seat.answers.empty(); });
}

void AnswerBatch::FinishChunk(Seat* seat, const BatchItem& item) {
  metrics_.prompt_tokens.Increment(static_cast<double>(item.tokens.size()));
  const int64_t read = seat->read();
  if (seat->job.tracing != Tracing::kNone) {
    seat->job.stream->Push({.kind = AnswerEvent::Kind::kRead,
                            .choice = seat->job.first_choice,
                            .trace = {.read = read}});
  }
  if (item.logits == Logits::kAll) {
    AnswerEvent event{.kind = AnswerEvent::Kind::kPrompt, .choice = seat->job.first_choice};
    const size_t vocab_size = seat->session->logits().size() / item.tokens.size();
    const size_t first = static_cast<size_t>(read) - item.tokens.size();
    for (size_t i = 0; i < item.tokens.size() && first + i + 1 < seat->job.prompt.size(); ++i) {
      event.scores.push_back(Score(seat->session->logits().subspan(i * vocab_size, vocab_size),
                                   seat->job.prompt[first + i + 1], *seat->job.top_logprobs));
    }
    seat->job.stream->Push(std::move(event));
  } else if (seat->left() == 0 || read % PrefixStep(read) == 0 || read == seat->branch) {
    cache_.Insert(seat->cache_key, *seat->session);
  }
  if (seat->left() == 0) StartAnswers(seat);
}

void AnswerBatch::StartAnswers(Seat* seat) {
  std::unique_ptr<Session> session = std::move(seat->session);
  if (!seat->job.save_path.empty()) {
    const Status saved = session->Save(seat->job.save_path);
    return seat->job.stream->Push(
        {.kind = saved.ok() ? AnswerEvent::Kind::kFinished : AnswerEvent::Kind::kFailed,
         .choice = seat->job.first_choice,
         .num_tokens = static_cast<int64_t>(session->tokens().size()),
         .status = saved});
  }
  Status status = session->SetMethod(seat->job.method);
  for (int i = 0; i < seat->job.num_choices && status.ok(); ++i) {
    const bool last = i + 1 == seat->job.num_choices;
    status = StartAnswer(seat, last ? std::move(session) : session->Fork(), i);
  }
  if (status.ok()) return;
  seat->answers.clear();
  seat->job.stream->Push({.kind = AnswerEvent::Kind::kFailed, .status = status});
}

Status AnswerBatch::StartAnswer(Seat* seat, std::unique_ptr<Session> session, int idx) {
  seat->answers.push_back({.choice = seat->job.first_choice + idx, .session = std::move(session)});
  Answer& answer = seat->answers.back();
  answer.piece.choice = answer.choice;
  const bool traced = seat->job.tracing == Tracing::kChoices;
  // Now, when the first pass learns the same: later it would learn anew, and then cut otherwise.
  if (traced) answer.piece.trace.importance = answer.session->Importance();
  GenerateOptions options = seat->job.options;
  options.sampler.seed += static_cast<uint64_t>(idx);
  options.constraint = ConstraintOf(seat->job);
  options.on_text = [&answer](std::string_view text) { answer.piece.text += text; };
  options.on_token = [this, seat, &answer, traced](int32_t token, std::span<const float> logits) {
    const std::optional<int> top = seat->job.top_logprobs;
    if (top) {
      answer.piece.scores.push_back(Score(logits, token, *top));
      answer.piece.scores.back().in_text = !engine_.model().tokenizer().IsControl(token);
    }
    if (traced) TraceToken(token, &answer);
    CountToken(seat->job, &answer);
  };
  auto writer = AnswerWriter::Create(answer.session.get(), engine_.model().tokenizer(), options);
  if (!writer.ok()) return writer.status();
  answer.writer = *std::move(writer);
  if (!Advance(seat, &answer)) seat->answers.pop_back();
  return {};
}

std::shared_ptr<TokenConstraint> AnswerBatch::ConstraintOf(const Job& job) {
  if (!job.grammar) return nullptr;
  if (!trie_) trie_ = std::make_shared<const TokenTrie>(engine_.model().tokenizer());
  return std::make_shared<GrammarConstraint>(job.grammar, trie_);
}

void AnswerBatch::TraceToken(int32_t token, Answer* answer) {
  AnswerTrace& trace = answer->piece.trace;
  const BlockChoices* choices = answer->session->choices();
  trace.tokens.push_back({.token = token, .choices = {}});
  if (choices != nullptr) trace.tokens.back().choices = *choices;
  const auto blocks = answer->session->finished_blocks().subspan(answer->told_blocks);
  if (trace.blocks.empty()) trace.first_block = static_cast<int64_t>(answer->told_blocks);
  trace.blocks.insert(trace.blocks.end(), blocks.begin(), blocks.end());
  answer->told_blocks += blocks.size();
}

bool AnswerBatch::Advance(Seat* seat, Answer* answer) {
  const std::optional<int32_t> token = answer->writer->Next();
  AnswerEvent finished{.kind = AnswerEvent::Kind::kFinished, .choice = answer->choice};
  if (token) {
    answer->token = *token;
  } else {
    finished.stop_reason = answer->writer->Finish().stop_reason;
    finished.num_tokens = answer->num_tokens;
    if (seat->job.tracing != Tracing::kNone) finished.trace.stats = answer->session->stats();
  }
  const bool last_traces = !token && !answer->piece.trace.tokens.empty();
  if (!answer->piece.text.empty() || !answer->piece.scores.empty() || last_traces) {
    seat->job.stream->Push(std::exchange(answer->piece, {.choice = answer->choice}));
  }
  if (!token) seat->job.stream->Push(std::move(finished));
  return token.has_value();
}

void AnswerBatch::CountToken(const Job& job, Answer* answer) {
  metrics_.answer_tokens.Increment();
  if (answer->num_tokens++ == 0) {
    metrics_.first_token_seconds.Observe(SecondsSince(job.arrived));
  } else {
    metrics_.next_token_seconds.Observe(SecondsSince(answer->last_token));
  }
  answer->last_token = Clock::now();
}

void AnswerBatch::UpdateMetrics() {
  const EngineStats stats = engine_.stats();
  const auto count = [](int64_t now, int64_t before, prometheus::Counter* counter) {
    counter->Increment(static_cast<double>(now - before));
  };
  count(stats.chosen_blocks, counted_.chosen_blocks, &metrics_.chosen_blocks);
  count(stats.pages_read, counted_.pages_read, &metrics_.pages_read);
  count(stats.pages_spilled, counted_.pages_spilled, &metrics_.pages_spilled);
  counted_ = stats;
  metrics_.kv_bytes.Set(static_cast<double>(stats.kv_bytes));
  metrics_.kv_bytes_resident.Set(static_cast<double>(stats.kv_bytes_resident));
  metrics_.kv_bytes_spilled.Set(static_cast<double>(stats.kv_bytes_spilled));
  metrics_.running.Set(static_cast<double>(seats_.size()));
  metrics_.cache_bytes.Set(static_cast<double>(cache_.bytes()));
  metrics_.cache_entries.Set(static_cast<double>(cache_.size()));
  if (const PrefixStore* store = cache_.store()) {
    metrics_.cache_disk_bytes.Set(static_cast<double>(store->bytes()));
    metrics_.cache_disk_failures.Set(static_cast<double>(store->num_failures()));
  }
}

}  // namespace dynsplit::server
