// The file of a GGUF model, or the files of one that was split, mapped. Split models come as
// <name>-00001-of-00003.gguf and so on: the first part has the keys, each has tensors, and opening
// any of them opens all. Immutable after opening, so any number of threads may read one object.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "dynsplit/status.h"
#include "model/gguf_reader.h"

namespace dynsplit {

class ModelFile {
 public:
  struct Part {
    MappedFile file;
    GgufReader reader;  // its tensors lie in `file`

    size_t HeaderBytes() const;  // those before the first tensor
  };

  // Errors as MappedFile::Open and CheckGgufHeader, and for split models: NotFound for a missing
  // part, Corruption where the parts do not belong together, InvalidArgument where the name of
  // `path` does not say which part it is. Cost: the headers are read.
  static Result<ModelFile> Open(const std::string& path);

  const std::vector<Part>& parts() const { return parts_; }           // at least one
  const GgufReader& header() const { return parts_.front().reader; }  // of the model's keys

  // The files alone, once all is known of them: what their headers say, some 6 MB for a vocabulary
  // of 49,152 tokens, is in memory no more.
  std::vector<MappedFile> TakeFiles() &&;

 private:
  ModelFile() = default;
  std::vector<Part> parts_;
};

}  // namespace dynsplit
