// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/message.h"

#include <optional>
#include <string>
#include <vector>

namespace hybridge::lab {

/// One part of a multipart/form-data body.
struct FormPart {
    std::string name;
    std::string filename;
    std::string type; ///< media type with its parameters; empty: none given
    std::string body;
};

/// The parts of a request's multipart/form-data body; nullopt when it is none or is broken.
std::optional<std::vector<FormPart>> parseMultipart(const Request &request);

/// Writes parts in that form; @p boundary must occur in none of them.
std::string multipartBody(const std::vector<FormPart> &parts, const std::string &boundary);

} // namespace hybridge::lab
