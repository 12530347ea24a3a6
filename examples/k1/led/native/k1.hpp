// The runtime of compiled patterns: arithmetic without a library, so that it runs on a desk and on a bare controller alike.
#pragma once
#include <stdint.h>

namespace k1 {

struct Point {
    float t;  // seconds since the start
    float i;  // number of the LED
    float n;  // number of all LEDs
    float x;  // place on the strip, 0 to 1
    Point at_speed(float speed) const { return {t * speed, i, n, x}; }
};

struct Color {
    float red, green, blue;
};

struct Stop {
    float at;
    Color color;
};

constexpr float kTau = 6.28318530717958647692f;
constexpr float kAllWhole = 8388608.0f;  // from 2^23 on a float has nothing behind the point

inline float floor(float v) {
    if (!(v < kAllWhole && v > -kAllWhole)) return v;
    const float whole = static_cast<float>(static_cast<int32_t>(v));
    return v < whole ? whole - 1.0f : whole;
}
inline float abs(float v) { return v < 0.0f ? -v : v; }
inline float fract(float v) { return v - floor(v); }
inline float min(float a, float b) { return b < a ? b : a; }
inline float max(float a, float b) { return b > a ? b : a; }
inline float clamp(float v, float low, float high) { return v > low ? (v < high ? v : high) : low; }
inline float mix(float a, float b, float share) { return a + (b - a) * share; }
inline float step(float edge, float v) { return v >= edge ? 1.0f : 0.0f; }
inline float pulse(float v, float width) { return fract(v) < width ? 1.0f : 0.0f; }
inline float triangle(float v) { return 1.0f - abs(2.0f * fract(v) - 1.0f); }
inline float divide(float a, float b) { return b != 0.0f ? a / b : 0.0f; }
inline float modulo(float a, float b) { return b != 0.0f ? a - b * floor(a / b) : 0.0f; }
inline float truth(bool b) { return b ? 1.0f : 0.0f; }

inline float smooth(float low, float high, float v) {
    const float share = clamp(divide(v - low, high - low), 0.0f, 1.0f);
    return share * share * (3.0f - 2.0f * share);
}

// Folded into a quarter turn, then a series to the 11th power: exact to a float's last digits there.
inline float sin(float v) {
    float turns = v / kTau;
    turns -= floor(turns + 0.5f);
    if (turns > 0.25f) turns = 0.5f - turns;
    if (turns < -0.25f) turns = -0.5f - turns;
    const float a = turns * kTau, s = a * a;
    return a * (1.0f + s * (-1.0f / 6 + s * (1.0f / 120 + s * (-1.0f / 5040 + s * (1.0f / 362880 - s / 39916800)))));
}
inline float cos(float v) { return sin(v + kTau / 4); }

union Bits {
    float number;
    uint32_t word;
};

inline float log2(float v) {  // v > 0
    Bits bits{v};
    float exponent = static_cast<float>(static_cast<int32_t>(bits.word >> 23) - 127);
    bits.word = (bits.word & 0x007fffffu) | 0x3f800000u;
    if (bits.number > 1.41421356f) {
        bits.number *= 0.5f;
        exponent += 1.0f;
    }
    const float z = (bits.number - 1.0f) / (bits.number + 1.0f), s = z * z;
    return exponent + z * (2.88539008f + s * (0.96179669f + s * (0.57707802f + s * 0.41219859f)));
}

inline float exp2(float v) {  // clamped to what a float can hold
    v = clamp(v, -126.0f, 127.0f);
    const float whole = floor(v + 0.5f), a = (v - whole) * 0.69314718f;
    Bits bits{};
    bits.word = static_cast<uint32_t>(static_cast<int32_t>(whole) + 127) << 23;
    return bits.number * (1.0f + a * (1.0f + a * (1.0f / 2 + a * (1.0f / 6 + a * (1.0f / 24 + a * (1.0f / 120 + a / 720))))));
}

inline float power(float a, float b) {
    if (b == 0.0f) return 1.0f;
    return a > 0.0f ? exp2(b * log2(a)) : 0.0f;
}
inline float sqrt(float v) { return power(v, 0.5f); }

inline uint32_t word(float v) { return static_cast<uint32_t>(static_cast<int32_t>(clamp(floor(v), -2147483520.0f, 2147483520.0f))); }

inline float random(float a, float b) {
    uint32_t w = word(a) * 0x9E3779B1u + word(b) * 0x85EBCA77u;
    w = (w ^ (w >> 15)) * 0x2C1B3C6Du;
    w = (w ^ (w >> 12)) * 0x297A2D39u;
    return static_cast<float>((w ^ (w >> 15)) >> 8) / 16777216.0f;
}
inline float noise(float v) {
    const float whole = floor(v);
    return mix(random(whole, 0.0f), random(whole + 1.0f, 0.0f), smooth(0.0f, 1.0f, v - whole));
}

inline float channel(float hue, float saturation, float value) {
    const float distance = abs(fract(hue) * 6.0f - 3.0f);
    return value * mix(1.0f, clamp(distance - 1.0f, 0.0f, 1.0f), saturation);
}
inline Color hsv(float hue, float saturation, float value) {
    saturation = clamp(saturation, 0.0f, 1.0f);
    value = clamp(value, 0.0f, 1.0f);
    return {channel(hue + 1.0f, saturation, value), channel(hue + 2.0f / 3, saturation, value), channel(hue + 1.0f / 3, saturation, value)};
}

inline Color mix(const Color& a, const Color& b, float share) {
    return {mix(a.red, b.red, share), mix(a.green, b.green, share), mix(a.blue, b.blue, share)};
}
template <int size>
inline Color on_palette(const Stop (&stops)[size], float at) {
    Color color = stops[0].color;
    for (int left = 0; left + 1 < size; ++left) {
        if (at >= stops[left].at) {
            const float share = clamp((at - stops[left].at) / (stops[left + 1].at - stops[left].at), 0.0f, 1.0f);
            color = mix(stops[left].color, stops[left + 1].color, share);
        }
    }
    return color;
}

inline float blend_normal(float, float top) { return top; }
inline float blend_add(float below, float top) { return below + top; }
inline float blend_multiply(float below, float top) { return below * top; }
inline float blend_screen(float below, float top) { return 1.0f - (1.0f - below) * (1.0f - top); }
inline float blend_lighten(float below, float top) { return max(below, top); }

template <typename Blend>
inline Color over(const Color& below, const Color& top, float opacity, Blend blend) {
    const Color both = {blend(below.red, top.red), blend(below.green, top.green), blend(below.blue, top.blue)};
    return mix(below, both, clamp(opacity, 0.0f, 1.0f));
}
inline uint8_t byte(float v) { return static_cast<uint8_t>(clamp(v, 0.0f, 1.0f) * 255.0f + 0.5f); }

}  // namespace k1
