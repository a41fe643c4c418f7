// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nvidiafields.h"

#include <array>

namespace hybridge {

namespace {

struct Entry {
    NvidiaField field;
    const char *name;
};

constexpr std::array Entries {
    Entry {NvidiaField::Index, "index"},
    Entry {NvidiaField::Uuid, "uuid"},
    Entry {NvidiaField::Name, "name"},
    Entry {NvidiaField::Utilization, "utilization.gpu"},
    Entry {NvidiaField::MemoryUtilization, "utilization.memory"},
    Entry {NvidiaField::MemoryUsed, "memory.used"},
    Entry {NvidiaField::MemoryTotal, "memory.total"},
    Entry {NvidiaField::Temperature, "temperature.gpu"},
    Entry {NvidiaField::PowerDraw, "power.draw"},
    Entry {NvidiaField::PowerLimit, "power.limit"},
    Entry {NvidiaField::FanSpeed, "fan.speed"},
    Entry {NvidiaField::ClockSm, "clocks.sm"},
    Entry {NvidiaField::ClockMemory, "clocks.mem"},
    Entry {NvidiaField::PerformanceState, "pstate"},
    Entry {NvidiaField::DriverVersion, "driver_version"},
    Entry {NvidiaField::MigMode, "mig.mode.current"},
    Entry {NvidiaField::EccErrors, "ecc.errors.uncorrected.volatile.total"},
    Entry {NvidiaField::PersistenceMode, "persistence_mode"},
    Entry {NvidiaField::EventReasons, "clocks_event_reasons.active"},
    Entry {NvidiaField::ThrottleReasons, "clocks_throttle_reasons.active"},
};

} // namespace

QByteArray nvidiaFieldName(NvidiaField field)
{
    for (const Entry &entry : Entries)
        if (entry.field == field)
            return entry.name;
    return {};
}

std::optional<NvidiaField> nvidiaFieldFromName(const QByteArray &name)
{
    for (const Entry &entry : Entries)
        if (name == entry.name)
            return entry.field;
    return std::nullopt;
}

QList<NvidiaField> nvidiaFullQuery()
{
    QList<NvidiaField> fields;
    for (const Entry &entry : Entries)
        if (entry.field != NvidiaField::ThrottleReasons)
            fields.append(entry.field);
    return fields;
}

std::optional<NvidiaField> nvidiaOlderName(NvidiaField field)
{
    return field == NvidiaField::EventReasons ? std::optional(NvidiaField::ThrottleReasons) : std::nullopt;
}

QStringList nvidiaQueryArguments(const QList<NvidiaField> &fields)
{
    QByteArray names;
    for (const NvidiaField field : fields)
        names += (names.isEmpty() ? "" : ",") + nvidiaFieldName(field);
    return {QStringLiteral("--query-gpu=") + QString::fromLatin1(names), QStringLiteral("--format=csv,noheader,nounits")};
}

} // namespace hybridge
