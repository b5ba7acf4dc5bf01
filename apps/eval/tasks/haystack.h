// The texts that facts are hidden in: a user's file, or a book and program sources that Debian
// packages hold (scripts/setup.sh --eval installs them).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/eval/task.h"

namespace dynsplit::eval {

struct HaystackText {
  std::string kind;                     // "prose" or "code"
  std::string comment;                  // what opens a comment line, "" for prose
  std::vector<std::string> paragraphs;  // code: what blank lines part
};

// A file's text, plain or gzip. Errors of opening it; InvalidArgument for NUL bytes, which no text
// has, ResourceExhausted above 256 MiB, Corruption for a gzip file that is damaged or cut off.
Result<std::string> ReadHaystackFile(const std::string& path);

// "x.py" for "x.py.gz": the name that tells what kind of text a file holds.
std::string_view NameOfText(std::string_view path);

// The text of one kind. options.haystack is read as it is, whatever the kind. Else, so that what
// is chosen on some seeds can be tried on text never seen, odd seeds get the first half and even
// seeds the second: about 150,000 tokens of prose (The Jargon File 4.4.7, its lexicon and
// appendices, without headwords and list items of fewer than eight words, and with the line breaks
// inside paragraphs taken away) or 90,000 of code (modules of Python's library). NotFound, with the
// package and the command that brings it, for a missing file; InvalidArgument for an unknown kind
// or a file without text; errors of ReadHaystackFile.
Result<HaystackText> ReadHaystack(std::string_view kind, const TaskOptions& options);

// What documents take in turn: prose and code, or only options.haystack, whose kind its file name
// tells ("x.py", "x.cc.gz", ... are code).
Result<std::vector<HaystackText>> ReadHaystacks(const TaskOptions& options);

struct Filler {
  std::vector<std::string> paragraphs;
  std::vector<int64_t> num_tokens;  // of each, its blank line included
};

// Whole paragraphs with 98 to 100 % of `num_tokens`, from a place that seed and document choose
// on, and on from the text's beginning where it ends. One that is longer than what is left is
// passed over. InvalidArgument, with both lengths, where the text is too short.
Result<Filler> TakeParagraphs(const HaystackText& haystack, const TaskOptions& options,
                              int document, int64_t num_tokens, const Tokenizer& tokenizer);

}  // namespace dynsplit::eval
