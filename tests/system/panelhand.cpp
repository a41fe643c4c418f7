// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The panel, and a hand that clicks in its window: for tests that kill it. Tells on stdout what is seen.
//
//   panelhand FLEET down|up NODE      clicks the node's button, says yes, tells each step as it begins, and the end
//   panelhand FLEET show NODE         tells whether an operation on it was cut off, as the window shows it
//   panelhand FLEET continue NODE     clicks "Go on" there, and follows it to its end
//   panelhand FLEET aside NODE        clicks "Put aside"
#include "app/panel/panel.h"
#include "backend/ssh/cryptoexit.h"
#include "ui/fleet/nodepage.h"
#include "ui/lifecycle/operationcard.h"
#include "ui/lifecycle/operationdialog.h"
#include "ui/lifecycle/operationspanel.h"
#include "ui/widgets/text.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QPushButton>
#include <QTimer>

#include <csignal>
#include <cstdio>

using namespace hybridge;

namespace {

constexpr int LookMs = 20;
constexpr int NothingAfterMs = 2500; ///< the log is read by then: what is not offered until then is not offered
constexpr int LimitMs = 150000;

class Hand final : public QObject {
public:
    Hand(Panel &panel, QString verb, QString node) : m_panel(panel), m_verb(std::move(verb)), m_node(std::move(node))
    {
        connect(&m_timer, &QTimer::timeout, this, [this] { look(); });
        m_timer.start(LookMs);
        m_since.start();
    }

private:
    static void tell(const QString &line)
    {
        std::fprintf(stdout, "%s\n", qPrintable(line));
        std::fflush(stdout);
    }
    static void leave(int code)
    {
        QMetaObject::invokeMethod(qApp, [code] { QApplication::exit(code); }, Qt::QueuedConnection);
    }
    NodeCondition conditionOf(const QString &node) const
    {
        const NodeState *state = m_panel.session() ? m_panel.session()->state().node(node) : nullptr;
        return state ? state->diagnosis.condition : NodeCondition::Unknown;
    }
    bool isSettled() const
    {
        const FleetSession *session = m_panel.session();
        for (int i = 0; session && i < m_panel.session()->state().nodeCount(); ++i)
            if (conditionOf(m_panel.session()->state().at(i).config.id) == NodeCondition::Unknown)
                return false;
        return session;
    }
    QWidget *cutCard() const { return m_panel.window().findChild<QWidget *>(QStringLiteral("interrupted:%1").arg(m_node)); }
    static bool click(QWidget *in, const QString &name)
    {
        auto *button = in ? in->findChild<QPushButton *>(name) : nullptr;
        if (!button || !button->isEnabled())
            return false;
        button->click();
        return true;
    }
    static bool says(const QWidget *widget, const QString &words)
    {
        for (const Text *text : widget->findChildren<Text *>())
            if (text->text().contains(words))
                return true;
        return false;
    }

    void look()
    {
        if (m_since.elapsed() > LimitMs) {
            tell(QStringLiteral("nothing came of it"));
            return leave(3);
        }
        if (m_isBegun)
            return follow();
        if (m_verb == QLatin1String("show"))
            return show();
        if (m_verb == QLatin1String("aside"))
            return aside();
        if (m_verb == QLatin1String("continue")) {
            m_panel.window().showOperations();
            m_isBegun = isSettled() && click(cutCard(), QStringLiteral("continueOperation"));
            return;
        }
        const bool isDown = m_verb == QLatin1String("down");
        if (!isSettled() || conditionOf(m_node) != (isDown ? NodeCondition::Healthy : NodeCondition::Stopped))
            return;
        if (isDown && conditionOf(QStringLiteral("home")) != NodeCondition::Healthy)
            return;
        m_panel.window().showNode(m_node);
        m_isBegun = click(m_panel.window().nodePage(), QStringLiteral("action:%1").arg(m_verb));
    }

    void show()
    {
        QWidget *card = cutCard();
        const bool isTold = m_panel.window().findChild<QWidget *>(QStringLiteral("notice:interrupted"));
        if (card && isTold) {
            const bool isMarked = says(card, QStringLiteral("It was here when it was cut off."));
            const bool isOffered = card->findChild<QPushButton *>(QStringLiteral("continueOperation")) && card->findChild<QPushButton *>(QStringLiteral("putAside"));
            tell(QStringLiteral("cut off%1%2").arg(isMarked ? QStringLiteral(", step marked") : QString(), isOffered ? QStringLiteral(", offered") : QString()));
            return leave(0);
        }
        if (isSettled() && m_since.elapsed() > NothingAfterMs) {
            tell(QStringLiteral("nothing is cut off"));
            leave(0);
        }
    }

    void aside()
    {
        if (m_wasPutAside && !cutCard()) {
            tell(QStringLiteral("put aside"));
            return leave(0);
        }
        m_wasPutAside = m_wasPutAside || click(cutCard(), QStringLiteral("putAside"));
    }

    void follow()
    {
        if (auto *dialog = m_panel.window().findChild<OperationDialog *>(); dialog && dialog->isVisible()) {
            if (auto *name = dialog->findChild<QLineEdit *>(QStringLiteral("overrideName")))
                name->setText(m_node);
            click(dialog, QStringLiteral("acceptOperation"));
            return;
        }
        auto *card = m_panel.window().findChild<OperationCard *>(QStringLiteral("operation:%1").arg(m_node));
        const RunningOperation *operation = card ? card->operation() : nullptr;
        if (!operation)
            return;
        if (const int step = operation->currentStep(); step >= 0 && step != m_step) {
            m_step = step;
            tell(QStringLiteral("step %1 of %2").arg(step + 1).arg(operation->report().steps.size()));
        }
        if (operation->isRunning())
            return;
        const OperationReport &report = operation->report();
        tell(QStringLiteral("%1 %2").arg(operationResultName(report.result), report.error ? report.error->summary : QString()).trimmed());
        leave(report.result == OperationResult::Done ? 0 : 1);
    }

    Panel &m_panel;
    QString m_verb;
    QString m_node;
    QTimer m_timer;
    QElapsedTimer m_since;
    int m_step = -1;
    bool m_isBegun = false;
    bool m_wasPutAside = false;
};

} // namespace

int main(int argc, char **argv)
{
    keepCryptoAtExit();
    std::signal(SIGPIPE, SIG_IGN);
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("hybridge"));
    const QStringList words = QApplication::arguments();
    if (words.size() != 4)
        return 2;
    SystemClock clock;
    Panel panel(clock);
    panel.openFile(words.at(1), true);
    panel.window().show();
    Hand hand(panel, words.at(2), words.at(3));
    return QApplication::exec();
}
