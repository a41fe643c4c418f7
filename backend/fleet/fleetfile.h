// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/fleet/fleetconfig.h"
#include "backend/fleet/fleetfileproblem.h"
#include "backend/fleet/spotrestart.h"

#include <QByteArray>

#include <optional>

namespace hybridge {

/// What a fleet file's bytes say. Either config or problems, never both: nothing is half loaded.
struct FleetParse {
    std::optional<FleetConfig> config;
    SpotRestarts spotRestarts; ///< of the nodes of config; empty without one
    QList<FleetProblem> problems;                     ///< all of them, in the order of the file; at most 100
    [[nodiscard]] Result<FleetConfig> result() const; ///< the config, or fleetError(problems)
};

/// Largest fleet file that is read, in bytes.
inline constexpr qint64 fleetFileLimit = qint64(4) * 1024 * 1024;

/// Parses a fleet file, version 1 (schema: resources/schema/fleet.schema.json). Pure; any thread; never throws.
/// @p home replaces a leading "~" of paths (tests give their own).
[[nodiscard]] FleetParse parseFleet(const QByteArray &bytes, const QString &home);
/// The same with the operator's own home, as one Result.
[[nodiscard]] Result<FleetConfig> parseFleetConfig(const QByteArray &bytes);

/// @p config as a fleet file. What @p base (the bytes that it was loaded from; may be empty) had beyond it, the
/// extension keys "x-*" and the order of keys, is kept; values that mean the same stay as they were written there.
/// Pure.
[[nodiscard]] QByteArray writeFleet(const FleetConfig &config, const QByteArray &base, const QString &home);

/// A fleet file on disk: loaded whole or not at all, saved atomically with mode 0600. Reads and writes block for
/// about a millisecond (one local file of at most 4 MiB).
class FleetFile {
public:
    /// ~/.config/hybridge/fleet.json (or below $XDG_CONFIG_HOME).
    [[nodiscard]] static QString defaultPath();
    /// NotFound when there is no such file; Unavailable when it cannot be read; Invalid with all problems in detail.
    [[nodiscard]] static Result<FleetFile> load(const QString &path);
    /// A file that does not exist yet; save() creates it and refuses when something stands there.
    [[nodiscard]] static FleetFile create(const QString &path, FleetConfig config);

    [[nodiscard]] const QString &path() const { return m_path; }
    [[nodiscard]] const FleetConfig &config() const { return m_config; }
    /// Which preempted machines are started again by themselves, as the file said when it was loaded. save() keeps it.
    [[nodiscard]] const SpotRestarts &spotRestarts() const { return m_spotRestarts; }
    void setConfig(FleetConfig config) { m_config = std::move(config); }
    /// SHA-256 (hex) of the bytes that were loaded or saved last; what FleetTrust remembers. Empty before both.
    [[nodiscard]] const QByteArray &hash() const { return m_hash; }

    /// Refused when the file was changed, made or removed by somebody else since it was loaded; Invalid when the config
    /// would not load again; Unavailable when the disk says no. On any error the file is as it was.
    /// The caller then calls FleetTrust::remember(hash(), path()): a file that we wrote is trusted.
    [[nodiscard]] Result<void> save();
    /// Whether the bytes on disk still are those that were loaded or saved last.
    [[nodiscard]] bool isUnchangedOnDisk() const;

private:
    FleetFile(QString path, FleetConfig config, QByteArray bytes, QByteArray hash);
    QString m_path;
    FleetConfig m_config;
    SpotRestarts m_spotRestarts;
    QByteArray m_bytes;
    QByteArray m_hash;
};

} // namespace hybridge
