// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/base/secret.h"

#include <QString>

#include <chrono>

namespace hybridge {

/// What one question to the keyring came to. Thin over QtKeychain, with every code of its told apart.
struct KeyringAnswer {
    enum class Outcome {
        Done,
        NotFound, ///< the keyring is there, the entry is not
        Missing,  ///< no keyring on this desktop
        Denied,   ///< locked and not unlocked, or the operator said no
        NoAnswer, ///< it did not answer in time: mostly a question that nobody sees
        Cancelled,
        Failed,
    };
    Outcome outcome = Outcome::Failed;
    Secret secret;  ///< of a read that is Done
    QString detail; ///< the keyring's own words; may be empty
    /// The keyring is there and would take secrets.
    [[nodiscard]] bool isThere() const
    {
        return outcome == Outcome::Done || outcome == Outcome::NotFound || outcome == Outcome::Denied;
    }
};

/// One keyring entry; @p service and @p name together are its name. GUI thread. Waits at most @p limit: a locked
/// keyring asks the operator, which takes as long as it takes. Never falls back to plain text.
Task<KeyringAnswer> readKeyring(QString service, QString name, std::stop_token stop, std::chrono::milliseconds limit);
Task<KeyringAnswer> writeKeyring(
    QString service, QString name, Secret secret, std::stop_token stop, std::chrono::milliseconds limit);
Task<KeyringAnswer> removeKeyring(QString service, QString name, std::stop_token stop, std::chrono::milliseconds limit);

/// The error for @p answer, which is not Done; @p name is the entry's.
[[nodiscard]] Error keyringError(const KeyringAnswer &answer, const QString &name);

} // namespace hybridge
