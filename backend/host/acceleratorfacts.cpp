// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/acceleratorfacts.h"

#include <QCoreApplication>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Accelerator", text);
}
} // namespace

QStringList throttleNames(quint64 reasons)
{
    QStringList names;
    const auto add = [&](quint64 bit, const QString &name) {
        if ((reasons & bit) != 0)
            names.append(name);
    };
    add(0x1, tr("idle"));
    add(0x2, tr("application clocks"));
    add(0x4, tr("power cap"));
    add(0x8, tr("hardware slowdown"));
    add(0x10, tr("sync boost"));
    add(0x20, tr("software thermal slowdown"));
    add(0x40, tr("hardware thermal slowdown"));
    add(0x80, tr("power brake"));
    add(0x100, tr("display clocks"));
    return names;
}

} // namespace hybridge
