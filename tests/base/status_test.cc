#include "dynsplit/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace dynsplit {
namespace {

TEST(Status, DefaultIsOk) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.ToString(), "ok");
}

TEST(Status, ErrorHasCodeAndMessage) {
  const Status status = Corruption("model.gguf: truncated");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_EQ(status.ToString(), "Corruption: model.gguf: truncated");
}

TEST(Status, EveryNamedConstructorHasItsCode) {
  EXPECT_EQ(StatusCodeName(InvalidArgument("").code()), "InvalidArgument");
  EXPECT_EQ(StatusCodeName(NotFound("").code()), "NotFound");
  EXPECT_EQ(StatusCodeName(ResourceExhausted("").code()), "ResourceExhausted");
  EXPECT_EQ(StatusCodeName(Unsupported("").code()), "Unsupported");
  EXPECT_EQ(StatusCodeName(Cancelled("").code()), "Cancelled");
  EXPECT_EQ(StatusCodeName(IoError("").code()), "IoError");
  EXPECT_EQ(StatusCodeName(Internal("").code()), "Internal");
  EXPECT_EQ(StatusCodeName(StatusCode::kUnavailable), "Unavailable");
  EXPECT_EQ(StatusCodeName(StatusCode::kOk), "ok");
}

TEST(Status, ReturnIfErrorLeavesWithTheFirstError) {
  int reached = 0;
  const auto run = [&](Status first) -> Status {
    DYNSPLIT_RETURN_IF_ERROR(first);
    ++reached;
    return {};
  };
  EXPECT_EQ(run(IoError("disk")).ToString(), "IoError: disk");
  EXPECT_EQ(reached, 0);
  EXPECT_TRUE(run({}).ok());
  EXPECT_EQ(reached, 1);
}

TEST(Result, HoldsAValueOrAStatus) {
  Result<std::unique_ptr<int>> good = std::make_unique<int>(7);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*std::move(good).value(), 7);
  const Result<int> bad = NotFound("x");
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().code(), StatusCode::kNotFound);
  EXPECT_THROW(static_cast<void>(bad.value()), std::bad_optional_access);
}

TEST(Result, AnOkStatusWithoutValueIsABug) {
  const Result<int> result = Status();
  EXPECT_EQ(result.status().code(), StatusCode::kInternal);
}

}  // namespace
}  // namespace dynsplit
