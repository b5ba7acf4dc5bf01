// Writes the logits of full attention for given token ids: our half of compare_logits.py.
//
//     dump_logits MODEL IDS OUT
//
// IDS: a text file of ids separated by white space. OUT: f32 [number of ids, vocab_size], raw, in
// this machine's byte order. Exit status 1, with the reason on stderr, where something fails.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "dynsplit/engine.h"

namespace dynsplit {
namespace {

Status DumpLogits(const std::string& model_path, const std::string& ids_path,
                  const std::string& out_path) {
  std::ifstream file(ids_path);
  const std::vector<int32_t> ids{std::istream_iterator<int32_t>(file), {}};
  if (ids.empty()) return InvalidArgument(ids_path + ": no ids");
  const auto model = Model::Load(model_path);
  if (!model.ok()) return model.status();
  // One pass: a session keeps the logits of its last pass only.
  const auto engine = Engine::Create(*model, {.batch_tokens = static_cast<int>(ids.size())});
  if (!engine.ok()) return engine.status();
  const auto method = MethodPreset("full");
  if (!method.ok()) return method.status();
  const auto session = (*engine)->NewSession(*method);
  if (!session.ok()) return session.status();
  DYNSPLIT_RETURN_IF_ERROR((*session)->Feed(ids, {.logits = Logits::kAll}));
  std::ofstream out(out_path, std::ios::binary);
  const std::span<const float> logits = (*session)->logits();
  out.write(reinterpret_cast<const char*>(logits.data()),
            static_cast<std::streamsize>(logits.size_bytes()));
  out.close();
  return out ? Status() : IoError(out_path + ": cannot be written");
}

}  // namespace
}  // namespace dynsplit

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: dump_logits MODEL IDS OUT\n");
    return 2;
  }
  const dynsplit::Status status = dynsplit::DumpLogits(argv[1], argv[2], argv[3]);
  if (!status.ok()) std::fprintf(stderr, "dump_logits: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
