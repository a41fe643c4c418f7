// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/fleet/diagnosis.h"

#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>

namespace hybridge {

/// A fault that the demo cloud can produce, for the menu "Break something".
struct LabFault {
    QString name; ///< as in the control API: "engine-dead"
    QString description; ///< one sentence
    QStringList nodes; ///< ids of the nodes that it fits
    QStringList activeOn; ///< ids of the nodes where it is on
    QString group; ///< the part of the set-up that it is about: "Tunnel and connector"; may be empty
};

/// A host key that nobody has vouched for yet (or that has changed: expected is not empty).
struct HostKeyPrompt {
    QString nodeId;
    QString host; ///< "192.0.2.7" or "[192.0.2.7]:2222"
    QString keyType; ///< "ssh-ed25519"
    QString fingerprint; ///< "SHA256:…" of the key that the node shows
    QString expected; ///< fingerprint on file when it differs: the question becomes a refusal to read
};

/// What an unknown fleet file would do when opened.
struct TrustQuestion {
    QString path;
    QStringList commands; ///< every command that it would run, as typed
    struct SecretUse {
        QString secret; ///< "keyring:cloudflare"
        QString host; ///< where it would be sent
    };
    QList<SecretUse> secrets;
};

/// A secret that is referred to and not there.
struct SecretRequest {
    QString name; ///< reference as it stands in the file: "keyring:cloudflare"
    QString purpose; ///< "the Cloudflare API token"
    QString host; ///< the only host that it is sent to
    QString storage; ///< where it will be kept, one sentence: "It is kept in the desktop's keyring."
};

/// One line of the activity list.
struct ActivityEntry {
    QDateTime at; ///< UTC
    QString nodeId; ///< empty: about the fleet
    QString text; ///< one sentence
    QString detail; ///< second line, may be empty
    NodeCondition condition = NodeCondition::Unknown; ///< its lamp
    bool own = false; ///< an action of the operator, not an observation
};

/// Something to tell at the top of the page until it is dismissed or withdrawn.
struct Notice {
    enum class Tone { Information, Warning, Failure };
    QString id; ///< a second notice of the same id replaces the first
    Tone tone = Tone::Information;
    QString what; ///< what happened
    QString why; ///< why we think so; may be empty
    QString remedy; ///< what to do; may be empty
    QString command; ///< to copy; may be empty
    QString detail; ///< behind "Details"; may be empty
};

[[nodiscard]] Notice noticeOf(const Error &error, const QString &id);

} // namespace hybridge
