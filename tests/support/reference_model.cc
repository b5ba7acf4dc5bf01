#include "support/reference_model.h"

#include <cmath>

#include "ggml.h"

namespace dynsplit::testing {
namespace {

using Vector = std::vector<double>;

float At(const ggml_tensor* tensor, int64_t row, int64_t column) {
  return static_cast<const float*>(tensor->data)[row * tensor->ne[0] + column];
}

Vector Multiply(const ggml_tensor* weight, const ggml_tensor* bias, const Vector& x) {
  Vector y(static_cast<size_t>(weight->ne[1]));
  for (size_t row = 0; row < y.size(); ++row) {
    y[row] = bias == nullptr ? 0.0 : At(bias, 0, static_cast<int64_t>(row));
    for (size_t i = 0; i < x.size(); ++i) {
      y[row] += double{At(weight, static_cast<int64_t>(row), static_cast<int64_t>(i))} * x[i];
    }
  }
  return y;
}

Vector Norm(const ggml_tensor* weight, double epsilon, const Vector& x) {
  double squares = 0;
  for (const double value : x) squares += value * value;
  const double scale = 1 / std::sqrt(squares / static_cast<double>(x.size()) + epsilon);
  Vector y(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    y[i] = x[i] * scale * double{At(weight, 0, static_cast<int64_t>(i))};
  }
  return y;
}

// Turns each head's pairs by position / base^(2i / dims).
void Rotate(const RopeConfig& rope, int head_dim, int position, Vector* x) {
  const int half = rope.dimension_count / 2;
  for (size_t head = 0; head < x->size(); head += static_cast<size_t>(head_dim)) {
    for (int i = 0; i < half; ++i) {
      const bool halves = rope.layout == RopeLayout::kHalves;
      double& a = (*x)[head + static_cast<size_t>(halves ? i : 2 * i)];
      double& b = (*x)[head + static_cast<size_t>(halves ? i + half : 2 * i + 1)];
      const double angle =
          position / std::pow(double{rope.freq_base}, 2.0 * i / rope.dimension_count);
      const double turned = a * std::cos(angle) - b * std::sin(angle);
      b = a * std::sin(angle) + b * std::cos(angle);
      a = turned;
    }
  }
}

// Attention of the last row over all rows.
Vector Attend(const ModelConfig& config, size_t layer, const Vector& query,
              const std::vector<Vector>& keys, const std::vector<Vector>& values) {
  const auto heads = static_cast<size_t>(config.num_heads);
  const size_t group = heads / static_cast<size_t>(config.layers[layer].num_kv_heads);
  const auto d = static_cast<size_t>(config.head_dim);
  const auto dv = static_cast<size_t>(config.value_dim);
  Vector out(heads * dv);
  for (size_t h = 0; h < heads; ++h) {
    const size_t kv = h / group;
    double total = 0;
    for (size_t row = 0; row < keys.size(); ++row) {
      double score = 0;
      for (size_t i = 0; i < d; ++i) score += query[h * d + i] * keys[row][kv * d + i];
      const double weight = std::exp(score / std::sqrt(static_cast<double>(d)));
      total += weight;
      for (size_t i = 0; i < dv; ++i) out[h * dv + i] += weight * values[row][kv * dv + i];
    }
    for (size_t i = 0; i < dv; ++i) out[h * dv + i] /= total;
  }
  return out;
}

Vector Add(Vector a, const Vector& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

}  // namespace

std::vector<Vector> ReferenceLogits(const Weights& weights, std::span<const int32_t> tokens) {
  const ModelConfig& config = weights.config();
  const ModelWeights& tensors = weights.tensors(1);
  std::vector<std::vector<Vector>> keys(tensors.layers.size());
  std::vector<std::vector<Vector>> values(tensors.layers.size());
  std::vector<Vector> logits;
  for (int position = 0; position < static_cast<int>(tokens.size()); ++position) {
    Vector x;
    for (int i = 0; i < config.embedding_length; ++i) {
      x.push_back(At(tensors.token_embd, tokens[static_cast<size_t>(position)], i));
    }
    for (size_t l = 0; l < tensors.layers.size(); ++l) {
      const LayerWeights& w = tensors.layers[l];
      const Vector normed = Norm(w.attn_norm, config.rms_epsilon, x);
      Vector query = Multiply(w.wq, w.bq, normed);
      Vector key = Multiply(w.wk, w.bk, normed);
      Rotate(config.rope, config.head_dim, position, &query);
      Rotate(config.rope, config.head_dim, position, &key);
      keys[l].push_back(key);
      values[l].push_back(Multiply(w.wv, w.bv, normed));
      x = Add(std::move(x), Multiply(w.wo, w.bo, Attend(config, l, query, keys[l], values[l])));
      const Vector hidden = Norm(w.ffn_norm, config.rms_epsilon, x);
      const Vector gate = Multiply(w.ffn_gate, nullptr, hidden);
      Vector up = Multiply(w.ffn_up, nullptr, hidden);
      for (size_t i = 0; i < up.size(); ++i) up[i] *= gate[i] / (1 + std::exp(-gate[i]));
      x = Add(std::move(x), Multiply(w.ffn_down, nullptr, up));
    }
    logits.push_back(
        Multiply(tensors.output, nullptr, Norm(tensors.output_norm, config.rms_epsilon, x)));
  }
  return logits;
}

}  // namespace dynsplit::testing
