// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/chatarguments.h"

namespace hybridge {

void ChatArguments::addTo(CLI::App &cli)
{
    m_chat = cli.add_subcommand("chat", "one streamed request, and the way it went");
    m_chat->add_option("TEXT", m_text, "what to say; - reads it from stdin")->required();
    m_chat->add_option("--target", m_target, "edge (default), node:ID or direct:ID");
    m_chat->add_option("--model", m_model, "model; default: the first that the target lists");
    m_chat->add_option("--system", m_system, "system prompt");
    m_temperature = m_chat->add_option("--temperature", m_temperatureValue, "0 to 2")->check(CLI::Range(0.0, 2.0));
    m_topP = m_chat->add_option("--top-p", m_topPValue, "0 to 1")->check(CLI::Range(0.0, 1.0));
    m_maxTokens = m_chat->add_option("--max-tokens", m_maxTokensValue, "at most so many tokens")->check(CLI::Range(1, 10'000'000));
    m_seed = m_chat->add_option("--seed", m_seedValue, "for answers that can be repeated");
    m_chat->add_option("--stop", m_stop, "ends the answer where this text would come; up to four")->expected(1)->take_all();
    m_chat->add_option("--extra", m_extra, "a JSON object whose keys go into the request");
    m_chat->add_option("--image", m_images, "a PNG, JPEG, GIF or WebP file for a vision model; may be given again")->expected(1)->take_all();
    m_chat->add_option("--preset", m_preset, "parameters that were saved under this name on the chat page; the options above win over them");
    m_chat->add_option("--compare", m_compare, "targets, such as edge,direct:gcp: the same request to each")->delimiter(',');
    m_chat->add_option("--repeat", m_repeat, "so many times to each target (1 to 200)")->check(CLI::Range(1, 200));
    m_chat->add_option("--at-once", m_atOnce, "requests in flight to each target (1 to 16)")->check(CLI::Range(1, 16));
}

ChatOptions ChatArguments::options() const
{
    ChatOptions out;
    out.text = QString::fromStdString(m_text);
    out.target = QString::fromStdString(m_target);
    out.request.model = QString::fromStdString(m_model);
    out.request.system = QString::fromStdString(m_system);
    out.request.extraJson = QString::fromStdString(m_extra);
    if (m_temperature->count() > 0)
        out.request.temperature = m_temperatureValue;
    if (m_topP->count() > 0)
        out.request.topP = m_topPValue;
    if (m_maxTokens->count() > 0)
        out.request.maxTokens = m_maxTokensValue;
    if (m_seed->count() > 0)
        out.request.seed = m_seedValue;
    for (const std::string &word : m_stop)
        out.request.stop.append(QString::fromStdString(word));
    for (const std::string &target : m_compare)
        out.compare.append(QString::fromStdString(target));
    for (const std::string &image : m_images)
        out.images.append(QString::fromStdString(image));
    out.preset = QString::fromStdString(m_preset);
    out.repeat = m_repeat;
    out.atOnce = m_atOnce;
    return out;
}

} // namespace hybridge
