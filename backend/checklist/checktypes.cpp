// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/checklist/checktypes.h"

#include <QCoreApplication>

#include <algorithm>

namespace hybridge {

QString checkStateName(CheckState state)
{
    switch (state) {
    case CheckState::Pass: return QStringLiteral("pass");
    case CheckState::Fail: return QStringLiteral("fail");
    case CheckState::Unknown: return QStringLiteral("unknown");
    case CheckState::NotApplicable: break;
    }
    return QStringLiteral("not-applicable");
}

QString checkGroupName(CheckGroup group)
{
    switch (group) {
    case CheckGroup::Machine: return QStringLiteral("machine");
    case CheckGroup::Accelerator: return QStringLiteral("accelerator");
    case CheckGroup::Engine: return QStringLiteral("engine");
    case CheckGroup::Model: return QStringLiteral("model");
    case CheckGroup::Connector: return QStringLiteral("connector");
    case CheckGroup::Tunnel: return QStringLiteral("tunnel");
    case CheckGroup::Access: return QStringLiteral("access");
    case CheckGroup::Edge: return QStringLiteral("edge");
    case CheckGroup::Router: return QStringLiteral("router");
    case CheckGroup::Login: return QStringLiteral("login");
    case CheckGroup::Account: break;
    }
    return QStringLiteral("account");
}

QString checkGroupLabel(CheckGroup group)
{
    const auto tr = [](const char *text) { return QCoreApplication::translate("Checklist", text); };
    switch (group) {
    case CheckGroup::Machine: return tr("Machine");
    case CheckGroup::Accelerator: return tr("Accelerator");
    case CheckGroup::Engine: return tr("Engine");
    case CheckGroup::Model: return tr("Model");
    case CheckGroup::Connector: return tr("Connector");
    case CheckGroup::Tunnel: return tr("Tunnel");
    case CheckGroup::Access: return tr("Access");
    case CheckGroup::Edge: return tr("Edge and DNS");
    case CheckGroup::Router: return tr("Router");
    case CheckGroup::Login: return tr("Login");
    case CheckGroup::Account: break;
    }
    return tr("Accounts and money");
}

int CheckReport::count(CheckState state) const
{
    return int(std::count_if(results.begin(), results.end(), [state](const CheckResult &result) { return result.verdict.state == state; }));
}

const CheckResult *CheckReport::find(const QString &id, const QString &node) const
{
    const auto found = std::find_if(results.begin(), results.end(), [&](const CheckResult &result) { return result.id == id && result.node == node; });
    return found == results.end() ? nullptr : &*found;
}

QList<CheckResult> CheckReport::failedFirst() const
{
    QList<CheckResult> sorted = results;
    const auto rank = [](const CheckResult &result) {
        return result.verdict.state == CheckState::Fail ? 0 : result.verdict.state == CheckState::Unknown ? 1 : 2;
    };
    std::stable_sort(sorted.begin(), sorted.end(), [&](const CheckResult &a, const CheckResult &b) { return rank(a) < rank(b); });
    return sorted;
}

} // namespace hybridge
