// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/world/cast.h"

#include "app/lab/world/random.h"

namespace hybridge::lab {

namespace {

NodeSpec cloudNode(Random &random, int number)
{
    NodeSpec node;
    const std::string suffix = number == 1 ? std::string() : '-' + std::to_string(number);
    node.id = "gcp" + suffix;
    node.label = number == 1 ? "GCP L4" : "GCP L4 " + std::to_string(number);
    node.colour = "#4285F4";
    node.machine = MachineKind::Gce;
    node.engine = EngineKind::Vllm;
    node.zone = "us-central1-a";
    node.instance = "gcp-gpu-vm" + suffix;
    node.instanceId = std::to_string(1'000'000'000'000'000'000ULL + random.next() % 8'000'000'000'000'000'000ULL);
    node.machineType = "g2-standard-8";
    node.engineService = "docker:vllm";
    node.model = "Qwen/Qwen2.5-14B-Instruct-AWQ";
    node.gpus = {{0, "NVIDIA L4", "GPU-" + random.uuid(), 23034, 72.0, 16.5}};
    return node;
}

NodeSpec homeNode(Random &random, int number)
{
    NodeSpec node;
    const std::string suffix = number == 1 ? std::string() : '-' + std::to_string(number);
    node.id = "home" + suffix;
    node.label = number == 1 ? "Home 3090" : "Home 3090 " + std::to_string(number);
    node.colour = "#F4A142";
    node.machine = MachineKind::Host;
    node.engine = EngineKind::Ollama;
    node.instance = "homelab" + suffix;
    node.engineService = "systemd:ollama";
    node.model = "llama3:8b";
    node.gpus = {{0, "NVIDIA GeForce RTX 3090", "GPU-" + random.uuid(), 24576, 350.0, 28.0}};
    return node;
}

NodeSpec tpuNode(Random &random)
{
    NodeSpec node;
    node.id = "tpu";
    node.label = "TPU v5e";
    node.colour = "#34A853";
    node.machine = MachineKind::Tpu;
    node.engine = EngineKind::Vllm;
    node.zone = "us-central1-a";
    node.instance = "tpu-v5e";
    node.instanceId = std::to_string(1'000'000'000'000'000'000ULL + random.next() % 8'000'000'000'000'000'000ULL);
    node.machineType = "v5litepod-1";
    node.engineService = "docker:vllm";
    node.model = "google/gemma-2-9b-it";
    return node;
}

} // namespace

std::vector<NodeSpec> castOfNodes(std::uint64_t seed, int count, bool tpu, int gpus)
{
    std::vector<NodeSpec> cast;
    Random random(mix(seed, 0x6e6f6465));
    for (int i = 0; i < count + (tpu ? 1 : 0); ++i) {
        NodeSpec node = i == count ? tpuNode(random)
            : i % 2 == 0           ? cloudNode(random, i / 2 + 1)
                                   : homeNode(random, i / 2 + 1);
        node.tunnelId = random.uuid();
        node.tunnelName = node.id + "-tunnel";
        node.weight = node.machine == MachineKind::Gce ? 80 : node.machine == MachineKind::Host ? 20 : 0;
        node.seed = random.next();
        // From the node's own seed: one card or eight, the rest of the world is the same.
        Random cards(mix(node.seed, 0x67707573));
        while (!node.gpus.empty() && static_cast<int>(node.gpus.size()) < gpus) {
            GpuSpec gpu = node.gpus.front();
            gpu.index = static_cast<int>(node.gpus.size());
            gpu.uuid = "GPU-" + cards.uuid();
            node.gpus.push_back(std::move(gpu));
        }
        cast.push_back(std::move(node));
    }
    return cast;
}

} // namespace hybridge::lab
