#include "apps/cli/interrupt.h"

#include <csignal>

namespace dynsplit::cli {
namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler must not lock");

void OnInterrupt(int) { interrupted.store(true); }

void Catch(int signal) {
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  action.sa_flags = SA_RESETHAND;  // no SA_RESTART: a chat that waits for input shall wake up
  sigaction(signal, &action, nullptr);
}

}  // namespace

std::atomic<bool>* CatchInterrupt() {
  interrupted.store(false);
  Catch(SIGINT);
  return &interrupted;
}

void CatchTermination() { Catch(SIGTERM); }

}  // namespace dynsplit::cli
