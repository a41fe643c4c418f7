// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QDateTime>
#include <QHash>
#include <QObject>
#include <QString>

#include <memory>
#include <optional>
#include <utility>

class QThreadPool;

namespace hybridge {

/// What was known of a fleet when the program last ran, so that the first window is painted with it. The blobs are
/// opaque here: their owner writes, versions and checks them. No secret may stand in one.
struct LastKnown {
    struct Entry {
        QByteArray blob;
        QDateTime at; ///< wall clock, UTC: when these facts were true
        bool operator==(const Entry &) const = default;
    };
    QHash<QString, Entry> entries; ///< by node id; "" is the endpoint
    bool operator==(const LastKnown &) const = default;
};

/// Pure. @p key is kept inside and must match when read again.
[[nodiscard]] QByteArray encodeLastKnown(const QByteArray &key, const LastKnown &known);
/// Pure; anything damaged, foreign, of another version, of another key or out of bounds gives an empty LastKnown.
[[nodiscard]] LastKnown decodeLastKnown(const QByteArray &key, const QByteArray &bytes);

/// The snapshots of all fleets, one small file each. GUI thread.
class LastKnownCache final : public QObject {
    Q_OBJECT
public:
    /// @p directory: defaultDirectory(), or a test's own. Made when first written.
    explicit LastKnownCache(QString directory, QObject *parent = nullptr);
    /// Waits for the write that is under way, and does the one that is pending.
    ~LastKnownCache() override;
    /// $XDG_CACHE_HOME/hybridge/last-known.
    [[nodiscard]] static QString defaultDirectory();

    /// Reads at once (500 nodes: under 5 ms). Empty when there is nothing or it is damaged. @p key: FleetFile::hash().
    [[nodiscard]] LastKnown read(const QByteArray &key) const;
    /// Writes atomically, mode 0600, on another thread. While one write is under way only the newest of those that
    /// follow is kept. Emits written() for each that was done.
    void write(const QByteArray &key, const LastKnown &known);

Q_SIGNALS:
    /// @p ok is false when the disk said no; the last snapshot then still stands.
    void written(bool ok);

private:
    void finish(bool ok);
    [[nodiscard]] QString fileOf(const QByteArray &key) const;
    QString m_directory;
    std::unique_ptr<QThreadPool> m_pool; ///< one thread
    bool m_isWriting = false;
    std::optional<std::pair<QByteArray, LastKnown>> m_next;
};

} // namespace hybridge
