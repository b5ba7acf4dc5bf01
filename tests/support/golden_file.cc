#include "support/golden_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

namespace dynsplit::testing {
namespace {

constexpr uint32_t kVersion = 1;
constexpr uint32_t kMaxCount = 1 << 16;  // of tokens, positions and top: all are a few hundred

std::string GoldenPath(const std::string& name) {
  return std::string(DYNSPLIT_SOURCE_DIR) + "/tests/golden/" + name;
}

template <typename T>
void ReadValues(std::ifstream* file, size_t count, std::vector<T>* values) {
  values->resize(count);
  file->read(reinterpret_cast<char*>(values->data()),
             static_cast<std::streamsize>(count * sizeof(T)));
}

// log of the sum of exp(logits).
double LogSumExp(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  return largest + std::log(sum);
}

// sum of p (log p - log q) over one position's stored tokens and the rest.
double Divergence(const GoldenLogits& golden, size_t position, std::span<const float> logits) {
  const double normaliser = LogSumExp(logits);
  double rest = 1;
  double divergence = 0;
  for (size_t i = position * golden.top; i < (position + 1) * golden.top; ++i) {
    const double log_p = golden.log_probabilities[i];
    const double log_q = logits[static_cast<size_t>(golden.ids[i])] - normaliser;
    divergence += std::exp(log_p) * (log_p - log_q);
    rest -= std::exp(log_q);
  }
  const double log_rest = golden.log_rest[position];
  return divergence + std::exp(log_rest) * (log_rest - std::log(std::max(rest, 1e-12)));
}

// Of a position, for the token `top`: LogitsAgreement::largest_loss.
double Loss(const GoldenLogits& golden, size_t position, int64_t top) {
  const size_t first = position * static_cast<size_t>(golden.top);
  for (size_t i = first; i < first + static_cast<size_t>(golden.top); ++i) {
    if (golden.ids[i] != top) continue;
    return golden.log_probabilities[first] - golden.log_probabilities[i];
  }
  return std::numeric_limits<double>::infinity();
}

template <typename T>
std::vector<T> ParseNumbers(const std::string& line) {
  std::istringstream stream(line);
  std::vector<T> numbers;
  for (T number; stream >> number;) numbers.push_back(number);
  return numbers;
}

}  // namespace

Result<GoldenLogits> ReadGoldenLogits(const std::string& name) {
  const std::string path = GoldenPath("logits/" + name + ".bin");
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound(path);
  std::array<char, 4> magic{};
  file.read(magic.data(), magic.size());
  std::vector<uint32_t> header;  // version, num_tokens, num_positions, top
  ReadValues(&file, 4, &header);
  if (std::memcmp(magic.data(), "DSLG", 4) != 0 || header[0] != kVersion ||
      *std::max_element(header.begin(), header.end()) > kMaxCount) {
    return Corruption(path + ": not the header of golden logits");
  }
  GoldenLogits golden;
  golden.num_positions = static_cast<int>(header[2]);
  golden.top = static_cast<int>(header[3]);
  const size_t num_stored = size_t{header[2]} * header[3];
  ReadValues(&file, header[1], &golden.tokens);
  ReadValues(&file, num_stored, &golden.ids);
  ReadValues(&file, num_stored, &golden.log_probabilities);
  ReadValues(&file, header[2], &golden.log_rest);
  if (!file) return Corruption(path + ": shorter than its header says");
  return golden;
}

LogitsAgreement CompareLogits(const GoldenLogits& golden, std::span<const float> logits) {
  LogitsAgreement agreement;
  const auto num_positions = static_cast<size_t>(golden.num_positions);
  const size_t vocab_size = logits.size() / num_positions;
  std::vector<double> divergences;
  for (size_t position = 0; position < num_positions; ++position) {
    const std::span<const float> row = logits.subspan(position * vocab_size, vocab_size);
    const double divergence = Divergence(golden, position, row);
    divergences.push_back(divergence);
    agreement.mean_divergence += divergence / golden.num_positions;
    agreement.max_divergence = std::max(agreement.max_divergence, divergence);
    const auto top = std::max_element(row.begin(), row.end()) - row.begin();
    if (top == golden.ids[position * golden.top]) agreement.same_top += 1.0 / golden.num_positions;
    agreement.largest_loss = std::max(agreement.largest_loss, Loss(golden, position, top));
  }
  const auto middle = divergences.begin() + static_cast<ptrdiff_t>(num_positions / 2);
  std::nth_element(divergences.begin(), middle, divergences.end());
  agreement.median_divergence = *middle;
  return agreement;
}

Result<std::vector<GoldenAnswer>> ReadGoldenAnswers(const std::string& name) {
  const std::string path = GoldenPath("greedy/" + name + ".txt");
  std::ifstream file(path);
  if (!file) return NotFound(path);
  std::vector<GoldenAnswer> answers;
  for (std::string prompt, answer, gaps; std::getline(file, prompt);) {
    std::getline(file, answer);
    std::getline(file, gaps);
    answers.push_back({.prompt = ParseNumbers<int32_t>(prompt),
                       .answer = ParseNumbers<int32_t>(answer),
                       .gaps = ParseNumbers<float>(gaps)});
    if (answers.back().answer.empty() ||
        answers.back().answer.size() != answers.back().gaps.size()) {
      return Corruption(path + ": prompt " + std::to_string(answers.size()) +
                        " has no gap for each token");
    }
  }
  return answers;
}

}  // namespace dynsplit::testing
