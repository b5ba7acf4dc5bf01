#include "apps/eval/results.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include "apps/common/json.h"

namespace dynsplit::eval {
namespace {

// Keys are JSON too, so that they are the same before a text is repaired and after.
std::string Key(const Record& record) {
  return DumpJson({record.task, record.id, record.context, record.method, record.budget});
}

std::string Key(const ImportanceRecord& record) {
  return DumpJson({record.task, record.document, record.method, record.context, record.delimiter});
}

Json ToJson(const Record& record) {
  Json json;
  json["task"] = record.task;
  json["id"] = record.id;
  json["kind"] = record.kind;
  json["method"] = record.method;
  json["budget"] = record.budget.empty() ? Json() : Json(record.budget);
  json["context"] = record.context;
  json["context_tokens"] = record.context_tokens;
  if (record.depth >= 0) json["depth"] = record.depth;
  json["expected"] = record.expected;
  json["answer"] = record.answer;
  json["score"] = record.score;
  json["attended_tokens"] = record.attended_tokens;
  json["index_bytes"] = record.index_bytes;
  if (record.nll) json["nll"] = *record.nll;
  if (record.kl) json["kl"] = *record.kl;
  return json;
}

Json ToJson(const ImportanceRecord& record) {
  return {{"task", record.task},
          {"document", record.document},
          {"kind", record.kind},
          {"method", record.method},
          {"context", record.context},
          {"delimiter", record.delimiter},
          {"count", record.count},
          {"weight", record.weight},
          {"standard_error", record.standard_error}};
}

constexpr double kMost = std::numeric_limits<double>::max();

void Take(JsonFields* fields, Record* record) {
  fields->Text("task", &record->task);
  fields->Text("id", &record->id);
  fields->Text("kind", &record->kind);
  fields->Text("method", &record->method);
  fields->TextOrNull("budget", &record->budget);
  fields->Count("context", &record->context);
  fields->Count("context_tokens", &record->context_tokens);
  if (fields->Has("depth")) fields->Number("depth", 0, 1, &record->depth);
  fields->Texts("expected", &record->expected);
  fields->Text("answer", &record->answer);
  fields->Number("score", 0, 1, &record->score);
  fields->Number("attended_tokens", 0, kMost, &record->attended_tokens);
  fields->Count("index_bytes", &record->index_bytes);
  if (!fields->Has("nll") && !fields->Has("kl")) return;
  fields->Number("nll", &record->nll.emplace());
  fields->Number("kl", &record->kl.emplace());
}

void Take(JsonFields* fields, ImportanceRecord* record) {
  fields->Text("task", &record->task);
  fields->Text("document", &record->document);
  fields->Text("kind", &record->kind);
  fields->Text("method", &record->method);
  fields->Count("context", &record->context);
  fields->Text("delimiter", &record->delimiter);
  fields->Count("count", &record->count);
  fields->Number("weight", &record->weight);
  fields->Number("standard_error", 0, kMost, &record->standard_error);
}

template <typename T>
Result<std::vector<T>> ReadRecords(const std::string& path) {
  const auto lines = ReadLines(path);
  if (!lines.ok()) return lines.status();
  std::vector<T> records(lines->size());
  for (size_t i = 0; i < lines->size(); ++i) {
    const Json json = Json::parse((*lines)[i], nullptr, /*allow_exceptions=*/false);
    JsonFields fields(json);
    Take(&fields, &records[i]);
    const std::string problem = json.is_discarded() ? "not JSON" : fields.problem();
    if (problem.empty()) continue;
    return Corruption(path + ": line " + std::to_string(i + 1) + ": " + problem);
  }
  return records;
}

Status MakeFolder(const std::string& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  return error ? IoError(dir + ": " + error.message()) : Status();
}

Status Remove(const std::string& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  return error ? IoError(path + ": " + error.message()) : Status();
}

// A run that came to no result is forgotten, so that a corrected command may follow it.
Status ForgetRun(const std::string& dir) {
  DYNSPLIT_RETURN_IF_ERROR(Remove(dir + "/run.json"));
  return Remove(dir + "/importance.jsonl");
}

}  // namespace

Result<std::vector<Record>> ReadResults(const std::string& path) {
  return ReadRecords<Record>(path);
}

Result<std::vector<ImportanceRecord>> ReadImportance(const std::string& path) {
  return ReadRecords<ImportanceRecord>(path);
}

Result<Results> Results::Open(const std::string& dir, const RunDescription& run) {
  DYNSPLIT_RETURN_IF_ERROR(MakeFolder(dir));
  const std::string path = dir + "/results.jsonl";
  const std::string importance_path = dir + "/importance.jsonl";
  const bool is_new = !std::filesystem::exists(path);
  auto file = LineFile::Open(path);  // from here on no other run has the folder
  if (!file.ok()) return file.status();
  const auto records = ReadResults(path);
  if (!records.ok()) return records.status();
  if (!records->empty() && !std::filesystem::exists(dir + "/run.json")) {
    return InvalidArgument(dir + " has results.jsonl but no run.json that says of what run");
  }
  // A run.json beside no results.jsonl at all may be of another program.
  if (records->empty() && !is_new) DYNSPLIT_RETURN_IF_ERROR(ForgetRun(dir));
  const Status claimed = ClaimFolder(dir, run);
  if (!claimed.ok()) {
    if (is_new) DYNSPLIT_RETURN_IF_ERROR(Remove(path));
    return claimed;
  }
  auto importance_file = LineFile::Open(importance_path);
  if (!importance_file.ok()) return importance_file.status();
  const auto importance = ReadImportance(importance_path);
  if (!importance.ok()) return importance.status();
  Results results(*std::move(file), *std::move(importance_file));
  for (const Record& record : *records) {
    if (results.keys_.insert(Key(record)).second) results.records_.push_back(record);
  }
  for (const ImportanceRecord& record : *importance) results.importance_keys_.insert(Key(record));
  return results;
}

bool Results::Has(const Record& record) const { return keys_.contains(Key(record)); }

Status Results::Add(const Record& record) {
  DYNSPLIT_RETURN_IF_ERROR(results_file_.Append(DumpJson(ToJson(record)) + "\n"));
  keys_.insert(Key(record));
  records_.push_back(record);
  return {};
}

Status Results::AddImportance(std::span<const ImportanceRecord> records) {
  std::string lines;
  for (const ImportanceRecord& record : records) {
    if (importance_keys_.insert(Key(record)).second) lines += DumpJson(ToJson(record)) + "\n";
  }
  return importance_file_.Append(lines);
}

}  // namespace dynsplit::eval
