// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>
#include <QString>
#include <QUrlQuery>

#include <chrono>
#include <utility>

namespace hybridge {

/// One HTTP request relative to an ApiClient's base URL. A class with named constructors, never an aggregate (GCC 12
/// destroys an aggregate written inside co_await twice).
class ApiRequest {
public:
    enum class Verb { Get, Post, Put, Patch, Delete };
    [[nodiscard]] static ApiRequest get(QString path) { return {Verb::Get, std::move(path)}; }
    [[nodiscard]] static ApiRequest post(QString path, QByteArray body = {}, QByteArray contentType = "application/json")
    {
        ApiRequest r(Verb::Post, std::move(path));
        r.m_body = std::move(body);
        r.m_contentType = std::move(contentType);
        return r;
    }
    [[nodiscard]] static ApiRequest put(QString path, QByteArray body, QByteArray contentType = "application/json")
    {
        ApiRequest r = post(std::move(path), std::move(body), std::move(contentType));
        r.m_verb = Verb::Put;
        return r;
    }
    [[nodiscard]] static ApiRequest patch(QString path, QByteArray body, QByteArray contentType = "application/json")
    {
        ApiRequest r = post(std::move(path), std::move(body), std::move(contentType));
        r.m_verb = Verb::Patch;
        return r;
    }
    [[nodiscard]] static ApiRequest remove(QString path) { return {Verb::Delete, std::move(path)}; }

    ApiRequest &query(const QString &key, const QString &value)
    {
        m_query.addQueryItem(key, value);
        return *this;
    }
    ApiRequest &header(QByteArray name, QByteArray value)
    {
        m_headers.append({std::move(name), std::move(value)});
        return *this;
    }
    /// From the intended send to the end of the body. Default 10 s.
    ApiRequest &timeout(std::chrono::milliseconds limit)
    {
        m_timeout = limit;
        return *this;
    }
    /// Only GET is idempotent by itself; a PUT or a POST with a request id may say so. Only idempotent ones are retried.
    ApiRequest &idempotent(bool yes)
    {
        m_idempotent = yes;
        return *this;
    }
    /// Longest body that is read. Default 8 MiB; more is an Error of kind Protocol.
    ApiRequest &maxBytes(qint64 bytes)
    {
        m_maxBytes = bytes;
        return *this;
    }

    [[nodiscard]] Verb verb() const { return m_verb; }
    [[nodiscard]] const QString &path() const { return m_path; }
    [[nodiscard]] const QUrlQuery &queryItems() const { return m_query; }
    [[nodiscard]] const QList<std::pair<QByteArray, QByteArray>> &headers() const { return m_headers; }
    [[nodiscard]] const QByteArray &body() const { return m_body; }
    [[nodiscard]] const QByteArray &contentType() const { return m_contentType; }
    [[nodiscard]] std::chrono::milliseconds timeoutLimit() const { return m_timeout; }
    [[nodiscard]] bool isIdempotent() const { return m_idempotent; }
    [[nodiscard]] qint64 byteLimit() const { return m_maxBytes; }

private:
    ApiRequest(Verb verb, QString path) : m_verb(verb), m_path(std::move(path)), m_idempotent(verb == Verb::Get) { }
    Verb m_verb;
    QString m_path;
    QUrlQuery m_query;
    QList<std::pair<QByteArray, QByteArray>> m_headers;
    QByteArray m_body;
    QByteArray m_contentType;
    std::chrono::milliseconds m_timeout {10000};
    bool m_idempotent = false;
    qint64 m_maxBytes = 8 << 20;
};

} // namespace hybridge
