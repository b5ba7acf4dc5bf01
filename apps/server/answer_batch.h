// The answers being written, and the prompts being read for them, side by side in passes of the
// engine. Every answer takes one token of each pass; prompts share what room is left, in chunks, so
// that a long one holds up neither answers nor short prompts. Belongs to the engine's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/server/job.h"
#include "apps/server/metrics.h"
#include "apps/server/prefix_cache.h"
#include "dynsplit/engine.h"
#include "dynsplit/generate.h"
#include "engine/token_trie.h"

namespace dynsplit::server {

class AnswerBatch {
 public:
  // At most `max_answers` at a time, at most the engine's batch_tokens. All must outlive the batch.
  AnswerBatch(Engine* engine, int max_answers, PrefixCache* cache, Metrics* metrics);

  bool empty() const { return seats_.empty(); }
  bool HasRoom(const Job& job) const;
  // Begins with the longest prefix that is cached. A job that cannot be done is told so.
  void Admit(Job job);
  // Ends what nobody waits for any more, and what is past its deadline.
  void DropGone();
  // One pass; ends early, with nothing changed, once *cancel is set. Where the engine reports an
  // error, the cache is given up and the pass tried again; where it stays, prompts that went on
  // from a broken file are read anew, and the other jobs that took part in the pass are told, and
  // end.
  void Step(const std::atomic<bool>* cancel);
  // Tells all jobs and ends them.
  void FailAll(const Status& status);

 private:
  struct Answer {
    int choice = 0;
    std::unique_ptr<Session> session;
    std::optional<AnswerWriter> writer = {};
    int32_t token = 0;       // to be fed next
    AnswerEvent piece = {};  // what was written and not yet told
    int64_t num_tokens = 0;
    size_t told_blocks = 0;  // where they are told
    std::chrono::steady_clock::time_point last_token = {};
  };
  struct Seat {
    Job job;
    std::string cache_key;
    std::unique_ptr<Session> session;  // reads the prompt; then null
    int64_t branch = 0;                // where the prompt parts from others
    std::list<Answer> answers = {};    // addresses stay: writers refer to them

    int64_t read() const { return static_cast<int64_t>(session->tokens().size()); }
    int64_t left() const { return static_cast<int64_t>(job.prompt.size()) - read(); }
    int num_answers() const { return session ? job.num_choices : static_cast<int>(answers.size()); }
  };
  using Seats = std::list<Seat>;
  struct Pass {
    std::vector<BatchItem> items;
    std::vector<Seats::iterator> seats;
    std::vector<Answer*> answers;  // null: the item is a chunk of the seat's prompt
  };

  // The file of a prefix turned out to be broken when a page of it was needed: forgets all files.
  void ReadAnew(const Status& status);
  Pass PlanPass();
  void PlanAnswers(Pass* pass);
  void PlanPrompts(size_t room, Pass* pass);
  BatchItem NextChunk(const Seat& seat, int64_t room) const;
  void FinishPass(const Pass& pass);
  void FinishChunk(Seat* seat, const BatchItem& item);
  void LoadPrefix(const Job& job);
  // The prompt has been read: its session is forked, and each answer begins.
  void StartAnswers(Seat* seat);
  Status StartAnswer(Seat* seat, std::unique_ptr<Session> session, int idx);
  // What the answer's next token was sampled after.
  static void TraceToken(int32_t token, Answer* answer);
  // Takes the next token from the answer's logits; false once the answer has ended.
  bool Advance(Seat* seat, Answer* answer);
  std::shared_ptr<TokenConstraint> ConstraintOf(const Job& job);
  void CountToken(const Job& job, Answer* answer);
  void Fail(Seats::iterator seat, const Status& status);
  void UpdateMetrics();

  Engine& engine_;
  int max_answers_;
  PrefixCache& cache_;
  Metrics& metrics_;
  EngineStats counted_;                    // in metrics_ so far
  std::shared_ptr<const TokenTrie> trie_;  // made for the first answer that is held to a grammar
  Seats seats_;  // who read last in the last pass reads last in the next one
};

}  // namespace dynsplit::server
