// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/world/node.h"
#include "app/lab/world/world.h"

#include <algorithm>

namespace hybridge::lab {

void World::journalLocked(Node &node, std::string_view service, int priority, std::string message)
{
    static constexpr std::size_t Kept = 1000;
    const Service *source = serviceFor(node, service);
    node.journal.push_back(
        {node.nextCursor++, Wall::now(), std::string(service), priority, source ? source->pid : 1, std::move(message)});
    if (node.journal.size() > Kept)
        node.journal.pop_front();
}

void World::journalEngineLaunchLocked(Node &node)
{
    const std::string &service = node.engineService().name;
    if (node.spec->engine == EngineKind::Ollama) {
        journalLocked(node, service, 6,
            "msg=\"server config\" env=\"map[OLLAMA_HOST:http://127.0.0.1:11434 OLLAMA_NUM_PARALLEL:1]\"");
        journalLocked(node, service, 6, "msg=\"looking for compatible GPUs\"");
        return;
    }
    journalLocked(node, service, 6, "(APIServer pid=1) INFO vLLM API server version 0.29.0");
    journalLocked(node, service, 6, "(EngineCore pid=77) INFO Starting to load model " + node.spec->model + "...");
    journalLocked(node, service, 6, "(EngineCore pid=77) Loading safetensors checkpoint shards:  50% Completed | 1/2");
}

/// A line of text changes nothing in the world: nobody is told.
void World::appendJournal(std::string_view nodeId, std::string_view service, int priority, std::string message)
{
    const std::lock_guard lock(m_mutex);
    if (Node *node = nodeFor(nodeId))
        journalLocked(*node, service, priority, std::move(message));
}

std::vector<JournalLine> World::journal(std::string_view nodeId, std::string_view service, std::uint64_t after) const
{
    const std::lock_guard lock(m_mutex);
    std::vector<JournalLine> lines;
    const Node *node = nodeFor(nodeId);
    if (!node)
        return lines;
    std::copy_if(node->journal.begin(), node->journal.end(), std::back_inserter(lines),
        [&](const JournalLine &line) { return line.cursor > after && (service.empty() || line.service == service); });
    return lines;
}

} // namespace hybridge::lab
