#include "apps/eval/results.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

namespace dynsplit::eval {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Keys are JSON too, so that they are the same before a text is repaired and after.
std::string Key(const Record& record) {
  return Dump({record.task, record.id, record.context, record.method, record.budget});
}

std::string Key(const ImportanceRecord& record) {
  return Dump({record.task, record.document, record.context, record.delimiter});
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
  return {{"task", record.task},           {"document", record.document},
          {"kind", record.kind},           {"context", record.context},
          {"delimiter", record.delimiter}, {"count", record.count},
          {"weight", record.weight},       {"standard_error", record.standard_error}};
}

std::optional<double> OptionalNumber(const Json& json, const char* key) {
  if (!json.contains(key)) return std::nullopt;
  return json[key].get<double>();
}

// Both throw nlohmann's exceptions where a key is missing or of another type.
void FromJson(const Json& json, Record* record) {
  json.at("task").get_to(record->task);
  json.at("id").get_to(record->id);
  json.at("kind").get_to(record->kind);
  json.at("method").get_to(record->method);
  if (!json.at("budget").is_null()) json["budget"].get_to(record->budget);
  json.at("context").get_to(record->context);
  json.at("context_tokens").get_to(record->context_tokens);
  record->depth = OptionalNumber(json, "depth").value_or(-1);
  json.at("expected").get_to(record->expected);
  json.at("answer").get_to(record->answer);
  json.at("score").get_to(record->score);
  json.at("attended_tokens").get_to(record->attended_tokens);
  json.at("index_bytes").get_to(record->index_bytes);
  record->nll = OptionalNumber(json, "nll");
  record->kl = OptionalNumber(json, "kl");
}

void FromJson(const Json& json, ImportanceRecord* record) {
  json.at("task").get_to(record->task);
  json.at("document").get_to(record->document);
  json.at("kind").get_to(record->kind);
  json.at("context").get_to(record->context);
  json.at("delimiter").get_to(record->delimiter);
  json.at("count").get_to(record->count);
  json.at("weight").get_to(record->weight);
  json.at("standard_error").get_to(record->standard_error);
}

template <typename T>
Result<std::vector<T>> ReadRecords(const std::string& path) {
  const auto lines = ReadLines(path);
  if (!lines.ok()) return lines.status();
  std::vector<T> records(lines->size());
  for (size_t i = 0; i < lines->size(); ++i) {
    try {
      FromJson(Json::parse((*lines)[i]), &records[i]);
    } catch (const Json::exception& error) {
      return Corruption(path + ": line " + std::to_string(i + 1) + ": " + error.what());
    }
  }
  return records;
}

// As ReadRecords; none where there is no file yet.
template <typename T>
Result<std::vector<T>> ReadRecordsSoFar(const std::string& path) {
  auto records = ReadRecords<T>(path);
  if (records.status().code() == StatusCode::kNotFound) return std::vector<T>();
  return records;
}

Status MakeFolder(const std::string& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return IoError(dir + ": " + error.message());
  if (std::filesystem::exists(dir + "/results.jsonl") &&
      !std::filesystem::exists(dir + "/run.json")) {
    return InvalidArgument(dir + " has results.jsonl but no run.json that says of what run");
  }
  return {};
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
  DYNSPLIT_RETURN_IF_ERROR(ClaimFolder(dir, run));
  const std::string path = dir + "/results.jsonl";
  const std::string importance_path = dir + "/importance.jsonl";
  auto records = ReadRecordsSoFar<Record>(path);
  if (!records.ok()) return records.status();
  const auto importance = ReadRecordsSoFar<ImportanceRecord>(importance_path);
  if (!importance.ok()) return importance.status();
  auto file = LineFile::Open(path);
  if (!file.ok()) return file.status();
  auto importance_file = LineFile::Open(importance_path);
  if (!importance_file.ok()) return importance_file.status();
  Results results(*std::move(file), *std::move(importance_file));
  results.records_ = *std::move(records);
  for (const Record& record : results.records_) results.keys_.insert(Key(record));
  for (const ImportanceRecord& record : *importance) results.importance_keys_.insert(Key(record));
  return results;
}

bool Results::Has(const Record& record) const { return keys_.contains(Key(record)); }

Status Results::Add(const Record& record) {
  DYNSPLIT_RETURN_IF_ERROR(results_file_.Append(Dump(ToJson(record)) + "\n"));
  keys_.insert(Key(record));
  records_.push_back(record);
  return {};
}

Status Results::AddImportance(std::span<const ImportanceRecord> records) {
  std::string lines;
  for (const ImportanceRecord& record : records) {
    if (importance_keys_.insert(Key(record)).second) lines += Dump(ToJson(record)) + "\n";
  }
  return importance_file_.Append(lines);
}

}  // namespace dynsplit::eval
