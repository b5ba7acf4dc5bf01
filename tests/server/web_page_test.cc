#include "apps/server/web_page.h"

#include <set>

#include "server/server_fixture.h"

namespace dynsplit::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class WebPageTest : public ApiServerTest {
 protected:
  httplib::Result Get(const std::string& path, const httplib::Headers& headers = {}) const {
    return Client().Get(path.c_str(), headers);
  }
};

TEST_F(WebPageTest, EveryFileIsServedWithItsTypeAndPolicy) {
  Start();
  std::set<std::string_view> tags;
  for (const WebFile& file : WebFiles()) {
    const std::string path = file.name == "index.html" ? "/" : "/web/" + std::string(file.name);
    const auto result = Get(path);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->status, 200) << path;
    EXPECT_EQ(result->body, file.content) << path;
    EXPECT_EQ(result->get_header_value("ETag"), file.tag) << path;
    EXPECT_THAT(
        result->get_header_value("Content-Type"),
        ::testing::MatchesRegex("(text/(html|css|javascript|plain); charset=utf-8|image/.*)"))
        << path;
    EXPECT_THAT(result->get_header_value("Content-Security-Policy"),
                StartsWith("default-src 'none'; script-src 'self';"));
    EXPECT_EQ(result->get_header_value("X-Content-Type-Options"), "nosniff");
    EXPECT_TRUE(tags.insert(file.tag).second);
  }
  EXPECT_GT(tags.size(), 3u);
}

TEST_F(WebPageTest, ABrowserThatHasAFileIsToldSo) {
  Start();
  const std::string tag = Get("/")->get_header_value("ETag");
  const auto same = Get("/", {{"If-None-Match", "\"other\", W/" + tag}});
  ASSERT_TRUE(same);
  EXPECT_EQ(same->status, 304);
  EXPECT_EQ(same->body, "");
  EXPECT_EQ(Get("/", {{"If-None-Match", "\"other\""}})->status, 200);
}

TEST_F(WebPageTest, OtherPathsAreNoFiles) {
  for (const char* path : {"/web/", "/web/none.js", "/web/index.html", "/web/../style.css",
                           "/web//style.css", "/webb"}) {
    EXPECT_EQ(FindWebFile(path), nullptr) << path;
  }
  Start();
  for (const char* path : {"/web/none.js", "/web/..%2fstyle.css", "/web/%2e%2e/style.css"}) {
    EXPECT_EQ(ErrorOf(Get(path), 404)["code"], "unknown_url") << path;
  }
}

TEST_F(WebPageTest, NeedsNeitherKeyNorModel) {
  Start({.api_keys = {"secret"}}, {}, /*loaded=*/false);
  EXPECT_EQ(Get("/")->status, 200);
  EXPECT_EQ(Get("/web/style.css")->status, 200);
  EXPECT_EQ(Get("/v1/models")->status, 401);
}

TEST_F(WebPageTest, CanBeTurnedOff) {
  Start({.page = false});
  EXPECT_EQ(ErrorOf(Get("/"), 404)["code"], "unknown_url");
  EXPECT_EQ(ErrorOf(Get("/web/style.css"), 404)["code"], "unknown_url");
}

// Content-Security-Policy would stop what is in a file's markup; nothing may come from elsewhere.
TEST_F(WebPageTest, LoadsNothingFromElsewhere) {
  for (const WebFile& file : WebFiles()) {
    std::string content(file.content);
    const std::string svg = "http://www.w3.org/2000/svg";  // a name, no address
    for (size_t at = 0; (at = content.find(svg)) != std::string::npos;)
      content.erase(at, svg.size());
    EXPECT_EQ(content.find("http://"), std::string::npos) << file.name;
    EXPECT_EQ(content.find("https://"), std::string::npos) << file.name;
    EXPECT_EQ(content.find(" style=\""), std::string::npos) << file.name;
    EXPECT_EQ(content.find("innerHTML"), std::string::npos) << file.name;
  }
}

}  // namespace
}  // namespace dynsplit::testing
