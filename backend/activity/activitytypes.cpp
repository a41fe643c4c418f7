// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activitytypes.h"

#include <QCoreApplication>
#include <QLocale>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Activity", text);
}

} // namespace

QString activityEventName(ActivityEvent event)
{
    switch (event) {
    case ActivityEvent::Begun: return u"begun"_s;
    case ActivityEvent::Plan: return u"plan"_s;
    case ActivityEvent::Step: return u"step"_s;
    case ActivityEvent::Call: return u"call"_s;
    case ActivityEvent::Note: return u"note"_s;
    case ActivityEvent::Ended: return u"ended"_s;
    }
    return {};
}

QString activityEventLabel(ActivityEvent event)
{
    switch (event) {
    case ActivityEvent::Begun: return tr("Begun");
    case ActivityEvent::Plan: return tr("Plan");
    case ActivityEvent::Step: return tr("Step");
    case ActivityEvent::Call: return tr("Call");
    case ActivityEvent::Note: return tr("Note");
    case ActivityEvent::Ended: return tr("Ended");
    }
    return {};
}

QString chainSentence(const ChainCheck &check)
{
    const QString seq = QLocale().toString(check.seq);
    switch (check.fault) {
    case ChainCheck::Fault::None:
        if (check.lines == 0)
            return tr("The log is empty.");
        return check.lines == 1 ? tr("The chain is intact: 1 line.")
                                : tr("The chain is intact: %1 lines.").arg(QLocale().toString(check.lines));
    case ChainCheck::Fault::Altered:
        return tr("The chain is broken: line %1 is not what was written.").arg(seq);
    case ChainCheck::Fault::Missing:
        return tr("The chain is broken: line %1 is missing.").arg(seq);
    case ChainCheck::Fault::CutOff:
        return tr("The chain is broken: the newest lines are missing, from %1 on.").arg(seq);
    }
    return {};
}

} // namespace hybridge
