#include "apps/eval/tasks/generated/code_module.h"

#include <gtest/gtest.h>

#include <set>

#include "eval_tasks/tasks_fixture.h"

namespace dynsplit::eval {
namespace {

using testing::CountOf;

std::vector<CodeUnit> Write(uint64_t seed, int num_units) {
  CodeModule module{Rng(seed)};
  std::vector<CodeUnit> units;
  for (int i = 0; i < num_units; ++i) units.push_back(module.Next());
  return units;
}

TEST(CodeModuleTest, NamesAndLiteralsAreDifferent) {
  std::set<std::string> names;
  std::set<std::string> literals;
  int num_functions = 0;
  int num_literals = 0;
  for (const CodeUnit& unit : Write(3, 400)) {
    if (!unit.name.empty()) {
      ++num_functions;
      names.insert(unit.name);
      EXPECT_EQ(CountOf(unit.text, "def " + unit.name + "("), 1);
      EXPECT_EQ(CountOf(unit.text, "return "), 1) << unit.text;
    }
    if (!unit.literal.empty()) {
      ++num_literals;
      literals.insert(unit.literal);
      EXPECT_EQ(CountOf(unit.text, unit.literal), 1);
    }
    EXPECT_TRUE(unit.text.ends_with('\n'));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(num_functions));
  EXPECT_EQ(literals.size(), static_cast<size_t>(num_literals));
  EXPECT_GT(num_functions, 300);
  EXPECT_GT(num_literals, num_functions / 2);
  EXPECT_LT(num_literals, num_functions * 7 / 10);
}

TEST(CodeModuleTest, CalleesAreEarlierFunctionsAndCalledOnce) {
  std::set<std::string> earlier;
  std::set<std::string> called;
  std::set<std::string> callers;
  for (const CodeUnit& unit : Write(4, 400)) {
    if (!unit.callee.empty()) {
      EXPECT_EQ(earlier.count(unit.callee), 1u);
      EXPECT_TRUE(called.insert(unit.callee).second) << unit.callee;
      callers.insert(unit.name);
      EXPECT_EQ(CountOf(unit.text, unit.call), 1);
      EXPECT_EQ(CountOf(unit.call, unit.callee + "("), 1);
    }
    earlier.insert(unit.name);
  }
  EXPECT_GT(called.size(), 100u);
  for (const std::string& caller : callers) EXPECT_EQ(called.count(caller), 0u) << caller;
}

TEST(CodeModuleTest, ManyNamesDifferByOneWord) {
  std::set<std::string> beginnings;  // verb and subject
  int num_functions = 0;
  for (const CodeUnit& unit : Write(5, 300)) {
    if (unit.name.empty()) continue;
    ++num_functions;
    beginnings.insert(unit.name.substr(0, unit.name.rfind('_')));
  }
  EXPECT_LT(beginnings.size(), static_cast<size_t>(num_functions) * 95 / 100);
}

TEST(CodeModuleTest, FewFunctionsHaveTheSameShape) {
  // Names and numbers taken away, most bodies are still different.
  std::set<std::string> shapes;
  int num_functions = 0;
  for (const CodeUnit& unit : Write(6, 200)) {
    if (unit.name.empty()) continue;
    ++num_functions;
    std::string shape = unit.text;
    std::erase_if(shape, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
    shapes.insert(shape);
  }
  EXPECT_GT(shapes.size(), static_cast<size_t>(num_functions) * 3 / 4);
}

}  // namespace
}  // namespace dynsplit::eval
