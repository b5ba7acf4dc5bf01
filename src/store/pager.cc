#include "store/pager.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <utility>

#include "base/check.h"
#include "kernels/simd_targets.h"
// The targets above must be chosen first.
#include "hwy/cache_control.h"

namespace dynsplit {
namespace {

// Times that all pages are searched for one that nobody pins, where those drawn had none.
constexpr int kSearches = 4;

// A page takes a frame where it was needed so many times more lately than what it would take the
// place of: to put that out costs some three times what a read into other memory does. With 1, 4
// and 16, a context of 131,072 tokens of SmolLM2 (q4, 265M) decoded at 15.9, 16.6 and 17.4
// tokens/s.
constexpr int64_t kTimesRarer = 16;

// Some tens of microseconds: what is done under the lock takes less, and to be put to sleep and
// woken may take as long.
constexpr int kLockTries = 500;

void LockSoon(std::unique_lock<std::mutex>* lock) {
  for (int i = 0; i < kLockTries; ++i) {
    if (lock->try_lock()) return;
    hwy::Pause();
  }
  lock->lock();
}

}  // namespace

bool Pager::PinIfThere(Page* page, bool writes) {
  int32_t pins = page->pins.load(std::memory_order_relaxed);
  do {
    if (pins < 0) return false;
  } while (!page->pins.compare_exchange_weak(pins, pins + 1, std::memory_order_acquire));
  page->used_pass.store(pass_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  if (writes) page->changed.store(true, std::memory_order_relaxed);
  return true;
}

Pager::PinResult Pager::Pin(std::span<Page* const> pages, bool writes) {
  PinResult pinned;
  std::unique_lock lock(mutex_, std::defer_lock);
  while (pinned.status.ok() && pinned.count < pages.size()) {
    if (PinIfThere(pages[pinned.count], writes)) {
      ++pinned.count;
      continue;
    }
    if (!lock.owns_lock()) LockSoon(&lock);
    const size_t most = std::min(kMostMoves, pages.size() - pinned.count);
    const auto some = pages.subspan(pinned.count, most);
    const size_t moved = PinSome(some, &lock, &pinned.status);
    for (Page* page : some.first(moved)) {
      // It is pinned for us already.
      page->used_pass.store(pass_.load(std::memory_order_relaxed), std::memory_order_relaxed);
      if (writes) page->changed.store(true, std::memory_order_relaxed);
    }
    pinned.count += moved;
  }
  return pinned;
}

// Pins the first pages that are not in memory and that nobody moves, up to one of another kind.
// Where the first is moved by somebody, waits for that: nobody waits while he moves pages himself.
size_t Pager::PinSome(std::span<Page* const> pages, std::unique_lock<std::mutex>* lock,
                      Status* status) {
  std::array<Move, kMostMoves> moves;
  const auto state_of = [&](size_t i) { return pages[i]->pins.load(std::memory_order_relaxed); };
  size_t count = 0;
  while (count < pages.size() && state_of(count) == Page::kAbsent &&
         Claim(pages[count], &moves[count])) {
    ++count;
  }
  if (count == 0) {
    if (state_of(0) == Page::kMoving) {
      ++waiting_;
      moved_.wait(*lock);
      --waiting_;
    } else if (state_of(0) == Page::kAbsent) {
      *status = ResourceExhausted("KV pages: all " + std::to_string(frames_.allocated_bytes()) +
                                  " bytes in memory are needed at once, and more");
    }
    return 0;
  }
  lock->unlock();
  Carry(std::span(moves).first(count));
  LockSoon(lock);
  size_t pinned = 0;
  for (size_t i = 0; i < count; ++i) {
    Finish(moves[i]);
    if (!moves[i].status.ok()) {
      if (status->ok()) *status = std::move(moves[i].status);
      continue;
    }
    if (pinned == i) {
      ++pinned;
    } else {  // behind one that failed
      Unpin(moves[i].page);
    }
  }
  if (waiting_ > 0) moved_.notify_all();
  return pinned;
}

bool Pager::Bypasses(Page* page) {
  if (page->pins.load(std::memory_order_acquire) != Page::kAbsent) return false;
  if (!page->saved()) return false;  // has no content yet
  const int64_t least_used = missed_by_least_used_.load(std::memory_order_relaxed);
  const bool is_rarer = PassesMissed(*page) * kMeasures * kTimesRarer >= least_used;
  if (least_used == kHasRoom || !is_rarer) return false;
  page->used_pass.store(pass_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  return true;
}

Status Pager::Read(std::span<const PageRead> reads) {
  DYNSPLIT_CHECK(reads.size() <= kMostMoves);
  std::array<FileRead, kMostMoves> parts;
  std::array<Move, kMostMoves> wholes;  // a checksum is that of a whole page
  size_t num_parts = 0, num_wholes = 0;
  for (const PageRead& read : reads) {
    if (read.page->saved_by_pool()) {
      auto* to = reinterpret_cast<std::byte*>(read.to);
      parts[num_parts++] = file_.ReadOf(read.page->slot, to, read.bytes_needed);
    } else {
      wholes[num_wholes].page = read.page;
      wholes[num_wholes++].rows = read.to;
    }
  }
  file_.file().ReadMany(std::span(parts).first(num_parts));
  num_read_.fetch_add(static_cast<int64_t>(num_parts), std::memory_order_relaxed);
  ReadPages(std::span(wholes).first(num_wholes));
  for (size_t i = 0; i < num_parts; ++i) DYNSPLIT_RETURN_IF_ERROR(std::move(parts[i].status));
  for (size_t i = 0; i < num_wholes; ++i) DYNSPLIT_RETURN_IF_ERROR(std::move(wholes[i].status));
  return {};
}

// Finds a frame for a page that is absent, and marks whatever has to move as moving. False where
// there is none, or no memory to keep account of it.
bool Pager::Claim(Page* page, Move* move) {
  *move = {};
  move->page = page;
  try {
    if (!frames_.full()) {
      if (const Result<int32_t> frame = frames_.Take(); frame.ok()) {
        move->frame = *frame;
        owners_.resize(std::max(owners_.size(), frames_.num_frames()));
      }
    }
    if (move->frame < 0) {
      move->victim = PageToEvict();
      if (move->victim == nullptr) return false;
      move->frame = move->victim->frame;
      if (move->victim->changed && !move->victim->saved_by_pool()) {
        move->victim->slot = file_.Take();
        move->victim->source = {};
      }
    }
  } catch (const std::bad_alloc&) {
    if (move->victim != nullptr) {
      move->victim->pins = 0;
    } else if (move->frame >= 0) {
      frames_.Give(move->frame);
    }
    return false;
  }
  move->rows = frames_.Rows(move->frame);
  page->pins.store(Page::kMoving, std::memory_order_relaxed);
  return true;
}

// The files' part of moves, for which nothing is locked. All writes come before the first read.
void Pager::Carry(std::span<Move> moves) {
  for (Move& move : moves) move.status = Vacate(move);
  ReadPages(moves);
}

// Makes a move's frame free to be overwritten.
Status Pager::Vacate(const Move& move) {
  Page* victim = move.victim;
  if (victim == nullptr || !victim->changed.load(std::memory_order_relaxed)) return {};
  DYNSPLIT_RETURN_IF_ERROR(
      file_.Write(victim->slot, reinterpret_cast<const std::byte*>(move.rows)));
  victim->changed.store(false, std::memory_order_relaxed);
  num_written_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

// Those of one file together.
void Pager::ReadPages(std::span<Move> moves) {
  for (Move& move : moves) {
    const Page& page = *move.page;
    if (!move.status.ok() || !page.saved()) continue;
    move.from = page.source ? page.source->file.get() : &file_.file();
  }
  std::array<FileRead, kMostMoves> reads;
  std::array<Move*, kMostMoves> readers;
  for (size_t first = 0; first < moves.size(); ++first) {
    const RandomAccessFile* file = moves[first].from;
    if (file == nullptr) continue;
    size_t count = 0;
    for (Move& move : moves.subspan(first)) {
      if (move.from != file) continue;
      move.from = nullptr;
      reads[count] = ReadOf(move);
      readers[count++] = &move;
    }
    file->ReadMany(std::span(reads).first(count));
    num_read_.fetch_add(static_cast<int64_t>(count), std::memory_order_relaxed);
    for (size_t i = 0; i < count; ++i) {
      const Page& page = *readers[i]->page;
      Status& status = readers[i]->status = std::move(reads[i].status);
      if (status.ok() && page.source) {
        status =
            page.source->Check(page.slot, reinterpret_cast<const std::byte*>(readers[i]->rows));
      }
    }
  }
}

FileRead Pager::ReadOf(const Move& move) const {
  const Page& page = *move.page;
  auto* bytes = reinterpret_cast<std::byte*>(move.rows);
  return page.source ? page.source->ReadOf(page.slot, bytes) : file_.ReadOf(page.slot, bytes);
}

void Pager::Finish(const Move& move) {
  const auto owner = static_cast<size_t>(move.frame);
  const bool stays = move.victim != nullptr && move.victim->changed;  // could not be written
  if (move.victim != nullptr) {
    if (!stays) move.victim->frame = -1;
    move.victim->pins.store(stays ? 0 : Page::kAbsent, std::memory_order_release);
  }
  const bool arrived = move.status.ok();
  if (arrived) {
    move.page->frame = move.frame;
    owners_[owner] = move.page;
  } else if (!stays) {
    owners_[owner] = nullptr;
    frames_.Give(move.frame);
  }
  move.page->pins.store(arrived ? 1 : Page::kAbsent, std::memory_order_release);
}

// A page that nobody pins, marked as moving; null where there is none.
Page* Pager::PageToEvict() {
  const auto claim = [](Page* page) {
    int32_t unpinned = 0;
    return page->pins.compare_exchange_strong(unpinned, Page::kMoving, std::memory_order_acquire);
  };
  const auto may_go = [](const Page* page) {
    return page != nullptr && page->pins.load(std::memory_order_relaxed) == 0;
  };
  if (owners_.empty()) return nullptr;
  Page* last = nullptr;
  int64_t last_use = -1;
  for (Page* page : DrawPages()) {
    if (!may_go(page)) continue;
    const int64_t next_use = NextUse(*page);
    if (next_use <= last_use) continue;
    last = page;
    last_use = next_use;
  }
  if (last != nullptr && claim(last)) return last;
  // Pages are pinned and let go of meanwhile.
  for (int i = 0; i < kSearches; ++i) {
    for (Page* page : owners_) {
      if (may_go(page) && claim(page)) return page;
    }
  }
  return nullptr;
}

// From frames that were drawn the last time, so that they have been fetched from memory since. Null
// for frames that are free.
std::array<Page*, Pager::kDrawn> Pager::DrawPages() {
  std::array<Page*, kDrawn> pages;
  for (size_t i = 0; i < kDrawn; ++i) {
    pages[i] = owners_[drawn_[i]];
    drawn_[i] = rng_.Below(owners_.size());
    hwy::Prefetch(owners_[drawn_[i]]);
  }
  return pages;
}

// Passes since its last use that did without it. Of the layer that is computed a page may still be
// needed.
int64_t Pager::PassesMissed(const Page& page) const {
  const bool is_to_come = page.layer >= layer_.load(std::memory_order_relaxed);
  const int32_t last_chance = pass_.load(std::memory_order_relaxed) - (is_to_come ? 1 : 0);
  return std::max(0, last_chance - page.used_pass.load(std::memory_order_relaxed));
}

// In layers from now, as if each pass that did without the page made it a pass less likely.
int64_t Pager::NextUse(const Page& page) const {
  const int32_t layer = layer_.load(std::memory_order_relaxed);
  const int32_t num_layers = num_layers_.load(std::memory_order_relaxed);
  return PassesMissed(page) * num_layers + (page.layer - layer + num_layers) % num_layers;
}

void Pager::MeasureLeastUsed() {
  const std::scoped_lock lock(mutex_);
  if (!frames_.full() || owners_.empty()) {
    missed_by_least_used_ = kHasRoom;
    return;
  }
  int64_t sum = 0;
  for (int i = 0; i < kMeasures; ++i) {
    int64_t most = 0;
    for (const Page* page : DrawPages()) {
      if (page != nullptr) most = std::max(most, PassesMissed(*page));
    }
    sum += most;
  }
  missed_by_least_used_ = sum;
}

void Pager::Discard(Page* page) {
  const std::scoped_lock lock(mutex_);
  DYNSPLIT_CHECK(page->pins.load() == 0 || page->pins.load() == Page::kAbsent);
  if (page->frame >= 0) {
    owners_[static_cast<size_t>(page->frame)] = nullptr;
    frames_.Give(page->frame);
  }
  if (page->saved_by_pool()) file_.Give(page->slot);
  page->frame = page->slot = -1;
  page->source = {};
  page->changed = false;
  page->pins.store(Page::kAbsent);
}

void Pager::EnterLayer(int layer, int num_layers) {
  const bool is_new_pass = layer <= layer_.load(std::memory_order_relaxed);
  if (is_new_pass) pass_.fetch_add(1);
  num_layers_.store(num_layers, std::memory_order_relaxed);
  layer_.store(layer, std::memory_order_relaxed);
  if (is_new_pass) MeasureLeastUsed();
}

}  // namespace dynsplit
