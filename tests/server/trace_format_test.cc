#include "apps/server/trace_format.h"

#include "server/server_fixture.h"

namespace dynsplit::testing {
namespace {

using Kind = AnswerEvent::Kind;

const Tokenizer& TinyTokenizer() { return SharedTinyModel()->tokenizer(); }

// A token a byte.
std::vector<int32_t> Bytes(std::string_view text) {
  std::vector<int32_t> tokens;
  for (const char c : text) {
    for (int32_t id = 0; id < TinyTokenizer().size(); ++id) {
      if (TinyTokenizer().TokenBytes(id) == std::string_view(&c, 1)) {
        tokens.push_back(id);
        break;
      }
    }
  }
  EXPECT_EQ(tokens.size(), text.size());
  return tokens;
}

TraceFormat MakeFormat(std::string_view prompt, Tracing tracing = Tracing::kChoices) {
  return {tracing, Bytes(prompt), {}, TinyTokenizer()};
}

TEST(TraceFormatTest, OpensWithThePrompt) {
  TraceFormat format = MakeFormat("Hi.");
  EXPECT_EQ(DumpJson(format.Of({.kind = Kind::kStarted, .cached_tokens = 2})),
            R"({"method":"dynsplit","budget":"8%:256..1024@0.96","sink":4,"recent":64,)"
            R"("prompt_tokens":3,"read":2,"prompt":"Hi."})");
  TraceFormat progress = MakeFormat("Hi.", Tracing::kProgress);
  EXPECT_FALSE(progress.Of({.kind = Kind::kStarted}).contains("prompt"));
}

TEST(TraceFormatTest, TellsNothingWhereThereIsNothing) {
  EXPECT_TRUE(MakeFormat("Hi.").Of({.kind = Kind::kPiece, .text = "x"}).empty());
}

TEST(TraceFormatTest, ProgressAndStats) {
  TraceFormat format = MakeFormat("Hi.");
  EXPECT_EQ(DumpJson(format.Of({.kind = Kind::kRead, .trace = {.read = 3}})), R"({"read":3})");
  const SessionStats stats{.tokens = 9, .attended_tokens_mean = 4.5};
  const Json json = format.Of({.kind = Kind::kFinished, .trace = {.stats = stats}});
  EXPECT_EQ(json["stats"]["tokens"], 9);
  EXPECT_EQ(json["stats"]["attended_tokens"], 4.5);
}

TEST(TraceFormatTest, BlocksEndAtWholeCharacters) {
  TraceFormat format = MakeFormat("a\xc3\xa4.");  // 4 tokens, 3 characters
  const Json json = format.Of(
      {.trace = {.blocks = {{0, 2}, {2, 2, DelimiterClass::kSentence, 0.5f}}, .first_block = 7}});
  EXPECT_EQ(DumpJson(json),
            R"({"first_block":7,"blocks":[)"
            R"({"start":0,"length":2,"class":"none","weight":0.0,"byte":0,"bytes":3},)"
            R"({"start":2,"length":2,"class":"sentence","weight":0.5,"byte":3,"bytes":1}]})");
}

TEST(TraceFormatTest, BlocksGoOnIntoTheAnswer) {
  TraceFormat format = MakeFormat("ab");
  const Json json =
      format.Of({.trace = {.tokens = {{.token = Bytes("c")[0]}, {.token = Bytes("d")[0]}},
                           .blocks = {{1, 2}}}});
  EXPECT_EQ(json["tokens"][1]["text"], "d");
  EXPECT_EQ(json["blocks"][0]["byte"], 1);
  EXPECT_EQ(json["blocks"][0]["bytes"], 2);
}

TEST(TraceFormatTest, ChoicesByLayerAndHead) {
  TraceFormat format = MakeFormat("ab");
  BlockChoices choices{.layers = {{HeadChoice{.attended_tokens = 100}}, {HeadChoice{}}}};
  choices.layers[1][0] = {.all = false, .attended_tokens = 50, .blocks = {{3, 2}, {9, 1}}};
  const auto layers = [&](const BlockChoices& c) {
    return format.Of({.trace = {.tokens = {{.token = 'x', .choices = c}}}})["tokens"][0];
  };
  EXPECT_EQ(DumpJson(layers(choices)["layers"]), "[[null],[[3,2,9,1]]]");
  EXPECT_EQ(layers(choices)["attended_tokens"], 75);
  choices.layers[1][0] = {.attended_tokens = 100};
  EXPECT_TRUE(layers(choices)["layers"].is_null());  // all attend to everything
}

TEST(TraceFormatTest, TheFirstTokenWasReadDensely) {
  TraceFormat format = MakeFormat("ab");
  const Json json = format.Of({.trace = {.tokens = {{.token = 'x'}}}});
  EXPECT_EQ(json["tokens"][0]["attended_tokens"], 2);
  EXPECT_TRUE(json["tokens"][0].at("layers").is_null());
  // Of a later one nothing is known.
  const Json later = format.Of({.trace = {.tokens = {{.token = 'y'}}}});
  EXPECT_EQ(DumpJson(later["tokens"][0]),
            R"({"text":")" + later["tokens"][0]["text"].get<std::string>() + R"("})");
}

}  // namespace
}  // namespace dynsplit::testing
