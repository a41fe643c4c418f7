// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/fleet/fleetconfig.h"

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QString>

namespace hybridge {

/// A program that a fleet file makes this machine run.
struct FleetCommand {
    QString command; ///< as it would run
    QString purpose; ///< "Secret for the Cloudflare API", "Way to node home"
    bool operator==(const FleetCommand &) const = default;
};

/// A secret that a fleet file sends, and to whom.
struct FleetSecretUse {
    QString secret; ///< the reference, as it stands in the file ("keyring:cloudflare", "Google credentials (adc)")
    QString host;   ///< "llm.example.com" or "127.0.0.1:8443"; for what a node itself receives "node home"
    bool operator==(const FleetSecretUse &) const = default;
};

/// A log-in over SSH that a fleet file asks for. The key itself never leaves this machine.
struct FleetLogin {
    QString target;   ///< "op@192.0.2.7:22"
    QString identity; ///< key file, or "your usual keys"
    bool operator==(const FleetLogin &) const = default;
};

/// All that an untrusted fleet file would do with the operator's means. Each thing once.
struct FleetDemands {
    QList<FleetCommand> commands;
    QList<FleetSecretUse> secrets;
    QList<FleetLogin> logins;
    [[nodiscard]] bool isEmpty() const { return commands.isEmpty() && secrets.isEmpty() && logins.isEmpty(); }
    /// For a terminal: one line each, "run: …", "send: keyring:a -> host", "log in: …". Safe to show.
    [[nodiscard]] QStringList lines() const;
    bool operator==(const FleetDemands &) const = default;
};

/// Pure.
[[nodiscard]] FleetDemands demandsOf(const FleetConfig &config);

struct TrustDecision {
    enum class Verdict {
        Known,    ///< this program wrote exactly these bytes, or has asked about them
        Harmless, ///< unknown, but it runs no command, sends no secret and logs in nowhere
        Ask,      ///< show demands and ask once; where nobody can be asked: exit 3 unless --trust
    };
    Verdict verdict = Verdict::Ask;
    FleetDemands demands;
    [[nodiscard]] bool isTrusted() const { return verdict != Verdict::Ask; }
};

/// Which fleet files are trusted: the hashes of those that this program wrote or has asked about, in a small state
/// file. Any thread, one at a time; check() and remember() read and write one small local file.
class FleetTrust {
public:
    /// @p stateFile: defaultPath(), or a test's own.
    explicit FleetTrust(QString stateFile);
    /// $XDG_STATE_HOME/hybridge/trusted.json (~/.local/state/hybridge/trusted.json).
    [[nodiscard]] static QString defaultPath();

    /// @p hash: FleetFile::hash(). A state file that is missing or damaged means that nothing is known.
    [[nodiscard]] TrustDecision check(const QByteArray &hash, const FleetConfig &config) const;
    /// From now on exactly these bytes are trusted. @p path is kept for the operator to read. The newest 200 are kept.
    [[nodiscard]] Result<void> remember(const QByteArray &hash, const QString &path, const QDateTime &at);

private:
    QString m_stateFile;
};

/// The refusal where nobody can be asked: kind Refused, every command and every secret -> host pair in detail.
[[nodiscard]] Error untrustedError(const QString &path, const FleetDemands &demands);

} // namespace hybridge
