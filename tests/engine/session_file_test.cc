#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <span>
#include <thread>

#include "base/archive.h"
#include "engine_fixture.h"
#include "support/forbid_call.h"
#include "support/temp_folder.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

class SessionFileTest : public EngineTest {
 protected:
  std::unique_ptr<Session> Read(int tokens) {
    auto session = NewSession();
    EXPECT_TRUE(session->Feed(RandomTokens(tokens)).ok());
    return session;
  }
  std::unique_ptr<Session> LoadSaved(const Method& method = {}) {
    auto session = engine_->LoadSession(path_, method);
    EXPECT_TRUE(session.ok()) << session.status().ToString();
    return session.ok() ? *std::move(session) : nullptr;
  }
  static std::vector<float> GoOn(Session* session) {
    std::vector<float> all(session->logits().begin(), session->logits().end());
    for (const int32_t token : RandomTokens(5, 9)) {
      EXPECT_TRUE(session->Feed({&token, 1}, {.attention = Attention::kSelected}).ok());
      all.insert(all.end(), session->logits().begin(), session->logits().end());
    }
    return all;
  }
  std::string Content() const { return folder_.Read("x.session"); }
  void SetContent(const std::string& content) const { folder_.Write("x.session", content); }

  TempFolder folder_;
  std::string path_ = folder_.path() + "/x.session";
};

TEST_F(SessionFileTest, GoesOnAsTheSavedOneWould) {
  auto session = Read(200);
  GoOn(session.get());  // with blocks
  ASSERT_TRUE(session->Save(path_).ok());
  auto loaded = LoadSaved();
  ASSERT_NE(loaded, nullptr);
  EXPECT_TRUE(std::ranges::equal(loaded->tokens(), session->tokens()));
  EXPECT_EQ(GoOn(loaded.get()), GoOn(session.get()));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(SessionFileTest, AnEmptySessionAndOneThatReplacesAnother) {
  ASSERT_TRUE(NewSession()->Save(path_).ok());
  EXPECT_TRUE(LoadSaved()->tokens().empty());
  ASSERT_TRUE(Read(30)->Save(path_).ok());
  EXPECT_EQ(LoadSaved()->tokens().size(), 30u);
}

TEST_F(SessionFileTest, OfEveryTypeGoesOnAlikeAndIsRefusedByOthers) {
  const TinyModelOptions model = {.num_layers = 4};
  for (const KvTypes types : {KvTypes{KvType::kQ8, KvType::kQ8}, {KvType::kF16, KvType::kQ4}}) {
    Load(model, {.threads = 1, .kv_types = types});
    auto session = Read(270);
    ASSERT_TRUE(session->Save(path_).ok());
    auto loaded = LoadSaved();
    ASSERT_NE(loaded, nullptr);
    EXPECT_EQ(GoOn(loaded.get()), GoOn(session.get()));
    loaded.reset();
    session.reset();
    Load(model, {.threads = 1});
    const Status status = engine_->LoadSession(path_).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(NameOf(types.cold)), std::string::npos) << status.message();
    EXPECT_NE(status.message().find("wanted f16"), std::string::npos) << status.message();
  }
}

TEST_F(SessionFileTest, RefusesAnotherModelQuantisationOrSetting) {
  ASSERT_TRUE(Read(100)->Save(path_).ok());
  const auto load_with = [&](const TinyModelOptions& model, const EngineOptions& options) {
    Load(model, options);
    return engine_->LoadSession(path_).status();
  };
  const TinyModelOptions same = {.num_layers = 4};
  EXPECT_TRUE(load_with(same, {.threads = 1}).ok());
  TinyModelOptions other = same;
  other.seed += 1;
  EXPECT_EQ(load_with(other, {.threads = 1}).code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(load_with(other, {.threads = 1}).message(), HasSubstr("another model"));
  // The same weights in other types, one of them of 8 bits and one of 16.
  for (const ggml_type type : {GGML_TYPE_Q8_0, GGML_TYPE_F16}) {
    TinyModelOptions quantised = same;
    quantised.matrix_type = type;
    const Status status = load_with(quantised, {.threads = 1});
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("another model"));
  }
  EXPECT_EQ(load_with({.num_layers = 5}, {.threads = 1}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(load_with(same, {.threads = 1, .boundary_window = 8}).code(),
            StatusCode::kInvalidArgument);
  const Status longer = load_with(same, {.threads = 1, .context_tokens = 99});
  EXPECT_EQ(longer.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(longer.message(), HasSubstr("100"));
  EXPECT_THAT(longer.message(), HasSubstr("99"));
}

TEST_F(SessionFileTest, RefusesWhatIsNoSession) {
  EXPECT_EQ(engine_->LoadSession(path_).status().code(), StatusCode::kNotFound);
  for (const char* content : {"", "x", "dynsplit session, or so it says, and more than a header"}) {
    SetContent(content);
    const Status status = engine_->LoadSession(path_).status();
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_THAT(status.message(), HasSubstr("not a session file"));
  }
}

TEST_F(SessionFileTest, RefusesAnotherVersion) {
  ASSERT_TRUE(Read(30)->Save(path_).ok());
  std::string content = Content();  // length of the head, its checksum, then a magic of 16 bytes
  uint64_t length = 0;
  std::memcpy(&length, content.data(), sizeof(length));
  const uint32_t older = 3;
  std::memcpy(content.data() + 32, &older, sizeof(older));
  const uint64_t checksum = Checksum(std::as_bytes(std::span(content.data() + 16, length)));
  std::memcpy(content.data() + 8, &checksum, sizeof(checksum));
  SetContent(content);
  const Status status = engine_->LoadSession(path_).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("of version 3, wanted 8"));
}

TEST_F(SessionFileTest, EveryChangedOrMissingPartIsNoticed) {
  auto session = Read(150);
  GoOn(session.get());
  ASSERT_TRUE(session->Save(path_).ok());
  const std::string whole = Content();
  for (size_t at = 0; at < whole.size(); at += 1 + whole.size() / 200) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    SetContent(changed);
    EXPECT_EQ(engine_->LoadSession(path_).status().code(), StatusCode::kCorruption) << at;
    SetContent(whole.substr(0, at));
    EXPECT_EQ(engine_->LoadSession(path_).status().code(), StatusCode::kCorruption) << at;
  }
  SetContent(whole);
  EXPECT_TRUE(engine_->LoadSession(path_).ok());
}

TEST_F(SessionFileTest, AFailedSaveLeavesTheOldSession) {
  ASSERT_TRUE(Read(30)->Save(path_).ok());
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_FALSE(Read(40)->Save(path_).ok());
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(LoadSaved()->tokens().size(), 30u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
  // What the last calls of a save are.
  for (const uint32_t call : {__NR_pwrite64, __NR_fsync}) {
    std::jthread([&] {
      auto session = Read(40);
      ASSERT_TRUE(ForbidCall(call, EIO));
      const Status status = session->Save(path_);
      EXPECT_EQ(status.code(), StatusCode::kIoError);
      EXPECT_EQ(status.message(), path_ + ": Input/output error");
    }).join();
    EXPECT_EQ(LoadSaved()->tokens().size(), 30u);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
  }
  EXPECT_EQ(Read(10)->Save(folder_.path()).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Read(10)->Save("/dev/null").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Read(10)->Save("/no/such/dir/x").code(), StatusCode::kNotFound);
}

TEST_F(SessionFileTest, NothingButSessionsAndEmptyFilesIsReplaced) {
  for (const std::string text : {"x", "a text of more bytes than there are before the magic"}) {
    SetContent(text);
    EXPECT_EQ(Session::CheckSave(path_).code(), StatusCode::kInvalidArgument);
    const Status status = Read(10)->Save(path_);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("no session file"));
    EXPECT_EQ(Content(), text);
  }
  SetContent("");
  ASSERT_TRUE(Read(10)->Save(path_).ok());
  const std::string whole = Content();
  SetContent(whole.substr(0, 40));  // cut short, yet a session's
  ASSERT_TRUE(Read(10)->Save(path_).ok());
  EXPECT_EQ(Content(), whole);
  EXPECT_TRUE(Session::CheckSave(path_).ok());
  EXPECT_TRUE(Session::CheckSave(folder_.path() + "/y").ok());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(SessionFileTest, AKilledSaveLeavesTheOldSession) {
  ASSERT_TRUE(Read(30)->Save(path_).ok());
  auto session = Read(400);
  for (int delay_us = 0; delay_us < 3000; delay_us += 150) {
    const pid_t child = fork();
    if (child == 0) {
      for (;;) {
        if (!session->Save(path_).ok()) _exit(1);
      }
    }
    usleep(static_cast<useconds_t>(delay_us));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    auto loaded = LoadSaved();
    ASSERT_NE(loaded, nullptr);
    EXPECT_THAT(loaded->tokens().size(), ::testing::AnyOf(30u, 400u));
  }
  ASSERT_TRUE(session->Save(path_).ok());  // which takes away what the killed ones left
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

// Without all keys and values in memory, those of a saved session are read when they are needed.
class OpenedSessionTest : public SessionFileTest, public ::testing::WithParamInterface<KvTypes> {
 protected:
  static constexpr int64_t kLittle = int64_t{4} << 20;

  void SetUp() override {
    const TinyModelOptions model = {.num_layers = 4};
    Load(model, {.threads = 1, .kv_types = GetParam()});
    auto session = Read(400);
    ASSERT_TRUE(session->Save(path_).ok());
    want_ = GoOn(session.get());
    session.reset();
    Load(model, {.threads = 1,
                 .kv_types = GetParam(),
                 .kv_memory_bytes = kLittle,
                 .kv_dir = folder_.path()});
  }

  std::vector<float> want_;
};

INSTANTIATE_TEST_SUITE_P(Types, OpenedSessionTest,
                         ::testing::Values(KvTypes{}, KvTypes{KvType::kF16, KvType::kQ4}));

TEST_P(OpenedSessionTest, GoesOnAsTheSavedOneWould) {
  auto opened = LoadSaved();
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(opened->stats().kv_bytes_resident, 0);
  auto fork = opened->Fork();
  EXPECT_EQ(GoOn(opened.get()), want_);
  EXPECT_EQ(GoOn(fork.get()), want_);
  EXPECT_GT(opened->stats().kv_bytes_resident, 0);
}

TEST_P(OpenedSessionTest, ItsFileMayBeReplacedOrRemoved) {
  for (const bool replace : {false, true}) {
    auto opened = LoadSaved();
    ASSERT_NE(opened, nullptr);
    auto second = opened->Fork();
    ASSERT_TRUE(replace ? second->Save(path_).ok() : std::filesystem::remove(path_));
    EXPECT_EQ(GoOn(opened.get()), want_);
    ASSERT_TRUE(second->Save(path_).ok());
    EXPECT_EQ(GoOn(second.get()), want_);
  }
  EXPECT_EQ(GoOn(LoadSaved().get()), want_);
}

TEST_P(OpenedSessionTest, ItsFileCutShortIsAnErrorAndNothingIsCommitted) {
  auto opened = LoadSaved();
  ASSERT_NE(opened, nullptr);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  const int32_t token = 1;
  const Status status = opened->Feed({&token, 1}, {.attention = Attention::kSelected});
  EXPECT_EQ(status.code(), StatusCode::kIoError) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("x.session: ends at"));
  EXPECT_EQ(opened->tokens().size(), 400u);
}

}  // namespace
}  // namespace dynsplit::testing
