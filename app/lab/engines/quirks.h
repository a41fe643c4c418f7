// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"

#include <string>

namespace hybridge::lab {

/// Asked for the model "lab-quirk/NAME", an engine answers with a transcript of what servers in the wild do (facts:
/// inference 3), byte for byte, whatever the prompt is. False: @p model is none of them, nothing was answered. The names:
/// openai, comments, crlf, no-done, error-field, error-object, nulls, roles, json, sniffed, reasoning, tools, no-finish,
/// lumps, invalid-utf8, html.
bool answerQuirk(const std::string &model, Answer &answer);

} // namespace hybridge::lab
