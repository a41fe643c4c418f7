// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Debian machines with real systemd, journald, sshd and sudo, for tests of what no imitation can prove.
#pragma once

#include "backend/ssh/sshtarget.h"
#include "tests/system/labfixture.h"

#include <QProcess>
#include <QTemporaryDir>

#include <memory>
#include <vector>

namespace hybridge::test {

/// What a command on a node came to.
struct NodeRun {
    int code = -1;
    QByteArray out;
    QByteArray err;
};

/// One machine: systemd-nspawn over a throw-away layer on the cached root. Its file system can be written from outside
/// before and after boot(). Logins: root, "op" (sudo rules for its two services, reads the journal), "bare" (no rule, no
/// journal), "admin" (sudo for all, password "bridge"), all with the same key.
class RealNode {
public:
    RealNode(QString name, int number, QString folder, QString rootfs);
    ~RealNode();
    /// Mounts the layer and fills it; boot() does it if nobody has.
    [[nodiscard]] bool lay();
    [[nodiscard]] bool boot();
    [[nodiscard]] QString why() const { return m_why; }

    [[nodiscard]] QString name() const { return m_name; }
    [[nodiscard]] QString address() const;
    [[nodiscard]] SshTarget target(const QString &user) const;
    [[nodiscard]] bool write(const QString &path, const QByteArray &content, int mode = 0644) const;
    [[nodiscard]] bool addUnit(const QString &unit, const QByteArray &service, const QByteArray &section = {}) const;
    [[nodiscard]] QString outside(const QString &path) const { return m_root + path; } ///< the file as seen from here
    /// As root over ssh, to its end, 30 s at most.
    NodeRun run(const QString &command) const;
    /// True as soon as sshd answers, within @p limitMs; a machine that reboots comes up again meanwhile.
    [[nodiscard]] bool answers(int limitMs = 20000);
    /// True as soon as the machine is off, within @p limitMs.
    [[nodiscard]] bool goesOff(int limitMs = 20000);
    void kill(); ///< like pulling the plug

private:
    bool fill();
    void launch();
    const QString m_name;
    const int m_number;
    const QString m_folder; ///< of all nodes: the login key
    const QString m_rootfs;
    const QString m_own; ///< where this one is mounted
    const QString m_root;
    bool m_laid = false;
    QStringList m_groups;
    QProcess m_machine;
    QString m_why;
};

/// The nodes of one test program, in namespaces of their own (network, mounts, processes): nothing of the host is
/// touched, programs do not meet, and all of it ends with the program, however it ends.
class RealSystemd {
public:
    RealSystemd();
    /// First thing in main(), before there is a thread: makes the root if need be and starts this program anew inside.
    /// Returns inside, or where it is not possible (see whyNot()).
    static void enter(char **argv);
    /// Why there are no such machines here; empty when there are.
    [[nodiscard]] static QString whyNot();

    /// Valid as long as this object.
    [[nodiscard]] RealNode &add(const QString &name);
    [[nodiscard]] QString folder() const { return m_folder.path(); }
    /// A fleet file with these nodes: connector and engine look-alikes as systemd units.
    [[nodiscard]] QString writeFleet(const QString &user = QStringLiteral("op"), const QJsonObject &moreOfEachNode = {}) const;
    /// Runs hybridgectl on it to its end; nothing of the machine's user is read or written.
    [[nodiscard]] CtlResult ctl(const QStringList &arguments, const QByteArray &input = {}, int limitMs = 90000) const;
    [[nodiscard]] QProcessEnvironment environment() const;

private:
    QTemporaryDir m_folder;
    std::vector<std::unique_ptr<RealNode>> m_nodes;
};

} // namespace hybridge::test
