// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/hostkeypolicy.h"

#include "backend/ssh/sshcommand.h"

#include <QCoreApplication>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("HostKey", text);
}

QString describe(const HostKey &key)
{
    return QStringLiteral("%1 (%2)").arg(key.fingerprint(), QString::fromLatin1(key.type()));
}

QString describe(const QList<HostKey> &keys)
{
    QStringList texts;
    for (const HostKey &key : keys.mid(0, 5))
        texts.append(describe(key));
    return texts.join(QStringLiteral(", "));
}
} // namespace

HostKeyAction decideHostKey(HostKeyMode mode, HostKeyState state)
{
    switch (state) {
    case HostKeyState::Known:
        return HostKeyAction::Accept;
    case HostKeyState::Expected:
        return HostKeyAction::AcceptAndRemember;
    case HostKeyState::Changed:
    case HostKeyState::Revoked:
    case HostKeyState::NotExpected:
        return HostKeyAction::Refuse;
    case HostKeyState::Unknown:
        break;
    }
    switch (mode) {
    case HostKeyMode::Ask:
        return HostKeyAction::Ask;
    case HostKeyMode::AcceptNew:
        return HostKeyAction::AcceptAndRemember;
    case HostKeyMode::Strict:
        break;
    }
    return HostKeyAction::Refuse;
}

HostKeyFinding examineHostKey(HostKeyMode mode, const QString &name, const QString &plainName, const HostKey &presented,
    const QList<std::shared_ptr<const KnownHosts>> &files, const QList<HostKey> &expected)
{
    HostKeyFinding finding;
    finding.name = name;
    finding.presented = presented;
    bool revoked = presented.type().isEmpty();
    bool knownUnderPlainName = false;
    for (const auto &file : files) {
        revoked = revoked || file->isRevoked(presented);
        for (const HostKey &key : file->keysFor(name)) {
            if (finding.recordedIn.isEmpty())
                finding.recordedIn = file->path();
            if (!finding.recorded.contains(key))
                finding.recorded.append(key);
        }
        knownUnderPlainName
            = knownUnderPlainName || (!plainName.isEmpty() && file->keysFor(plainName).contains(presented));
    }
    if (revoked) {
        finding.state = HostKeyState::Revoked;
    } else if (finding.recorded.contains(presented)) {
        finding.state = HostKeyState::Known;
    } else if (!finding.recorded.isEmpty()) {
        // Also when only the type differs: the types on record were offered first, so the host no longer has them.
        finding.state = HostKeyState::Changed;
    } else if (!expected.isEmpty()) {
        finding.state = expected.contains(presented) ? HostKeyState::Expected : HostKeyState::NotExpected;
        if (finding.state == HostKeyState::NotExpected)
            finding.recorded = expected;
    } else {
        finding.state = knownUnderPlainName ? HostKeyState::Known : HostKeyState::Unknown;
    }
    finding.action = decideHostKey(mode, finding.state);
    return finding;
}

Error hostKeyError(const HostKeyFinding &finding, const SshTarget &target)
{
    const QString where = knownHostsName(target.host, target.port);
    const QString presented = describe(finding.presented);
    switch (finding.state) {
    case HostKeyState::Changed:
        return Error(Error::Kind::HostKey, tr("The host key of %1 has changed, so nothing was sent to it.").arg(where),
            tr("It presents %1; recorded for %2 is %3.").arg(presented, finding.name, describe(finding.recorded)))
            .withRemedy(tr("If the machine was reinstalled, compare the new fingerprint on its console (ssh-keygen -lf "
                           "/etc/ssh/ssh_host_ed25519_key.pub), then remove the old one: %1. Otherwise somebody may be "
                           "between you and the machine.")
                            .arg(quoteArgv({QStringLiteral("ssh-keygen"), QStringLiteral("-R"), finding.name,
                                QStringLiteral("-f"), finding.recordedIn})));
    case HostKeyState::Revoked:
        return Error(Error::Kind::HostKey,
            tr("%1 presents a host key that is marked as revoked or is malformed.").arg(where),
            tr("It presents %1.").arg(presented))
            .withRemedy(tr("Give the machine a new host key, or remove the @revoked line from known_hosts."));
    case HostKeyState::NotExpected:
        return Error(Error::Kind::HostKey, tr("%1 presents another host key than the cloud reports for it.").arg(where),
            tr("It presents %1; the cloud reports %2.").arg(presented, describe(finding.recorded)))
            .withRemedy(
                tr("Check that the address belongs to this instance; if its keys were made anew, restart its guest "
                   "agent so that they are reported again."));
    case HostKeyState::Unknown:
    case HostKeyState::Known:
    case HostKeyState::Expected:
        break;
    }
    return Error(Error::Kind::HostKey, tr("The host key of %1 is not known, so nothing was sent to it.").arg(where),
        tr("It presents %1; no known_hosts file has a key for %2.").arg(presented, finding.name))
        .withRemedy(tr("Compare the fingerprint on the machine's console (ssh-keygen -lf "
                       "/etc/ssh/ssh_host_ed25519_key.pub), then accept it here or with --host-key ask."));
}

QByteArray hostKeyAlgorithms(const QList<HostKey> &recorded)
{
    QList<QByteArray> order;
    const auto add = [&](const QByteArray &name) {
        if (!order.contains(name))
            order.append(name);
    };
    for (const HostKey &key : recorded) {
        const QByteArray type = key.type();
        if (type == "ssh-rsa") {
            add("rsa-sha2-512");
            add("rsa-sha2-256");
        } else if (type == "ssh-ed25519" || type == "ecdsa-sha2-nistp256" || type == "ecdsa-sha2-nistp384"
            || type == "ecdsa-sha2-nistp521") {
            add(type);
        }
    }
    for (const char *name : {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
             "rsa-sha2-512", "rsa-sha2-256"})
        add(name);
    return order.join(',');
}

} // namespace hybridge
