#include "apps/server/connection_queue.h"

#include <gtest/gtest.h>

#include <future>

namespace dynsplit::server {
namespace {

TEST(ConnectionQueueTest, ServesInTurnAndTurnsAwayWhatIsTooMuch) {
  ConnectionQueue queue(1, 2);
  std::promise<void> begun, go_on;
  std::vector<int> served;
  queue.enqueue([&] {
    begun.set_value();
    go_on.get_future().wait();
  });
  begun.get_future().wait();
  EXPECT_FALSE(queue.crowded());
  int turned_away = 0;
  std::chrono::steady_clock::time_point came;
  for (int i = 0; i < 5; ++i) {
    queue.enqueue([&, i] {
      if (ConnectionQueue::turned_away()) {
        ++turned_away;
      } else {
        served.push_back(i);
        came = ConnectionQueue::came();
      }
    });
  }
  EXPECT_TRUE(queue.crowded());
  EXPECT_EQ(turned_away, 3);
  const auto before = std::chrono::steady_clock::now();
  go_on.set_value();
  queue.shutdown();
  EXPECT_EQ(served, (std::vector<int>{0, 1}));
  EXPECT_LT(came, before);  // when it began to wait, not when it was served
  EXPECT_FALSE(queue.crowded());
  EXPECT_FALSE(ConnectionQueue::turned_away());
}

}  // namespace
}  // namespace dynsplit::server
