// Each generated question is answered again from its document's text alone.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/eval/tasks/code_call/code_call.h"
#include "apps/eval/tasks/code_function/code_function.h"
#include "apps/eval/tasks/dialogue/dialogue.h"
#include "apps/eval/tasks/records/records.h"
#include "apps/eval/tasks/table/table.h"
#include "eval_tasks/tasks_fixture.h"

namespace dynsplit::eval {
namespace {

using testing::ByteTokenizer;
using testing::CountOf;
using testing::Options;

std::vector<Document> Make(Result<std::vector<Document>> (*make)(const TaskOptions&,
                                                                 const Tokenizer&)) {
  TaskOptions options = Options(30000, 7);
  options.num_questions = 48;
  return *make(options, ByteTokenizer());
}

// What stands between the first pair of `quote` in `text`.
std::string Quoted(const std::string& text, char quote) {
  const size_t begin = text.find(quote) + 1;
  return text.substr(begin, text.find(quote, begin) - begin);
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(CodeFunctionTest, TheFunctionReturnsTheAnswer) {
  for (const Document& document : Make(MakeCodeFunction)) {
    const auto lines = Lines(document.text);
    for (const Question& question : document.questions) {
      const std::string head = "def " + Quoted(question.prompt, '`') + "(";
      size_t i = 0;
      while (lines[i].find(head) == std::string::npos) ++i;
      int num_returns = 0;
      std::string returned;
      for (++i; i < lines.size() && lines[i].find("def ") == std::string::npos; ++i) {
        const size_t at = lines[i].find("return ");
        if (at == std::string::npos) continue;
        ++num_returns;
        returned = lines[i].substr(at + 7);
      }
      EXPECT_EQ(num_returns, 1) << head;
      const bool is_string = returned.starts_with('"');
      EXPECT_EQ(is_string ? Quoted(returned, '"') : returned.substr(0, returned.find(' ')),
                question.expected.front());
    }
  }
}

TEST(CodeCallTest, TheFunctionAroundTheCallIsTheAnswer) {
  for (const Document& document : Make(MakeCodeCall)) {
    const auto lines = Lines(document.text);
    for (const Question& question : document.questions) {
      const std::string callee = Quoted(question.prompt, '`') + "(";
      std::string function;
      int num_calls = 0;
      for (const std::string& line : lines) {
        const size_t def = line.find("def ");
        if (def != std::string::npos) {
          function = line.substr(def + 4, line.find('(') - def - 4);
        } else if (const size_t at = line.find(callee);
                   at != std::string::npos && (at == 0 || std::isalpha(line[at - 1]) == 0)) {
          ++num_calls;
          EXPECT_EQ(function, question.expected.front());
        }
      }
      EXPECT_EQ(num_calls, 1) << callee;
      EXPECT_NE(document.text.find("def " + callee), std::string::npos) << callee;
    }
  }
}

// Objects one after another, each in one line or indented.
std::vector<nlohmann::json> ReadRecords(const std::string& text) {
  std::vector<nlohmann::json> records;
  std::string record;
  for (const std::string& line : Lines(text)) {
    record += line;
    if (line != "}" && !(line.starts_with("{\"") && line.ends_with('}'))) continue;
    records.push_back(nlohmann::json::parse(record));
    record.clear();
  }
  EXPECT_EQ(record, "");
  return records;
}

TEST(RecordsTest, TheFieldHoldsTheAnswer) {
  const std::map<std::string, std::string> fields = {
      {"badge number", "/badge/number"},      {"phone extension", "/contact/phone_extension"},
      {"email address", "/contact/email"},    {"tracking number", "/shipping/tracking_number"},
      {"invoice number", "/invoice/number"},  {"customer name", "/customer/name"},
      {"serial number", "/serial_number"},    {"network port", "/network/port"},
      {"network address", "/network/address"}};
  for (const Document& document : Make(MakeRecords)) {
    const auto records = ReadRecords(document.text);
    for (const Question& question : document.questions) {
      const std::string& prefix = question.answer_prefix;  // "The <field> of <key> is"
      const size_t of = prefix.find(" of ");
      const std::string path = fields.at(prefix.substr(4, of - 4));
      std::string key = prefix.substr(of + 4, prefix.size() - of - 7);
      if (key.starts_with("order ")) key = key.substr(6);
      int num_found = 0;
      for (const auto& record : records) {
        if (record.value("name", "") != key && record.value("id", "") != key &&
            record.value("host", "") != key) {
          continue;
        }
        ++num_found;
        const auto& value = record.at(nlohmann::json::json_pointer(path));
        EXPECT_EQ(value.is_string() ? value.get<std::string>() : value.dump(),
                  question.expected.front());
      }
      EXPECT_EQ(num_found, 1) << key;
    }
  }
}

std::vector<std::string> Cells(std::string line) {
  const bool markdown = line.starts_with("| ");
  std::vector<std::string> cells;
  if (markdown) line = line.substr(2, line.size() - 4) + " ";
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, markdown ? '|' : ',');) {
    const size_t begin = cell.find_first_not_of(' ');
    cells.push_back(cell.substr(begin, cell.find_last_not_of(' ') + 1 - begin));
  }
  return cells;
}

TEST(TableTest, RowAndColumnHoldTheAnswer) {
  for (const Document& document : Make(MakeTable)) {
    const auto lines = Lines(document.text);
    for (const Question& question : document.questions) {
      std::istringstream in(question.prompt);
      std::string skipped, title, column, row;
      std::getline(in, skipped, '"');
      std::getline(in, title, '"');
      std::getline(in, skipped, '"');
      std::getline(in, column, '"');
      std::getline(in, skipped, '"');
      std::getline(in, row, '"');
      std::string current;
      std::vector<std::string> header;
      int num_found = 0;
      for (size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].starts_with("#")) {
          current = lines[i].substr(lines[i].find(' ') + 1);
          header.clear();
          continue;
        }
        if (lines[i].empty()) continue;
        const auto cells = Cells(lines[i]);
        if (header.empty()) header = cells;
        if (cells.front() != row) continue;
        ++num_found;
        EXPECT_EQ(current, title);
        ASSERT_EQ(cells.size(), header.size());
        const auto at = std::find(header.begin(), header.end(), column);
        ASSERT_NE(at, header.end()) << column;
        EXPECT_EQ(cells[static_cast<size_t>(at - header.begin())], question.expected.front());
      }
      EXPECT_EQ(num_found, 1) << row;
    }
  }
}

TEST(DialogueTest, TheAnswerStandsInTheExchangeAboutTheObject) {
  for (const Document& document : Make(MakeDialogue)) {
    const auto lines = Lines(document.text);
    for (const Question& question : document.questions) {
      const size_t at = document.text.find(question.expected.front());
      const size_t begin = document.text.substr(0, at).rfind('\n') + 1;
      // The answer's turn, or one of the two before it, has both words of the object.
      int num_shared = 0;
      std::istringstream exchange(document.text.substr(begin < 400 ? 0 : begin - 400, 400 + 200));
      for (std::string word; exchange >> word;) {
        std::erase_if(word, [](char c) { return std::isalpha(c) == 0; });
        if (word.size() > 2) num_shared += CountOf(question.prompt, " " + word) > 0;
      }
      EXPECT_GE(num_shared, 2) << question.prompt;
      ASSERT_LT(at, document.text.size());
    }
    EXPECT_GT(lines.size(), 100u);
  }
}

}  // namespace
}  // namespace dynsplit::eval
