// GroupNorm followed by SiLU for bfloat16 channels-last tensors, forward and backward, for training on CPUs.
// PyTorch's own kernels for this layout take more time than the convolutions around them on machines with AMX.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

inline float widen(uint16_t value) {
  uint32_t bits = static_cast<uint32_t>(value) << 16;
  float result;
  std::memcpy(&result, &bits, 4);
  return result;
}

inline uint16_t narrow(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  bits += 0x7fff + ((bits >> 16) & 1);
  return static_cast<uint16_t>(bits >> 16);
}

// exp(-value) within 2e-7 (relative) for |value| < 87, by range reduction and a polynomial: unlike the library's, it becomes
// plain vector code.
inline float exp_of_negative(float value) {
  const float clamped = std::min(std::max(-value, -87.0f), 87.0f);
  const float power = std::nearbyint(clamped * 1.44269504f);
  const float rest = clamped - power * 0.693147182f;
  const float series =
      1.0f + rest * (1.0f + rest * (0.5f + rest * (0.16666667f + rest * (0.041666668f + rest * 0.0083333338f))));
  const int32_t exponent = (static_cast<int32_t>(power) + 127) << 23;
  float scale;
  std::memcpy(&scale, &exponent, 4);
  return series * scale;
}

// Sums are folded into wider ones after this many pixels, so that large pictures lose no precision.
constexpr int64_t kPixelsPerSum = 128;

}  // namespace

// input, output: (batch, pixels, channels) bfloat16; weight, bias: (channels); means, scales (1/deviation): (batch, groups).
extern "C" void norm_forward(
    const uint16_t* x, const float* gamma, const float* beta, uint16_t* y, float* means, float* scales, int64_t batch,
    int64_t pixels, int64_t channels, int64_t groups, double epsilon, int64_t activate) {
  const int64_t width = channels / groups;
  std::vector<float> factor(channels), shift(channels);
  std::vector<double> total(channels), total_square(channels);
  for (int64_t n = 0; n < batch; ++n) {
    const uint16_t* xn = x + n * pixels * channels;
    uint16_t* yn = y + n * pixels * channels;
    std::fill(total.begin(), total.end(), 0.0);
    std::fill(total_square.begin(), total_square.end(), 0.0);
    for (int64_t start = 0; start < pixels; start += kPixelsPerSum) {
      const int64_t end = std::min(start + kPixelsPerSum, pixels);
      for (int64_t first = 0; first < channels; first += 32) {
        const int64_t lanes = std::min<int64_t>(32, channels - first);
        float s[32] = {0}, q[32] = {0};
        if (lanes == 32) {
          for (int64_t p = start; p < end; ++p) {
            const uint16_t* row = xn + p * channels + first;
#pragma GCC unroll 2
            for (int c = 0; c < 32; ++c) {
              const float v = widen(row[c]);
              s[c] += v;
              q[c] += v * v;
            }
          }
        } else {
          for (int64_t p = start; p < end; ++p) {
            const uint16_t* row = xn + p * channels + first;
            for (int64_t c = 0; c < lanes; ++c) {
              const float v = widen(row[c]);
              s[c] += v;
              q[c] += v * v;
            }
          }
        }
        for (int64_t c = 0; c < lanes; ++c) {
          total[first + c] += s[c];
          total_square[first + c] += q[c];
        }
      }
    }
    for (int64_t g = 0; g < groups; ++g) {
      double s = 0, q = 0;
      for (int64_t c = g * width; c < (g + 1) * width; ++c) {
        s += total[c];
        q += total_square[c];
      }
      const double count = static_cast<double>(width * pixels);
      const double mean = s / count;
      const double scale = 1.0 / std::sqrt(std::max(q / count - mean * mean, 0.0) + epsilon);
      means[n * groups + g] = static_cast<float>(mean);
      scales[n * groups + g] = static_cast<float>(scale);
      for (int64_t c = g * width; c < (g + 1) * width; ++c) {
        factor[c] = static_cast<float>(scale) * gamma[c];
        shift[c] = beta[c] - static_cast<float>(mean) * factor[c];
      }
    }
    const float* f = factor.data();
    const float* h = shift.data();
    for (int64_t p = 0; p < pixels; ++p) {
      const uint16_t* row = xn + p * channels;
      uint16_t* out = yn + p * channels;
      if (activate) {
        for (int64_t c = 0; c < channels; ++c) {
          const float z = widen(row[c]) * f[c] + h[c];
          out[c] = narrow(z / (1.0f + exp_of_negative(z)));
        }
      } else {
        for (int64_t c = 0; c < channels; ++c) out[c] = narrow(widen(row[c]) * f[c] + h[c]);
      }
    }
  }
}

// dx: gradient of x; dgamma, dbeta (channels) are added to.
extern "C" void norm_backward(
    const uint16_t* dy, const uint16_t* x, const float* gamma, const float* beta, const float* means, const float* scales,
    uint16_t* dx, float* dgamma, float* dbeta, int64_t batch, int64_t pixels, int64_t channels, int64_t groups,
    int64_t activate) {
  const int64_t width = channels / groups;
  std::vector<float> factor(channels), shift(channels), with_input(channels), constant(channels);
  std::vector<double> total(channels), total_input(channels);
  for (int64_t n = 0; n < batch; ++n) {
    const uint16_t* xn = x + n * pixels * channels;
    const uint16_t* dyn = dy + n * pixels * channels;
    uint16_t* dxn = dx + n * pixels * channels;
    const float* mean = means + n * groups;
    const float* scale = scales + n * groups;
    for (int64_t c = 0; c < channels; ++c) {
      factor[c] = scale[c / width] * gamma[c];
      shift[c] = beta[c] - mean[c / width] * factor[c];
    }
    std::fill(total.begin(), total.end(), 0.0);
    std::fill(total_input.begin(), total_input.end(), 0.0);
    for (int64_t start = 0; start < pixels; start += kPixelsPerSum) {
      const int64_t end = std::min(start + kPixelsPerSum, pixels);
      for (int64_t first = 0; first < channels; first += 16) {
        const int64_t lanes = std::min<int64_t>(16, channels - first);
        float s[16] = {0}, q[16] = {0}, f[16] = {0}, h[16] = {0};
        for (int64_t c = 0; c < lanes; ++c) {
          f[c] = factor[first + c];
          h[c] = shift[first + c];
        }
        if (lanes == 16 && activate) {
          for (int64_t p = start; p < end; ++p) {
            const int64_t at = p * channels + first;
#pragma GCC unroll 1
            for (int c = 0; c < 16; ++c) {
              const float v = widen(xn[at + c]);
              const float z = v * f[c] + h[c];
              const float gate = 1.0f / (1.0f + exp_of_negative(z));
              const float dz = widen(dyn[at + c]) * gate * (1.0f + z * (1.0f - gate));
              s[c] += dz;
              q[c] += dz * v;
              dxn[at + c] = narrow(dz);
            }
          }
        } else {
          for (int64_t p = start; p < end; ++p) {
            const int64_t at = p * channels + first;
            for (int64_t c = 0; c < lanes; ++c) {
              const float v = widen(xn[at + c]);
              float dz = widen(dyn[at + c]);
              if (activate) {
                const float z = v * f[c] + h[c];
                const float gate = 1.0f / (1.0f + exp_of_negative(z));
                dz *= gate * (1.0f + z * (1.0f - gate));
              }
              s[c] += dz;
              q[c] += dz * v;
              dxn[at + c] = narrow(dz);
            }
          }
        }
        for (int64_t c = 0; c < lanes; ++c) {
          total[first + c] += s[c];
          total_input[first + c] += q[c];
        }
      }
    }
    for (int64_t g = 0; g < groups; ++g) {
      double db = 0, ds = 0;
      for (int64_t c = g * width; c < (g + 1) * width; ++c) {
        db += gamma[c] * total[c];
        ds += gamma[c] * total_input[c];
        dgamma[c] += static_cast<float>((total_input[c] - mean[g] * total[c]) * scale[g]);
        dbeta[c] += static_cast<float>(total[c]);
      }
      const double count = static_cast<double>(width * pixels);
      const double r = scale[g];
      const double per_input = (db * mean[g] - ds) * r * r * r / count;
      for (int64_t c = g * width; c < (g + 1) * width; ++c) {
        with_input[c] = static_cast<float>(per_input);
        constant[c] = static_cast<float>(-per_input * mean[g] - db * r / count);
      }
    }
    const float* f = factor.data();
    const float* w = with_input.data();
    const float* k = constant.data();
    for (int64_t p = 0; p < pixels; ++p) {
      const uint16_t* row = xn + p * channels;
      uint16_t* out = dxn + p * channels;
      for (int64_t c = 0; c < channels; ++c) out[c] = narrow(widen(out[c]) * f[c] + widen(row[c]) * w[c] + k[c]);
    }
  }
}
