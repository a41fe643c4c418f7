// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/systemd.h"

#include "backend/base/units.h"
#include "backend/base/utc.h"
#include "backend/host/commandfailure.h"

#include <QCoreApplication>
#include <QHash>

#include <algorithm>

namespace hybridge {

namespace {

using Properties = QHash<QByteArray, QByteArray>;

constexpr qsizetype MostProperties = 400;

QString tr(const char *text)
{
    return QCoreApplication::translate("Systemd", text);
}

QString word(const Properties &properties, const char *key)
{
    return safeText(QString::fromUtf8(properties.value(key)), 80);
}

std::optional<qint64> number(const Properties &properties, const char *key)
{
    bool ok = false;
    const qint64 value = properties.value(key).toLongLong(&ok);
    return ok && value >= 0 ? std::optional(value) : std::nullopt;
}

std::optional<int> smallNumber(const Properties &properties, const char *key)
{
    const std::optional<qint64> value = number(properties, key);
    return value && *value <= 1'000'000'000 ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

ServiceState stateOf(const QByteArray &load, const QByteArray &active)
{
    // A unit whose file was removed while it runs is "not-found" and active: what runs counts.
    if (load == "not-found" && (active == "inactive" || active.isEmpty()))
        return ServiceState::NotFound;
    if (active == "active")
        return ServiceState::Active;
    if (active == "inactive")
        return ServiceState::Inactive;
    if (active == "failed")
        return ServiceState::Failed;
    if (active == "activating")
        return ServiceState::Activating;
    if (active == "deactivating")
        return ServiceState::Deactivating;
    if (active == "reloading" || active == "refreshing")
        return ServiceState::Reloading;
    return ServiceState::Unknown;
}

QStringList notesOf(const Properties &properties, const ServiceFacts &facts)
{
    QStringList notes;
    const QByteArray load = properties.value("LoadState");
    if (load == "masked")
        notes.append(tr("The unit is masked: it cannot be started before it is unmasked."));
    else if (load == "error" || load == "bad-setting")
        notes.append(tr("systemd could not read the unit's file (%1).").arg(QString::fromLatin1(load)));
    else if (load == "not-found" && facts.state != ServiceState::NotFound)
        notes.append(tr("The unit runs, but its file is gone: it will not start again."));
    if (facts.subState == u"auto-restart")
        notes.append(tr("It ended by itself and waits for its automatic restart."));
    if (facts.result == u"start-limit-hit")
        notes.append(tr("It failed too often in a short time; systemd does not restart it any more."));
    return notes;
}

ServiceFacts factsOf(const QString &unit, const Properties &properties)
{
    ServiceFacts facts;
    facts.service = QStringLiteral("systemd:") + unit;
    if (properties.isEmpty())
        return facts;
    facts.state = stateOf(properties.value("LoadState"), properties.value("ActiveState"));
    if (facts.state == ServiceState::NotFound)
        return facts;
    facts.subState = word(properties, "SubState");
    facts.result = word(properties, "Result");
    facts.unitFileState = word(properties, "UnitFileState");
    facts.restarts = smallNumber(properties, "NRestarts");
    facts.oomKilled = facts.result == u"oom-kill";
    const std::optional<int> code = smallNumber(properties, "ExecMainCode");
    if (code == 1)
        facts.exitCode = smallNumber(properties, "ExecMainStatus");
    else if (code == 2 || code == 3)
        facts.signal = smallNumber(properties, "ExecMainStatus");
    else if (code == 0 && number(properties, "ExecMainPID").value_or(0) > 0)
        facts.mainPid = number(properties, "ExecMainPID");
    // A reload or a change of the sub-state moves StateChangeTimestamp; "running since" is ActiveEnterTimestamp.
    const QDateTime changed = parseSystemdTime(properties.value("StateChangeTimestamp"));
    const QDateTime entered = parseSystemdTime(properties.value("ActiveEnterTimestamp"));
    facts.since = facts.state == ServiceState::Active && entered.isValid() ? entered : changed;
    facts.notes = notesOf(properties, facts);
    return facts;
}

QList<Properties> blocksOf(const QByteArray &out, qsizetype most)
{
    QList<Properties> blocks;
    Properties block;
    const auto close = [&] {
        if (!block.isEmpty() && blocks.size() < most)
            blocks.append(block);
        block.clear();
    };
    for (const QByteArray &raw : out.split('\n')) {
        const QByteArray line = raw.endsWith('\r') ? raw.chopped(1) : raw;
        if (line.isEmpty()) {
            close();
            continue;
        }
        const qsizetype equals = line.indexOf('=');
        if (equals > 0 && block.size() < MostProperties)
            block.insert(line.left(equals), line.mid(equals + 1, 4096));
    }
    close();
    return blocks;
}

bool namesUnit(const Properties &block, const QString &unit)
{
    const QString id = QString::fromUtf8(block.value("Id"));
    return id == unit || id == unit + QStringLiteral(".service");
}

} // namespace

bool isUnitName(const QString &unit)
{
    if (unit.isEmpty() || unit.size() > 255 || unit.startsWith(u'-'))
        return false;
    return std::all_of(unit.begin(), unit.end(), [](QChar c) {
        return (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z') || (c >= u'0' && c <= u'9') || QStringView(u":-_.\\@").contains(c);
    });
}

QStringList systemctlShowArgv(const QStringList &units, bool unixTimes)
{
    QStringList argv {QStringLiteral("systemctl"), QStringLiteral("show"),
        QStringLiteral("--property=Id,LoadState,ActiveState,SubState,Result,ExecMainStatus,ExecMainCode,ExecMainPID,"
                       "NRestarts,UnitFileState,ActiveEnterTimestamp,StateChangeTimestamp")};
    if (unixTimes)
        argv.append(QStringLiteral("--timestamp=unix"));
    return boundedArgv(10, argv + units);
}

bool isOldSystemctl(const ExecResult &result)
{
    return result.exitCode != 0 && result.err.left(4096).contains("--timestamp");
}

QDateTime parseSystemdTime(const QByteArray &text)
{
    if (text.startsWith('@')) {
        bool ok = false;
        const qint64 seconds = text.mid(1).split('.').constFirst().toLongLong(&ok);
        return ok && seconds > 0 && seconds < 253402300800 ? QDateTime::fromSecsSinceEpoch(seconds, Utc) : QDateTime();
    }
    const QList<QByteArray> parts = text.left(64).simplified().split(' ');
    if (parts.size() != 4 || (parts[3] != "UTC" && parts[3] != "GMT"))
        return {};
    const QDate date = QDate::fromString(QString::fromLatin1(parts[1]), Qt::ISODate);
    const QTime time = QTime::fromString(QString::fromLatin1(parts[2].left(8)), Qt::ISODate);
    return date.isValid() && time.isValid() ? QDateTime(date, time, Utc) : QDateTime();
}

QList<ServiceFacts> parseSystemctlShow(const QByteArray &out, const QStringList &units)
{
    const QList<Properties> blocks = blocksOf(out.left(1 << 20), units.size());
    QList<ServiceFacts> all;
    all.reserve(units.size());
    for (qsizetype i = 0; i < units.size(); ++i) {
        // By position, because an alias answers under another Id; by name when blocks are missing.
        Properties found;
        if (blocks.size() == units.size())
            found = blocks.at(i);
        else
            for (const Properties &block : blocks)
                if (namesUnit(block, units.at(i)))
                    found = block;
        all.append(factsOf(units.at(i), found));
    }
    return all;
}

Error explainSystemctl(const ExecResult &result)
{
    if (const std::optional<Error> known = explainExit(QStringLiteral("systemctl"), result))
        return *known;
    const QByteArray text = (result.err + '\n' + result.out).left(8192);
    const QString said = firstLine(result.err.trimmed().isEmpty() ? result.out : result.err);
    if (text.contains("not been booted with systemd"))
        return Error(Error::Kind::Unavailable, tr("The node does not run systemd."), said, result.exitCode)
            .withRemedy(tr("Name the service as docker:NAME if it runs in a container."));
    if (text.contains("Failed to connect to bus") || text.contains("Failed to connect to system scope bus"))
        return Error(Error::Kind::Unavailable, tr("systemctl cannot reach systemd on the node."), said, result.exitCode)
            .withRemedy(tr("Log in to the machine itself, not to a container on it."));
    if (text.contains("Access denied") || text.contains("Interactive authentication required"))
        return Error(Error::Kind::Unauthorized, tr("The login may not ask systemd on the node."), said, result.exitCode);
    return Error(Error::Kind::RemoteExit, tr("systemctl failed on the node with exit code %1.").arg(result.exitCode), said, result.exitCode);
}

} // namespace hybridge
