// A session is one sequence: its tokens, its KV cache, and the method by which it attends. Forks
// share pages until one of them writes (copy on write). Belongs to its engine's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dynsplit/choices.h"
#include "dynsplit/method.h"
#include "dynsplit/status.h"

namespace dynsplit {

enum class Logits {
  kNone,
  kLast,  // one row, for the last token
  kAll,   // a row for each token
};

struct FeedOptions {
  Attention attention = Attention::kDense;  // kJoint: dense in passes whose rows see everything
  Logits logits = Logits::kLast;            // kAll keeps tokens * vocab_size floats
  // Called after each pass with tokens done and tokens in all.
  std::function<void(int64_t, int64_t)> progress = {};
  const std::atomic<bool>* cancel = nullptr;
};

struct SessionStats {
  int64_t tokens = 0;
  int64_t kv_bytes_total = 0;     // pages that this sequence refers to
  int64_t kv_bytes_resident = 0;  // of these, in memory now
  int64_t index_bytes = 0;        // summaries, those of groups and of joint rows included
  int64_t window_bytes = 0;       // queries of the last rows read, which snapkv votes by
  int64_t num_blocks = 0;
  int64_t joint_rows = 0;           // tokens processed with Attention::kJoint so far, none where
                                    // all of a text was attended to
  int64_t selected_rows = 0;        // tokens processed with Attention::kSelected so far
  double attended_tokens_mean = 0;  // of those rows, over layers and KV heads
};

// What DD-Select learned of this text (method.md section 2).
struct DelimiterImportance {
  DelimiterClass delimiter = DelimiterClass::kNone;
  int64_t count = 0;
  double weight = 0;
  double standard_error = 0;
};

class Session {
 public:
  ~Session();

  // Appends tokens in passes of the engine's batch_tokens. ResourceExhausted if the context would
  // be passed (both lengths in the message; nothing is appended), Cancelled with the passes that
  // were finished kept. InvalidArgument for a token id out of range; nothing is appended. No
  // tokens: nothing happens, and logits() stay.
  Status Feed(std::span<const int32_t> tokens, const FeedOptions& options = {});

  // Rows [num_rows, vocab_size] asked for by the last pass; valid until the next one.
  std::span<const float> logits() const;

  // What the last token of the last pass attended to, where its item asked for that
  // (BatchItem::choices); else null. Valid until the next pass.
  const BlockChoices* choices() const;

  // A second sequence with the same content. Pages and summaries are shared; what is copied is
  // small: about 30 bytes per token, and the logits.
  std::unique_ptr<Session> Fork() const;

  // A second sequence that goes on from the first `shared` tokens of this one. It has fewer of
  // them, those after which no less than the last 32 are read again: once it is fed them, and
  // whatever follows, it is as if it had read all. Null where that cannot be: `shared` is too
  // short, some of this sequence was not read densely, votes are counted (Policy::kH2o), keys and
  // values are encoded when they are far back (EngineOptions::kv_types), or the model has layers
  // with a window. Cost as of Fork.
  std::unique_ptr<Session> ForkPrefix(int64_t shared) const;

  // Continues under another method: blocks and index are made anew when next needed, from the same
  // pages. InvalidArgument where the method is invalid, and for Policy::kH2o where text was read
  // under another policy, for it and kSnapKv where any was read jointly: the votes of those queries
  // were not counted.
  Status SetMethod(const Method& method);
  const Method& method() const;

  std::span<const int32_t> tokens() const;
  int64_t context_tokens() const;

  // Blocks of everything read so far, cut under the session's method. IoError where cuts depend on
  // keys and these cannot be read from the page file.
  Result<std::vector<Block>> Blocks();
  // Those of them that are final, which passes with Attention::kSelected cut before they choose;
  // they become more and stay what they are until SetMethod. None under a method that needs none.
  // Valid until the next pass.
  std::span<const Block> finished_blocks() const;
  std::vector<DelimiterImportance> Importance();

  // Writes the session to a file (docs/formats.md), whole or not at all: what was there before
  // stays until then. Engine::LoadSession reads it. Errors as CheckSave, and of pages that are to
  // be read from the page file. Cost: one pass over keys and values.
  Status Save(const std::string& path) const;
  // Before long work: whether a session could be saved there. InvalidArgument where something is
  // there that is neither a session file nor empty, which might be missed; else errors of the file.
  static Status CheckSave(const std::string& path);

  SessionStats stats() const;
  void ResetStats();  // joint_rows, selected_rows and attended_tokens_mean start again

  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dynsplit
