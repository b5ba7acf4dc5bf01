// Questions with the paragraphs that answer them, from SQuAD v1.1 or v2.0 (Rajpurkar et al. 2016,
// 2018) or HotpotQA's distractor setting (Yang et al. 2018), in the files as published.
#pragma once

#include <string>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit::eval {

struct QaQuestion {
  std::string question;
  std::vector<std::string> answers;  // different, at least one
  std::vector<size_t> gold;          // paragraphs that answer it
  std::vector<size_t> near;          // others about the same: the hardest distractors
};

struct QaFile {
  std::vector<std::string> paragraphs;  // different
  std::vector<QaQuestion> questions;    // those that have an answer, in the file's order
};

// Tells the format from the content. InvalidArgument, with file and place, for what is neither or
// lacks a field; the errors of ReadFile.
Result<QaFile> ReadQaFile(const std::string& path);

}  // namespace dynsplit::eval
