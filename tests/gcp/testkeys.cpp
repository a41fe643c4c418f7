// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gcp/testkeys.h"

#include <nlohmann/json.hpp>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

namespace hybridge::gcp {

namespace {
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

QByteArray pemOf(const Key &key)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char *data = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &data);
    return QByteArray(data, qsizetype(size));
}
} // namespace

QByteArray makeRsaKey(unsigned bits)
{
    return pemOf(Key(EVP_RSA_gen(bits), EVP_PKEY_free));
}

QByteArray makeEcKey()
{
    return pemOf(Key(EVP_EC_gen("P-256"), EVP_PKEY_free));
}

bool verifiesRs256(const QByteArray &privatePem, const QByteArray &text, const QByteArray &signature)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(privatePem.constData(), int(privatePem.size())), BIO_free);
    const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1
        && EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char *>(signature.constData()),
               std::size_t(signature.size()), reinterpret_cast<const unsigned char *>(text.constData()),
               std::size_t(text.size()))
        == 1;
}

QByteArray keyFile(const QByteArray &privatePem, const QByteArray &tokenUri)
{
    const nlohmann::json json = {{"type", "service_account"}, {"project_id", "p1"}, {"private_key_id", "kid-1"},
        {"private_key", privatePem.toStdString()}, {"client_email", "panel@p1.iam.gserviceaccount.com"},
        {"client_id", "1"}, {"token_uri", tokenUri.toStdString()}};
    return QByteArray::fromStdString(json.dump());
}

} // namespace hybridge::gcp
