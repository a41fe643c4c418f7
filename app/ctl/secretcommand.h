// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/store/secretresolver.h"

namespace hybridge {

struct SecretOptions {
    enum class Action { Set, Test, Remove };
    Action action = Action::Test;
    QString name;
};

/// "secret set|test|remove NAME". Never prints a secret. Returns the exit code.
Task<int> runSecret(Options options, SecretOptions secret, SecretResolver &resolver, DesktopSecretStore &store, std::stop_token stop);

} // namespace hybridge
