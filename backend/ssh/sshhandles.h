// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <QtGlobal>

#include <memory>

#include <unistd.h>

namespace hybridge {

/// Owners of what libssh hands out. Only files of backend/ssh include this.
struct SshFree {
    void operator()(ssh_session session) const { ssh_free(session); }
    void operator()(ssh_event event) const { ssh_event_free(event); }
    void operator()(ssh_key key) const { ssh_key_free(key); }
    void operator()(char *text) const { ssh_string_free_char(text); }
};
using SshSessionHandle = std::unique_ptr<ssh_session_struct, SshFree>;
using SshEventHandle = std::unique_ptr<ssh_event_struct, SshFree>;
using SshKeyHandle = std::unique_ptr<ssh_key_struct, SshFree>;
using SshTextHandle = std::unique_ptr<char, SshFree>;
/// An unlocked key is shared by all sessions that log in with it; each use works on a copy (ssh_key_dup).
using SharedSshKey = std::shared_ptr<ssh_key_struct>;

/// A descriptor with one owner.
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : m_fd(fd) { }
    UniqueFd(UniqueFd &&other) noexcept : m_fd(std::exchange(other.m_fd, -1)) { }
    UniqueFd &operator=(UniqueFd &&other) noexcept
    {
        std::swap(m_fd, other.m_fd);
        return *this;
    }
    Q_DISABLE_COPY(UniqueFd)
    ~UniqueFd()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    [[nodiscard]] int get() const { return m_fd; }
    [[nodiscard]] int release() { return std::exchange(m_fd, -1); }
    explicit operator bool() const { return m_fd >= 0; }

private:
    int m_fd = -1;
};

} // namespace hybridge
