// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/screenshots.h"

#include "backend/fleet/fleetstate.h"
#include "ui/checklist/checklistpage.h"
#include "ui/fleet/fleetmodel.h"
#include "ui/fleet/fleetpage.h"
#include "ui/fleet/nodepage.h"
#include "ui/routing/routingpage.h"
#include "ui/routing/weighteditor.h"
#include "ui/shell/mainwindow.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/theme.h"

#include <QCoreApplication>
#include <QDir>
#include <QPainter>
#include <QWidget>

#include <algorithm>
#include <functional>
#include <iterator>

namespace hybridge {

namespace {

struct Shot {
    QString name;
    std::function<void()> prepare;
};

// Layouts and style sheets are settled by posted events; input is not wanted here.
void settle()
{
    for (int i = 0; i < 3; ++i) {
        QCoreApplication::sendPostedEvents();
        QCoreApplication::processEvents(QEventLoop::ExcludeUserInputEvents | QEventLoop::ExcludeSocketNotifiers, 5);
    }
}

QList<Shot> shotsOf(MainWindow &window)
{
    QList<Shot> shots;
    if (!window.fleet()) {
        shots.append({QStringLiteral("first-start"), [&window] { window.showFirstStart(); }});
        return shots;
    }
    FleetPage *fleet = window.fleetPage();
    if (window.nodeIds().size() <= FleetPage::MostCards)
        shots.append({QStringLiteral("fleet-cards"), [&window, fleet] {
                          window.showFleet();
                          fleet->setView(FleetPage::View::Cards);
                      }});
    shots.append({QStringLiteral("fleet-table"), [&window, fleet] {
                      window.showFleet();
                      fleet->setView(FleetPage::View::Table);
                  }});
    QStringList nodes = window.nodeIds().mid(0, 2);
    const RootTrouble trouble = rootTrouble(fleet->model());
    if (trouble.row >= 0 && !nodes.contains(window.nodeIds().at(trouble.row)))
        nodes.append(window.nodeIds().at(trouble.row));
    for (const QString &node : std::as_const(nodes)) {
        shots.append({QStringLiteral("node-%1").arg(node), [&window, node] {
                          window.showNode(node);
                          window.nodePage()->scrollTo(0);
                      }});
        shots.append({QStringLiteral("node-%1-facts").arg(node), [&window, node] {
                          window.showNode(node);
                          settle();
                          window.nodePage()->scrollTo(100'000);
                      }});
    }
    shots.append({QStringLiteral("palette"), [&window] {
                      window.showFleet();
                      settle();
                      window.showPalette();
                  }});
    shots.append({QStringLiteral("activity"), [&window] {
                      window.showFleet();
                      settle();
                      window.showActivity();
                  }});
    shots.append({QStringLiteral("activity-log"), [&window] { window.showActivityLog(); }});
    shots.append({QStringLiteral("cost"), [&window] { window.showCost(); }});
    if (window.routingPage()->editor().looks().isEmpty())
        return shots; // nothing was read of a router
    shots.append({QStringLiteral("routing"), [&window] {
                      window.showRouting();
                      window.routingPage()->scrollTo(0);
                  }});
    shots.append({QStringLiteral("routing-draft"), [&window] {
                      window.showRouting();
                      WeightEditor &editor = window.routingPage()->editor();
                      PercentMap wish = editor.percents();
                      if (wish.size() > 1) { // ten from the first to the second; a draft is written nowhere
                          const int moved = std::min(10, wish.first());
                          wish.first() -= moved;
                          std::next(wish.begin()).value() += moved;
                          editor.setDraft(wish);
                      }
                  }});
    shots.append({QStringLiteral("routing-count"), [&window] {
                      window.showRouting();
                      settle();
                      window.routingPage()->scrollTo(100'000);
                  }});
    shots.append({QStringLiteral("chat"), [&window] { window.showChat(); }});
    shots.append({QStringLiteral("drill"), [&window] { window.showDrill(); }});
    shots.append({QStringLiteral("checklist"), [&window] {
                      window.showChecklist();
                      window.checklistPage()->setView(ChecklistPage::View::Checklist);
                  }});
    shots.append({QStringLiteral("checklist-commands"), [&window] {
                      window.showChecklist();
                      window.checklistPage()->setView(ChecklistPage::View::Commands);
                  }});
    return shots;
}

// Leaves what a shot has opened.
void tidy(MainWindow &window, const QString &name)
{
    if (name == QLatin1String("palette"))
        window.showPalette();
    if (name == QLatin1String("activity"))
        window.showActivity();
    if (name == QLatin1String("routing-draft"))
        window.routingPage()->editor().discardDraft();
}

} // namespace

QImage renderWidget(QWidget &widget, const QSize &size, qreal ratio)
{
    widget.resize(size);
    settle();
    QImage image(size * ratio, QImage::Format_RGB32);
    image.setDevicePixelRatio(ratio);
    image.fill(widget.palette().color(QPalette::Window));
    widget.render(&image);
    return image;
}

QStringList renderAll(MainWindow &window, const QString &dir)
{
    struct Format {
        QString name;
        QSize size;
        qreal ratio;
    };
    const Format formats[] {{QStringLiteral("1280x800"), {1280, 800}, 1.0}, {QStringLiteral("4k"), {1920, 1080}, 2.0}};
    const QSize before = window.size();
    const QString node = window.currentNode();
    const bool hadFleet = window.fleetPage() && window.fleet();
    const FleetPage::View view = hadFleet ? window.fleetPage()->view() : FleetPage::View::Cards;
    const Theme::Choice theme = window.theme().choice();
    const bool still = StateLamp::isMotionReduced();
    StateLamp::setMotionReduced(true);
    QStringList written;
    for (const bool dark : {false, true}) {
        window.theme().setChoice(dark ? Theme::Choice::Dark : Theme::Choice::Light);
        for (const Format &format : formats) {
            window.resize(format.size);
            settle();
            const QList<Shot> shots = shotsOf(window);
            for (const Shot &shot : shots) {
                shot.prepare();
                const QString path = QDir(dir).filePath(
                    QStringLiteral("%1-%2-%3.png").arg(shot.name, dark ? QStringLiteral("dark") : QStringLiteral("light"), format.name));
                if (renderWidget(window, format.size, format.ratio).save(path))
                    written.append(path);
                tidy(window, shot.name);
            }
        }
    }
    window.theme().setChoice(theme);
    window.resize(before);
    if (hadFleet) {
        window.fleetPage()->setView(view);
        window.showFleet();
        if (!node.isEmpty())
            window.showNode(node);
    }
    StateLamp::setMotionReduced(still);
    return written;
}

} // namespace hybridge
