// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/access.h"

#include "app/lab/world/world.h"

namespace hybridge::lab {

namespace {

constexpr const char *Html = "text/html;charset=utf-8";

void toLogin(const Identity &identity, const Request &request, Answer &answer)
{
    std::string host = request.headers.value("host");
    host = host.substr(0, host.find_first_of("/\r\n \"<>"));
    // The meta claim says {"service_token_status":false}, unsigned: nobody here reads it.
    const std::string location = "https://" + identity.team + ".cloudflareaccess.com/cdn-cgi/access/login/" + host
        + "?kid=lab&redirect_url=%2F&meta=e30.eyJzZXJ2aWNlX3Rva2VuX3N0YXR1cyI6ZmFsc2V9.";
    answer.send(302,
        {{"Location", location}, {"Cache-Control", "private, max-age=0, no-store"}, {"Content-Type", Html}},
        "<html>\r\n<head><title>302 Found</title></head>\r\n<body>\r\n<center><h1>302 "
        "Found</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n");
}

void forbidden(Answer &answer)
{
    answer.send(403, {{"Cf-Access-Error", "access_denied"}, {"Content-Type", Html}},
        "<!DOCTYPE html><html><head><title>Forbidden</title></head><body><h1>Forbidden</h1><p>You don't have "
        "permission to view this. Cloudflare Access.</p></body></html>");
}

void unauthorized(const Identity &identity, Answer &answer)
{
    answer.send(401,
        {{"WWW-Authenticate",
             "Bearer realm=\"Cloudflare Access\", resource_metadata=\"https://" + identity.team
                 + ".cloudflareaccess.com\""},
            {"Cf-Access-Error", "invalid_service_token"}, {"Content-Type", Html}},
        "<!DOCTYPE html><html><head><title>Unauthorized</title></head><body><h1>Unauthorized</h1><p>Cloudflare "
        "Access.</p></body></html>");
}

} // namespace

bool letIn(
    const World &world, const Identity &identity, const std::string &node, const Request &request, Answer &answer)
{
    const auto struck = [&](const char *fault) { return !node.empty() && world.hasFault(node, fault); };
    if (struck("access-open"))
        return true;
    const std::string *id = request.headers.find("cf-access-client-id");
    const std::string *secret = request.headers.find("cf-access-client-secret");
    const bool strict = struck("access-strict");
    if (!id && !secret) {
        toLogin(identity, request, answer); // strict mode changes nothing for requests without a token
        return false;
    }
    // The router's own token is in the policies of the node hostnames; what a fault does to the operator's token does
    // not touch it.
    if (!node.empty() && id && secret && *id == identity.workerClientId && *secret == identity.workerClientSecret)
        return true;
    const bool valid = id && secret && *id == identity.accessClientId && *secret == identity.accessClientSecret;
    if (strict) {
        unauthorized(identity, answer);
        return false;
    }
    if (!valid || struck("access-token-expired")) {
        toLogin(identity, request, answer);
        return false;
    }
    if (struck("access-allow")) { // an Allow policy does not let a token in
        toLogin(identity, request, answer);
        return false;
    }
    if (struck("access-403")) {
        forbidden(answer);
        return false;
    }
    return true;
}

} // namespace hybridge::lab
