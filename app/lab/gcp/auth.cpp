// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/gcp/auth.h"

#include "app/lab/world/text.h"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

namespace hybridge::lab {

namespace {

using nlohmann::json;

constexpr int Lifetime = 3599;
constexpr const char *AssertionGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr const char *BadTimes = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                                 "timeframe. Check your iat and exp values in the JWT claim.";

void refuse(Answer &answer, int status, const char *error, const std::string &description)
{
    answer.sendJson(status,
        json{{"error", error}, {"error_description", description}}.dump(
            -1, ' ', false, json::error_handler_t::replace));
}

bool signatureHolds(evp_pkey_st *key, std::string_view signedPart, const std::string &signature)
{
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX *)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto bytes = [](std::string_view text) { return std::basic_string<unsigned char>(text.begin(), text.end()); };
    const auto message = bytes(signedPart);
    const auto sign = bytes(signature);
    return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1
        && EVP_DigestVerify(context.get(), sign.data(), sign.size(), message.data(), message.size()) == 1;
}

} // namespace

bool base64UrlDecoded(std::string_view text, std::string &bytes)
{
    static constexpr std::string_view Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    bytes.clear();
    unsigned int bits = 0;
    int held = 0;
    for (const char c : text) {
        const std::size_t value = Alphabet.find(c);
        if (value == std::string_view::npos)
            return false;
        bits = (bits << 6) | static_cast<unsigned int>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>((bits >> held) & 0xFFU);
        }
    }
    return text.size() % 4 != 1;
}

std::string GoogleAuth::refusedAssertion(const std::string &assertion) const
{
    const std::size_t first = assertion.find('.');
    const std::size_t second = first == std::string::npos ? first : assertion.find('.', first + 1);
    std::string header;
    std::string claims;
    std::string signature;
    if (second == std::string::npos || !base64UrlDecoded(std::string_view(assertion).substr(0, first), header)
        || !base64UrlDecoded(std::string_view(assertion).substr(first + 1, second - first - 1), claims)
        || !base64UrlDecoded(std::string_view(assertion).substr(second + 1), signature))
        return "Bad Request";
    const json head = json::parse(header, nullptr, false);
    const json body = json::parse(claims, nullptr, false);
    if (!head.is_object() || !body.is_object() || head.value("alg", json()) != "RS256")
        return "Bad Request";
    if (body.value("iss", json()) != m_identity.serviceAccount)
        return "Invalid grant: account not found";
    // The constant, never this server's own address (facts: gcp 1.1).
    if (body.value("aud", json()) != "https://oauth2.googleapis.com/token")
        return "Invalid JWT: Failed audience check. The right audience is https://oauth2.googleapis.com/token";
    if (!body.value("scope", json()).is_string())
        return "Missing required parameter: scope";
    const json issued = body.value("iat", json());
    const json expires = body.value("exp", json());
    const long long now = unixSeconds(Wall::now());
    static constexpr long long Skew = 300;
    if (!issued.is_number_integer() || !expires.is_number_integer()
        || expires.get<long long>() - issued.get<long long>() > 3600 || issued.get<long long>() > now + Skew
        || expires.get<long long>() < now - Skew)
        return BadTimes;
    if (!signatureHolds(m_identity.key.get(), std::string_view(assertion).substr(0, second), signature))
        return "Invalid JWT Signature.";
    return {};
}

void GoogleAuth::serveToken(const Request &request, Answer &answer)
{
    if (request.method != "POST")
        return answer.sendText(405, "");
    std::map<std::string, std::string> form;
    for (auto &[name, value] : parseForm(request.body))
        form[name] = value;
    if (request.mediaType() != "application/x-www-form-urlencoded")
        return refuse(answer, 400, "invalid_request", "The request is no form.");
    if (form["grant_type"] == AssertionGrant) {
        if (const std::string wrong = refusedAssertion(form["assertion"]); !wrong.empty())
            return refuse(answer, 400, "invalid_grant", wrong);
        return grant(m_identity.serviceAccount, answer);
    }
    if (form["grant_type"] == "refresh_token") {
        if (form["client_id"] != m_identity.userClientId || form["client_secret"] != m_identity.userClientSecret)
            return refuse(answer, 401, "invalid_client", "The OAuth client was not found.");
        if (form["refresh_token"] != m_identity.userRefreshToken)
            return refuse(answer, 400, "invalid_grant", "Token has been expired or revoked.");
        return grant("operator@example.com", answer);
    }
    refuse(answer, 400, "unsupported_grant_type", "Invalid grant_type: " + form["grant_type"]);
}

void GoogleAuth::grant(const std::string &user, Answer &answer)
{
    const std::string token = "ya29.lab" + secretHex(40);
    {
        const std::lock_guard lock(m_mutex);
        const auto now = Monotonic::now();
        std::erase_if(m_tokens, [now](const auto &entry) { return entry.second.expires < now; });
        m_tokens[token] = {user, now + std::chrono::seconds(Lifetime), Wall::now()};
    }
    answer.sendJson(200, json{{"access_token", token}, {"expires_in", Lifetime}, {"token_type", "Bearer"}}.dump());
}

std::optional<GoogleAuth::Token> GoogleAuth::tokenOf(const Request &request) const
{
    static constexpr std::string_view Bearer = "Bearer ";
    const std::string authorization = request.headers.value("authorization");
    if (authorization.size() <= Bearer.size()
        || !equalsIgnoreCase(std::string_view(authorization).substr(0, Bearer.size()), Bearer))
        return std::nullopt;
    const std::lock_guard lock(m_mutex);
    const auto found = m_tokens.find(authorization.substr(Bearer.size()));
    return found == m_tokens.end() || found->second.expires < Monotonic::now() ? std::nullopt
                                                                              : std::optional(found->second);
}

std::string GoogleAuth::userOf(const Request &request) const
{
    const std::optional<Token> token = tokenOf(request);
    return token ? token->user : std::string();
}

bool GoogleAuth::grantedBefore(const Request &request, Wall::time_point time) const
{
    const std::optional<Token> token = tokenOf(request);
    return token && token->granted < time;
}

} // namespace hybridge::lab
