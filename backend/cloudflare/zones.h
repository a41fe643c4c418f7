// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/http/apitransport.h"

#include <QObject>
#include <QStringList>

#include <optional>

namespace hybridge::cloudflare {

/// A domain at Cloudflare. "active" means that Cloudflare has seen the registrar name its nameservers.
struct ZoneState {
    QString id;
    QString name;
    QString status; ///< "active", "pending", "initializing", "moved"…
    bool paused = false; ///< Cloudflare answers DNS alone: nothing is proxied
    QStringList nameServers; ///< those that the registrar must name
};

struct DnsRecord {
    QString id;
    QString type; ///< "CNAME", "AAAA"…
    QString name; ///< "gcp-llm.example.com", lower case
    QString content; ///< of a CNAME: its target, lower case
    std::optional<bool> proxied; ///< empty: not told
    bool operator==(const DnsRecord &) const = default;
};

struct DnsRecordPage {
    QList<DnsRecord> records;
    std::optional<qint64> totalCount;
};

/// Pure; bounded. Errors: those of parseEnvelope(), Protocol.
[[nodiscard]] Result<ZoneState> parseZone(const HttpResponse &response);
[[nodiscard]] Result<DnsRecordPage> parseDnsRecords(const HttpResponse &response);
/// How many zones the token sees: result_info.total_count, else the items. Pure.
[[nodiscard]] Result<qint64> parseZoneCount(const HttpResponse &response);

/// One zone, read only. Needs "Zone Read" and "DNS Read". GUI thread.
class Zones final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is the API's (…/client/v4).
    Zones(ApiTransport &api, QString zoneId, QObject *parent = nullptr);
    Task<Result<ZoneState>> zone(std::stop_token stop);
    /// The records of @p hostname, of every type.
    Task<Result<QList<DnsRecord>>> recordsOf(QString hostname, std::stop_token stop);
    /// Of all accounts that the token sees; one call.
    Task<Result<qint64>> visibleZones(std::stop_token stop);

private:
    Task<Result<HttpResponse>> ask(ApiRequest request, std::stop_token stop);
    ApiTransport &m_api;
    QString m_zoneId;
};

} // namespace hybridge::cloudflare
