// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/windowpages.h"

#include <QCoreApplication>

#include <array>

namespace hybridge {

namespace {

constexpr std::array Pages {
    WindowPage {Page::Fleet, "fleet", QT_TRANSLATE_NOOP("WindowPages", "Fleet"), "Ctrl+1"},
    WindowPage {Page::Activity, "log", QT_TRANSLATE_NOOP("WindowPages", "Activity"), "Ctrl+2"},
    WindowPage {Page::Cost, "cost", QT_TRANSLATE_NOOP("WindowPages", "Cost"), "Ctrl+3"},
    WindowPage {Page::Routing, "route", QT_TRANSLATE_NOOP("WindowPages", "Routing"), "Ctrl+4"},
    WindowPage {Page::Chat, "chat", QT_TRANSLATE_NOOP("WindowPages", "Chat"), "Ctrl+5"},
    WindowPage {Page::Drill, "drill", QT_TRANSLATE_NOOP("WindowPages", "Drill"), "Ctrl+6"},
    WindowPage {Page::Checklist, "shield", QT_TRANSLATE_NOOP("WindowPages", "Checklist"), "Ctrl+7"},
};

} // namespace

QString WindowPage::words() const
{
    return QCoreApplication::translate("WindowPages", name);
}

std::span<const WindowPage> windowPages()
{
    return Pages;
}

} // namespace hybridge
