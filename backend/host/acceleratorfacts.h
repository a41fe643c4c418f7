// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QMetaType>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge {

/// One accelerator at one moment. What was not told, not supported or out of range is absent, never 0.
struct AcceleratorFacts {
    std::optional<int> index; ///< the driver's number; may have gaps; absent for a card that fell off the bus
    QString name;
    QString uuid; ///< "GPU-…"
    std::optional<double> utilization; ///< %, 0 to 100
    std::optional<double> memoryUtilization; ///< % of the time that memory was read or written, 0 to 100
    std::optional<double> memoryUsedMiB;
    std::optional<double> memoryTotalMiB;
    std::optional<double> temperatureC;
    std::optional<double> powerW;
    std::optional<double> powerLimitW;
    std::optional<double> fanPercent; ///< of the wanted speed; some cards go past 100
    std::optional<double> clockSmMHz;
    std::optional<double> clockMemoryMHz;
    std::optional<int> performanceState; ///< 0 (fastest) to 15
    std::optional<quint64> throttleReasons; ///< the driver's bit mask; see isThrottled() and throttleNames()
    std::optional<bool> mig; ///< partitioned: then utilization is not told for the whole card
    std::optional<bool> persistence; ///< persistence mode; off = each start of nvidia-smi initialises the driver
    std::optional<quint64> eccErrors; ///< uncorrected since the driver was loaded
    QString driverVersion;
    QString error; ///< why this card gives no values; empty when it does
    QStringList notes; ///< refused values, warnings; safe to show

    bool operator==(const AcceleratorFacts &) const = default;
};

/// True for the reasons that cost speed and are a fault: hardware slowdown (0x8), thermal (0x20, 0x40), power brake
/// (0x80). Idle, power cap and clock settings are normal.
[[nodiscard]] constexpr bool isThrottled(quint64 reasons)
{
    return (reasons & 0xE8U) != 0;
}
/// The set bits in words, translated.
[[nodiscard]] QStringList throttleNames(quint64 reasons);

/// One process that holds memory of an accelerator.
struct ComputeApp {
    QString gpuUuid;
    qint64 pid = 0;
    QString name; ///< as the driver tells it; safe to show
    std::optional<double> memoryUsedMiB;
    bool operator==(const ComputeApp &) const = default;
};

/// One instance of a card in MIG mode. The driver tells no load of an instance.
struct MigInstance {
    int gpuIndex = 0;
    int device = 0; ///< numbering starts again on each card
    QString profile; ///< "1g.10gb"
    QString uuid; ///< "MIG-…"
    bool operator==(const MigInstance &) const = default;
};

} // namespace hybridge

Q_DECLARE_METATYPE(hybridge::AcceleratorFacts)
