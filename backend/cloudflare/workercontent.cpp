// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/workercontent.h"

#include "backend/base/units.h"
#include "backend/cloudflare/envelope.h"

#include <QCoreApplication>

#include <optional>

namespace hybridge::cloudflare {

namespace {

constexpr qsizetype mostModules = 100;
constexpr qsizetype longestHead = 8 << 10;

Error garbled(const char *why)
{
    return {Error::Kind::Protocol, QCoreApplication::translate("Cloudflare", "Cloudflare's answer holds no Worker code that can be read."),
        QString::fromLatin1(why)};
}

/// The value of @p name in a header's parameters: name="value" or name=value; empty when absent.
QByteArray parameter(const QByteArray &header, const QByteArray &name)
{
    for (const QByteArray &part : header.split(';')) {
        const QByteArray item = part.trimmed();
        const qsizetype equals = item.indexOf('=');
        if (equals < 0 || item.left(equals).trimmed().toLower() != name)
            continue;
        QByteArray value = item.mid(equals + 1).trimmed();
        if (value.size() >= 2 && value.startsWith('"') && value.endsWith('"'))
            value = value.mid(1, value.size() - 2);
        return value;
    }
    return {};
}

std::optional<WorkerModule> moduleFrom(const QByteArray &part)
{
    const qsizetype blank = part.indexOf("\r\n\r\n");
    if (blank < 0 || blank > longestHead)
        return std::nullopt;
    WorkerModule module;
    for (const QByteArray &line : part.left(blank).split('\n')) {
        const qsizetype colon = line.indexOf(':');
        if (colon < 0)
            continue;
        const QByteArray key = line.left(colon).trimmed().toLower();
        const QByteArray value = line.mid(colon + 1).trimmed();
        if (key == "content-type")
            module.type = value.left(120);
        if (key != "content-disposition")
            continue;
        const QByteArray file = parameter(value, "filename");
        module.name = safeText(QString::fromUtf8(file.isEmpty() ? parameter(value, "name") : file), 200);
    }
    if (module.name.isEmpty())
        return std::nullopt;
    module.content = part.mid(blank + 4);
    return module;
}

} // namespace

Result<QList<WorkerModule>> parseWorkerContent(const HttpResponse &response)
{
    if (response.status != 200 || response.mediaType() != "multipart/form-data") {
        const Result<Envelope> refused = parseEnvelope(response, QStringLiteral("Workers Scripts Read"));
        return refused ? garbled("not multipart/form-data") : refused.error();
    }
    const QByteArray boundary = parameter(response.header("content-type"), "boundary");
    if (boundary.isEmpty() || boundary.size() > 200)
        return garbled("no boundary");
    const QByteArray mark = "--" + boundary;
    QList<WorkerModule> modules;
    qsizetype at = response.body.indexOf(mark);
    while (at >= 0) {
        const qsizetype begin = at + mark.size();
        if (response.body.mid(begin, 2) == "--")
            return modules; // the last one
        const qsizetype next = response.body.indexOf("\r\n" + mark, begin);
        if (next < 0 || response.body.mid(begin, 2) != "\r\n" || modules.size() >= mostModules)
            break;
        const std::optional<WorkerModule> module = moduleFrom(response.body.mid(begin + 2, next - begin - 2));
        if (!module)
            return garbled("a part without a name");
        modules.append(*module);
        at = next + 2;
    }
    return garbled("the last part does not end");
}

Task<Result<QList<WorkerModule>>> readWorkerContent(ApiTransport &api, QString accountId, QString script, std::stop_token stop)
{
    const auto encoded = [](const QString &text) { return QString::fromLatin1(QUrl::toPercentEncoding(text)); };
    const ApiRequest request = ApiRequest::get(QStringLiteral("accounts/%1/workers/scripts/%2/content/v2").arg(encoded(accountId), encoded(script)));
    const Result<HttpResponse> response = co_await api.send(request, stop);
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, QCoreApplication::translate("Cloudflare", "Cancelled."));
    if (!response)
        co_return response.error();
    co_return parseWorkerContent(*response);
}

} // namespace hybridge::cloudflare
