// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/command.h"
#include "app/lab/node/commands/text.h"

// sudo without a terminal. Texts: facts on inference, 5.2.
namespace hybridge::lab {

namespace {

struct Options {
    bool nonInteractive = false;
    bool list = false;
    bool validate = false;
    std::vector<std::string> argv;
    std::string error;
};

Options parse(const std::vector<std::string> &arguments)
{
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string &argument = arguments[i];
        if (argument == "--" || !argument.starts_with("-")) {
            options.argv.assign(
                arguments.begin() + static_cast<std::ptrdiff_t>(i) + (argument == "--" ? 1 : 0), arguments.end());
            break;
        }
        if (argument == "-n" || argument == "--non-interactive")
            options.nonInteractive = true;
        else if (argument == "-l" || argument == "-ll" || argument == "--list")
            options.list = true;
        else if (argument == "-v" || argument == "--validate")
            options.validate = true;
        else if (argument == "-H" || argument == "-k")
            continue;
        else if (argument == "-nl" || argument == "-ln")
            options.nonInteractive = options.list = true;
        else if (optionValue(arguments, i, "--user", "-u"))
            continue; // everybody is root here
        else
            options.error = "sudo: invalid option -- '" + argument.substr(argument.find_first_not_of('-')) + "'\n";
    }
    return options;
}

std::string rules(const CommandRequest &request)
{
    const std::string host = request.hostname();
    return "Matching Defaults entries for " + request.user + " on " + host
        + ":\n    env_reset, mail_badpass, "
          "secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin\n\n"
          "User "
        + request.user + " may run the following commands on " + host + ":\n    "
        + (request.world.hasFault(request.node.id, "sudo-all")
                ? "(ALL : ALL) NOPASSWD: ALL\n"
                : "(root) NOPASSWD: /usr/bin/systemctl start cloudflared, /usr/bin/systemctl stop cloudflared, /usr/bin/systemctl restart cloudflared\n"
                  "    (root) NOPASSWD: /usr/local/sbin/hybridge-idle, /usr/local/sbin/hybridge-lease\n");
}

class Sudo : public Command {
public:
    explicit Sudo(CommandRequest request) : m_request(std::move(request)), m_options(parse(m_request.arguments()))
    {
        const bool allowed = m_request.root || !m_request.world.hasFault(m_request.node.id, "sudo-denied");
        if (allowed && !m_options.list && !m_options.argv.empty() && isLabCommand(m_options.argv.front())) {
            CommandRequest inner = m_request;
            inner.argv = m_options.argv;
            inner.root = true;
            m_inner = makeCommand(std::move(inner));
        }
        m_allowed = allowed;
    }

    bool endless() const override { return m_inner && m_inner->endless(); }

    CommandStep step(CommandOutput &output) override
    {
        if (!m_options.error.empty() || (m_options.argv.empty() && !m_options.list && !m_options.validate)) {
            output.err = m_options.error + "usage: sudo -h | -K | -k | -V\n";
            return CommandStep::exit(1);
        }
        if (!m_allowed) {
            if (!m_options.nonInteractive)
                output.err = "sudo: a terminal is required to read the password; either use the -S option to read from "
                             "standard input or configure an askpass helper\n";
            output.err += "sudo: a password is required\n";
            return CommandStep::exit(1);
        }
        if (m_options.validate)
            return CommandStep::exit(0);
        if (m_options.list) {
            output.out = m_options.argv.empty() ? rules(m_request) : join(m_options.argv, " ") + '\n';
            return CommandStep::exit(0);
        }
        return m_inner ? m_inner->step(output) : CommandStep::exec(m_options.argv);
    }

private:
    CommandRequest m_request;
    Options m_options;
    std::unique_ptr<Command> m_inner;
    bool m_allowed = false;
};

} // namespace

std::unique_ptr<Command> makeSudo(CommandRequest request)
{
    return std::make_unique<Sudo>(std::move(request));
}

} // namespace hybridge::lab
