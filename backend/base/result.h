// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <utility>
#include <variant>

namespace hybridge {

/// Why an operation did not do what was asked. Cheap to copy. Any thread.
///
/// Code branches on kind (and code), never on the text. summary is one finished, translated sentence for the operator;
/// detail is for "Details" and the log and is redacted when it is made.
struct Error {
    enum class Kind {
        Network, ///< could not connect, connection lost, name not resolved
        Timeout, ///< no answer in the time allowed
        Cancelled, ///< somebody asked to stop; never shown as a failure
        Unauthorized, ///< credentials refused, or a permission missing
        NotFound, ///< the thing asked for does not exist
        RateLimited, ///< 429; retryAfterMs says how long to wait when the service told
        Protocol, ///< the answer could not be understood
        Remote, ///< the service answered with a failure of its own (5xx, DONE with error)
        RemoteExit, ///< a remote command ended with a code other than 0
        HostKey, ///< host key unknown, changed or refused
        Tls, ///< certificate or handshake refused
        AccessRefused, ///< Cloudflare Access did not let the request in
        Invalid, ///< bad input: a file, an argument
        Refused, ///< a guard of ours said no
        OutcomeUnknown, ///< a non-idempotent request left, no answer came: read back, never repeat
        Unavailable, ///< a local facility is missing (keyring, file, program)
    };

    Error(Kind k, QString sentence, QString log = {}, int number = 0)
        : kind(k), summary(std::move(sentence)), detail(std::move(log)), code(number)
    {
    }

    Kind kind;
    QString summary; ///< what happened, in one sentence for the operator
    QString detail; ///< evidence, redacted; may be empty
    QString remedy; ///< what to do next, a sentence or a command; may be empty
    int code; ///< HTTP status or remote exit code; 0 when neither applies
    int serviceCode = 0; ///< the service's own error number (Cloudflare 10000); 0 when none
    qint64 retryAfterMs = -1; ///< from Retry-After; -1 when not told

    [[nodiscard]] Error withRemedy(QString text) const
    {
        Error copy = *this;
        copy.remedy = std::move(text);
        return copy;
    }
    bool operator==(const Error &) const = default;
};

/// The kind as a stable lower-case word for JSON and logs ("network", "access-refused").
[[nodiscard]] QString errorKindName(Error::Kind kind);

/// A value or an Error; the vocabulary of std::expected, which GCC 12 lacks in C++20.
template<class T>
class [[nodiscard]] Result {
public:
    using value_type = T;
    Result(T value) : m_data(std::in_place_index<0>, std::move(value)) { }
    Result(Error error) : m_data(std::in_place_index<1>, std::move(error)) { }

    [[nodiscard]] bool has_value() const { return m_data.index() == 0; }
    explicit operator bool() const { return has_value(); }
    const T &operator*() const & { return value(); }
    T &operator*() & { return value(); }
    T &&operator*() && { return std::move(value()); }
    const T *operator->() const { return &value(); }
    T *operator->() { return &value(); }
    [[nodiscard]] const T &value() const
    {
        Q_ASSERT(has_value());
        return *std::get_if<0>(&m_data);
    }
    [[nodiscard]] T &value()
    {
        Q_ASSERT(has_value());
        return *std::get_if<0>(&m_data);
    }
    [[nodiscard]] T value_or(T other) const { return has_value() ? value() : std::move(other); }
    [[nodiscard]] const Error &error() const
    {
        Q_ASSERT(!has_value());
        return *std::get_if<1>(&m_data);
    }

private:
    std::variant<T, Error> m_data;
};

template<>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;
    Result() = default;
    Result(Error error) : m_data(std::in_place_index<1>, std::move(error)) { }

    [[nodiscard]] bool has_value() const { return m_data.index() == 0; }
    explicit operator bool() const { return has_value(); }
    [[nodiscard]] const Error &error() const
    {
        Q_ASSERT(!has_value());
        return *std::get_if<1>(&m_data);
    }

private:
    std::variant<std::monostate, Error> m_data;
};

} // namespace hybridge
