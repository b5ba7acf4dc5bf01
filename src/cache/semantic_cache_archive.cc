// How a SemanticCache is saved and loaded: docs/formats.md, "Session files".
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "cache/semantic_cache.h"
#include "kernels/page_format.h"
#include "select/token_selection.h"
#include "store/pinned_pages.h"

namespace dynsplit {
namespace {

// Whose keys and values are written or read together: 32 pages.
constexpr int64_t kPinnedTokens = 16 * kPageTokens;

// A page source counts in 32 bits.
constexpr size_t kMostSavedPages = INT32_MAX;

std::string Describe(KvTypes types) {
  const std::string hot = NameOf(types.hot), cold = NameOf(types.cold);
  return hot == cold ? hot : hot + " (the last ones) and " + cold;
}

// Masses are shares of an attention, but for rounding.
constexpr float kMostMass = 16;

// Everything of a method by which blocks are cut, summarised and chosen, but for which of them are
// scored at all (survey), and its name. The names
// below stand for all fields: with another one this does not compile.
uint64_t Fingerprint(const Method& method) {
  ByteWriter bytes;
  const auto put = [&bytes](auto... values) { (bytes.Put(values), ...); };
  const auto& [name, split, summary, vectors, type, policy, pooling, score, refine, pick, survey,
               reuse, cosine, budget, sink, recent, dense_heads, dense_layers] = method;
  const auto& [splitter, delimiter, length, range, penalty, search, reading, alpha, candidate,
               scatter, shrinkage, most, seed] = split;
  const auto& [tokens, percent, least_tokens, mass] = budget;
  put(splitter, delimiter, length, range, penalty, search, reading, alpha, candidate, scatter,
      shrinkage, most, seed);
  put(summary, vectors, type, policy, pooling, score, refine, pick, reuse, cosine);
  put(tokens, percent, least_tokens, mass, sink, recent, dense_layers, dense_heads.has_value());
  if (dense_heads) bytes.PutVector(*dense_heads);
  return Checksum(bytes.bytes());
}

bool AllWithin(std::span<const float> values, float most) {
  return std::all_of(values.begin(), values.end(),
                     [most](float value) { return std::abs(value) <= most; });  // no NaN is
}

bool AllFinite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(static_cast<float>(value)); });
}

void PutBlocks(std::span<const Block> blocks, ArchiveWriter* archive) {
  archive->Put(static_cast<uint64_t>(blocks.size()));
  for (const Block& block : blocks) {
    archive->Put(block.length);
    archive->Put(block.delimiter);
    archive->Put(block.weight);
  }
}

// Consecutive blocks from the first token on, of a text of so many tokens.
Result<std::vector<Block>> GetBlocks(int64_t tokens, ArchiveReader* archive) {
  std::vector<Block> blocks;
  int32_t start = 0;
  const auto count = archive->Get<uint64_t>();
  for (uint64_t i = 0; i < count; ++i) {
    Block block{.start = start};
    block.length = archive->Get<int32_t>();
    block.delimiter = archive->Get<DelimiterClass>();
    block.weight = archive->Get<float>();
    if (block.length < 1 || block.length > tokens - start ||
        static_cast<int>(block.delimiter) >= kNumDelimiterClasses || !std::isfinite(block.weight)) {
      return archive->Wrong("blocks do not fit the text");
    }
    start = block.end();
    blocks.push_back(block);
  }
  return blocks;
}

}  // namespace

Status SemanticCache::Save(ArchiveWriter* archive) const {
  SaveText(archive);
  DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  SaveVotes(archive);
  DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  DYNSPLIT_RETURN_IF_ERROR(SavePages(archive));
  return SaveBlocks(archive);
}

Status SemanticCache::Load(int64_t most_tokens, ArchiveReader* archive,
                           std::shared_ptr<const RandomAccessFile> later) {
  DYNSPLIT_CHECK(size() == 0);
  bool same_method = false;
  DYNSPLIT_RETURN_IF_ERROR(LoadText(archive, &same_method));
  if (size() > most_tokens) {
    return ResourceExhausted(archive->name() + ": has " + std::to_string(size()) +
                             " tokens, the context has room for " + std::to_string(most_tokens));
  }
  DYNSPLIT_RETURN_IF_ERROR(LoadVotes(same_method, archive));
  if (!CanUse(method_)) {
    return InvalidArgument(archive->name() + ": " + WhyNot(method_));
  }
  DYNSPLIT_RETURN_IF_ERROR(LoadPages(archive, std::move(later)));
  if (same_method) return LoadBlocks(archive);
  SetMethod(method_);
  return {};
}

void SemanticCache::SaveText(ArchiveWriter* archive) const {
  for (const int size :
       {shape_.num_layers, shape_.num_heads, shape_.kv_heads, shape_.head_dim, shape_.value_dim}) {
    archive->Put(int32_t{size});
  }
  archive->PutVector(shape_.layers);
  for (const int size : {observation().window, observation().retained}) {
    archive->Put(int32_t{size});
  }
  archive->Put(pages_.pool()->types());
  archive->Put(Fingerprint(method_));
  archive->PutVector(tokens_);
  const BoundaryMass& mass = scorer_.mass();
  archive->PutVector(mass.after);
  archive->PutVector(mass.near);
  archive->PutVector(mass.far);
  archive->PutVector(mass.queries);
}

Status SemanticCache::LoadText(ArchiveReader* archive, bool* same_method) {
  DYNSPLIT_RETURN_IF_ERROR(archive->NextRecord());
  bool same_shape = true;
  for (const int size :
       {shape_.num_layers, shape_.num_heads, shape_.kv_heads, shape_.head_dim, shape_.value_dim}) {
    same_shape = archive->Get<int32_t>() == size && same_shape;
  }
  same_shape = archive->GetVector<LayerShape>() == shape_.layers && same_shape;
  if (!same_shape) return InvalidArgument(archive->name() + ": is of a model of another shape");
  for (const int size : {observation().window, observation().retained}) {
    const auto saved = archive->Get<int32_t>();
    if (saved == size) continue;
    return InvalidArgument(archive->name() + ": was read with boundaries judged by (W, R) " +
                           std::to_string(saved) + " tokens, wanted " + std::to_string(size));
  }
  const KvTypes types = {.hot = archive->Get<KvType>(), .cold = archive->Get<KvType>()};
  if (types != pages_.pool()->types()) {
    return InvalidArgument(archive->name() + ": its keys and values are " + Describe(types) +
                           ", wanted " + Describe(pages_.pool()->types()));
  }
  *same_method = archive->Get<uint64_t>() == Fingerprint(method_);
  tokens_ = archive->GetVector<int32_t>();
  BoundaryMass mass{.window = observation().window,
                    .after = archive->GetVector<float>(),
                    .near = archive->GetVector<float>(),
                    .far = archive->GetVector<float>(),
                    .queries = archive->GetVector<uint8_t>()};
  DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  const size_t scored = mass.after.size();
  const bool good = AllWithin(mass.after, kMostMass) && AllWithin(mass.near, kMostMass) &&
                    AllWithin(mass.far, kMostMass) &&
                    std::all_of(mass.queries.begin(), mass.queries.end(),
                                [&](uint8_t queries) { return queries <= mass.window; });
  if (!good || scored > tokens_.size() || mass.near.size() != scored || mass.far.size() != scored ||
      mass.queries.size() != scored) {
    return archive->Wrong("the masses at boundaries do not fit the text");
  }
  scorer_.Restore(std::move(mass));
  return {};
}

void SemanticCache::SaveVotes(ArchiveWriter* archive) const {
  archive->Put(all_voted_);
  archive->Put(read_jointly_);
  archive->Put(window_ != nullptr);
  archive->Put(votes_ != nullptr);
  archive->Put(kept_ != nullptr);
  if (window_ != nullptr) window_->Save(archive);
  if (votes_ != nullptr) archive->Put(votes_->tokens());
  if (votes_ != nullptr) votes_->Save(archive);
  if (kept_ != nullptr) kept_->Save(archive);
}

Status SemanticCache::LoadVotes(bool same_method, ArchiveReader* archive) {
  DYNSPLIT_RETURN_IF_ERROR(archive->NextRecord());
  all_voted_ = archive->Get<uint8_t>() != 0;
  read_jointly_ = archive->Get<uint8_t>() != 0;
  const bool has_window = archive->Get<uint8_t>() != 0;
  const bool has_votes = archive->Get<uint8_t>() != 0;
  const bool has_kept = archive->Get<uint8_t>() != 0;
  if (has_window) {
    Result<QueryWindow> window = QueryWindow::Load(shape_, archive);
    if (!window.ok()) return window.status();
    if (window->end() > size()) return archive->Wrong("its window lies behind the text");
    window_ = std::make_shared<const QueryWindow>(*std::move(window));
  }
  if (has_votes) {
    const auto voted = archive->Get<int64_t>();
    if (voted < 0 || voted > size()) return archive->Wrong("votes do not fit the text");
    auto votes = std::make_shared<TokenVotes>(shape_, nullptr, voted);
    votes->Load(archive);
    votes_ = std::move(votes);
  }
  if (has_kept) {
    Result<KeptBlocks> kept = KeptBlocks::Load(shape_, size(), archive);
    if (!kept.ok()) return kept.status();
    if (same_method && method_.policy != Policy::kSnapKv && method_.policy != Policy::kH2o) {
      return archive->Wrong("blocks were kept under a method that keeps none");
    }
    kept_ = std::make_shared<const KeptBlocks>(*std::move(kept));
  }
  return archive->EndRecord();
}

// Calls fn(head, tokens) for the pages that each layer and KV head holds, a few at a time, in the
// order in which they are saved. `tokens` begin with a page.
template <typename Fn>
Status SemanticCache::ForSavedPages(const Fn& fn) const {
  for (int layer = 0; layer < shape_.num_layers; ++layer) {
    for (int head = 0; head < shape_.KvHeads(layer); ++head) {
      for (auto start = static_cast<int64_t>(pages_.FirstPage(layer, size())) * kPageTokens;
           start < size(); start += kPinnedTokens) {
        const TokenRange tokens = {start, std::min(size(), start + kPinnedTokens)};
        DYNSPLIT_RETURN_IF_ERROR(fn(LayerHead{layer, head}, tokens));
      }
    }
  }
  return {};
}

// Of what ForSavedPages goes through.
void SemanticCache::AddRows(PageSource* source) const {
  const int64_t cold_end = pages_.ColdEndAt(size()) / kPageTokens;
  const int64_t end = (size() + kPageTokens - 1) / kPageTokens;
  for (int layer = 0; layer < shape_.num_layers; ++layer) {
    const auto first = static_cast<int64_t>(pages_.FirstPage(layer, size()));
    const int64_t cold = std::max<int64_t>(0, cold_end - first);
    for (int head = 0; head < shape_.KvHeads(layer); ++head) {
      source->AddRow(static_cast<int32_t>(2 * cold),
                     static_cast<int32_t>(2 * (end - first - cold)));
    }
  }
}

// As they are: nothing is rounded anew. Rows behind the last token are saved as zeros.
Status SemanticCache::SavePages(ArchiveWriter* archive) const {
  PinnedPages pages;
  std::vector<uint64_t> checksums;
  std::vector<f16> saved;
  const auto put_page = [&](const PartView& part, int64_t token) {
    const PageTier tier = token < pages_.cold_end() ? PageTier::kCold : PageTier::kHot;
    const auto rows = static_cast<size_t>(std::min<int64_t>(kPageTokens, size() - token));
    saved.assign(pages_.pool()->page_bytes(tier) / sizeof(f16), 0);
    for (const auto& [first, count] : PageFields(part.Type(token), part.head_dim, rows)) {
      std::copy_n(part.Page(token) + first, count, saved.data() + first);
    }
    archive->PutAll(std::span<const f16>(saved));
    checksums.push_back(Checksum(std::as_bytes(std::span(saved))));
  };
  const auto put = [&](LayerHead head, TokenRange tokens) -> Status {
    pages.Reset(pages_, head.layer, head.kv_head);
    DYNSPLIT_RETURN_IF_ERROR(pages.Pin(KvPart::kKeys, tokens));
    DYNSPLIT_RETURN_IF_ERROR(pages.Pin(KvPart::kValues, tokens));
    for (int64_t token = tokens.start; token < tokens.end; token += kPageTokens) {
      put_page(pages.view().Part(KvPart::kKeys), token);
      put_page(pages.view().Part(KvPart::kValues), token);
    }
    return archive->EndRaw();
  };
  DYNSPLIT_RETURN_IF_ERROR(ForSavedPages(put));
  archive->PutVector(checksums);
  return archive->EndRecord();
}

Status SemanticCache::LoadPages(ArchiveReader* archive,
                                std::shared_ptr<const RandomAccessFile> later) {
  const bool at_once = later == nullptr;
  // Nobody owns it: it is not needed longer than the archive.
  if (at_once) later = {std::shared_ptr<const RandomAccessFile>(), &archive->file()};
  const auto most_pages = static_cast<size_t>(2 * ((size() + kPageTokens - 1) / kPageTokens));
  if (static_cast<size_t>(shape_.TotalKvHeads()) * most_pages > kMostSavedPages) {
    return archive->Wrong("more pages than it can have");
  }
  const PagePool& pool = *pages_.pool();
  PageSource source = {.file = std::move(later),
                       .name = archive->name(),
                       .offset = archive->offset(),
                       .cold_bytes = pool.page_bytes(PageTier::kCold),
                       .hot_bytes = pool.page_bytes(PageTier::kHot),
                       .checksums = {}};
  AddRows(&source);
  DYNSPLIT_RETURN_IF_ERROR(archive->Skip(source.bytes));
  DYNSPLIT_RETURN_IF_ERROR(archive->NextRecord());
  source.checksums = archive->GetVector<uint64_t>();
  DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  if (source.checksums.size() != static_cast<size_t>(source.num_pages)) {
    return archive->Wrong("its pages do not fit the text");
  }
  DYNSPLIT_RETURN_IF_ERROR(pages_.Restore(size()));
  if (at_once) return ReadPages(source);
  pages_.ReadFrom(PageSourceRef(std::move(source)));
  return {};
}

// All of them, in the order in which they were saved.
Status SemanticCache::ReadPages(const PageSource& source) {
  PinnedPages pages;
  std::vector<FileRead> reads;
  int32_t read_idx = 0, checked_idx = 0;
  return ForSavedPages([&](LayerHead head, TokenRange tokens) -> Status {
    pages.Reset(pages_, head.layer, head.kv_head);
    DYNSPLIT_RETURN_IF_ERROR(pages.PinToWrite(tokens));
    std::vector<std::byte*> places;
    for (int64_t idx = tokens.start / kPageTokens; idx * kPageTokens < tokens.end; ++idx) {
      places.push_back(reinterpret_cast<std::byte*>(pages.keys()[idx]));
      places.push_back(reinterpret_cast<std::byte*>(pages.values()[idx]));
    }
    reads.clear();
    for (std::byte* place : places) reads.push_back(source.ReadOf(read_idx++, place));
    source.file->ReadMany(reads);
    for (size_t i = 0; i < reads.size(); ++i) {
      DYNSPLIT_RETURN_IF_ERROR(reads[i].status);
      DYNSPLIT_RETURN_IF_ERROR(source.Check(checked_idx++, places[i]));
    }
    return {};
  });
}

Status SemanticCache::SaveBlocks(ArchiveWriter* archive) const {
  archive->Put(learned_.has_value());
  if (learned_) {
    const ClassImportance& importance = learned_->importance;
    archive->PutAll(std::span<const double>(importance.weight));
    archive->PutAll(std::span<const double>(importance.standard_error));
    archive->PutAll(std::span<const int64_t>(importance.count));
    archive->Put(importance.baseline_mean);
    archive->Put(importance.baseline_spread);
    archive->Put(learned_->tokens);
    archive->Put(learned_->novelty.has_value());
    if (learned_->novelty) {
      archive->PutVector(learned_->novelty->unit);
      archive->Put(learned_->novelty->spread);
    }
  }
  archive->Put(next_cut_);
  PutBlocks(blocks_, archive);
  archive->Put(index_->num_blocks());
  // A pass that was not committed leaves the place of lists, and none that serve.
  const bool has_looks = looks_ != nullptr && looks_->position() < size();
  archive->Put(has_looks);
  if (has_looks) looks_->Save(archive);
  DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  return index_->Save(archive);
}

Status SemanticCache::LoadBlocks(ArchiveReader* archive) {
  DYNSPLIT_RETURN_IF_ERROR(archive->NextRecord());
  if (archive->Get<uint8_t>() != 0) {
    Learned learned;
    ClassImportance& importance = learned.importance;
    archive->GetAll(std::span<double>(importance.weight));
    archive->GetAll(std::span<double>(importance.standard_error));
    archive->GetAll(std::span<int64_t>(importance.count));
    importance.baseline_mean = archive->Get<double>();
    importance.baseline_spread = archive->Get<double>();
    learned.tokens = archive->Get<int64_t>();
    if (archive->Get<uint8_t>() != 0) {
      NoveltyScale novelty{.unit = archive->GetVector<double>()};
      novelty.spread = archive->Get<double>();
      if (!AllFinite(novelty.unit) || !(novelty.spread > 0) ||
          novelty.unit.size() != SampledHeads(shape_).size()) {
        return archive->Wrong("the scale of key scatter is of another shape");
      }
      learned.novelty = std::move(novelty);
    }
    if (learned.tokens < 0 || learned.tokens > size()) {
      return archive->Wrong("more was learned than there is");
    }
    if (!AllFinite(importance.weight) || !AllFinite({{importance.baseline_mean}}) ||
        !(importance.baseline_spread > 0)) {
      return archive->Wrong("what was learned is no number");
    }
    learned_ = std::move(learned);
  }
  next_cut_ = archive->Get<int64_t>();
  Result<std::vector<Block>> blocks = GetBlocks(size(), archive);
  if (!blocks.ok()) return blocks.status();
  blocks_ = *std::move(blocks);
  if (!blocks_.empty() && method_.sink > 0 && blocks_[0].length != method_.sink) {
    return archive->Wrong("its first block is not the sink");
  }
  const auto indexed = archive->Get<int64_t>();
  const auto num_blocks = static_cast<int64_t>(blocks_.size());
  if (archive->Get<uint8_t>() != 0) {
    Result<LookLists> looks = LookLists::Load(shape_, {size(), num_blocks, method_.sink}, archive);
    if (!looks.ok()) return looks.status();
    if (method_.reuse == 1 || !ChoosesTokens(method_)) {
      return archive->Wrong("was looked at under a method that keeps no lists");
    }
    looks_ = std::make_shared<LookLists>(*std::move(looks));
  }
  DYNSPLIT_RETURN_IF_ERROR(archive->EndRecord());
  if ((indexed != 0 && indexed != num_blocks) ||
      (method_.policy == Policy::kTop && indexed != num_blocks)) {
    return archive->Wrong("its index is not of its blocks");
  }
  return index_->Load(indexed, archive);
}

}  // namespace dynsplit
