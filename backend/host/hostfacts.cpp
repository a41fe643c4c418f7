// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/hostfacts.h"

#include "backend/base/units.h"
#include "backend/host/commandfailure.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

/// Nothing of it comes from outside: a constant script. Each line names what it holds, so that a missing file leaves the
/// others readable.
constexpr char Script[] = "echo \"kernel $(uname -srm)\"\n"
                          "read -r v < /proc/sys/kernel/random/boot_id && echo \"boot $v\"\n"
                          "[ -r /sys/module/nvidia/version ] && read -r v < /sys/module/nvidia/version && echo \"nvidia $v\"\n"
                          "while read -r k v u; do case $k in MemTotal:|MemAvailable:) echo \"$k $v\";; esac; done < /proc/meminfo\n"
                          "exit 0";

std::optional<double> mebibytes(const QByteArray &kibibytes)
{
    bool ok = false;
    const qint64 value = kibibytes.trimmed().toLongLong(&ok);
    return ok && value >= 0 ? std::optional(static_cast<double>(value) / 1024.0) : std::nullopt;
}

} // namespace

QStringList hostFactsArgv()
{
    return boundedArgv(10, {QStringLiteral("/bin/sh"), QStringLiteral("-c"), QString::fromLatin1(Script)});
}

HostFacts parseHostFacts(const QByteArray &out)
{
    HostFacts facts;
    for (const QByteArray &line : out.left(16 << 10).split('\n')) {
        const qsizetype blank = line.indexOf(' ');
        const QByteArray key = line.left(blank);
        const QByteArray value = blank < 0 ? QByteArray() : line.mid(blank + 1);
        const QString text = safeText(QString::fromUtf8(value), 120);
        if (key == "kernel")
            facts.kernel = text;
        else if (key == "boot")
            facts.bootId = text;
        else if (key == "nvidia")
            facts.nvidiaModule = text;
        else if (key == "MemTotal:")
            facts.memoryTotalMiB = mebibytes(value);
        else if (key == "MemAvailable:")
            facts.memoryAvailableMiB = mebibytes(value);
    }
    return facts;
}

void fillSharedMemory(QList<AcceleratorFacts> &cards, const HostFacts &host)
{
    if (cards.size() != 1 || !host.memoryTotalMiB || !host.memoryAvailableMiB || *host.memoryAvailableMiB > *host.memoryTotalMiB)
        return;
    AcceleratorFacts &card = cards.first();
    if (card.mig.value_or(false) || card.memoryTotalMiB || card.memoryUsedMiB || !card.error.isEmpty())
        return;
    card.memoryTotalMiB = host.memoryTotalMiB;
    card.memoryUsedMiB = *host.memoryTotalMiB - *host.memoryAvailableMiB;
    card.notes.append(QCoreApplication::translate("Accelerator", "The GPU shares the machine's main memory, which is shown."));
}

} // namespace hybridge
