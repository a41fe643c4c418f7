// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>
#include <QString>
#include <QUrl>

#include <algorithm>
#include <chrono>
#include <utility>

namespace hybridge {

/// Header lines in order; names are compared without case.
using HeaderList = QList<std::pair<QByteArray, QByteArray>>;

/// One HTTP request relative to an ApiClient's base URL. A class with named constructors, never an aggregate (GCC 12
/// destroys an aggregate written inside co_await twice).
class ApiRequest {
public:
    enum class Verb { Get, Post, Put, Patch, Delete };
    /// @p path is joined to the base URL's path. It stands as it is written: percent-encode foreign parts with
    /// QUrl::toPercentEncoding. "." and ".." segments are refused when the request is sent.
    [[nodiscard]] static ApiRequest get(QString path) { return {Verb::Get, std::move(path)}; }
    [[nodiscard]] static ApiRequest post(
        QString path, QByteArray body = {}, QByteArray contentType = "application/json")
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

    /// Adds one query item; @p key and @p value are plain text and are encoded here.
    ApiRequest &query(const QString &key, const QString &value)
    {
        m_query.append({key, value});
        return *this;
    }
    ApiRequest &header(QByteArray name, QByteArray value)
    {
        m_headers.append({std::move(name), std::move(value)});
        return *this;
    }
    /// From the intended send to the end of the body, all attempts and pauses together. For a stream: to its headers.
    /// Default 10 s.
    ApiRequest &timeout(std::chrono::milliseconds limit)
    {
        m_timeout = limit;
        return *this;
    }
    /// Only GET is idempotent by itself; a PUT or a POST with a request id may say so. Only idempotent ones are
    /// retried.
    ApiRequest &idempotent(bool yes)
    {
        m_idempotent = yes;
        return *this;
    }
    /// How many times an idempotent request may leave: 1 to 3. Default 3; a probe that measures wants 1.
    ApiRequest &attempts(int most)
    {
        m_attempts = std::clamp(most, 1, 3);
        return *this;
    }
    /// Longest body that is read. Default 8 MiB; more is an Error of kind Protocol.
    ApiRequest &maxBytes(qint64 bytes)
    {
        m_maxBytes = bytes;
        return *this;
    }

    [[nodiscard]] Verb verb() const { return m_verb; }
    [[nodiscard]] QByteArray verbName() const
    {
        switch (m_verb) {
        case Verb::Get:
            return "GET";
        case Verb::Post:
            return "POST";
        case Verb::Put:
            return "PUT";
        case Verb::Patch:
            return "PATCH";
        case Verb::Delete:
            return "DELETE";
        }
        return "GET";
    }
    [[nodiscard]] const QString &path() const { return m_path; }
    [[nodiscard]] const QList<std::pair<QString, QString>> &queryItems() const { return m_query; }
    [[nodiscard]] QString queryValue(const QString &key) const ///< empty when absent
    {
        for (const auto &[name, value] : m_query)
            if (name == key)
                return value;
        return {};
    }
    /// The query as it goes on the wire, without "?"; empty when there is none.
    [[nodiscard]] QByteArray encodedQuery() const
    {
        QByteArray out;
        for (const auto &[key, value] : m_query) {
            if (!out.isEmpty())
                out += '&';
            out += QUrl::toPercentEncoding(key) + '=' + QUrl::toPercentEncoding(value);
        }
        return out;
    }
    [[nodiscard]] const HeaderList &headers() const { return m_headers; }
    [[nodiscard]] const QByteArray &body() const { return m_body; }
    [[nodiscard]] const QByteArray &contentType() const { return m_contentType; }
    [[nodiscard]] std::chrono::milliseconds timeoutLimit() const { return m_timeout; }
    [[nodiscard]] bool isIdempotent() const { return m_idempotent; }
    [[nodiscard]] int mostAttempts() const { return m_attempts; }
    [[nodiscard]] qint64 byteLimit() const { return m_maxBytes; }

private:
    ApiRequest(Verb verb, QString path) : m_verb(verb), m_path(std::move(path)), m_idempotent(verb == Verb::Get) { }
    Verb m_verb;
    QString m_path;
    QList<std::pair<QString, QString>> m_query;
    HeaderList m_headers;
    QByteArray m_body;
    QByteArray m_contentType;
    std::chrono::milliseconds m_timeout{10000};
    bool m_idempotent = false;
    int m_attempts = 3;
    qint64 m_maxBytes = 8 << 20;
};

} // namespace hybridge
