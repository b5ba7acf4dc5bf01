// The engine runs batches of sequences through a model. One thread at a time may use an engine and
// its sessions; within a call, `threads` threads work.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dynsplit/kv_type.h"
#include "dynsplit/method.h"
#include "dynsplit/model.h"
#include "dynsplit/session.h"
#include "dynsplit/status.h"

namespace dynsplit {

struct EngineOptions {
  int threads = 0;         // 0: as many as the process may use
  int batch_tokens = 512;  // most tokens of one pass through the model, 1..4096
  // Most tokens of a sequence; 0: what the model was trained for. More is allowed, at one's own
  // risk of quality.
  int64_t context_tokens = 0;
  // KV heads that attend to everything under a method that leaves them to the model: its profile,
  // as `dynsplit calibrate` writes it, may be empty. Not known: the method's first dense_layers do.
  std::optional<std::vector<LayerHead>> dense_heads = {};
  // What keys and values are held in: the last tokens of a sequence (`hot`: kF16 or kQ8), and those
  // before them, which are encoded once, as soon as they are so far back. No memory bound and no
  // fork changes what an answer is.
  KvTypes kv_types = {};
  // Most bytes of keys and values in memory, of all sequences together; 0: no bound. What is beyond
  // waits in a file without a name in `kv_dir`, a directory on a disk, from which it is read again
  // where it is needed: answers are the same. Indexes are in memory besides.
  int64_t kv_memory_bytes = 0;
  std::string kv_dir = {};
  // Of texts that are read with Attention::kJoint. Their dense heads are those above.
  JointSelection joint = {};
  // What DD-Select observes while a text is read, but not with Attention::kSelected (method.md
  // section 2). It cannot be changed for a text that was read.
  int boundary_window = 16;    // W: the queries behind a cut that judge it, 1..255
  int boundary_retained = 64;  // R: the keys before it that count as near, 1..1024
};

// What one sequence contributes to a batch.
struct BatchItem {
  Session* session = nullptr;
  std::span<const int32_t> tokens = {};
  Attention attention = Attention::kDense;
  Logits logits = Logits::kLast;
  bool choices = false;  // Session::choices() shall tell what the last of them attends to
};

// Of all its sequences.
struct EngineStats {
  int64_t kv_bytes = 0;           // of keys and values; a page that sequences share counts once
  int64_t kv_bytes_resident = 0;  // memory held for them
  int64_t kv_bytes_spilled = 0;   // of the file in kv_dir that is in use
  // Since the engine was made.
  int64_t pages_read = 0;     // from kv_dir, and from session files
  int64_t pages_spilled = 0;  // written to kv_dir
  int64_t chosen_blocks = 0;  // by selecting rows, over layers and KV heads
};

class Engine {
 public:
  // InvalidArgument where an option is out of range, or kv_memory_bytes too few to work with; the
  // errors of making a file in kv_dir. The engine keeps the model alive.
  static Result<std::unique_ptr<Engine>> Create(std::shared_ptr<const Model> model,
                                                const EngineOptions& options = {});
  ~Engine();

  const Model& model() const;
  int threads() const;
  int batch_tokens() const;
  // Most tokens of one sequence in a pass, as Session::Feed makes them: batch_tokens, or 32 where
  // they select. Blocks are cut between passes only, and what is not cut is attended to: a longer
  // pass would attend to more than the method says.
  int pass_tokens(Attention attention) const;
  int64_t context_tokens() const;
  // "ggml 0.20.2 AVX512_VNNI ..., kernels AVX3": what the figures were measured with.
  std::string BuildInfo() const;

  // Whether sessions can use the method: InvalidArgument where it is invalid, or names a KV head
  // that the model does not have.
  Status CheckMethod(const Method& method) const;

  // An empty sequence that uses `method`, its dense heads those of the options where it names none.
  // It must not outlive the engine. CheckMethod's errors.
  Result<std::unique_ptr<Session>> NewSession(const Method& method = {});

  // A session that Session::Save wrote, which goes on as the saved one would: its logits() are
  // those of its last token, if there were any. Under another method than the saved one's, blocks
  // are cut anew when next needed. NotFound and IoError as for any file; Corruption where it is no
  // session file or was changed; Unsupported for one of another version; InvalidArgument where it
  // is of another model, quantisation or window of boundaries, or `method` cannot be used
  // (CheckMethod, Session::SetMethod); ResourceExhausted where it is longer than the context, or
  // memory is not enough. Cost: one pass over keys and values; with kv_memory_bytes one over the
  // index alone: keys and values are then read from the file when a pass first needs them, and only
  // then checked, a changed one being the Corruption of that pass. The file stays open; it may be
  // replaced or removed meanwhile, but not written to.
  Result<std::unique_ptr<Session>> LoadSession(const std::string& path, const Method& method = {});

  // Runs all items in one pass; each session occurs at most once, and the tokens of all together
  // are at most batch_tokens. Every session's logits() then hold what its item asked for. On an
  // error or a cancel no session has changed: IoError or ResourceExhausted may come from a page
  // file that cannot be read or has no room to grow, and a later try may succeed; Corruption, from
  // a session's file (LoadSession). `cancel`, if set during the call, ends it early with Cancelled.
  Status Run(std::span<const BatchItem> items, const std::atomic<bool>* cancel = nullptr);

  EngineStats stats() const;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dynsplit
