// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QUrl>

namespace hybridge {

/// What one kind of text in a fleet file must look like. The texts go into addresses, argument vectors and headers, so
/// each rule is a list of what is allowed. Pure.
struct FleetTextRule {
    const char *expected; ///< "a name of …"; translated in context "FleetFile"
    bool (*accepts)(const QString &text);

    static const FleetTextRule label; ///< 1 to 80 characters, none of them a control character
    static const FleetTextRule nodeId;
    static const FleetTextRule colour;
    static const FleetTextRule uuid;
    static const FleetTextRule host; ///< name or address literal; never begins with "-"
    static const FleetTextRule user; ///< never begins with "-"
    static const FleetTextRule path; ///< absolute or beginning with ~/
    static const FleetTextRule commandLine;
    static const FleetTextRule service; ///< "systemd:UNIT" or "docker:NAME"
    static const FleetTextRule model;
    static const FleetTextRule identifier; ///< an id of a cloud's: goes into the path of an address
    static const FleetTextRule project;
    static const FleetTextRule billingAccount;
    static const FleetTextRule domainLabel;
    static const FleetTextRule cloudName; ///< zone, instance, machine type
    static const FleetTextRule currency;
    static const FleetTextRule timeOfDay; ///< "08:30", 24 hours
    static const FleetTextRule timeZone; ///< a name of the tz database
    static const FleetTextRule variable; ///< name of an environment variable
    static const FleetTextRule jumpHost; ///< "[user@]host[:port]"
};

/// Why @p text is no address that may stand in a fleet file.
enum class UrlFault { None, NotAnAddress, Scheme, NotEncrypted, Credentials, Query };
[[nodiscard]] UrlFault checkFleetUrl(const QString &text);

/// True for names of variables that say that their value is secret (…TOKEN…, …SECRET…, …PASSWORD…, …KEY…).
[[nodiscard]] bool isSecretVariable(const QString &name);

} // namespace hybridge
