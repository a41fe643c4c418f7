// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/keys.h"

#include <libssh/libssh.h>

#include <fcntl.h>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

namespace hybridge::lab {

void KeyPair::Free::operator()(ssh_key_struct *key) const
{
    ssh_key_free(key);
}

KeyPair::KeyPair()
{
    ssh_key key = nullptr;
    if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != SSH_OK)
        throw std::runtime_error("libssh could not make an Ed25519 key.");
    m_key.reset(key);
    char *base64 = nullptr;
    if (ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK)
        throw std::runtime_error("libssh could not encode a public key.");
    m_publicLine = std::string("ssh-ed25519 ") + base64;
    ssh_string_free_char(base64);
}

KeyPair::~KeyPair() = default;
KeyPair::KeyPair(KeyPair &&) noexcept = default;
KeyPair &KeyPair::operator=(KeyPair &&) noexcept = default;

void KeyPair::savePrivate(const std::filesystem::path &path) const
{
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    // Made with the right mode first: libssh's fopen() keeps it, so the key is never readable by others.
    const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0)
        ::close(fd);
    if (fd < 0 || ssh_pki_export_privkey_file(m_key.get(), nullptr, nullptr, nullptr, path.c_str()) != SSH_OK)
        throw std::runtime_error("The key file " + path.string() + " could not be written.");
}

} // namespace hybridge::lab
