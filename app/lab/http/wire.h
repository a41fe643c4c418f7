// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"

namespace hybridge::lab {

/// The answer to one request on one socket, as HTTP/1.1 bytes. Used by one thread.
class Wire : public Answer {
public:
    /// @p fd stays the caller's.
    Wire(int fd, const Request &request);

    void send(int status, Headers headers, std::string body) override;
    bool begin(int status, Headers headers) override;
    bool write(std::string_view bytes) override;
    void end() override;
    bool gone() override;
    void cut() override;

    /// The answer is whole and the connection may serve another request.
    bool reusable() const { return m_state == State::Ended && m_keepAlive && !m_broken; }
    /// No byte of an answer was sent, or only half of one: the client has to see a reset, not a tidy end.
    bool unfinished() const { return m_state != State::Ended || m_broken; }

private:
    enum class State { Nothing, Streaming, Ended };

    std::string head(int status, const Headers &headers, std::string_view framing) const;
    bool push(std::string_view bytes);

    const int m_fd;
    const bool m_headOnly;
    const bool m_http10;
    bool m_keepAlive;
    bool m_broken = false;
    State m_state = State::Nothing;
};

} // namespace hybridge::lab
