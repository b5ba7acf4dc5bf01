// Moves pages between memory and a file, so that those which are needed now are in memory and no
// more than fit. Who reads or writes a page pins it, which brings it into memory and keeps it
// there.
//
// What is put out is what will be needed last. Layers come in turn: a page of the layer that was
// just computed has a whole pass to wait, one of the next layer none; and a page that the last
// passes did not need is likely not needed in the next. Of a few pages drawn at random the worst
// goes: an order of all would cost more than it gains.
//
// A page that is only read, and was not needed much more lately than what it would take the place
// of, bypasses the frames: who needs it reads it into memory of his own. What is needed again and
// again stays then, and what is needed once costs the read and nothing else, no lock above all.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "base/rng.h"
#include "dynsplit/status.h"
#include "store/frame_set.h"
#include "store/page.h"
#include "store/page_file.h"

namespace dynsplit {

// Thread safety: all but the constructor may be called by any thread, at once.
class Pager {
 public:
  // Both must outlive the pager, which is the only one to use them.
  Pager(FrameSet* frames, PageFile* file) : frames_(*frames), file_(*file) {}

  // Pins a page that is in memory: its rows stay where they are until Unpin. `writes`: they will be
  // changed. False, and nothing happens, where it is not. Cost: O(1).
  bool PinIfThere(Page* page, bool writes);
  // Pins pages wherever they are. The count says how many, from the first on, are pinned: all,
  // unless there is an error. ResourceExhausted where every frame is pinned, the file's errors
  // where a page cannot be read, or another one not be written to make room; no page has lost
  // anything then. Cost: a read and a write for each that is not in memory.
  struct PinResult {
    size_t count = 0;
    Status status;
  };
  PinResult Pin(std::span<Page* const> pages, bool writes);
  static void Unpin(Page* page) { page->pins.fetch_sub(1, std::memory_order_release); }

  // Whether who needs this page, only to read it, does better with Read than with Pin; counts as a
  // use of it. False for one that is in memory or on its way. Cost: O(1).
  bool Bypasses(Page* page);
  // Reads pages that bypass into memory of the caller. Nobody may write to one of them meanwhile.
  // The file's errors, and Corruption as PageSource::Check gives it. `reads` are kMostMoves at
  // most. Cost: the reads; nothing is locked.
  struct PageRead {
    Page* page = nullptr;
    f16* to = nullptr;            // room for all of the page
    PageBytesRange bytes_needed;  // the others may stay as they are
  };
  Status Read(std::span<const PageRead> reads);
  static constexpr size_t kMostMoves = 32;  // at a time: a worker's share of what is to be read

  // The page's content is not needed any more. Not beside a Pin of any page.
  void Discard(Page* page);

  // Tells which layer is computed from now on; they come in turn.
  void EnterLayer(int layer, int num_layers);

  // Pages brought into memory and written to make room, so far.
  int64_t num_read() const { return num_read_.load(std::memory_order_relaxed); }
  int64_t num_written() const { return num_written_.load(std::memory_order_relaxed); }

 private:
  // Pages drawn for each one that is put out. With 8, 7 % more had to be read in a trace of
  // SmolLM2.
  static constexpr size_t kDrawn = 16;

  // A page on its way into a frame, and the one that it takes the place of.
  struct Move {
    Page* page = nullptr;
    Page* victim = nullptr;  // null: the frame was free
    int32_t frame = -1;
    f16* rows = nullptr;                     // the frame's
    const RandomAccessFile* from = nullptr;  // yet to be read; null: nothing is
    Status status;
  };

  size_t PinSome(std::span<Page* const> pages, std::unique_lock<std::mutex>* lock, Status* status);
  bool Claim(Page* page, Move* move);
  void Carry(std::span<Move> moves);
  Status Vacate(const Move& move);
  void ReadPages(std::span<Move> moves);
  FileRead ReadOf(const Move& move) const;
  void Finish(const Move& move);
  Page* PageToEvict();
  std::array<Page*, kDrawn> DrawPages();
  int64_t PassesMissed(const Page& page) const;
  int64_t NextUse(const Page& page) const;
  void MeasureLeastUsed();

  // Passes that the page that would be put out did without, summed over so many draws.
  static constexpr int kMeasures = 8;
  static constexpr int64_t kHasRoom = INT64_MAX;

  FrameSet& frames_;
  PageFile& file_;
  std::mutex mutex_;  // of what follows, the frames, the file's slots, and where a page is
  std::condition_variable moved_;
  int waiting_ = 0;            // for what others move
  std::vector<Page*> owners_;  // [frames], null for one that is free
  Rng rng_{1};
  std::array<size_t, kDrawn> drawn_{};  // frames, for the next time
  std::atomic<int32_t> pass_{0};
  std::atomic<int32_t> layer_{0};
  std::atomic<int32_t> num_layers_{1};
  std::atomic<int64_t> missed_by_least_used_{kHasRoom};
  std::atomic<int64_t> num_read_{0};
  std::atomic<int64_t> num_written_{0};
};

}  // namespace dynsplit
