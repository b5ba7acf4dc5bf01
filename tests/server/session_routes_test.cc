#include "apps/server/session_routes.h"

#include <filesystem>
#include <thread>

#include "server/server_fixture.h"
#include "support/temp_folder.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;

class SessionRoutesTest : public ApiServerTest {
 protected:
  void StartWithSessions(ApiServerOptions options = {}) {
    session_dir_ = folder_.path() + "/sessions";
    Start(options, {.max_answers = 2, .cache_bytes = 1 << 28});
  }
  Json List() { return Json::parse(Client().Get("/v1/sessions")->body)["data"]; }
  int64_t CachedTokens(const std::string& prompt) {
    return Ask("/v1/completions", R"({"max_tokens":1,"prompt":")" + prompt +
                                      "\"}")["usage"]["prompt_tokens_details"]["cached_tokens"];
  }

  TempFolder folder_;
};

TEST_F(SessionRoutesTest, SavedListedLoadedAndDeleted) {
  const std::string document(700, 'x');
  StartWithSessions();
  EXPECT_EQ(List(), Json::array());
  const Json saved = Ask("/v1/sessions/doc", R"({"prompt":")" + document + "\"}");
  EXPECT_EQ(saved["name"], "doc");
  EXPECT_EQ(saved["tokens"], 700);
  ASSERT_EQ(List().size(), 1u);
  EXPECT_EQ(List()[0]["name"], "doc");
  EXPECT_GT(List()[0]["bytes"], 700);

  StartWithSessions();  // a server that has read nothing yet
  EXPECT_EQ(Ask("/v1/sessions/doc/load", "{}")["tokens"], 700);
  EXPECT_EQ(CachedTokens(document + "question"), 700);

  const auto deleted = Client().Delete("/v1/sessions/doc");
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->status, 200);
  EXPECT_EQ(List(), Json::array());
  EXPECT_EQ(ErrorOf(Client().Delete("/v1/sessions/doc"), 404)["code"], "session_not_found");
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/doc/load", "{}"), 404)["code"], "session_not_found");
}

TEST_F(SessionRoutesTest, MessagesAreSavedAsAChatReadsThem) {
  StartWithSessions();
  const std::string messages = R"("messages":[{"role":"user","content":"Hello there"}])";
  const Json saved = Ask("/v1/sessions/chat", "{" + messages + "}");
  const Json answer = Ask("/v1/chat/completions", "{" + messages + R"(,"max_tokens":1})");
  EXPECT_EQ(answer["usage"]["prompt_tokens"], saved["tokens"]);
  EXPECT_EQ(answer["usage"]["prompt_tokens_details"]["cached_tokens"], saved["tokens"]);
}

TEST_F(SessionRoutesTest, NamesCannotLeaveTheFolder) {
  StartWithSessions();
  folder_.Write("secret.session", "outside");
  for (const char* name :
       {"..", "../secret", "..%2fsecret", "%2e%2e/secret", "a/../../secret", ".hidden", "a%00b",
        "a%20b", "%2fetc%2fpasswd", "....//secret", "a\\b", "a%5c..%5cb"}) {
    const std::string path = std::string("/v1/sessions/") + name;
    for (const auto& result : {Post(path, R"({"prompt":"x"})"), Post(path + "/load", "{}"),
                               httplib::Result(Client().Delete(path))}) {
      ASSERT_TRUE(result) << name;
      EXPECT_GE(result->status, 400) << name;
      EXPECT_LT(result->status, 500) << name;
    }
  }
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/a%2fb", R"({"prompt":"x"})"), 400)["param"], "name");
  EXPECT_EQ(folder_.Read("secret.session"), "outside");
  EXPECT_EQ(List(), Json::array());
}

TEST_F(SessionRoutesTest, KeysDoNotSeeEachOthers) {
  StartWithSessions({.api_keys = {"one", "two"}});
  httplib::Client one = Client(), two = Client();
  one.set_default_headers({{"Authorization", "Bearer one"}});
  two.set_default_headers({{"Authorization", "Bearer two"}});
  EXPECT_EQ(one.Post("/v1/sessions/a", R"({"prompt":"x"})", "application/json")->status, 200);
  EXPECT_EQ(Json::parse(two.Get("/v1/sessions")->body)["data"], Json::array());
  EXPECT_EQ(two.Post("/v1/sessions/a/load", "{}", "application/json")->status, 404);
  EXPECT_EQ(two.Delete("/v1/sessions/a")->status, 404);
  EXPECT_EQ(one.Delete("/v1/sessions/a")->status, 200);
}

TEST_F(SessionRoutesTest, WhatIsWrongIsNamed) {
  StartWithSessions();
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/a", "{}"), 400)["param"], "prompt");
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/a", R"({"prompt":["x","y"]})"), 400)["param"], "prompt");
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/a", R"({"prompt":""})"), 400)["param"], "prompt");
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/a", R"({"messages":[]})"), 400)["param"], "messages");
  EXPECT_EQ(
      ErrorOf(Post("/v1/sessions/a", R"({"messages":[{"role":"user","content":"x"}],"prompt":{}})"),
              400)["param"],
      "prompt");
  ErrorOf(Post("/v1/sessions/a", "{"), 400);
  Ask("/v1/sessions/broken", R"({"prompt":"x"})");
  const std::string path = folder_.path() + "/sessions/default/broken.session";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/broken/load", "{}"), 422)["code"], "session_unusable");
  std::filesystem::create_directory(folder_.path() + "/sessions/default/folder.session");
  EXPECT_EQ(ErrorOf(Client().Delete("/v1/sessions/folder"), 422)["code"], "session_unusable");
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/folder/load", ""), 422)["code"], "session_unusable");
}

TEST_F(SessionRoutesTest, TheyAreOfTheModelThereIs) {
  StartWithSessions();
  const std::string other = R"("model":"nope")", messages = R"({"messages":[{"role":"user",)";
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/a", R"({"prompt":"x",)" + other + "}"), 404)["code"],
            "model_not_found");
  EXPECT_EQ(
      ErrorOf(Post("/v1/sessions/a", messages + R"("content":"x"}],)" + other + "}"), 404)["param"],
      "model");
  Ask("/v1/sessions/a", R"({"prompt":"x","model":"tiny"})");
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/a/load", "{" + other + "}"), 404)["code"],
            "model_not_found");
  ErrorOf(Post("/v1/sessions/a/load", "no JSON"), 400);
  Ask("/v1/sessions/a/load", "");
}

// However many are saved at the same time.
TEST_F(SessionRoutesTest, TheirNumberHoldsForManyClients) {
  StartWithSessions();
  std::filesystem::create_directories(session_dir_ + "/default");
  for (size_t i = 1; i < SessionFolder::kMaxSessions; ++i) {
    folder_.Write("sessions/default/s" + std::to_string(i) + ".session", "");
  }
  std::atomic<int> num_saved = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      const auto result = Post("/v1/sessions/new" + std::to_string(i), R"({"prompt":"x"})");
      if (result && result->status == 200) ++num_saved;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(num_saved, 1);
  EXPECT_EQ(List().size(), SessionFolder::kMaxSessions);
}

TEST_F(SessionRoutesTest, TheirNumberIsBounded) {
  StartWithSessions();
  std::filesystem::create_directories(session_dir_ + "/default");
  for (size_t i = 0; i < SessionFolder::kMaxSessions; ++i) {
    folder_.Write("sessions/default/s" + std::to_string(i) + ".session", "");
  }
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/new", R"({"prompt":"x"})"), 400)["code"],
            "too_many_sessions");
  Ask("/v1/sessions/s3", R"({"prompt":"x"})");  // there already
}

TEST_F(SessionRoutesTest, WithoutAFolderThereAreNone) {
  Start();
  EXPECT_EQ(ErrorOf(Client().Get("/v1/sessions"), 404)["code"], "sessions_disabled");
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/a", R"({"prompt":"x"})"), 404)["code"], "sessions_disabled");
  EXPECT_EQ(ErrorOf(Post("/v1/sessions/a/load", "{}"), 404)["code"], "sessions_disabled");
  EXPECT_EQ(ErrorOf(Client().Delete("/v1/sessions/a"), 404)["code"], "sessions_disabled");
}

}  // namespace
}  // namespace dynsplit::testing
