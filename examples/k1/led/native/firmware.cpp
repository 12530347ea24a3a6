// The firmware of a K1 controller (Cortex-M4 with FPU, LEDs on SPI1): no operating system, no library, one loop.
#include "pattern.hpp"

extern "C" {

extern uint32_t k1_stack_top, k1_data_start, k1_data_end, k1_data_load, k1_bss_start, k1_bss_end;

[[noreturn]] void k1_reset();
[[noreturn]] void k1_fault() {
    for (;;) {
    }
}

// A compiler may turn plain loops into calls of these.
void* memcpy(void* to, const void* from, __SIZE_TYPE__ size) {
    for (__SIZE_TYPE__ at = 0; at < size; ++at) static_cast<volatile uint8_t*>(to)[at] = static_cast<const uint8_t*>(from)[at];
    return to;
}
void* memset(void* to, int value, __SIZE_TYPE__ size) {
    for (__SIZE_TYPE__ at = 0; at < size; ++at) static_cast<volatile uint8_t*>(to)[at] = static_cast<uint8_t>(value);
    return to;
}
}

struct Vectors {
    void* stack;
    void (*handlers[15])();
};

extern "C" __attribute__((section(".vectors"), used)) const Vectors k1_vectors = {
    &k1_stack_top,
    {k1_reset, k1_fault, k1_fault, k1_fault, k1_fault, k1_fault, nullptr, nullptr, nullptr, nullptr, k1_fault, k1_fault, nullptr, k1_fault, k1_fault},
};

namespace {

volatile uint32_t* at(uint32_t address) { return reinterpret_cast<volatile uint32_t*>(address); }

constexpr uint32_t kCoprocessorAccess = 0xE000ED88, kTickControl = 0xE000E010, kTickReload = 0xE000E014;
constexpr uint32_t kSpiControl = 0x40013000, kSpiStatus = 0x40013008, kSpiData = 0x4001300C;
constexpr uint32_t kClock = 84000000, kTicksPerSecond = 100;

uint8_t frame[K1_LEDS * 3];

void send(uint8_t byte) {
    while (!(*at(kSpiStatus) & 2u)) {
    }
    *at(kSpiData) = byte;
}

// APA102: four zero bytes, then 0xFF, blue, green, red for each LED, then enough clocks to push the last one out.
void show() {
    for (int each = 0; each < 4; ++each) send(0);
    for (int led = 0; led < K1_LEDS; ++led) {
        send(0xFF);
        for (int channel = 2; channel >= 0; --channel) send(frame[led * 3 + channel]);
    }
    for (int each = 0; each < K1_LEDS / 16 + 1; ++each) send(0xFF);
}

}  // namespace

extern "C" void k1_reset() {
    for (uint32_t *from = &k1_data_load, *to = &k1_data_start; to < &k1_data_end;) *to++ = *from++;
    for (uint32_t* to = &k1_bss_start; to < &k1_bss_end;) *to++ = 0;
    *at(kCoprocessorAccess) = *at(kCoprocessorAccess) | (0xFu << 20);  // the FPU, before the first float
    *at(kSpiControl) = 0x0344;                                         // master, software select, on
    *at(kTickReload) = kClock / kTicksPerSecond - 1;
    *at(kTickControl) = 5;
    uint32_t ticks = 0;
    for (;;) {
        k1_render(static_cast<float>(ticks) / static_cast<float>(kTicksPerSecond), frame);
        show();
        while (!(*at(kTickControl) & (1u << 16))) {
        }
        ++ticks;
    }
}
