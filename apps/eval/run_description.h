// What makes the results of two runs belong together: DIR/run.json. Methods, budgets, tasks and
// contexts are not part of it, as a run may add some to what is there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dynsplit/status.h"

namespace dynsplit::eval {

// Which file it was: its size, and a hash (64-bit FNV-1a) of its bytes.
struct FileIdentity {
  std::string name;  // without the folder; of a model, its own
  int64_t bytes = 0;
  std::string hash;
};
// Both: NotFound, InvalidArgument for a folder, IoError.
Result<FileIdentity> IdentifyFile(const std::string& path);
// Of gigabytes, so cheaply: the hash is of the first and the last MiB, where the names and the
// first values of the tensors stand.
Result<FileIdentity> IdentifyModel(const std::string& path);

struct RunDescription {
  std::string version;  // the program's, as presets may change with it
  FileIdentity model;
  std::string prompt;              // "chat", "plain"
  std::string question;            // "selected", "full"
  std::string answer = "written";  // "written", "fed", "stepped"
  std::string prefill = "full";    // "full", or "selected" and how
  std::string kv_types = "f16";    // of keys and values: "f16", "q8_0", "f16+q4" (hot and cold)
  int boundary_window = 0;         // EngineOptions': what is learned while a document is read
  int boundary_retained = 0;       // the same
  std::string dense_heads;         // of the model's profile: "7.0:5.1", "none"; "" without one
  uint64_t seed = 0;
  int num_questions = 0;
  int questions_per_document = 0;
  std::vector<double> depths;
  std::optional<FileIdentity> haystack;
  std::optional<FileIdentity> data;
};

// Writes `run` to <dir>/run.json where there is none; else InvalidArgument, naming the first key
// that differs, what stands there and what was wanted. Corruption where the file is no JSON object;
// IoError.
Status ClaimFolder(const std::string& dir, const RunDescription& run);

}  // namespace dynsplit::eval
