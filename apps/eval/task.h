// What the evaluation asks: a task makes documents, each with the questions that share it. One
// folder of tasks/ each, with a README that says what it measures and where it comes from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dynsplit/status.h"
#include "dynsplit/tokenizer.h"

namespace dynsplit::eval {

// How an answer becomes a score in [0, 1]; see metrics.h.
enum class Metric {
  kContainsAll,   // share of the expected strings that the answer contains (RULER)
  kContainsAny,   // 1 where it contains one of them (RULER's QA; unknown LongBench data sets)
  kExact,         // 1 where the trimmed first line equals one of them
  kF1,            // LongBench: token F1 against the best of them
  kRougeL,        // LongBench: ROUGE-L F1
  kAccuracy,      // LongBench: classification among `classes`
  kEdit,          // LongBench: edit similarity of the first code line
  kCount,         // LongBench: share of the numbers in the answer that are the expected one
  kRetrieval,     // LongBench: as kCount, for "Paragraph N"
  kContinuation,  // no answer is written: `continuation` is scored token by token
};

struct Question {
  std::string id;                     // unique within its document
  std::string prompt;                 // what is asked after the document
  std::string answer_prefix;          // opens the model's answer, may be empty
  std::vector<std::string> expected;  // at least one, but for kContinuation
  std::vector<std::string> classes;   // kAccuracy only
  Metric metric = Metric::kContainsAll;
  int max_tokens = 32;       // of the answer
  bool first_line = false;   // what follows the answer's first line is neither scored nor wanted
  double depth = -1;         // of the fact asked for: 0 the beginning, 1 the end; -1: no one place
  std::string continuation;  // kContinuation: what follows the document
};

struct Document {
  std::string id;            // unique within its task, the same for the same options
  std::string kind;          // "prose", "code", "records", "dialogue", "table", "words"
  std::string instructions;  // what stands before the text, may be empty
  std::string text;
  std::vector<Question> questions;
};

struct TaskOptions {
  int64_t context_tokens = 4096;  // about the length of a document's text
  int num_questions = 24;         // at least; the last document may bring more
  int questions_per_document = 12;
  uint64_t seed = 1;
  std::string haystack;        // a file to hide facts in, "": texts that Debian packages hold
  std::string data;            // the user's file, for the tasks that read one
  std::vector<double> depths;  // for tasks with one needle: where, in turn; empty: evenly spread
};

struct TaskEntry {
  std::string_view name;     // "niah-single"
  std::string_view summary;  // one line for --help and reports
  // The same options give the same documents on every machine (given the same haystack files).
  // InvalidArgument or NotFound, saying what is wanted, where a file is missing or too short.
  Result<std::vector<Document>> (*make)(const TaskOptions& options, const Tokenizer& tokenizer);
};

}  // namespace dynsplit::eval
