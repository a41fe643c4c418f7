// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/docker.h"

#include "backend/base/units.h"
#include "backend/host/commandfailure.h"
#include "backend/http/jsonfields.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace hybridge {

namespace {

constexpr qsizetype MostContainers = 1000;

QString tr(const char *text)
{
    return QCoreApplication::translate("Docker", text);
}

QString word(const QJsonObject &object, QLatin1StringView key)
{
    return safeText(object.value(key).toString(), 120);
}

std::optional<int> count(const QJsonObject &object, QLatin1StringView key)
{
    const qint64 value = object.value(key).toInteger(-1);
    return value >= 0 && value <= 1'000'000'000 ? std::optional(static_cast<int>(value)) : std::nullopt;
}

/// RFC 3339 with up to nine decimals; docker's zero time is "0001-01-01T00:00:00Z".
QDateTime time(const QString &text)
{
    if (text.size() < 20 || text.size() > 40 || text.startsWith(u"0001-"))
        return {};
    return parseRfc3339(text);
}

ServiceState stateOf(const QString &status, int exitCode, bool oomKilled)
{
    if (status == u"running")
        return ServiceState::Active;
    if (status == u"restarting")
        return ServiceState::Activating;
    if (status == u"removing" || status == u"stopping")
        return ServiceState::Deactivating;
    if (status == u"created" || status == u"paused" || status == u"configured" || status == u"initialized")
        return ServiceState::Inactive;
    if (status == u"dead")
        return ServiceState::Failed;
    if (status == u"exited" || status == u"stopped") {
        // 137 and 143 are what `docker stop` leaves behind (KILL, TERM).
        const bool stopped = exitCode == 0 || exitCode == 137 || exitCode == 143;
        return stopped && !oomKilled ? ServiceState::Inactive : ServiceState::Failed;
    }
    return ServiceState::Unknown;
}

void describe(ServiceFacts &facts)
{
    if (facts.oomKilled)
        facts.notes.append(tr("The kernel ended the container because memory ran out."));
    if (facts.subState == u"restarting")
        facts.notes.append(tr("It ended by itself and docker restarts it."));
    if (facts.subState == u"paused")
        facts.notes.append(tr("The container is paused."));
    if (facts.health == u"unhealthy")
        facts.notes.append(tr("It runs, but its own health check fails."));
}

ServiceFacts factsOf(const QString &name, const QJsonObject &outer)
{
    ServiceFacts facts;
    facts.service = QStringLiteral("docker:") + name;
    const QJsonObject state = outer.contains(u"State") ? outer.value(u"State").toObject() : outer;
    facts.subState = word(state, QLatin1StringView("Status"));
    const int exitCode = count(state, QLatin1StringView("ExitCode")).value_or(0);
    facts.oomKilled = state.value(u"OOMKilled").toBool();
    facts.state = stateOf(facts.subState, exitCode, facts.oomKilled);
    facts.health = word(state.value(u"Health").toObject(), QLatin1StringView("Status"));
    if (facts.health == u"none")
        facts.health.clear();
    facts.restarts = count(outer, QLatin1StringView("RestartCount"));
    const bool runs = facts.state == ServiceState::Active;
    if (!runs && facts.subState != u"created")
        facts.exitCode = count(state, QLatin1StringView("ExitCode"));
    if (const qint64 pid = state.value(u"Pid").toInteger(); pid > 0)
        facts.mainPid = pid;
    facts.since = time(state.value(runs ? u"StartedAt" : u"FinishedAt").toString());
    if (facts.oomKilled)
        facts.result = QStringLiteral("oom-kill");
    else if (facts.state == ServiceState::Failed || facts.state == ServiceState::Activating)
        facts.result = exitCode != 0 ? QStringLiteral("exit-code") : QString();
    else if (facts.state != ServiceState::Unknown)
        facts.result = QStringLiteral("success");
    facts.unitFileState = outer.value(u"RestartPolicy").isString()
        ? word(outer, QLatin1StringView("RestartPolicy"))
        : word(outer.value(u"HostConfig").toObject().value(u"RestartPolicy").toObject(), QLatin1StringView("Name"));
    describe(facts);
    return facts;
}

QList<QJsonObject> objectsOf(const QByteArray &out)
{
    QList<QJsonObject> objects;
    const QByteArray text = out.left(4 << 20).trimmed();
    if (text.startsWith('[')) {
        for (const QJsonValue value : QJsonDocument::fromJson(text).array())
            if (objects.size() < MostContainers)
                objects.append(value.toObject());
        return objects;
    }
    for (const QByteArray &line : text.split('\n')) {
        const QJsonDocument document = QJsonDocument::fromJson(line);
        if (document.isObject() && objects.size() < MostContainers)
            objects.append(document.object());
    }
    return objects;
}

bool isNamed(const QJsonObject &object, const QString &name)
{
    const QString own = object.value(u"Name").toString();
    return own == name || own == u'/' + name;
}

/// "Error: No such object: X", "Error response from daemon: No such container: X", podman's "no such object".
bool isDenied(const QByteArray &err, const QString &name)
{
    for (const QByteArray &line : err.left(64 << 10).toLower().split('\n'))
        if (line.contains("no such") && line.contains(name.toLower().toUtf8()))
            return true;
    return false;
}

} // namespace

bool isContainerName(const QString &name)
{
    const auto isWord = [](QChar c) { return (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z') || (c >= u'0' && c <= u'9'); };
    return !name.isEmpty() && name.size() <= 255 && isWord(name.front())
        && std::all_of(name.begin(), name.end(), [&](QChar c) { return isWord(c) || QStringView(u"_.-").contains(c); });
}

QStringList dockerInspectArgv(const QStringList &names)
{
    return boundedArgv(10,
        QStringList {QStringLiteral("docker"), QStringLiteral("container"), QStringLiteral("inspect"), QStringLiteral("--format"),
            QStringLiteral("{\"Name\":{{json .Name}},\"RestartCount\":{{json .RestartCount}},"
                           "\"RestartPolicy\":{{json .HostConfig.RestartPolicy.Name}},\"State\":{{json .State}}}")}
            + names);
}

QStringList dockerPsArgv()
{
    return boundedArgv(10,
        {QStringLiteral("docker"), QStringLiteral("ps"), QStringLiteral("-a"), QStringLiteral("--no-trunc"),
            QStringLiteral("--format"), QStringLiteral("{{json .}}")});
}

QList<ServiceFacts> parseDockerInspect(const QByteArray &out, const QByteArray &err, const QStringList &names)
{
    const QList<QJsonObject> objects = objectsOf(out);
    const bool anyNamed = std::any_of(objects.begin(), objects.end(), [](const QJsonObject &o) { return o.contains(u"Name"); });
    QList<ServiceFacts> all;
    for (qsizetype i = 0; i < names.size(); ++i) {
        const QString &name = names.at(i);
        const auto found = std::find_if(objects.begin(), objects.end(), [&](const QJsonObject &o) { return isNamed(o, name); });
        if (found != objects.end()) {
            all.append(factsOf(name, *found));
        } else if (!anyNamed && objects.size() == names.size()) {
            all.append(factsOf(name, objects.at(i))); // bare State objects carry no name; the order is the one asked
        } else {
            ServiceFacts facts;
            facts.service = QStringLiteral("docker:") + name;
            facts.state = isDenied(err, name) ? ServiceState::NotFound : ServiceState::Unknown;
            all.append(facts);
        }
    }
    return all;
}

QList<ServiceFacts> parseDockerPs(const QByteArray &out)
{
    QList<ServiceFacts> all;
    for (const QJsonObject &object : objectsOf(out)) {
        ServiceFacts facts;
        facts.service = QStringLiteral("docker:") + safeText(object.value(u"Names").toString().section(u',', 0, 0), 255);
        facts.subState = word(object, QLatin1StringView("State"));
        const QString status = word(object, QLatin1StringView("Status"));
        // "Exited (137) 2 hours ago", "Up 3 hours (healthy)", "Up 4 seconds (health: starting)"
        int exitCode = 0;
        if (status.startsWith(u"Exited (")) {
            exitCode = status.mid(8).section(u')', 0, 0).toInt();
            facts.exitCode = exitCode;
        }
        for (const QString &health : {QStringLiteral("unhealthy"), QStringLiteral("healthy"), QStringLiteral("starting")})
            if (facts.health.isEmpty() && status.endsWith(health + u')'))
                facts.health = health;
        facts.state = stateOf(facts.subState, exitCode, false);
        describe(facts);
        all.append(facts);
    }
    return all;
}

std::optional<Error> explainDocker(const ExecResult &result)
{
    if (result.exitCode == 0)
        return std::nullopt;
    if (const std::optional<Error> known = explainExit(QStringLiteral("docker"), result))
        return known;
    const QByteArray text = (result.err + '\n' + result.out).left(64 << 10).toLower();
    const QString said = firstLine(result.err.trimmed().isEmpty() ? result.out : result.err);
    if (text.contains("permission denied"))
        return Error(Error::Kind::Unauthorized, tr("The login may not ask docker on the node."), said, result.exitCode)
            .withRemedy(tr("Add the login to the group docker (it then has the rights of root), with: sudo usermod -aG docker USER"));
    if (text.contains("cannot connect to the docker daemon") || text.contains("is the docker daemon running"))
        return Error(Error::Kind::Unavailable, tr("The docker daemon does not run on the node."), said, result.exitCode)
            .withRemedy(tr("Start it with: sudo systemctl start docker"));
    if (text.contains("no such"))
        return std::nullopt;
    return Error(Error::Kind::RemoteExit, tr("docker failed on the node with exit code %1.").arg(result.exitCode), said, result.exitCode);
}

} // namespace hybridge
