// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

#include <optional>
#include <utility>

namespace hybridge {

/// One line of a metrics page.
struct PrometheusSample {
    QByteArray name;
    QList<std::pair<QByteArray, QByteArray>> labels; ///< values unescaped
    double value = 0; ///< may be NaN or infinite

    [[nodiscard]] QByteArray label(const QByteArray &key) const; ///< empty when absent
    bool operator==(const PrometheusSample &) const = default;
};

/// A metrics page, as far as it could be read.
struct PrometheusText {
    QList<PrometheusSample> samples;
    int badLines = 0; ///< lines that are no sample; skipped
    bool truncated = false; ///< a limit was reached; the rest was not read

    /// Sum of the finite values of @p name over all labels; empty when there is none.
    [[nodiscard]] std::optional<double> sum(const QByteArray &name) const;
    /// Largest finite value of @p name; empty when there is none.
    [[nodiscard]] std::optional<double> largest(const QByteArray &name) const;
};

/// Reads the Prometheus text format 0.0.4 (and what OpenMetrics adds: `# EOF`, exemplars after ` # `, timestamps).
/// Pure. Bounded: at most 4 MiB, 20 000 samples, 64 labels a sample, 16 KiB a line.
/// @p wanted: only samples of these names are kept; empty = all.
[[nodiscard]] PrometheusText parsePrometheus(const QByteArray &text, const QList<QByteArray> &wanted = {});

} // namespace hybridge
