// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/faults/catalogue.h"

#include <algorithm>
#include <array>

namespace hybridge::lab {

namespace {

// The parts of the set-up, as the menu of the demo shows them.
constexpr std::string_view InTunnelConnector = "Tunnel and connector";
constexpr std::string_view InEngineModel = "Engine and model";
constexpr std::string_view InAccelerator = "Accelerator";
constexpr std::string_view InSshOperatingSystem = "SSH and operating system";
constexpr std::string_view InCloudflareAccess = "Cloudflare Access";
constexpr std::string_view InEndpointDomain = "Endpoint and domain";
constexpr std::string_view InCloudflareApi = "Cloudflare's API";
constexpr std::string_view InVmGoogle = "The VM at Google";
constexpr std::string_view InStartThatFails = "A start that fails";
constexpr std::string_view InGoogleApi = "Google's API";

constexpr std::array Catalogue{
    FaultKind{"tunnel-down", InTunnelConnector, "Outbound traffic to the edge is cut: cloudflared runs, no connection is registered",
        FaultFits::Every, "down", "tunnel"},
    FaultKind{"connector-stopped", InTunnelConnector, "The cloudflared service is stopped", FaultFits::Every, "down", "connector"},
    FaultKind{"tunnel-degraded", InTunnelConnector, "Two of the four tunnel connections are lost", FaultFits::Every, "degraded", "tunnel"},
    FaultKind{"engine-dead", InEngineModel, "The engine's process has crashed: its port refuses, the hostname answers 502",
        FaultFits::Every, "down", "engine"},
    FaultKind{"engine-hung", InEngineModel, "The engine accepts connections and never answers", FaultFits::Every, "down", "engine"},
    FaultKind{"engine-loading", InEngineModel, "The engine loads its model and has not opened its port yet", FaultFits::Every,
        "starting", "engine"},
    FaultKind{"model-missing", InEngineModel, "The engine serves another model than the one configured", FaultFits::Every, "degraded",
        "model"},
    FaultKind{"cpu-fallback", InAccelerator, "Ollama runs its model on the CPU", FaultFits::Ollama, "degraded", "accelerator"},
    FaultKind{"gpu-hung", InAccelerator, "nvidia-smi hangs: the driver does not answer", FaultFits::Every, "degraded", "accelerator"},
    FaultKind{"gpu-error", InAccelerator, "A GPU falls off the bus: nvidia-smi tells an error in its row", FaultFits::Every, "degraded",
        "accelerator"},
    FaultKind{"gpu-absent", InAccelerator, "No GPU is found: vLLM cannot run, Ollama falls back to the CPU", FaultFits::Every,
        "degraded", "accelerator"},
    FaultKind{"gpu-slow", InAccelerator, "The driver starts slowly, as without persistence mode: nvidia-smi works for 12 s before its first line",
        FaultFits::Every, "healthy", "none"},
    FaultKind{"gpu-mig", InAccelerator, "MIG is on: the driver tells no load of the whole card", FaultFits::Every, "healthy", "none"},
    FaultKind{"gpu-na", InAccelerator, "The card tells none of its numbers: [N/A] everywhere", FaultFits::Every, "healthy", "none"},
    FaultKind{"docker-denied", InSshOperatingSystem, "The login may not ask docker", FaultFits::Docker, "healthy", "none"},
    FaultKind{"ssh-refused", InSshOperatingSystem, "The SSH port refuses connections", FaultFits::Every, "degraded", "ssh"},
    FaultKind{"ssh-blackhole", InSshOperatingSystem, "SSH packets vanish: nothing is refused, nothing is answered", FaultFits::Every,
        "degraded", "ssh"},
    FaultKind{"hostkey-changed", InSshOperatingSystem, "The node shows another host key than before", FaultFits::Every, "degraded", "ssh"},
    FaultKind{"sudo-denied", InSshOperatingSystem, "sudo asks for a password", FaultFits::Every, "degraded", "ssh"},
    FaultKind{"ssh-slow", InSshOperatingSystem, "SSH answers slowly", FaultFits::Every, "healthy", "none"},
    FaultKind{"access-token-expired", InCloudflareAccess, "The service token has expired: Access redirects to its login page",
        FaultFits::Every, "degraded", "access"},
    FaultKind{"access-403", InCloudflareAccess, "The service token is in no policy of the application: Access answers 403",
        FaultFits::Every, "degraded", "access"},
    FaultKind{"access-strict", InCloudflareAccess, "The organization is in strict mode and does not know the token: Access answers 401",
        FaultFits::Every, "degraded", "access"},
    FaultKind{"access-open", InCloudflareAccess, "No Access application guards the hostname: it answers without a token", FaultFits::Every,
        "healthy", "none"},
    FaultKind{"api-429", InCloudflareApi, "The management API refuses with 429: the rate limit is exceeded", FaultFits::Every, "", ""},
    FaultKind{"api-500", InCloudflareApi, "The management API fails with 500", FaultFits::Every, "", ""},
    FaultKind{"api-answer-lost", InCloudflareApi, "Changes over Cloudflare's API are carried out and never answered: the connection is cut",
        FaultFits::Every, "", ""},
    FaultKind{"capacity-exhausted", InVmGoogle, "The VM is stopped and its zone has no capacity to start it again", FaultFits::Gce,
        "stopped", "machine"},
    FaultKind{"preempted", InVmGoogle, "Compute Engine has preempted the VM", FaultFits::Gce, "stopped", "machine"},
    // What only the checklist asks about: the lamps stay as they are.
    FaultKind{"boot-disabled", InTunnelConnector, "The connector's unit is not enabled at boot", FaultFits::Every, "", ""},
    FaultKind{"restart-on-failure", InTunnelConnector, "The drop-in with Restart=always is missing", FaultFits::Every, "", ""},
    FaultKind{"connector-old", InTunnelConnector, "cloudflared is a year and a half old", FaultFits::Every, "", ""},
    FaultKind{"udp-blocked", InTunnelConnector, "Outbound UDP 7844 is blocked: the connections run over http2", FaultFits::Every, "", ""},
    FaultKind{"inbound-open", InTunnelConnector, "A firewall rule opens a port that no tunnel needs", FaultFits::Every, "", ""},
    FaultKind{"tunnel-shared", InTunnelConnector, "A second machine runs a connector of the same tunnel", FaultFits::Every, "", ""},
    FaultKind{"host-header-missing", InTunnelConnector, "The tunnel's rule sets no httpHostHeader: Ollama answers 403", FaultFits::Ollama, "", ""},
    FaultKind{"catch-all-open", InTunnelConnector, "The tunnel's last rule leads to the engine: every name that points here reaches it", FaultFits::Every, "", ""},
    FaultKind{"engine-exposed", InEngineModel, "The engine listens on every interface", FaultFits::Every, "", ""},
    FaultKind{"persistence-off", InAccelerator, "Persistence mode is off", FaultFits::Every, "", ""},
    FaultKind{"disk-full", InSshOperatingSystem, "The disk is nearly full", FaultFits::Every, "", ""},
    FaultKind{"clock-skewed", InSshOperatingSystem, "The node's clock is three minutes behind", FaultFits::Every, "", ""},
    FaultKind{"sudo-all", InSshOperatingSystem, "A rule lets the login run everything as root", FaultFits::Every, "", ""},
    FaultKind{"idle-off", InVmGoogle, "The idle stop is not armed", FaultFits::Gce, "", ""},
    FaultKind{"no-max-run", InVmGoogle, "Nothing at Google limits the VM's run time", FaultFits::Gce, "", ""},
    FaultKind{"quota-zero", InVmGoogle, "The project's GPU quota is 0", FaultFits::Gce, "", ""},
    FaultKind{"budget-missing", InVmGoogle, "The billing account has no budget", FaultFits::Gce, "", ""},
    FaultKind{"access-allow", InCloudflareAccess, "The policy for the token is Allow instead of Service Auth: Access redirects to its login page", FaultFits::Every, "", ""},
    FaultKind{"access-anybody", InCloudflareAccess, "The policy for people lets in whoever has a mailbox", FaultFits::Every, "", ""},
    FaultKind{"access-token-expiring", InCloudflareAccess, "The operator's service token expires in five days", FaultFits::Every, "", ""},
    FaultKind{"dns-grey", InEndpointDomain, "The hostname's DNS record is not proxied", FaultFits::Every, "", ""},
    FaultKind{"ns-moved", InEndpointDomain, "The domain's nameservers are no longer Cloudflare's", FaultFits::Every, "", ""},
    FaultKind{"api-token-wide", InCloudflareApi, "The API token reaches more than it needs", FaultFits::Every, "", ""},
    FaultKind{"stream-held", InEndpointDomain, "Something on the way holds streamed answers back until they are whole", FaultFits::Every, "", ""},
    FaultKind{"queue-full", InEngineModel, "The engine's queue is full: it refuses each request with 503", FaultFits::Every, "", ""},
    FaultKind{"worker-edited", InEndpointDomain, "Somebody edited the router Worker in the dashboard", FaultFits::Every, "", ""},
    FaultKind{"worker-side-door", InEndpointDomain, "The router Worker's workers.dev address is on: it goes round Access", FaultFits::Every, "", ""},
    // What Google may answer to an operator (facts: gcp 2.4). None changes what a node is at present.
    FaultKind{"spot-preempt", InVmGoogle, "Each start is preempted a second after it is done", FaultFits::Gce, "", ""},
    FaultKind{"gcp-stockout", InStartThatFails, "A start as its own machine type fails: ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", FaultFits::Gce, "", ""},
    FaultKind{"gcp-stockout-region", InStartThatFails, "A start fails: REGION_RESOURCE_POOL_EXHAUSTED", FaultFits::Gce, "", ""},
    FaultKind{"gcp-stockout-pool", InStartThatFails, "A start fails: RESOURCE_POOL_EXHAUSTED", FaultFits::Gce, "", ""},
    FaultKind{"gcp-stockout-gpu", InStartThatFails, "A start fails: GPU_STOCKOUT", FaultFits::Gce, "", ""},
    FaultKind{"gcp-quota", InStartThatFails, "A start fails: QUOTA_EXCEEDED for NVIDIA_L4_GPUS", FaultFits::Gce, "", ""},
    FaultKind{"gcp-unsupported", InStartThatFails, "A start fails: UNSUPPORTED_OPERATION, as of a VM preempted meanwhile", FaultFits::Gce,
        "", ""},
    FaultKind{"gcp-permission", InGoogleApi, "The account may look and not change: changes answer 403 forbidden", FaultFits::Gce, "",
        ""},
    FaultKind{"gcp-api-off", InGoogleApi, "Compute Engine is off in the project: 403 accessNotConfigured", FaultFits::Gce, "", ""},
    FaultKind{"gcp-not-ready", InGoogleApi, "Changes answer 400 resourceNotReady: an earlier operation runs", FaultFits::Gce, "",
        ""},
    FaultKind{"gcp-condition", InGoogleApi, "Changes answer 412 conditionNotMet: somebody else was faster", FaultFits::Gce, "", ""},
    FaultKind{"gcp-rate-403", InGoogleApi, "Compute answers 403 userRateLimitExceeded", FaultFits::Gce, "", ""},
    FaultKind{"gcp-rate-429", InGoogleApi, "Changes answer 429 rateLimitExceeded with Retry-After: 7", FaultFits::Gce, "", ""},
    FaultKind{"gcp-token-rejected", InGoogleApi, "Every access token is refused with 401 authError, a renewed one too", FaultFits::Gce, "", ""},
    FaultKind{"gcp-token-refused", InGoogleApi, "Access tokens granted so far are refused with 401 authError", FaultFits::Gce, "",
        ""},
    FaultKind{"gcp-gone", InVmGoogle, "The VM was deleted by somebody else: 404 notFound", FaultFits::Gce, "", ""},
    FaultKind{"gcp-html", InGoogleApi, "A proxy in between answers changes with a web page, 502", FaultFits::Gce, "", ""},
    FaultKind{"gcp-answer-lost", InGoogleApi, "Changes are carried out and never answered: the connection is cut", FaultFits::Gce,
        "", ""},
    FaultKind{"gcp-local-ssd", InVmGoogle, "The VM has a Local SSD: a stop has to say what becomes of its data", FaultFits::Gce, "",
        ""},
    FaultKind{"gcp-service-agent", InGoogleApi, "Google's service account lacks the permissions that schedules need", FaultFits::Gce,
        "", ""},
    FaultKind{"tpu-preempted", InVmGoogle, "The TPU node is PREEMPTED: it cannot be started again", FaultFits::Tpu, "stopped",
        "machine"},
    FaultKind{"tpu-stockout", InStartThatFails, "A start of the TPU node fails: there is no more capacity", FaultFits::Tpu, "", ""},
};

} // namespace

std::span<const FaultKind> faultCatalogue()
{
    return Catalogue;
}

const FaultKind *findFault(std::string_view name)
{
    const auto found
        = std::find_if(Catalogue.begin(), Catalogue.end(), [name](const FaultKind &kind) { return kind.name == name; });
    return found == Catalogue.end() ? nullptr : &*found;
}

bool faultFits(const FaultKind &kind, const NodeSpec &node)
{
    switch (kind.fits) {
    case FaultFits::Every:
        return true;
    case FaultFits::Gce:
        return node.machine == MachineKind::Gce;
    case FaultFits::Tpu:
        return node.machine == MachineKind::Tpu;
    case FaultFits::Ollama:
        return node.engine == EngineKind::Ollama;
    case FaultFits::Docker:
        return node.engineService.starts_with("docker:");
    }
    return false;
}

std::string_view fitsText(FaultFits fits)
{
    switch (fits) {
    case FaultFits::Every:
        return "every node";
    case FaultFits::Gce:
        return "nodes of kind gce";
    case FaultFits::Tpu:
        return "nodes of kind tpu";
    case FaultFits::Ollama:
        return "nodes that run Ollama";
    case FaultFits::Docker:
        return "nodes whose engine runs in docker";
    }
    return "";
}

} // namespace hybridge::lab
