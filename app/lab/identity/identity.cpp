// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/identity/identity.h"

#include "app/lab/world/random.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <stdexcept>
#include <vector>

namespace hybridge::lab {

std::string secretHex(int bytes)
{
    static constexpr char Digits[] = "0123456789abcdef";
    std::vector<unsigned char> raw(static_cast<std::size_t>(bytes));
    if (RAND_bytes(raw.data(), bytes) != 1)
        throw std::runtime_error("The system gave no random bytes.");
    std::string text;
    for (const unsigned char byte : raw) {
        text += Digits[byte >> 4];
        text += Digits[byte & 15];
    }
    return text;
}

Identity makeIdentity(std::uint64_t seed)
{
    Random random(mix(seed, 0x6964656e74));
    Identity identity;
    identity.accountId = random.hex(32);
    identity.zoneId = random.hex(32);
    identity.team = "hybridge-lab";
    identity.project = "hybridge-lab";
    identity.projectNumber = std::to_string(100'000'000'000ULL + random.next() % 900'000'000'000ULL);
    identity.loadBalancer = random.hex(32);
    identity.billingAccount = "01AB23-CD45EF-" + identity.projectNumber.substr(0, 6);
    identity.cloudflareTokenId = random.hex(32);
    identity.privateKeyId = random.hex(40);
    identity.serviceAccount = "operator@hybridge-lab.iam.gserviceaccount.com";

    identity.cloudflareToken = "lab_" + secretHex(20);
    identity.readToken = "lab_" + secretHex(20);
    identity.narrowToken = "lab_" + secretHex(20);
    identity.accessClientId = secretHex(16) + ".access";
    identity.accessClientSecret = secretHex(32);
    identity.workerClientId = secretHex(16) + ".access";
    identity.workerClientSecret = secretHex(32);
    identity.userClientId = secretHex(8) + ".apps.googleusercontent.com";
    identity.userClientSecret = "GOCSPX-" + secretHex(14);
    identity.userRefreshToken = "1//" + secretHex(32);

    identity.key = std::shared_ptr<EVP_PKEY>(EVP_RSA_gen(2048), EVP_PKEY_free);
    const std::unique_ptr<BIO, int (*)(BIO *)> pem(BIO_new(BIO_s_mem()), BIO_free);
    if (!identity.key || !pem
        || PEM_write_bio_PrivateKey(pem.get(), identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        throw std::runtime_error("OpenSSL could not make the service account's key.");
    char *data = nullptr;
    const long length = BIO_get_mem_data(pem.get(), &data);
    identity.privateKeyPem.assign(data, static_cast<std::size_t>(length));
    return identity;
}

} // namespace hybridge::lab
