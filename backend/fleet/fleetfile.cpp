// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfile.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QStandardPaths>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("FleetFile", text);
}

QByteArray hashOf(const QByteArray &bytes)
{
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

Error cannotRead(const QString &path, const QString &why)
{
    return Error(Error::Kind::Unavailable, tr("The fleet file %1 cannot be read: %2.").arg(path, why));
}

/// One byte more than the limit at most, so that the parser can say that the file is too large.
Result<QByteArray> readBytes(const QString &path)
{
    const QFileInfo info(path);
    if (!info.exists())
        return Error(Error::Kind::NotFound, tr("There is no fleet file at %1.").arg(path))
            .withRemedy(tr("Name another with --fleet FILE, or start with the demo: hybridge --demo."));
    if (!info.isFile())
        return cannotRead(path, info.isDir() ? tr("it is a folder") : tr("it is no regular file"));
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return cannotRead(path, file.errorString());
    QByteArray bytes = file.read(fleetFileLimit + 1);
    if (file.error() != QFileDevice::NoError)
        return cannotRead(path, file.errorString());
    bytes.squeeze(); // it is kept, and read() has made room for the largest file allowed
    return bytes;
}

/// What the parser makes of parts that are left out, for configs that were put together in memory.
FleetConfig withDefaults(FleetConfig config)
{
    for (NodeConfig &node : config.nodes) {
        if (node.label.isEmpty())
            node.label = node.id;
        if (!node.access && config.endpoint)
            node.access = config.endpoint->access;
    }
    return config;
}

} // namespace

FleetFile::FleetFile(QString path, FleetConfig config, QByteArray bytes, QByteArray hash)
    : m_path(std::move(path))
    , m_config(std::move(config))
    , m_bytes(std::move(bytes))
    , m_hash(std::move(hash))
{
}

QString FleetFile::defaultPath()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) + u"/hybridge/fleet.json"_s;
}

Result<FleetFile> FleetFile::load(const QString &path)
{
    const QString absolute = QFileInfo(expandHome(path, QDir::homePath())).absoluteFilePath();
    const Result<QByteArray> bytes = readBytes(absolute);
    if (!bytes)
        return bytes.error();
    const FleetParse parsed = parseFleet(*bytes, QDir::homePath());
    const Result<FleetConfig> config = parsed.result();
    if (!config)
        return config.error();
    FleetFile file(absolute, *config, *bytes, hashOf(*bytes));
    file.m_spotRestarts = parsed.spotRestarts;
    return file;
}

FleetFile FleetFile::create(const QString &path, FleetConfig config)
{
    return FleetFile(QFileInfo(expandHome(path, QDir::homePath())).absoluteFilePath(), std::move(config), {}, {});
}

bool FleetFile::isUnchangedOnDisk() const
{
    const Result<QByteArray> bytes = readBytes(m_path);
    if (!bytes)
        return m_hash.isEmpty() && bytes.error().kind == Error::Kind::NotFound;
    return hashOf(*bytes) == m_hash;
}

Result<void> FleetFile::save()
{
    m_config = withDefaults(std::move(m_config));
    const QByteArray bytes = writeFleet(m_config, m_bytes, QDir::homePath());
    // What would not load again is never written.
    const Result<FleetConfig> again = parseFleetConfig(bytes);
    if (!again)
        return again.error();
    if (!(*again == m_config))
        return Error(Error::Kind::Invalid, tr("The fleet cannot be written so that it would load again as it is."))
            .withRemedy(tr("Undo the last change and try again."));

    const QString folder = QFileInfo(m_path).absolutePath();
    if (!QFileInfo::exists(folder)) {
        if (!QDir().mkpath(folder))
            return Error(Error::Kind::Unavailable, tr("The folder %1 cannot be made.").arg(folder));
        QFile::setPermissions(folder, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
    }
    QSaveFile file(m_path);
    if (!file.open(QIODevice::WriteOnly) || !file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner)
        || file.write(bytes) != bytes.size())
        return Error(
            Error::Kind::Unavailable, tr("The fleet file %1 cannot be written: %2.").arg(m_path, file.errorString()));
    // Asked last, so that as little time as possible passes until the new file takes the place of the old one.
    if (!isUnchangedOnDisk()) {
        file.cancelWriting();
        return Error(Error::Kind::Refused,
            m_hash.isEmpty() ? tr("Something already stands at %1.").arg(m_path)
                             : tr("The fleet file %1 was changed by somebody else since it was read.").arg(m_path))
            .withRemedy(tr("Load it again, then make your change anew."));
    }
    if (!file.commit())
        return Error(
            Error::Kind::Unavailable, tr("The fleet file %1 cannot be written: %2.").arg(m_path, file.errorString()));
    m_bytes = bytes;
    m_hash = hashOf(bytes);
    return {};
}

} // namespace hybridge
