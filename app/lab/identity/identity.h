// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct evp_pkey_st;

namespace hybridge::lab {

/// The accounts that the lab pretends to be. Names and ids follow the seed; whatever lets somebody in is fresh from the
/// system's random source in each run, because other users of the machine reach the loopback too.
struct Identity {
    std::string accountId;
    std::string zoneId;
    std::string team;
    std::string project;
    std::string projectNumber;
    std::string loadBalancer;
    std::string billingAccount; ///< "01ABCD-23EF45-6789AB"

    std::string cloudflareTokenId;
    std::string cloudflareToken;
    std::string readToken;   ///< may read all that cloudflareToken may change
    std::string narrowToken; ///< valid, but without any permission
    std::string accessClientId;
    std::string accessClientSecret;
    std::string workerClientId; ///< the router's own service token, for the node hostnames alone
    std::string workerClientSecret;

    std::string serviceAccount;
    std::string privateKeyId;
    std::string privateKeyPem; ///< PKCS#8
    std::shared_ptr<evp_pkey_st> key;
    std::string userClientId;
    std::string userClientSecret;
    std::string userRefreshToken;
};

/// Throws std::runtime_error when OpenSSL cannot make a key.
Identity makeIdentity(std::uint64_t seed);

/// @p bytes of the system's random source in hexadecimal.
std::string secretHex(int bytes);

} // namespace hybridge::lab
