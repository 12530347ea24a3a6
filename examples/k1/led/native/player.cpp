// Plays a compiled pattern on the desk: measures it, writes its frames out, or tells whether a device can carry it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pattern.hpp"

static uint8_t frame[K1_LEDS * 3];

// Seconds of processor time: what others do on the machine does not count.
static double now() {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Frames per second of one core; the best of three.
static int bench(double seconds) {
    double best = 0;
    unsigned long frames = 0, light = 0;
    for (int round = 0; round < 3; ++round) {
        unsigned long done = 0;
        const double start = now();
        double spent = 0;
        while (spent < seconds / 3) {
            for (int each = 0; each < 16; ++each) {
                k1_render(static_cast<float>(done % 4096) * 0.004f, frame);
                light += frame[0];
                ++done;
            }
            spent = now() - start;
        }
        frames += done;
        if (static_cast<double>(done) / spent > best) best = static_cast<double>(done) / spent;
    }
    printf("{\"fps\": %.1f, \"frames\": %lu, \"light\": %lu}\n", best, frames, light);
    return 0;
}

static int render(int frames) {
    for (int each = 0; each < frames; ++each) {
        k1_render(K1_SECONDS * static_cast<float>(each) / static_cast<float>(frames), frame);
        if (fwrite(frame, 1, sizeof frame, stdout) != sizeof frame) return 1;
    }
    return 0;
}

// One channel at full light draws 20 mA; a controller's supply gives only so much.
static int health(int frames) {
    double sum = 0, peak = 0;
    int dark = 0;
    for (int each = 0; each < frames; ++each) {
        k1_render(K1_SECONDS * static_cast<float>(each) / static_cast<float>(frames), frame);
        double light = 0;
        for (unsigned at = 0; at < sizeof frame; ++at) light += frame[at];
        const double milliamps = light * 20.0 / 255.0;
        sum += milliamps;
        if (milliamps > peak) peak = milliamps;
        if (light == 0) ++dark;
    }
    printf("{\"leds\": %d, \"frames\": %d, \"dark\": %d, \"meanMilliamps\": %.1f, \"peakMilliamps\": %.1f}\n", K1_LEDS, frames, dark, sum / frames, peak);
    return 0;
}

int main(int count, char** words) {
    if (count == 3 && !strcmp(words[1], "bench")) return bench(atof(words[2]));
    if (count == 3 && !strcmp(words[1], "render")) return render(atoi(words[2]));
    if (count == 3 && !strcmp(words[1], "health")) return health(atoi(words[2]));
    fprintf(stderr, "usage: %s bench SECONDS | render FRAMES | health FRAMES\n", words[0]);
    return 2;
}
