// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/scripts.h"

namespace hybridge::lab {

/// How the API tells about Workers. None of these tells a secret.
nlohmann::json settingsView(const ScriptVersion &version, const nlohmann::json &scriptSettings);
nlohmann::json uploadedView(const std::string &name, const ScriptVersion &version, const std::string &tag,
    Wall::time_point created, Wall::time_point modified, const nlohmann::json &scriptSettings);
/// With @p whole the resources too: bindings, script and runtime.
nlohmann::json versionView(const ScriptVersion &version, bool whole);
nlohmann::json deploymentView(const std::string &id, Wall::time_point created, const std::string &message,
    const std::vector<ScriptShare> &shares);
/// The modules as multipart/form-data, without an envelope.
ApiReply contentView(const ScriptVersion &version);

} // namespace hybridge::lab
