// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/httpresponse.h"

#include <QByteArray>

namespace hybridge {

/// HTTP/1.1 by hand, for requests that travel inside an SSH channel (direct-tcpip) where QNetworkAccessManager cannot
/// go. One request a channel, "Connection: close". Pure; any thread.

inline constexpr qsizetype mostHttp1Bytes = 8 << 20;

/// The bytes of @p request. @p host is the Host header ("127.0.0.1:8000"), @p basePath stands before the request's
/// path ("" or "/v1"). Errors: Invalid when anything could break out of its line, or "." and ".." stand in the path.
[[nodiscard]] Result<QByteArray> buildHttp1(
    const ApiRequest &request, const QByteArray &host, const QByteArray &basePath = {}, const HeaderList &headers = {});

/// True as soon as @p bytes hold a whole response, or can never become one: the reader may close the channel.
/// A response without length and chunking is whole only when the peer closes, so this stays false for it.
[[nodiscard]] bool http1Complete(const QByteArray &bytes);

/// Reads a response; @p bytes is all that came until the peer closed or http1Complete() was true. Interim 1xx answers
/// are skipped, chunks joined, trailers dropped. Errors: Network (cut off, empty), Protocol (not HTTP, contradictory
/// lengths, over 128 headers or 64 KiB of them, over @p mostBytes). url, elapsedMs and redactor stay unset.
[[nodiscard]] Result<HttpResponse> parseHttp1(const QByteArray &bytes, qsizetype mostBytes = mostHttp1Bytes);

/// Reads a response as it comes, for answers that are shown while they are being sent. Same strictness as parseHttp1().
class Http1Reader {
public:
    /// The bytes of the body that @p bytes complete. Error: Protocol (not HTTP, or framing that cannot be read); nothing
    /// is to be fed after it.
    [[nodiscard]] Result<QByteArray> feed(const QByteArray &bytes);
    [[nodiscard]] bool hasHead() const { return m_at != At::Head; }
    [[nodiscard]] int status() const { return m_status; }
    [[nodiscard]] const HeaderList &headers() const { return m_headers; }
    /// The answer has come to its end by its own framing.
    [[nodiscard]] bool isWhole() const { return m_at == At::Done; }
    /// The peer has closed: is that the end, or was the answer cut off?
    [[nodiscard]] bool mayEndHere() const { return m_at == At::Done || m_at == At::UntilClose; }

private:
    enum class At { Head, UntilClose, Length, ChunkSize, ChunkData, ChunkEnd, Trailers, Done };
    [[nodiscard]] bool advance(QByteArray &body);

    QByteArray m_pending;
    HeaderList m_headers;
    At m_at = At::Head;
    int m_status = 0;
    qint64 m_left = 0; ///< of the body, or of the chunk
    qint64 m_trailerBytes = 0;
};

} // namespace hybridge
