// What is behind the public Engine and Session.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cache/attention_batch.h"
#include "cache/semantic_cache.h"
#include "dynsplit/engine.h"
#include "dynsplit/session.h"
#include "engine/attention_ops.h"
#include "engine/forward_pass.h"
#include "store/page_pool.h"

namespace dynsplit {

struct Engine::Impl {
  Impl(std::shared_ptr<const Model> m, const EngineOptions& o, const CacheShape& s, TierMemory hot,
       TierMemory cold);

  // InvalidArgument for an id that the vocabulary does not have.
  Status CheckTokens(std::span<const int32_t> ids) const;
  // The method with the dense heads that it means; InvalidArgument where it is invalid, or names
  // heads that the model does not have.
  Result<Method> Resolve(const Method& method) const;
  // For a method that was resolved.
  SemanticCache NewCache(const Method& method);
  Status Run(const Engine* engine, std::span<const BatchItem> items,
             const std::atomic<bool>* cancel);
  // Makes room for the item's tokens and adds them to the pass.
  Status Begin(const BatchItem& item, std::optional<BlockChoices>* item_choices);
  // Makes pages cold: what can still fail before the tokens count.
  Status PrepareCommit(std::span<const BatchItem> items);
  // Hands each session what its item asked for and makes its tokens count.
  void Finish(std::span<const BatchItem> items, std::span<const float> logits);

  std::shared_ptr<const Model> model;
  EngineOptions options;  // with threads and context_tokens resolved
  CacheShape shape;
  std::shared_ptr<const DelimiterTable> delimiters;
  PagePool pool;
  AttentionBatch attention;
  AttentionOps ops;
  ForwardPass forward;

  // Of the pass under way; kept so that a decoded token allocates nothing here.
  std::vector<Span> spans;
  std::vector<int32_t> tokens;
  std::vector<int32_t> positions;
  std::vector<int32_t> output_rows;
  std::vector<std::optional<BlockChoices>> choices;  // [items]

  int64_t chosen_blocks = 0;  // so far
};

struct Session::Impl {
  Engine* engine;
  SemanticCache cache;
  std::vector<float> logits = {};
  std::optional<BlockChoices> choices = {};
  int64_t joint_rows = 0;
  int64_t selected_rows = 0;
  int64_t attended_tokens = 0;  // of those rows, over layers and KV heads
};

}  // namespace dynsplit
