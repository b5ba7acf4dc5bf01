// The KV cache of one sequence, split at semantic boundaries: tokens and pages, what DD-Select
// learned of the text, its blocks, and their index. The only place that joins split, index, select
// and store. Copying one forks the sequence (pages and index chunks are shared until written).
//
// Call order: (Begin (AttentionBatch's steps for every layer) (PrepareCommit Commit?)?)*. A pass
// that is not committed leaves the cache as it was. Belongs to the engine's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/archive.h"
#include "cache/kept_blocks.h"
#include "cache/look_lists.h"
#include "cache/token_votes.h"
#include "dynsplit/method.h"
#include "dynsplit/status.h"
#include "index/block_index.h"
#include "index/run_index.h"
#include "split/boundary_score.h"
#include "split/delimiter_stream.h"
#include "split/importance.h"
#include "split/key_scatter.h"
#include "store/cache_shape.h"
#include "store/page_table.h"

namespace dynsplit {

// DD-Select observes each token's attention to the sink, taken as kObservedSink tokens under every
// method, and to its own and the keys before it: one row of mass_row() floats
// (kernels/local_mass.h).
inline constexpr int kObservedSink = 4;
struct Observation {
  int window = kBoundaryWindow;      // 1..kMaxBoundaryWindow
  int retained = kBoundaryRetained;  // >= 1

  int mass_row() const { return 1 + window + retained; }
};

// What a pass that read densely or jointly saw of its tokens; all empty after one that selected.
// No mass where there is no layer to sample.
// The mass of joint rows is that of the keys which they attended to.
struct Observed {
  std::span<const float> mass = {};  // [tokens, mass_row], summed over `heads` heads
  int heads = 0;
  bool joint = false;
  std::shared_ptr<const QueryWindow> window = {};  // null after joint rows
  std::shared_ptr<const TokenVotes> votes = {};    // null but for Policy::kH2o
};

// The layers at which DD-Select looks, at their attention and their keys, ascending: three of the
// global ones, a third, half and two thirds of the way up these. A small model has fewer.
std::vector<int> SampledLayers(const CacheShape& shape);
std::vector<LayerHead> SampledHeads(const CacheShape& shape);  // their KV heads

// How rows under Attention::kJoint choose, and the KV heads that attend to everything then.
struct JointOptions : JointSelection {
  std::vector<LayerHead> dense_heads = {};

  bool AttendsToAll(LayerHead head) const {
    return std::find(dense_heads.begin(), dense_heads.end(), head) != dense_heads.end();
  }
};

struct CacheOptions {
  int threads = 1;  // work when blocks are cut and summarised
  Observation observation = {};
  JointOptions joint = {};
};

class SemanticCache {
 public:
  // `pool` must outlive the cache.
  SemanticCache(const CacheShape& shape, const Method& method, PagePool* pool,
                std::shared_ptr<const DelimiterTable> delimiters, const CacheOptions& options);

  // Writes all that another cache needs to go on as this one would, keys and values included.
  // The file's errors, and those of reading pages that are not in memory.
  // Cost: one pass over the pages.
  Status Save(ArchiveWriter* archive) const;
  // The same into an empty cache of the same shape and observation. Under another method than that
  // of the saved one, blocks and index are made anew when next needed. Corruption where the file
  // contradicts itself, InvalidArgument where it is of another shape, or its votes were counted
  // under another method (CanUse); ResourceExhausted, also for more than `most_tokens`. The cache
  // is not to be used after an error. `later`, which is the archive's file, where pages move: it is
  // kept, and each page is read from it when it is first needed. Whoever needs one that was changed
  // since gets the Corruption then.
  Status Load(int64_t most_tokens, ArchiveReader* archive,
              std::shared_ptr<const RandomAccessFile> later = nullptr);

  // Drops blocks and index; they are made anew under `method` when next needed. CanUse(method).
  void SetMethod(const Method& method);
  // False for H2O where not every row that was read could vote, and for it and SnapKV where rows
  // were read jointly: their votes would be shares of a part of the keys.
  bool CanUse(const Method& method) const;
  static std::string WhyNot(const Method& method);  // of one that it cannot use
  const Method& method() const { return method_; }

  // InvalidArgument for a joint pass under a policy that counts votes.
  Status CheckAttention(Attention attention) const;
  // Makes room for `tokens`; for a selected pass cuts and indexes what has left `recent`, for a
  // joint one indexes the runs of all before.
  // ResourceExhausted where no pages are left, CheckAttention's errors, and those of reading keys
  // that are not in memory.
  // Cost: O(1) per token, but for the first selected pass after a prompt: one pass over its keys.
  Status Begin(std::span<const int32_t> tokens, Attention attention);

  // Before Commit, with all pages written: encodes those of them that are cold then
  // (PageTable::EncodeCold, and its errors, after which the pass is not to be committed). No cost
  // but where a page is to be encoded.
  Status PrepareCommit(std::span<const int32_t> tokens) {
    return pages_.EncodeCold(size() + static_cast<int64_t>(tokens.size()));
  }

  // The tokens of Begin now count, and with them what AttentionBatch observed.
  void Commit(std::span<const int32_t> tokens, const Observed& observed);

  // Forgets all but so many of the first `shared` tokens that reading on, with the rest of these
  // and whatever follows, gives what reading anew would: the last kVoteWindow of them at least have
  // to be read again. Blocks and index are dropped. False, and nothing is forgotten, where that
  // cannot be: `shared` is too short, some of it was not read densely, votes were counted, it has
  // cold pages of another type, or layers with a window, which gives pages back.
  bool Truncate(int64_t shared);

  int64_t size() const { return static_cast<int64_t>(tokens_.size()); }
  std::span<const int32_t> tokens() const { return tokens_; }
  const CacheShape& shape() const { return shape_; }
  const Observation& observation() const { return options_.observation; }
  const PageTable& pages() const { return pages_; }

  // Blocks [0, num) partition tokens [0, blocks[num - 1].end()); the first one is the sink.
  std::span<const Block> blocks() const { return blocks_; }
  const BlockIndex& index() const { return *index_; }
  // What joint rows choose by; holds what was read before the last joint pass.
  const RunIndex& runs() const { return runs_; }
  const JointOptions& joint() const { return options_.joint; }
  // How many of blocks() lie wholly before `token`.
  int64_t BlocksBefore(int64_t token) const;

  // The last queries of what was read; null before that.
  const QueryWindow* window() const { return window_.get(); }
  // The votes of all rows read so far; null where they were not counted.
  const TokenVotes* votes() const { return votes_.get(); }
  // What an eviction policy attends to, within a selected pass; null under another policy.
  const KeptBlocks* kept() const { return kept_.get(); }
  // Of a pass of one row that selects single tokens: the blocks that its heads look at, where those
  // of a row before serve (LookLists::Serves), and where they are to be kept for the next ones.
  // Null where each row chooses for itself.
  LookLists* looks() const { return looks_.get(); }

  // blocks(), and what is not yet cut as if the text ended here; blocks() is not changed.
  // The errors of reading keys, where cuts depend on these.
  Result<std::vector<Block>> CutAll();
  // What DD-Select has learned of all tokens so far.
  const ClassImportance& Importance();

 private:
  // What the weights of cuts are measured by, and of how many tokens it was learned.
  struct Learned {
    ClassImportance importance;
    std::optional<NoveltyScale> novelty;  // once it is needed
    int64_t tokens = 0;
  };

  void SaveText(ArchiveWriter* archive) const;
  Status LoadText(ArchiveReader* archive, bool* same_method);
  Status SaveBlocks(ArchiveWriter* archive) const;
  Status LoadBlocks(ArchiveReader* archive);
  void SaveVotes(ArchiveWriter* archive) const;
  Status LoadVotes(bool same_method, ArchiveReader* archive);
  template <typename Fn>
  Status ForSavedPages(const Fn& fn) const;
  void AddRows(PageSource* source) const;
  Status SavePages(ArchiveWriter* archive) const;
  Status LoadPages(ArchiveReader* archive, std::shared_ptr<const RandomAccessFile> later);
  Status ReadPages(const PageSource& source);

  Status CutBlocks(int64_t end);
  Status KeepBlocks();
  void PrepareLooks();
  // Blocks of [begin, end); with `open`, of the part of it that later text cannot change.
  Result<std::vector<Block>> Cut(int64_t begin, int64_t end, bool open);
  Result<std::vector<float>> Weights(TokenRange tokens, std::span<const DelimiterClass> classes);
  Result<std::vector<float>> ScatterOf(TokenRange tokens);
  // [sampled layers * KV heads, cuts]: of the cuts after `tokens`.
  Result<std::vector<float>> Novelty(TokenRange tokens) const;
  // Tokens behind a cut that its weight depends on.
  int64_t Lookahead() const;
  std::span<const DelimiterClass> Classes();
  // Learns anew once there are `tokens` more than at the last time.
  const Learned& LearnedAfter(int64_t tokens);
  Status Summarise(std::span<const Block> added);
  Status IndexRuns();
  void ForgetRuns();

  CacheShape shape_;
  Method method_;
  CacheOptions options_;
  PageTable pages_;
  std::vector<int32_t> tokens_;
  DelimiterStream delimiters_;  // of the first tokens_, as far as was needed so far
  BoundaryScorer scorer_;
  std::optional<Learned> learned_;
  std::vector<Block> blocks_;
  int64_t next_cut_ = 0;  // the search is not tried again before so many tokens may be cut
  std::optional<BlockIndex> index_;
  RunIndex runs_;
  std::shared_ptr<const QueryWindow> window_;
  std::shared_ptr<const TokenVotes> votes_;
  bool all_voted_ = true;  // no row was read under another policy than kH2o
  bool read_jointly_ = false;
  std::shared_ptr<const KeptBlocks> kept_;
  std::shared_ptr<LookLists> looks_;  // of the last rows, each alone; forks share them
};

}  // namespace dynsplit
