// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <QStringList>

namespace hybridge {

/// The keys that one kind of object in a fleet file may have, extension keys "x-*" aside.
struct FleetKeySet {
    QString path;     ///< JSON pointer with "*" for any index: "", "/endpoint/access", "/nodes/*/ssh"
    QStringList keys; ///< in the order in which they are written
    QStringList required;
};

/// All kinds of objects. resources/schema/fleet.schema.json says the same (a test compares the two).
[[nodiscard]] const QList<FleetKeySet> &fleetKeySets();
/// The one at @p path, which must exist.
[[nodiscard]] const FleetKeySet &fleetKeySet(const QString &path);
/// The known key that @p wrong most likely means (at most two letters away, case aside); empty when none is near.
[[nodiscard]] QString nearestFleetKey(const FleetKeySet &set, const QString &wrong);

} // namespace hybridge
