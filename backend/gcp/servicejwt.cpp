// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/servicejwt.h"

#include <QCoreApplication>

#include <nlohmann/json.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace hybridge::gcp {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

QByteArray base64Url(const QByteArray &bytes)
{
    return bytes.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

/// OpenSSL asks for a passphrase on the terminal by default; a key with one is refused instead.
int noPassphrase(char *, int, int, void *)
{
    return -1;
}
} // namespace

Result<QByteArray> makeServiceJwt(const ServiceAccountKey &key, const QByteArray &scope, const QDateTime &now)
{
    const auto invalid = [](const QString &detail) {
        ERR_clear_error();
        return Error(Error::Kind::Invalid, tr("The private key in the Google key file cannot be used."), detail)
            .withRemedy(tr("Make a new JSON key for the service account and replace the file."));
    };
    const QByteArray pem = key.privateKey.reveal();
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.constData(), int(pem.size())), BIO_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> privateKey(
        PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr), EVP_PKEY_free);
    if (!privateKey)
        return invalid(QStringLiteral("not a PEM private key"));
    if (EVP_PKEY_get_base_id(privateKey.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(privateKey.get()) < 2048)
        return invalid(QStringLiteral("not an RSA key of 2048 bits or more"));

    const qint64 issued = now.toSecsSinceEpoch();
    nlohmann::json head = {{"typ", "JWT"}, {"alg", "RS256"}};
    if (!key.privateKeyId.isEmpty())
        head["kid"] = key.privateKeyId.toStdString();
    const nlohmann::json claims = {{"iss", key.clientEmail.toStdString()}, {"scope", scope.toStdString()},
        {"aud", "https://oauth2.googleapis.com/token"}, {"iat", issued}, {"exp", issued + 3600}};
    // Both texts come from a QString, so they are valid UTF-8 and dump() cannot throw.
    const QByteArray signedPart
        = base64Url(QByteArray::fromStdString(head.dump())) + '.' + base64Url(QByteArray::fromStdString(claims.dump()));

    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto *data = reinterpret_cast<const unsigned char *>(signedPart.constData());
    std::size_t length = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, privateKey.get()) != 1
        || EVP_DigestSign(context.get(), nullptr, &length, data, std::size_t(signedPart.size())) != 1)
        return invalid(QStringLiteral("signing failed"));
    QByteArray signature(qsizetype(length), '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char *>(signature.data()), &length, data,
            std::size_t(signedPart.size()))
        != 1)
        return invalid(QStringLiteral("signing failed"));
    signature.truncate(qsizetype(length));
    return signedPart + '.' + base64Url(signature);
}

} // namespace hybridge::gcp
