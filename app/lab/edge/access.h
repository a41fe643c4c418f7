// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"
#include "app/lab/identity/identity.h"

namespace hybridge::lab {

class World;

/// Access in front of one hostname. True: let in; false: refused, and answered, as facts/cloudflare 5.5 says. The
/// application has a Service Auth policy for the lab's token and an Allow policy for people, so that whoever shows no
/// valid token is sent to the login page. The router's own token is let in at node hostnames alone. @p node is empty
/// for the endpoint, which no fault touches.
bool letIn(
    const World &world, const Identity &identity, const std::string &node, const Request &request, Answer &answer);

} // namespace hybridge::lab
