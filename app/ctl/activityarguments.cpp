// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/activityarguments.h"

#include "app/ctl/terminal.h"

namespace hybridge {

void ActivityArguments::addTo(CLI::App &cli)
{
    m_command = cli.add_subcommand("activity", "what operations did: who, when, each call, how it ended");
    m_command->add_option("--node", m_node, "of this node alone");
    m_command->add_option("--kind", m_kind, "of this kind alone (up, down, machine, service …)");
    m_command->add_option("--result", m_result, "that ended so")->check(CLI::IsMember({"done", "failed", "cancelled", "refused", "running"}));
    m_command->add_option("--text", m_text, "in which these words stand");
    m_command->add_option("-n", m_count, "how many (1 to 1000)")->check(CLI::Range(1, 1000));
    m_command->add_option("--export", m_export, "write the lines: jsonl or csv, then a file or - for stdout")->expected(2);
    m_command->add_flag("--verify", m_verify, "walk the chain of hashes; exit 1 where it is broken");
}

std::optional<ActivityOptions> ActivityArguments::options() const
{
    ActivityOptions out;
    out.node = QString::fromStdString(m_node);
    out.kind = QString::fromStdString(m_kind);
    out.result = QString::fromStdString(m_result);
    out.text = QString::fromStdString(m_text);
    out.count = m_count;
    out.verify = m_verify;
    if (m_export.size() == 2) {
        out.exportFormat = QString::fromStdString(m_export[0]);
        out.exportFile = QString::fromStdString(m_export[1]);
        if (out.exportFormat != QLatin1String("jsonl") && out.exportFormat != QLatin1String("csv")) {
            Terminal::say(QStringLiteral("--export: jsonl or csv, not %1").arg(out.exportFormat));
            return std::nullopt;
        }
    }
    return out;
}

} // namespace hybridge
