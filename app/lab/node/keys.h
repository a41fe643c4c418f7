// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>

struct ssh_key_struct;

namespace hybridge::lab {

/// A fresh Ed25519 key pair. Not thread-safe, but may be handed to another thread.
class KeyPair {
public:
    KeyPair(); ///< makes a new one; throws std::runtime_error
    ~KeyPair();
    KeyPair(KeyPair &&) noexcept;
    KeyPair &operator=(KeyPair &&) noexcept;

    /// "ssh-ed25519 AAAA…", no comment, no line end.
    const std::string &publicLine() const { return m_publicLine; }
    /// Writes the private key in OpenSSH's format, mode 0600, replacing what was there. Throws std::runtime_error.
    void savePrivate(const std::filesystem::path &path) const;
    ssh_key_struct *handle() const { return m_key.get(); }

private:
    struct Free {
        void operator()(ssh_key_struct *key) const;
    };
    std::unique_ptr<ssh_key_struct, Free> m_key;
    std::string m_publicLine;
};

} // namespace hybridge::lab
