// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A running hybridge-lab and a way to call hybridgectl on it, for tests of the whole.
#pragma once

#include <QByteArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QProcess>
#include <QProcessEnvironment>
#include <QStringList>
#include <QTemporaryDir>

#include <functional>

namespace hybridge::test {

struct CtlResult {
    int exitCode = -1;
    QByteArray out;
    QByteArray err;
    [[nodiscard]] QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
};

/// Own lab, own HOME, own XDG folders; nothing of the machine's user is read or written.
class LabFixture {
public:
    LabFixture();
    ~LabFixture();
    /// False with why() when it does not come up.
    [[nodiscard]] bool start(const QStringList &arguments = {});
    [[nodiscard]] QString why() const { return m_why; }
    [[nodiscard]] QString fleet() const { return m_fleet; }
    [[nodiscard]] QProcessEnvironment environment() const;
    /// Runs hybridgectl to its end, while this process's event loop turns (a server of the test goes on serving);
    /// @p limitMs is generous: only a hang reaches it.
    [[nodiscard]] CtlResult ctl(const QStringList &arguments, int limitMs = 90000) const;
    /// "status --json --trust" of the lab's fleet.
    [[nodiscard]] CtlResult status(const QStringList &more = {}) const;
    /// The same of another fleet file.
    [[nodiscard]] CtlResult statusOf(const QString &fleet, const QStringList &more = {}) const;
    /// A copy of the lab's fleet file, as @p change makes it, beside the lab's known_hosts; empty when it cannot be written.
    [[nodiscard]] QString changedFleet(const QString &name, const std::function<void(QJsonObject &)> &change) const;
    /// The id that switches it off; empty when the lab refused.
    [[nodiscard]] QString breakIt(const QString &node, const QString &fault);
    [[nodiscard]] bool repair(const QString &id);
    [[nodiscard]] bool repairAll();
    [[nodiscard]] QProcess &process() { return m_lab; }

private:
    QByteArray request(const QByteArray &verb, const QString &path, const QByteArray &body, int *status);
    QTemporaryDir m_home;
    QTemporaryDir m_state;
    QProcess m_lab;
    QNetworkAccessManager m_http;
    QString m_fleet;
    QString m_control;
    QString m_why;
};

[[nodiscard]] QJsonObject nodeOf(const QJsonObject &status, const QString &id);
/// "state/layer" of a node of "status --json".
[[nodiscard]] QString told(const QJsonObject &node);
/// Changes one node of a fleet document in place.
void changeNode(QJsonObject &fleet, const QString &id, const std::function<void(QJsonObject &)> &change);

} // namespace hybridge::test
