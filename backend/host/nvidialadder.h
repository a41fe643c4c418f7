// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/host/nvidiafields.h"

#include <QMap>

#include <chrono>
#include <optional>

namespace hybridge {

/// Finds out, try by try, how a node's nvidia-smi can be asked. Pure: told how each try ended, it says what to try next.
///
/// Two ladders. Fields: one unknown field fails the whole call, so each one refused is asked under its older name or
/// dropped, and what a driver version knows is remembered. Loop: `-lms N`, then `-l N`, then one call a sample.
class NvidiaLadder {
public:
    enum class Rung {
        Milliseconds, ///< one process, -lms
        Seconds, ///< one process, -l
        OneShot, ///< one process a sample, at most every 5 s
    };
    struct Step {
        bool retryNow = false; ///< the next try differs from the last: make it at once
        std::optional<Error> error; ///< tell it; the next try comes after a pause
    };

    /// @p period between samples, 100 ms to 1 h.
    explicit NvidiaLadder(std::chrono::milliseconds period);

    [[nodiscard]] Rung rung() const { return m_rung; }
    [[nodiscard]] const QList<NvidiaField> &fields() const { return m_fields; }
    /// What the present rung makes of the period.
    [[nodiscard]] std::chrono::milliseconds period() const;
    /// Arguments of nvidia-smi for the present rung and fields.
    [[nodiscard]] QStringList arguments() const;

    /// A process has ended by itself. @p text: its stdout without rows, and its stderr. @p rounds: complete rounds of
    /// rows that came.
    [[nodiscard]] Step ended(int exitCode, const QByteArray &text, quint64 rounds);

    /// Rows have come that name this driver. True: another driver runs than the one whose refusals were learned, the
    /// fields have been set anew, start again with them.
    [[nodiscard]] bool sawDriver(const QString &version);

private:
    [[nodiscard]] bool refuseFields(const QByteArray &text);

    std::chrono::milliseconds m_period;
    Rung m_rung = Rung::Milliseconds;
    QList<NvidiaField> m_fields = nvidiaFullQuery();
    int m_shortEnds = 0; ///< clean ends after one round, in a row
    bool m_refusedSinceDriver = false; ///< m_fields was cut and no row has named the driver since
    QString m_driver; ///< whose refusals m_fields holds
    QMap<QString, QList<NvidiaField>> m_known; ///< one or two of them: a hash takes 2 KiB for the first
};

} // namespace hybridge
