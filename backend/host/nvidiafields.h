// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>
#include <QStringList>

#include <optional>

namespace hybridge {

/// What is asked of `nvidia-smi --query-gpu`. The first fourteen exist since 2016; the rest came later or are rare.
enum class NvidiaField {
    Index,
    Uuid,
    Name,
    Utilization,
    MemoryUtilization,
    MemoryUsed,
    MemoryTotal,
    Temperature,
    PowerDraw,
    PowerLimit,
    FanSpeed,
    ClockSm,
    ClockMemory,
    PerformanceState,
    DriverVersion,
    MigMode,
    EccErrors,
    PersistenceMode,
    EventReasons, ///< clocks_event_reasons.active
    ThrottleReasons, ///< the same under its older name, clocks_throttle_reasons.active
};

/// The word for the command line; ASCII.
[[nodiscard]] QByteArray nvidiaFieldName(NvidiaField field);
[[nodiscard]] std::optional<NvidiaField> nvidiaFieldFromName(const QByteArray &name);
/// All that is worth asking, in the order in which it is asked. Columns are known by this order, never by a header:
/// new drivers print another name than the one asked.
[[nodiscard]] QList<NvidiaField> nvidiaFullQuery();
/// Under which older name to ask for @p field; empty: there is none.
[[nodiscard]] std::optional<NvidiaField> nvidiaOlderName(NvidiaField field);
/// "--query-gpu=index,uuid,…" and "--format=csv,noheader,nounits".
[[nodiscard]] QStringList nvidiaQueryArguments(const QList<NvidiaField> &fields);

} // namespace hybridge
