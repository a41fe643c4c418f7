// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/monitorplan.h"

#include "backend/base/redact.h"
#include "backend/http/accessheaders.h"

#include <QCoreApplication>
#include <QRegularExpression>

namespace hybridge {

using nlohmann::json;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("MonitorPlan", text);
}

bool asksByHttp(const cloudflare::Monitor &monitor)
{
    return monitor.type == QLatin1String("http") || monitor.type == QLatin1String("https");
}

bool hasHeader(const cloudflare::Monitor &monitor, const char *name)
{
    for (auto it = monitor.headers.begin(); it != monitor.headers.end(); ++it)
        if (it.key().compare(QLatin1String(name), Qt::CaseInsensitive) == 0)
            return true;
    return false;
}

Error bad(const QString &sentence)
{
    return {Error::Kind::Invalid, sentence};
}

} // namespace

FailoverTime failoverTime(const cloudflare::Monitor &monitor)
{
    // Retries follow a time-out at once; consecutive_down asks for so many bad checks, an interval apart.
    const double more = double(std::max(0, monitor.consecutiveDown - 1)) * monitor.interval;
    const double silent = double(monitor.timeout) * (monitor.retries + 1);
    return {more, monitor.interval + more + silent};
}

QStringList monitorWarnings(const cloudflare::Monitor &monitor)
{
    QStringList out;
    if (!asksByHttp(monitor)) {
        out.append(tr("It checks only that a port is open (%1): a dead engine behind a living tunnel stays \"healthy\", and such checks do not work on tunnels.").arg(monitor.type));
        return out;
    }
    if (monitor.type == QLatin1String("http"))
        out.append(tr("It asks without TLS; tunnels are asked by https on port 443."));
    if (!hasHeader(monitor, "Host"))
        out.append(tr("It sends no Host header: unless each origin has one of its own, the tunnel answers 404."));
    if (monitor.path.isEmpty() || monitor.path == QLatin1String("/"))
        out.append(tr("It asks for \"/\", which many servers answer also while their engine is dead. Ask for /health (vLLM) or /api/version (Ollama)."));
    if (monitor.path == QLatin1String("/__hybridge/node"))
        out.append(tr("It asks the connector for its mark: that proves the tunnel alone, no engine."));
    if (monitor.expectedCodes.contains(QLatin1Char('3')) || monitor.followRedirects)
        out.append(tr("A redirect counts as healthy: Access's log-in page would."));
    if (monitor.allowInsecure)
        out.append(tr("It accepts any certificate."));
    if (monitor.interval > 60)
        out.append(tr("It checks every %1 s only.").arg(monitor.interval));
    return out;
}

Result<json> monitorPatch(const cloudflare::Monitor &now, const MonitorEdit &edit)
{
    json patch = json::object();
    if (edit.path && *edit.path != now.path) {
        if (!edit.path->startsWith(QLatin1Char('/')) || edit.path->size() > 500)
            return bad(tr("A path begins with \"/\"."));
        patch["path"] = edit.path->toStdString();
    }
    if (edit.expectedCodes && *edit.expectedCodes != now.expectedCodes) {
        static const QRegularExpression codes(QStringLiteral("^([1-5]xx|[1-5]\\d\\d)(,\\s*([1-5]xx|[1-5]\\d\\d))*$"));
        if (!codes.match(*edit.expectedCodes).hasMatch())
            return bad(tr("\"%1\" are no status codes; say 200 or 2xx.").arg(*edit.expectedCodes));
        patch["expected_codes"] = edit.expectedCodes->toStdString();
    }
    const auto number = [&patch](const char *key, const std::optional<int> &wanted, int present, int least, int most) {
        if (!wanted || *wanted == present)
            return true;
        patch[key] = *wanted;
        return *wanted >= least && *wanted <= most;
    };
    if (!number("interval", edit.interval, now.interval, 5, 3600))
        return bad(tr("An interval is 5 to 3600 s (most plans allow no less than 15)."));
    if (!number("timeout", edit.timeout, now.timeout, 1, 10))
        return bad(tr("A time-out is 1 to 10 s."));
    if (!number("retries", edit.retries, now.retries, 0, 5))
        return bad(tr("Retries are 0 to 5."));
    if (!edit.headers.isEmpty() || !edit.removedHeaders.isEmpty()) {
        json headers = json::object();
        for (auto it = now.headers.begin(); it != now.headers.end(); ++it) {
            if (edit.removedHeaders.contains(it.key(), Qt::CaseInsensitive))
                continue;
            json values = json::array();
            for (const QString &value : it.value())
                values.push_back(value.toStdString());
            headers[it.key().toStdString()] = std::move(values);
        }
        for (auto it = edit.headers.begin(); it != edit.headers.end(); ++it) {
            if (!isHeaderName(it.key().toUtf8()) || !isHeaderValue(it.value().toUtf8()))
                return bad(tr("\"%1\" cannot be a header.").arg(it.key().left(60)));
            headers[it.key().toStdString()] = json::array({it.value().toStdString()});
        }
        const auto present = now.document.find("header");
        if (present == now.document.end() || *present != headers)
            patch["header"] = std::move(headers);
    }
    return patch;
}

Result<QString> monitorPatchText(const cloudflare::Monitor &now, const MonitorEdit &edit)
{
    const Result<json> patch = monitorPatch(now, edit);
    if (!patch)
        return patch.error();
    return patch->empty() ? QString() : QString::fromStdString(maskedMonitor(*patch).dump(2, ' ', false, json::error_handler_t::replace));
}

json maskedMonitor(json document)
{
    const auto headers = document.find("header");
    if (headers != document.end() && headers->is_object())
        for (auto &[name, values] : headers->items())
            if (isSecretHeader(QByteArray::fromStdString(name)))
                values = json::array({"•••"});
    return document;
}

nlohmann::ordered_json monitorDocument(const cloudflare::Monitor &monitor)
{
    nlohmann::ordered_json out;
    out["id"] = monitor.id.toStdString();
    out["type"] = monitor.type.toStdString();
    out["path"] = monitor.path.toStdString();
    out["expectedCodes"] = monitor.expectedCodes.toStdString();
    out["interval"] = monitor.interval;
    out["timeout"] = monitor.timeout;
    out["retries"] = monitor.retries;
    nlohmann::ordered_json headers = nlohmann::ordered_json::object();
    for (auto it = monitor.headers.begin(); it != monitor.headers.end(); ++it)
        headers[it.key().toStdString()] = isSecretHeader(it.key().toUtf8()) ? std::string("•••") : it.value().join(QStringLiteral(", ")).toStdString();
    out["headers"] = std::move(headers);
    const FailoverTime time = failoverTime(monitor);
    out["failoverSeconds"] = {{"quickest", time.quickest}, {"slowest", time.slowest}};
    out["warnings"] = nlohmann::ordered_json::array();
    for (const QString &warning : monitorWarnings(monitor))
        out["warnings"].push_back(warning.toStdString());
    return out;
}

} // namespace hybridge
