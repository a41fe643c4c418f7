// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/prometheus.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>

using namespace hybridge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray text(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    const PrometheusText all = parsePrometheus(text);
    if (all.samples.size() > 20000)
        std::abort();
    for (const PrometheusSample &sample : all.samples) {
        if (sample.name.isEmpty() || sample.labels.size() > 64)
            std::abort();
        const std::optional<double> largest = all.largest(sample.name);
        if (largest && !std::isfinite(*largest))
            std::abort();
        if (!all.samples.isEmpty() && &sample - all.samples.constData() > 20)
            break; // the look-up is linear
    }
    // What is kept by name is what was read without a filter.
    if (!all.samples.isEmpty() && !all.truncated) {
        const QByteArray name = all.samples.first().name;
        qsizetype count = 0;
        for (const PrometheusSample &sample : all.samples)
            count += sample.name == name ? 1 : 0;
        if (parsePrometheus(text, {name}).samples.size() != count)
            std::abort();
    }
    return 0;
}
