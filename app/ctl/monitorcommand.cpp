// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/monitorcommand.h"

#include "app/ctl/nodeshell.h"
#include "app/ctl/terminal.h"
#include "backend/base/units.h"
#include "backend/fleet/statusjson.h"

#include <QCoreApplication>
#include <QDir>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

using Json = nlohmann::ordered_json;

QString tr(const char *text)
{
    return QCoreApplication::translate("MonitorCommand", text);
}

int codeOf(const Error &error)
{
    return error.kind == Error::Kind::Refused ? ExitRefused : error.kind == Error::Kind::Invalid ? ExitUsage : ExitFailed;
}

/// "NAME=VALUE" into the edit; what must not stand on a command line is taken from where its reference says.
Task<Result<MonitorEdit>> withHeaders(MonitorOptions options, FleetSession *session, QString host, std::stop_token stop)
{
    MonitorEdit edit = options.edit;
    for (const QString &word : options.headers) {
        const QString name = word.section(QLatin1Char('='), 0, 0);
        QString value = word.section(QLatin1Char('='), 1);
        if (name.isEmpty() || value.isEmpty())
            co_return Error(Error::Kind::Invalid, tr("\"%1\" is not NAME=VALUE.").arg(name));
        if (isSecretHeader(name.toUtf8())) {
            const Result<SecretRef> ref = parseSecretRef(value, QDir::homePath());
            if (!ref)
                co_return Error(Error::Kind::Invalid, tr("The value of %1 is a secret: give a reference, such as keyring:NAME.").arg(name));
            SecretPurpose purpose;
            purpose.what = tr("the health check's header %1").arg(name);
            purpose.host = host;
            const Result<Secret> secret = co_await session->secrets().get(*ref, purpose, stop);
            if (!secret)
                co_return secret.error();
            value = QString::fromUtf8(secret->reveal());
        }
        edit.headers.insert(name, value);
    }
    co_return edit;
}

QStringList linesOf(const QString &pool, const std::optional<cloudflare::Monitor> &monitor)
{
    if (!monitor)
        return {tr("%1: no health check, the pool always counts as healthy").arg(pool)};
    const FailoverTime time = failoverTime(*monitor);
    QStringList lines {tr("%1: %2 %3, expects %4, every %5 s, time-out %6 s, %7 retries")
                           .arg(pool, monitor->type, monitor->path, monitor->expectedCodes)
                           .arg(monitor->interval)
                           .arg(monitor->timeout)
                           .arg(monitor->retries),
        tr("  a dead node is left after %1 to %2").arg(formatDuration(std::chrono::milliseconds(qint64(time.quickest * 1000))), formatDuration(std::chrono::milliseconds(qint64(time.slowest * 1000))))};
    for (const QString &warning : monitorWarnings(*monitor))
        lines.append(QStringLiteral("  ! ") + warning);
    return lines;
}

void print(const QList<PoolMonitor> &all, const Options &options)
{
    if (!options.json) {
        QStringList lines;
        for (const PoolMonitor &one : all)
            lines += linesOf(one.poolName, one.monitor);
        Terminal::print((lines.join(QLatin1Char('\n')) + QLatin1Char('\n')).toUtf8());
        return;
    }
    Json list = Json::array();
    for (const PoolMonitor &one : all) {
        Json entry;
        entry["pool"] = one.poolName.toStdString();
        entry["monitor"] = one.monitor ? monitorDocument(*one.monitor) : Json(nullptr);
        list.push_back(std::move(entry));
    }
    Json out;
    out["monitors"] = std::move(list);
    Terminal::print(dumpJson(out) + '\n');
}

void printHealth(const QList<cloudflare::OriginHealth> &health, const Options &options)
{
    Json list = Json::array();
    QStringList lines;
    for (const cloudflare::OriginHealth &one : health) {
        Json entry;
        entry["address"] = one.address.toStdString();
        entry["healthy"] = one.healthy ? Json(*one.healthy) : Json(nullptr);
        entry["code"] = one.code > 0 ? Json(one.code) : Json(nullptr);
        entry["reason"] = one.reason.toStdString();
        list.push_back(std::move(entry));
        lines.append(QStringLiteral("%1: %2 %3 %4").arg(one.address, one.healthy ? (*one.healthy ? tr("healthy") : tr("not healthy")) : tr("not told"), one.code > 0 ? QString::number(one.code) : QString(), one.reason));
    }
    if (health.isEmpty())
        lines.append(tr("The probes have not answered."));
    Json out;
    out["preview"] = std::move(list);
    Terminal::print(options.json ? dumpJson(out) + '\n' : (lines.join(QLatin1Char('\n')) + QLatin1Char('\n')).toUtf8());
}

} // namespace

Task<int> runMonitor(RoutingService &service, FleetSession &session, Options options, MonitorOptions monitor, std::stop_token stop)
{
    const FleetConfig &config = session.state().config();
    const Result<RoutingState> state = co_await service.read(stop);
    if (!state)
        co_return sayError(state.error(), codeOf(state.error()));
    if (state->mode != RoutingMode::LoadBalancer) {
        Terminal::say(tr("The Worker has no health checks: it tries the next node by itself."));
        co_return ExitRefused;
    }
    MonitorService monitors(*session.cloudflare(), config);
    Result<QList<PoolMonitor>> all = co_await monitors.read(*state, stop);
    if (!all)
        co_return sayError(all.error(), codeOf(all.error()));
    if (!monitor.changes() && !monitor.preview) {
        print(*all, options);
        co_return ExitDone;
    }
    const RouteTarget *target = state->target(monitor.node);
    const PoolMonitor *meant = nullptr;
    for (const PoolMonitor &one : *all)
        if ((target && target->place.endsWith(one.poolName)) || one.poolName == monitor.node || one.pool == monitor.node || all->size() == 1)
            meant = &one;
    if (!meant || !meant->monitor) {
        Terminal::say(tr("Name the node, or the pool, whose health check is meant."));
        co_return ExitUsage;
    }
    const cloudflare::Monitor seen = *meant->monitor;
    const Result<MonitorEdit> edit = co_await withHeaders(monitor, &session, config.cloudflare->apiBase.host(), stop);
    if (!edit)
        co_return sayError(edit.error(), codeOf(edit.error()));
    const Result<nlohmann::json> patch = monitorPatch(seen, *edit);
    if (!patch)
        co_return sayError(patch.error(), codeOf(patch.error()));
    for (const PoolMonitor &one : *all)
        if (one.monitor && one.monitor->id == seen.id && one.pool != meant->pool)
            Terminal::say(tr("The pool %1 is checked by the same monitor.").arg(one.poolName));
    if (monitor.preview) {
        const Result<QList<cloudflare::OriginHealth>> health = co_await monitors.preview(seen, *edit, stop);
        if (!health)
            co_return sayError(health.error(), codeOf(health.error()));
        printHealth(*health, options);
        co_return ExitDone;
    }
    if (options.dryRun) {
        Terminal::print(QByteArray::fromStdString(maskedMonitor(*patch).dump(2)) + '\n');
        co_return ExitDone;
    }
    const Result<cloudflare::Monitor> after = co_await monitors.apply(seen, *edit, stop);
    if (!after)
        co_return sayError(after.error(), codeOf(after.error()));
    PoolMonitor written = *meant;
    written.monitor = *after;
    print({written}, options);
    co_return ExitDone;
}

} // namespace hybridge
