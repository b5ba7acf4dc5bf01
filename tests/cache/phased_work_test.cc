#include "cache/phased_work.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace dynsplit {
namespace {

TEST(PhasedWorkTest, HasPartsBetweenOpenAndEndAlone) {
  PhasedWork work;
  EXPECT_TRUE(work.ended());
  EXPECT_FALSE(work.Claim().has_value());
  work.Open(3, 2);
  EXPECT_FALSE(work.ended());
  const PhasedWork::Part first = *work.Claim(), second = *work.Claim();
  EXPECT_EQ(first.phase, 3);
  EXPECT_EQ(first.idx, 0);
  EXPECT_EQ(second.idx, 1);
  EXPECT_EQ(second.count, 2);
  EXPECT_FALSE(work.Claim().has_value());
  EXPECT_FALSE(work.IsLast(second));
  EXPECT_TRUE(work.IsLast(first));
  work.End();
  EXPECT_TRUE(work.ended());
  EXPECT_FALSE(work.Claim().has_value());
}

// What a phase writes, without atomics, the next one finds there, whoever does which part.
TEST(PhasedWorkTest, EachPartIsDoneOnceAndPhasesFollowEachOther) {
  constexpr int kPhases = 200;
  const auto parts_of = [](int phase) { return 1 + phase * 7 % 11; };
  std::vector<std::vector<int>> done(kPhases);
  for (int phase = 0; phase < kPhases; ++phase) {
    done[static_cast<size_t>(phase)].resize(static_cast<size_t>(parts_of(phase)));
  }
  PhasedWork work;
  work.Open(0, parts_of(0));
  const auto run = [&] {
    while (!work.ended()) {
      const auto part = work.Claim();
      if (!part) {
        std::this_thread::yield();
        continue;
      }
      if (part->phase > 0) {
        for (const int before : done[static_cast<size_t>(part->phase) - 1]) EXPECT_EQ(before, 1);
      }
      ++done[static_cast<size_t>(part->phase)][static_cast<size_t>(part->idx)];
      if (!work.IsLast(*part)) continue;
      const int next = part->phase + 1;
      if (next < kPhases) {
        work.Open(next, parts_of(next));
      } else {
        work.End();
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 3; ++i) workers.emplace_back(run);
  }
  for (const auto& of_phase : done) {
    for (const int count : of_phase) EXPECT_EQ(count, 1);
  }
}

}  // namespace
}  // namespace dynsplit
