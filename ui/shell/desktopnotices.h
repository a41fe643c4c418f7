// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDBusConnection>
#include <QObject>
#include <QSet>

namespace hybridge {

/// Notifications of the desktop as GNOME, KDE and the others take them: over the session's bus
/// (org.freedesktop.Notifications). A tray, which some desktops do not have, is not needed. Never waits for an answer.
/// GUI thread.
class DesktopNotices final : public QObject {
    Q_OBJECT
public:
    explicit DesktopNotices(const QDBusConnection &bus, QObject *parent = nullptr);

    /// Where the session's bus listens is known; it is not started here.
    [[nodiscard]] static bool hasSessionBus();
    /// @p text may be empty; both are shown as plain text.
    void show(const QString &title, const QString &text);

Q_SIGNALS:
    /// The operator clicked one of ours.
    void activated();
    /// Nobody took it: no such service runs.
    void refused(const QString &title, const QString &text);

private Q_SLOTS:
    void invoked(uint id, const QString &action);
    void closed(uint id, uint reason);

private:
    QDBusConnection m_bus;
    QSet<uint> m_shown; ///< ids that are still to be seen
};

} // namespace hybridge
