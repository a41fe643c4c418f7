// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nodeaudit.h"

#include "backend/base/units.h"
#include "backend/base/utc.h"
#include "backend/host/commandfailure.h"
#include "backend/host/systemd.h"

#include <QHash>
#include <QHostAddress>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace hybridge {

namespace {

// Constant: the names come as $1 and $2. Each part says what it is, what its tool printed, and how it ended, so that one
// that is missing leaves the others readable.
constexpr char Script[] = R"sh(part() { name=$1; shift; printf '\n@@part %s\n' "$name"; "$@" 2>&1; printf '\n@@end %s %s\n' "$name" "$?"; }
part listeners ss -Hltn
[ -n "$1" ] && part unit systemctl show --no-pager --property=LoadState,Restart,DropInPaths "$1"
[ -n "$2" ] && part ports docker ps -a --no-trunc --format '{{json .}}'
part idle systemctl show --no-pager --property=LoadState,ActiveState hybridge-idle.timer
part time timedatectl show --property=NTPSynchronized --property=TimeUSec
part date date -u +%s
part disk df -Pk /
part sudo sudo -n -l
part rights stat -c '%a %U %n' -- "$HOME" "$HOME/.ssh" "$HOME/.ssh/authorized_keys"
part firewall firewall-cmd --list-ports
part version cloudflared --version
exit 0
)sh";

// bash opens the connection by itself; nc is asked where it is not there.
constexpr char PortScript[] = R"sh(for host in region1.v2.argotunnel.com region2.v2.argotunnel.com; do
    if command -v nc >/dev/null; then nc -z -w 2 "$host" 7844 && exit 0
    elif command -v bash >/dev/null; then timeout 2 bash -c ": </dev/tcp/$host/7844" && exit 0
    else exit 127; fi
done 2>/dev/null
exit 1
)sh";

constexpr qsizetype MostBytes = 512 << 10;
constexpr qsizetype MostLines = 2000;

struct Part {
    QByteArray out;
    int exitCode = -1; ///< -1: it did not come to its end
    [[nodiscard]] QList<QByteArray> lines() const
    {
        QList<QByteArray> all = out.split('\n');
        return all.size() > MostLines ? all.mid(0, MostLines) : all;
    }
};
using Parts = QHash<QByteArray, Part>;

Parts partsOf(const QByteArray &text)
{
    Parts parts;
    QByteArray name;
    Part part;
    for (const QByteArray &line : text.left(MostBytes).split('\n')) {
        if (line.startsWith("@@part ")) {
            name = line.mid(7).trimmed();
            part = Part();
        } else if (line.startsWith("@@end ") && !name.isEmpty()) {
            const QList<QByteArray> words = line.mid(6).trimmed().split(' ');
            if (words.size() == 2 && words.at(0) == name) {
                part.exitCode = words.at(1).toInt();
                if (!parts.contains(name))
                    parts.insert(name, part);
                name.clear();
            }
        } else if (!name.isEmpty()) {
            part.out += line + '\n';
        }
    }
    return parts;
}

QHash<QByteArray, QByteArray> propertiesOf(const Part &part)
{
    QHash<QByteArray, QByteArray> properties;
    for (const QByteArray &line : part.lines())
        if (const qsizetype equals = line.indexOf('='); equals > 0)
            properties.insert(line.left(equals), line.mid(equals + 1).trimmed());
    return properties;
}

QString text(const QByteArray &bytes, int most = 200)
{
    return safeText(QString::fromUtf8(bytes.trimmed()), most);
}

std::optional<ListeningSocket> socketFrom(const QByteArray &line)
{
    // State Recv-Q Send-Q Local:Port Peer:Port
    const QList<QByteArray> words = line.simplified().split(' ');
    if (words.size() < 5 || words.at(0) != "LISTEN")
        return std::nullopt;
    const QByteArray local = words.at(3);
    const qsizetype colon = local.lastIndexOf(':');
    bool ok = false;
    ListeningSocket socket;
    socket.port = local.mid(colon + 1).toInt(&ok);
    if (colon < 1 || !ok || socket.port < 1 || socket.port > 65535)
        return std::nullopt;
    QByteArray address = local.left(colon);
    if (const qsizetype interface = address.indexOf('%'); interface >= 0)
        address.truncate(interface);
    address.replace("[", "").replace("]", "");
    socket.address = text(address, 60);
    return socket;
}

void readListeners(const Part &part, NodeAudit &audit)
{
    QList<ListeningSocket> sockets;
    for (const QByteArray &line : part.lines())
        if (const std::optional<ListeningSocket> socket = socketFrom(line))
            sockets.append(*socket);
    audit.listeners = sockets;
}

void readUnit(const Part &part, NodeAudit &audit)
{
    const QHash<QByteArray, QByteArray> properties = propertiesOf(part);
    UnitSettings settings;
    settings.isLoaded = properties.value("LoadState") == "loaded";
    settings.restart = text(properties.value("Restart"), 40);
    for (const QByteArray &path : properties.value("DropInPaths").split(' '))
        if (!path.isEmpty() && settings.dropIns.size() < 50)
            settings.dropIns.append(text(path));
    audit.connector = settings;
}

void readPorts(const Part &part, const QString &container, NodeAudit &audit)
{
    for (const QByteArray &line : part.lines()) {
        const nlohmann::json entry = nlohmann::json::parse(line.toStdString(), nullptr, false);
        const auto string = [&](const char *key) {
            const auto found = entry.is_object() ? entry.find(key) : entry.end();
            return entry.is_object() && found != entry.end() && found->is_string() ? QString::fromStdString(found->get<std::string>()) : QString();
        };
        if (!string("Names").split(QLatin1Char(',')).contains(container))
            continue;
        QStringList ports;
        for (const QString &port : safeText(string("Ports"), 1000).split(QLatin1Char(',')))
            if (port.contains(QLatin1String("->")))
                ports.append(port.trimmed());
        audit.publishedPorts = ports;
        return;
    }
}

void readTime(const Part &part, NodeAudit &audit)
{
    const QHash<QByteArray, QByteArray> properties = propertiesOf(part);
    if (properties.contains("NTPSynchronized"))
        audit.timeSynchronised = properties.value("NTPSynchronized") == "yes";
    audit.time = parseSystemdTime(properties.value("TimeUSec"));
}

void readDate(const Part &part, NodeAudit &audit)
{
    bool ok = false;
    const qint64 seconds = part.out.trimmed().toLongLong(&ok);
    if (!audit.time.isValid() && ok && seconds > 0 && seconds < (1LL << 40))
        audit.time = QDateTime::fromSecsSinceEpoch(seconds, Utc);
}

void readDisk(const Part &part, NodeAudit &audit)
{
    for (const QByteArray &line : part.lines()) {
        const QList<QByteArray> words = line.simplified().split(' ');
        bool okTotal = false;
        bool okFree = false;
        const double total = words.size() >= 6 ? words.at(1).toDouble(&okTotal) : 0;
        const double free = words.size() >= 6 ? words.at(3).toDouble(&okFree) : 0;
        if (!okTotal || !okFree || total <= 0 || free < 0 || free > total)
            continue;
        audit.diskFreeMiB = free / 1024;
        audit.diskUsedPercent = (total - free) / total * 100;
        return;
    }
}

void readSudo(const Part &part, NodeAudit &audit)
{
    QStringList rules;
    bool below = false;
    for (const QByteArray &line : part.lines()) {
        if (line.contains("may run the following commands"))
            below = true;
        else if (below && line.trimmed().startsWith('('))
            rules.append(text(line, 1000));
        else if (below && line.startsWith("    ") && !rules.isEmpty())
            rules.last() += QLatin1Char(' ') + text(line, 1000); // sudo breaks long lines
    }
    if (below)
        audit.sudoRules = rules;
    else if (part.out.contains("password is required") || part.out.contains("is not allowed to run sudo") || part.out.contains("may not run sudo"))
        audit.sudoWantsPassword = true;
}

void readRights(const Part &part, NodeAudit &audit)
{
    for (const QByteArray &line : part.lines()) {
        const qsizetype first = line.indexOf(' ');
        const qsizetype second = line.indexOf(' ', first + 1);
        bool ok = false;
        const int mode = line.left(first).toInt(&ok, 8);
        if (first < 1 || second < first || !ok || mode < 0 || mode > 07777 || !line.mid(second + 1).startsWith('/') || audit.sshPaths.size() >= 3)
            continue;
        PathRights rights;
        rights.path = text(line.mid(second + 1), 300);
        rights.mode = mode;
        rights.owner = text(line.mid(first + 1, second - first - 1), 60);
        audit.sshPaths.append(rights);
    }
}

void readFirewall(const Part &part, NodeAudit &audit)
{
    QStringList ports;
    for (const QByteArray &word : part.out.simplified().split(' '))
        if (word.contains('/') && ports.size() < 200)
            ports.append(text(word, 40));
    audit.openPorts = ports;
    audit.hasFirewalld = true;
}

void readVersion(const Part &part, NodeAudit &audit)
{
    const QByteArray mark = "cloudflared version ";
    if (const qsizetype at = part.out.indexOf(mark); at >= 0)
        audit.connectorVersion = text(part.out.mid(at + mark.size(), 40).split(' ').first(), 30);
}

} // namespace

bool ListeningSocket::isLoopback() const
{
    if (address == QLatin1String("*"))
        return false;
    QHostAddress host(address);
    if (host.isNull())
        return false;
    bool mapped = false;
    if (const quint32 v4 = host.toIPv4Address(&mapped); mapped)
        host = QHostAddress(v4);
    return host.isLoopback();
}

QString NodeAudit::refusalOf(const QString &part) const
{
    for (const auto &[name, said] : refusals)
        if (name == part)
            return said;
    return {};
}

QStringList nodeAuditArgv(const QString &connectorUnit, const QString &engineContainer)
{
    return boundedArgv(8, {QStringLiteral("/bin/sh"), QStringLiteral("-c"), QString::fromLatin1(Script), QStringLiteral("hybridge-audit"), connectorUnit, engineContainer});
}

NodeAudit parseNodeAudit(const QByteArray &out, const QString &connectorUnit, const QString &engineContainer)
{
    NodeAudit audit;
    const Parts parts = partsOf(out);
    const auto with = [&](const char *name, bool wanted, auto read) {
        const auto part = parts.find(name);
        if (!wanted || part == parts.end())
            return;
        if (part->exitCode == 0)
            read(*part);
        else
            audit.refusals.append({QString::fromLatin1(name), firstLine(part->out)});
    };
    with("listeners", true, [&](const Part &part) { readListeners(part, audit); });
    with("unit", !connectorUnit.isEmpty(), [&](const Part &part) { readUnit(part, audit); });
    with("ports", !engineContainer.isEmpty(), [&](const Part &part) { readPorts(part, engineContainer, audit); });
    with("idle", true, [&](const Part &part) { audit.idleStopArmed = propertiesOf(part).value("ActiveState") == "active"; });
    with("time", true, [&](const Part &part) { readTime(part, audit); });
    with("date", true, [&](const Part &part) { readDate(part, audit); });
    with("disk", true, [&](const Part &part) { readDisk(part, audit); });
    with("firewall", true, [&](const Part &part) { readFirewall(part, audit); });
    with("version", true, [&](const Part &part) { readVersion(part, audit); });
    // Both tell something worth reading when they fail: a refusal, and a path that does not exist.
    if (const auto part = parts.find("sudo"); part != parts.end()) {
        readSudo(*part, audit);
        if (!audit.sudoRules && !audit.sudoWantsPassword)
            audit.refusals.append({QStringLiteral("sudo"), firstLine(part->out)});
    }
    if (const auto part = parts.find("rights"); part != parts.end())
        readRights(*part, audit);
    return audit;
}

QStringList gpuAuditArgv()
{
    return boundedArgv(6, {QStringLiteral("nvidia-smi"), QStringLiteral("--query-gpu=index,name,driver_version,persistence_mode,memory.total,memory.used"),
        QStringLiteral("--format=csv,noheader,nounits")});
}

Result<GpuAudit> parseGpuAudit(const QByteArray &out)
{
    GpuAudit audit;
    for (const QByteArray &line : out.left(256 << 10).split('\n')) {
        const QList<QByteArray> words = line.split(',');
        bool ok = false;
        const int index = words.size() >= 6 ? words.at(0).trimmed().toInt(&ok) : 0;
        if (!ok || index < 0 || audit.cards.size() >= 256)
            continue;
        const auto megabytes = [](const QByteArray &word) {
            bool isNumber = false;
            const double value = word.trimmed().toDouble(&isNumber);
            return isNumber && value >= 0 && value < 1e9 ? std::optional(value) : std::nullopt;
        };
        // From both ends: a card's name may hold anything.
        const qsizetype n = words.size();
        GpuAudit::Card card;
        card.index = index;
        card.name = text(words.mid(1, n - 5).join(','), 80);
        card.driver = text(words.at(n - 4), 40);
        const QByteArray mode = words.at(n - 3).trimmed().toLower();
        if (mode == "enabled" || mode == "disabled")
            card.persistence = mode == "enabled";
        card.memoryTotalMiB = megabytes(words.at(n - 2));
        card.memoryUsedMiB = megabytes(words.at(n - 1));
        audit.cards.append(card);
    }
    if (audit.cards.isEmpty())
        return Error(Error::Kind::Protocol, QStringLiteral("nvidia-smi told of no card."), firstLine(out));
    return audit;
}

QStringList edgePortArgv()
{
    return boundedArgv(5, {QStringLiteral("/bin/sh"), QStringLiteral("-c"), QString::fromLatin1(PortScript)});
}

} // namespace hybridge
