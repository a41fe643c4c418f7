// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chatcore.h"

namespace hybridge {

/// One answer, from the request to its end (ChatService::stream()).
Task<ChatAnswer> runChat(std::shared_ptr<ChatService::Core> core, ChatRequest request, ChatService::Sink sink, std::stop_token stop);

/// The target's list of models, or why it did not come.
Task<ChatModelList> listChatModels(std::shared_ptr<ChatService::Core> core, ChatTarget target, std::stop_token stop);

} // namespace hybridge
