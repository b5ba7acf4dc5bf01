// Chat templates as published, against what Jinja gives: tests/golden/chats.txt, made by
// make_chats.py beside it, whose CONVERSATIONS are those here.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "dynsplit/chat.h"
#include "golden/golden_strings.h"

namespace dynsplit {
namespace {

const std::map<std::string, std::vector<ChatMessage>> kConversations = {
    {"plain", {{"user", " Hi\n"}, {"assistant", " Hello. "}, {"user", "Bye"}}},
    {"system",
     {{"system", "Be brief."}, {"user", " Hi\n"}, {"assistant", " Hello. "}, {"user", "Bye"}}},
    {"thinking",
     {{"user", "2+2?"}, {"assistant", "<think>\nEasy.\n</think>\n\n4"}, {"user", "Sure?"}}},
    {"no_think",
     {{"system", "Be brief. /no_think"},
      {"user", "Hi"},
      {"assistant", "\nHello."},
      {"user", "Bye"}}},
    {"later_system",
     {{"user", "Hi"}, {"assistant", "Hello."}, {"system", "Now in French."}, {"user", "Bye"}}},
};

std::string ReadTemplate(const std::string& name) {
  std::ifstream file(testing::GoldenPath("chats/" + name + ".jinja"));
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(GoldenChats, AreWhatJinjaGives) {
  const std::vector<std::string> lines = testing::ReadGoldenLines("chats.txt");
  ASSERT_GE(lines.size(), 80u);
  for (const std::string& line : lines) {
    std::istringstream fields(line);
    std::string name, conversation, escaped;
    fields >> name >> conversation;
    fields.get();
    std::getline(fields, escaped);
    const std::string want = testing::Unescape(escaped);
    const Result<ChatTemplate> chat = ChatTemplate::Recognise(ReadTemplate(name));
    ASSERT_TRUE(chat.ok()) << name;
    const auto text = chat->Render(kConversations.at(conversation), true);
    if (want == "refused") {
      EXPECT_EQ(text.status().code(), StatusCode::kInvalidArgument) << name << " " << conversation;
      continue;
    }
    ASSERT_TRUE(text.ok()) << name << " " << conversation << ": " << text.status().ToString();
    EXPECT_EQ(*text, want) << name << " as " << chat->name() << ", " << conversation;
  }
}

}  // namespace
}  // namespace dynsplit
