#include "model/model_file.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

namespace dynsplit {
namespace {

constexpr uint32_t kMaxParts = 1024;

// Which part of how many a file is, as its header says.
struct Position {
  uint32_t index = 0;
  uint32_t count = 1;
};

Result<Position> ReadPosition(const GgufReader& reader) {
  const Result<uint32_t> count = reader.U32("split.count", 1);
  if (!count.ok()) return count.status();
  if (*count <= 1) return Position{};
  if (*count > kMaxParts) {
    return reader.KeyError("split.count", std::to_string(*count),
                           "at most " + std::to_string(kMaxParts));
  }
  const Result<uint32_t> index = reader.U32("split.no");
  if (!index.ok()) return index.status();
  if (*index >= *count) {
    return reader.KeyError("split.no", std::to_string(*index),
                           "less than split.count " + std::to_string(*count));
  }
  return Position{*index, *count};
}

// The end of a part's name: "-00001-of-00003.gguf"
std::string NameEnd(Position position) {
  char end[32];
  std::snprintf(end, sizeof(end), "-%05u-of-%05u.gguf", position.index + 1, position.count);
  return end;
}

Result<ModelFile::Part> OpenPart(const std::string& path) {
  Result<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  Result<GgufReader> reader = GgufReader::FromBuffer(file->bytes(), path);
  if (!reader.ok()) return reader.status();
  return ModelFile::Part{std::move(file).value(), std::move(reader).value()};
}

Status CheckPosition(const GgufReader& reader, Position wanted) {
  const Result<Position> found = ReadPosition(reader);
  if (!found.ok()) return found.status();
  if (found->count != wanted.count) {
    return reader.KeyError("split.count", std::to_string(found->count),
                           std::to_string(wanted.count) + " as in the other parts");
  }
  if (found->index == wanted.index) return {};
  return reader.KeyError("split.no", std::to_string(found->index),
                         std::to_string(wanted.index) + " as the file's name says");
}

// That no tensor is in two parts, and that there are as many as they say.
Status CheckTensors(const std::vector<ModelFile::Part>& parts) {
  std::set<std::string_view> names;
  for (const ModelFile::Part& part : parts) {
    for (const GgufTensor& tensor : part.reader.tensors()) {
      if (names.insert(tensor.name).second) continue;
      return Corruption(part.reader.path() + ": tensor '" + tensor.name +
                        "' is in another part of the model as well");
    }
  }
  for (const ModelFile::Part& part : parts) {
    const auto num_tensors = static_cast<uint32_t>(names.size());
    const Result<uint32_t> count = part.reader.U32("split.tensors.count", num_tensors);
    if (!count.ok()) return count.status();
    if (*count == num_tensors) continue;
    return part.reader.KeyError("split.tensors.count", std::to_string(*count),
                                std::to_string(num_tensors) + ", as the parts have together");
  }
  return {};
}

}  // namespace

Result<ModelFile> ModelFile::Open(const std::string& path) {
  Result<Part> opened = OpenPart(path);
  if (!opened.ok()) return opened.status();
  const Result<Position> position = ReadPosition(opened->reader);
  if (!position.ok()) return position.status();
  ModelFile model;
  if (position->count == 1) {
    model.parts_.push_back(std::move(opened).value());
    return model;
  }
  const std::string end = NameEnd(*position);
  const std::string what = "part " + std::to_string(position->index + 1) + " of " +
                           std::to_string(position->count) + " of a model";
  if (!path.ends_with(end)) {
    return InvalidArgument(path + ": " + what + "; its name must end in " + end +
                           " for the others to be found");
  }
  const std::string stem = path.substr(0, path.size() - end.size());
  for (uint32_t i = 0; i < position->count; ++i) {
    const Position wanted = {i, position->count};
    Result<Part> part = i == position->index ? std::move(opened) : OpenPart(stem + NameEnd(wanted));
    if (!part.ok()) {
      return Status(part.status().code(),
                    part.status().message() + " (" + path + " is " + what + ")");
    }
    DYNSPLIT_RETURN_IF_ERROR(CheckPosition(part->reader, wanted));
    model.parts_.push_back(std::move(part).value());
  }
  DYNSPLIT_RETURN_IF_ERROR(CheckTensors(model.parts_));
  return model;
}

std::vector<MappedFile> ModelFile::TakeFiles() && {
  std::vector<MappedFile> files;
  for (Part& part : parts_) {
    part.file.DropPages(0, part.HeaderBytes());
    files.push_back(std::move(part.file));
  }
  parts_.clear();
  return files;
}

size_t ModelFile::Part::HeaderBytes() const {
  size_t bytes = file.bytes().size();
  for (const GgufTensor& tensor : reader.tensors()) {
    bytes = std::min(bytes, static_cast<size_t>(tensor.bytes.data() - file.bytes().data()));
  }
  return bytes;
}

}  // namespace dynsplit
