// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/workerd/bundle.h"

#include <array>
#include <cstdio>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace hybridge::lab {

namespace {

using nlohmann::json;

/// A text of Cap'n Proto's configuration language.
std::string capnpText(std::string_view text)
{
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            std::array<char, 8> hex{};
            std::snprintf(hex.data(), hex.size(), "\\x%02x", byte);
            result += hex.data();
        } else {
            result += c;
        }
    }
    return result + '"';
}

void writePrivate(const std::filesystem::path &path, const std::string &text)
{
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    std::size_t done = 0;
    while (fd >= 0 && done < text.size()) {
        const ssize_t written = ::write(fd, text.data() + done, text.size() - done);
        if (written < 0)
            break;
        done += static_cast<std::size_t>(written);
    }
    if (fd < 0 || ::close(fd) != 0 || done < text.size())
        throw std::runtime_error("The file " + path.string() + " could not be written.");
}

const char *kindOf(const WorkerModule &module)
{
    const std::string type = module.type.substr(0, module.type.find(';'));
    if (type == "text/plain")
        return "text";
    if (type == "application/wasm")
        return "wasm";
    if (type == "application/json")
        return "json";
    return type == "application/octet-stream" ? "data" : "esModule";
}

std::string bindingOf(const json &binding)
{
    const auto type = binding["type"].get<std::string>();
    const std::string value = type == "json" ? ", json = " + capnpText(binding["json"].dump())
                                             : ", text = " + capnpText(binding["text"].get<std::string>());
    return "    (name = " + capnpText(binding["name"].get<std::string>()) + value + "),\n";
}

std::string listOf(const std::vector<std::string> &texts)
{
    std::string list;
    for (const std::string &text : texts)
        list += (list.empty() ? "" : ", ") + capnpText(text);
    return '[' + list + ']';
}

std::string cacheService(const WorkerCache &cache)
{
    if (cache.address.empty())
        return {};
    return "    (name = \"cache\", external = (address = " + capnpText(cache.address)
        + ", http = (injectRequestHeaders = [(name = \"X-Lab-Cache\", value = " + capnpText(cache.secret) + ")]))),\n";
}

} // namespace

void writeWorkerdConfig(const std::filesystem::path &folder, const WorkerBundle &bundle,
    const std::vector<std::string> &networks, const WorkerCache &cache)
{
    std::string config = "using Workerd = import \"/workerd/workerd.capnp\";\n"
                         "const config :Workerd.Config = (\n"
                         "  services = [\n"
                         "    (name = \"main\", worker = .worker),\n"
                         "    (name = \"internet\", network = (allow = "
        + listOf(networks) + ")),\n" + cacheService(cache)
        + "  ],\n"
          "  sockets = [(name = \"http\", http = (), service = \"main\")],\n"
          ");\n"
          "const worker :Workerd.Worker = (\n"
          "  modules = [\n";
    for (std::size_t i = 0; i < bundle.modules.size(); ++i) {
        const std::string file = "module" + std::to_string(i);
        writePrivate(folder / file, bundle.modules[i].content);
        config += "    (name = " + capnpText(bundle.modules[i].name) + ", " + kindOf(bundle.modules[i]) + " = embed "
            + capnpText(file) + "),\n";
    }
    config += "  ],\n  bindings = [\n";
    for (const json &binding : bundle.bindings)
        config += bindingOf(binding);
    config += "  ],\n  compatibilityDate = " + capnpText(bundle.compatibilityDate)
        + ",\n  compatibilityFlags = " + listOf(bundle.compatibilityFlags) + ",\n  globalOutbound = \"internet\",\n"
        + (cache.address.empty() ? "" : "  cacheApiOutbound = \"cache\",\n") + ");\n";
    writePrivate(folder / "config.capnp", config);
}

} // namespace hybridge::lab
