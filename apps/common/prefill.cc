#include "apps/common/prefill.h"

#include <chrono>

#include "apps/common/progress.h"

namespace dynsplit {

Status Prefill(Session* session, std::span<const int32_t> tokens, const PrefillOptions& options,
               double* seconds) {
  Progress progress(options.label, options.progress);
  FeedOptions feed;
  feed.attention = options.attention;
  feed.logits = options.logits;
  feed.cancel = options.cancel;
  feed.progress = [&](int64_t done, int64_t total) { progress.Update(done, total); };
  const auto start = std::chrono::steady_clock::now();
  const Status status = session->Feed(tokens, feed);
  *seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return status;
}

Result<std::unique_ptr<Session>> ForkUnder(const Method& method, const Session& session,
                                           std::span<const int32_t> last, const FeedOptions& feed) {
  std::unique_ptr<Session> fork = session.Fork();
  DYNSPLIT_RETURN_IF_ERROR(fork->SetMethod(method));
  DYNSPLIT_RETURN_IF_ERROR(fork->Feed(last, feed));
  return fork;
}

Method MethodToReadUnder(std::span<const Method> methods) {
  for (const Method& method : methods) {
    if (method.policy == Policy::kH2o) return method;
  }
  return {};
}

}  // namespace dynsplit
