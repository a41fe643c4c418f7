// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/http1codec.h"

#include "backend/http/accessheaders.h"

#include <QCoreApplication>

#include <algorithm>
#include <cctype>
#include <optional>

namespace hybridge {

namespace {
constexpr qsizetype mostHeadBytes = 64 << 10;
constexpr int mostHeaders = 128;
constexpr int mostInterim = 10;
/// Longest "size;extension" line of a chunk, and how many chunks and trailer bytes are read at all.
constexpr qsizetype mostChunkLine = 4096;

enum class Progress { Incomplete, Whole, Hopeless };

struct Head {
    int status = 0;
    HeaderList headers;
    qsizetype bodyAt = 0;
    bool chunked = false;
    qint64 length = -1; ///< -1: up to the end of the connection
};

QByteArray trimmedRight(QByteArray line)
{
    if (line.endsWith('\r'))
        line.chop(1);
    return line;
}

bool isDigits(const QByteArray &text)
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "HTTP/1.1 200 OK"; the reason may be missing.
std::optional<int> statusOf(const QByteArray &line)
{
    if (line.size() < 12 || !line.startsWith("HTTP/1.") || line[8] != ' ' || !isDigits(line.mid(9, 3)))
        return std::nullopt;
    if (line.size() > 12 && line[12] != ' ')
        return std::nullopt;
    const int status = line.mid(9, 3).toInt();
    return status >= 100 && status <= 599 ? std::optional<int>(status) : std::nullopt;
}

/// What the framing headers say; false when they contradict one another.
bool readFraming(Head &head)
{
    for (const auto &[name, value] : head.headers) {
        if (name.compare("Transfer-Encoding", Qt::CaseInsensitive) == 0) {
            if (value.trimmed().toLower() != "chunked" || head.chunked)
                return false;
            head.chunked = true;
        } else if (name.compare("Content-Length", Qt::CaseInsensitive) == 0) {
            const QByteArray text = value.trimmed();
            if (!isDigits(text) || text.size() > 18)
                return false;
            const qint64 length = text.toLongLong();
            if (head.length >= 0 && head.length != length)
                return false;
            head.length = length;
        }
    }
    if (head.chunked && head.length >= 0)
        return false; // the classic way to smuggle; no engine of ours sends both
    if (head.status == 204 || head.status == 304)
        head.length = 0;
    return true;
}

/// Reads the head of the final answer, skipping interim ones.
Progress readHead(const QByteArray &bytes, Head &head)
{
    qsizetype at = 0;
    for (int interim = 0; interim <= mostInterim; ++interim) {
        head = Head();
        bool first = true;
        const qsizetype start = at;
        for (;;) {
            const qsizetype end = bytes.indexOf('\n', at);
            if (end < 0) {
                // Tell what is no HTTP at all early, so that the reader need not wait for its time-out.
                const QByteArray begun = bytes.mid(start, 7);
                if (first && !QByteArray("HTTP/1.").startsWith(begun))
                    return Progress::Hopeless;
                return bytes.size() - start > mostHeadBytes ? Progress::Hopeless : Progress::Incomplete;
            }
            if (end - start > mostHeadBytes)
                return Progress::Hopeless;
            const QByteArray line = trimmedRight(bytes.mid(at, end - at));
            at = end + 1;
            if (first) {
                const std::optional<int> status = statusOf(line);
                if (!status)
                    return Progress::Hopeless;
                head.status = *status;
                first = false;
            } else if (line.isEmpty()) {
                break;
            } else {
                const qsizetype colon = line.indexOf(':');
                if (colon <= 0 || head.headers.size() >= mostHeaders || !isHeaderName(line.left(colon)))
                    return Progress::Hopeless;
                head.headers.append({line.left(colon), line.mid(colon + 1).trimmed()});
            }
        }
        if (head.status >= 200) {
            head.bodyAt = at;
            return readFraming(head) ? Progress::Whole : Progress::Hopeless;
        }
        if (head.status == 101)
            return Progress::Hopeless; // nobody asked for another protocol
    }
    return Progress::Hopeless;
}

/// Walks the chunks from @p at; appends their bytes to @p body when given.
Progress readChunks(const QByteArray &bytes, qsizetype at, QByteArray *body, qsizetype mostBytes)
{
    qint64 total = 0;
    for (;;) {
        const qsizetype end = bytes.indexOf('\n', at);
        if (end < 0)
            return bytes.size() - at > mostChunkLine ? Progress::Hopeless : Progress::Incomplete;
        if (end - at > mostChunkLine)
            return Progress::Hopeless;
        QByteArray size = trimmedRight(bytes.mid(at, end - at));
        if (const qsizetype semicolon = size.indexOf(';'); semicolon >= 0)
            size.truncate(semicolon);
        size = size.trimmed();
        const bool hex = !size.isEmpty() && size.size() <= 8 && std::all_of(size.begin(), size.end(), [](char c) {
            return std::isxdigit(static_cast<unsigned char>(c)) != 0;
        });
        if (!hex)
            return Progress::Hopeless;
        const qint64 length = size.toLongLong(nullptr, 16);
        at = end + 1;
        if (length == 0)
            break;
        total += length;
        if (total > mostBytes)
            return Progress::Hopeless;
        if (bytes.size() - at < length)
            return Progress::Incomplete;
        if (body)
            body->append(bytes.constData() + at, length);
        at += length;
        if (bytes.size() - at < 1)
            return Progress::Incomplete;
        if (bytes[at] == '\r')
            ++at;
        if (at >= bytes.size())
            return Progress::Incomplete;
        if (bytes[at] != '\n')
            return Progress::Hopeless;
        ++at;
    }
    // Trailers up to an empty line.
    const qsizetype start = at;
    for (;;) {
        const qsizetype end = bytes.indexOf('\n', at);
        if (end < 0)
            return bytes.size() - start > mostHeadBytes ? Progress::Hopeless : Progress::Incomplete;
        if (trimmedRight(bytes.mid(at, end - at)).isEmpty())
            return Progress::Whole;
        if (end - start > mostHeadBytes)
            return Progress::Hopeless;
        at = end + 1;
    }
}

/// What the caller encoded stays; anything that could end the path or the request line is encoded now.
QByteArray encodedPath(const QByteArray &path)
{
    QByteArray out;
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
            || (c != 0 && QByteArrayView("%/:@!$&'()*+,;=~-._").contains(c));
        if (plain)
            out += c;
        else
            out += '%' + QByteArray(1, c).toHex().toUpper();
    }
    return out;
}

Error failure(Error::Kind kind, const char *sentence, const QString &detail = {})
{
    return {kind, QCoreApplication::translate("Http", sentence), detail};
}
} // namespace

Result<QByteArray> buildHttp1(
    const ApiRequest &request, const QByteArray &host, const QByteArray &basePath, const HeaderList &headers)
{
    const Error invalid
        = failure(Error::Kind::Invalid, QT_TRANSLATE_NOOP("Http", "The address of the request is not valid."));
    QByteArray path = basePath;
    while (path.endsWith('/'))
        path.chop(1);
    if (!request.path().startsWith(QLatin1Char('/')))
        path += '/';
    path += encodedPath(request.path().toUtf8());
    const QList<QByteArray> segments = QByteArray::fromPercentEncoding(path).split('/');
    for (const QByteArray &segment : segments)
        if (segment == "." || segment == "..")
            return invalid;
    if (host.isEmpty() || host.contains(' ') || !isHeaderValue(host) || !isHeaderValue(path) || path.contains(' '))
        return invalid;
    QByteArray out = request.verbName() + ' ' + path;
    const QByteArray query = request.encodedQuery();
    if (!query.isEmpty())
        out += '?' + query;
    out += " HTTP/1.1\r\nHost: " + host
        + "\r\nUser-Agent: hybridge/" HYBRIDGE_VERSION "\r\nAccept-Encoding: identity\r\nConnection: close\r\n";
    if (request.verb() != ApiRequest::Verb::Get) {
        out += "Content-Length: " + QByteArray::number(request.body().size()) + "\r\n";
        if (!request.contentType().isEmpty())
            out += "Content-Type: " + request.contentType() + "\r\n";
    }
    for (const HeaderList *list : {&request.headers(), &headers}) {
        for (const auto &[name, value] : *list) {
            if (!isHeaderName(name) || !isHeaderValue(value))
                return failure(Error::Kind::Invalid,
                    QT_TRANSLATE_NOOP("Http", "A header of the request holds characters that no header may carry."));
            out += name + ": " + value + "\r\n";
        }
    }
    if (!isHeaderValue(request.contentType()))
        return invalid;
    out += "\r\n";
    if (request.verb() != ApiRequest::Verb::Get)
        out += request.body();
    return out;
}

bool http1Complete(const QByteArray &bytes)
{
    Head head;
    switch (readHead(bytes, head)) {
    case Progress::Hopeless:
        return true;
    case Progress::Incomplete:
        return false;
    case Progress::Whole:
        break;
    }
    if (head.chunked)
        return readChunks(bytes, head.bodyAt, nullptr, mostHttp1Bytes) != Progress::Incomplete;
    if (head.length >= 0)
        return bytes.size() - head.bodyAt >= head.length || head.length > mostHttp1Bytes;
    return bytes.size() - head.bodyAt > mostHttp1Bytes;
}

Result<HttpResponse> parseHttp1(const QByteArray &bytes, qsizetype mostBytes)
{
    if (bytes.isEmpty())
        return failure(Error::Kind::Network, QT_TRANSLATE_NOOP("Http", "The connection was closed without an answer."));
    const Error cut = failure(Error::Kind::Network, QT_TRANSLATE_NOOP("Http", "The answer was cut off."),
        QStringLiteral("%1 bytes came").arg(bytes.size()));
    const Error notHttp = failure(Error::Kind::Protocol, QT_TRANSLATE_NOOP("Http", "The answer is not valid HTTP."));
    const Error tooLong = failure(Error::Kind::Protocol, QT_TRANSLATE_NOOP("Http", "The answer is too long."));
    Head head;
    switch (readHead(bytes, head)) {
    case Progress::Hopeless:
        return notHttp;
    case Progress::Incomplete:
        return cut;
    case Progress::Whole:
        break;
    }
    HttpResponse response;
    response.status = head.status;
    response.headers = head.headers;
    const qsizetype there = bytes.size() - head.bodyAt;
    if (head.chunked) {
        switch (readChunks(bytes, head.bodyAt, &response.body, mostBytes)) {
        case Progress::Hopeless:
            return notHttp;
        case Progress::Incomplete:
            return cut;
        case Progress::Whole:
            break;
        }
    } else if (head.length >= 0) {
        if (head.length > mostBytes)
            return tooLong;
        if (there < head.length)
            return cut;
        response.body = bytes.mid(head.bodyAt, qsizetype(head.length));
    } else {
        if (there > mostBytes)
            return tooLong;
        response.body = bytes.mid(head.bodyAt);
    }
    return response;
}

Result<QByteArray> Http1Reader::feed(const QByteArray &bytes)
{
    m_pending += bytes;
    const Error notHttp = failure(Error::Kind::Protocol, QT_TRANSLATE_NOOP("Http", "The answer is not valid HTTP."));
    if (m_at == At::Head) {
        Head head;
        switch (readHead(m_pending, head)) {
        case Progress::Hopeless:
            return notHttp;
        case Progress::Incomplete:
            return QByteArray();
        case Progress::Whole:
            break;
        }
        m_status = head.status;
        m_headers = head.headers;
        m_left = head.length;
        m_at = head.chunked ? At::ChunkSize : head.length < 0 ? At::UntilClose : head.length == 0 ? At::Done : At::Length;
        m_pending.remove(0, head.bodyAt);
    }
    QByteArray body;
    if (!advance(body))
        return notHttp;
    return body;
}

/// Takes what it can from m_pending. False: the framing cannot be read.
bool Http1Reader::advance(QByteArray &body)
{
    qsizetype at = 0;
    const auto line = [&]() -> std::optional<QByteArray> {
        const qsizetype end = m_pending.indexOf('\n', at);
        if (end < 0)
            return std::nullopt;
        const QByteArray text = trimmedRight(m_pending.mid(at, end - at));
        at = end + 1;
        return text;
    };
    bool good = true;
    for (bool moved = true; moved && good && at < m_pending.size();) {
        moved = false;
        switch (m_at) {
        case At::Head:
        case At::Done:
            at = m_pending.size(); // what follows the end is nobody's
            break;
        case At::UntilClose:
            body.append(m_pending.constData() + at, m_pending.size() - at);
            at = m_pending.size();
            break;
        case At::Length:
        case At::ChunkData: {
            const qint64 take = std::min<qint64>(m_left, m_pending.size() - at);
            body.append(m_pending.constData() + at, take);
            at += take;
            m_left -= take;
            moved = m_left == 0;
            if (m_left == 0)
                m_at = m_at == At::Length ? At::Done : At::ChunkEnd;
            break;
        }
        case At::ChunkEnd:
            if (const std::optional<QByteArray> text = line()) {
                good = text->isEmpty();
                m_at = At::ChunkSize;
                moved = true;
            } else {
                good = m_pending.size() - at <= 1;
            }
            break;
        case At::ChunkSize:
            if (const std::optional<QByteArray> text = line()) {
                const qsizetype semicolon = text->indexOf(';');
                const QByteArray size = (semicolon < 0 ? *text : text->left(semicolon)).trimmed();
                bool hex = false;
                m_left = size.toLongLong(&hex, 16);
                good = hex && size.size() <= 8 && m_left >= 0 && std::isxdigit(static_cast<unsigned char>(size.front())) && size.at(size.size() > 1 ? 1 : 0) != 'x';
                m_at = m_left == 0 ? At::Trailers : At::ChunkData;
                moved = true;
            } else {
                good = m_pending.size() - at <= mostChunkLine;
            }
            break;
        case At::Trailers: {
            const qsizetype before = at;
            if (const std::optional<QByteArray> text = line()) {
                m_trailerBytes += at - before;
                good = m_trailerBytes <= mostHeadBytes;
                m_at = text->isEmpty() ? At::Done : At::Trailers;
                moved = true;
            } else {
                good = m_pending.size() - at <= mostHeadBytes;
            }
            break;
        }
        }
    }
    m_pending.remove(0, at);
    return good;
}

} // namespace hybridge
