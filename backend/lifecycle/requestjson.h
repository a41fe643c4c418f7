// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/lifecycletypes.h"

#include <nlohmann/json_fwd.hpp>

namespace hybridge {

/// A request as it is kept in the activity log, so that an interrupted operation can be gone on with. Pure.
[[nodiscard]] nlohmann::ordered_json requestDocument(const OperationRequest &request);
/// Empty for anything that is not such a document. Overrides and answers to guards are not read back: the world has
/// changed since they were given. Pure.
[[nodiscard]] std::optional<OperationRequest> requestFromDocument(const nlohmann::ordered_json &document);

} // namespace hybridge
