// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What the window asks in place before a fleet can be looked at: its file, trust, host keys, secrets.
#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "ui/shell/answer.h"
#include "ui/shell/firststartpage.h"
#include "ui/shell/fleetwords.h"
#include "ui/shell/hostkeydialog.h"
#include "ui/shell/mainwindow.h"
#include "ui/shell/secretform.h"
#include "ui/shell/trustdialog.h"
#include "ui/widgets/tokens.h"

#include <QApplication>
#include <QFileDialog>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace hybridge {

void MainWindow::askHostKey(const HostKeyPrompt &question, std::function<void(bool)> answer)
{
    const NodeState *node = m_fleet ? m_fleet->node(question.nodeId) : nullptr;
    const QPalette scheme = QApplication::palette();
    const Tokens &tokens = tokensFor(scheme);
    const QColor colour = nodeColour(node ? node->config.colour : QString(), m_fleet ? m_fleet->indexOf(question.nodeId) : 0, tokens);
    auto *dialog = new HostKeyDialog(question, node ? labelOf(*node) : safeText(question.host, 80), colour, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    deliverAnswer(*dialog, std::move(answer));
    dialog->open();
}

void MainWindow::askTrust(const TrustQuestion &question, std::function<void(bool)> answer)
{
    auto *dialog = new TrustDialog(question, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    deliverAnswer(*dialog, std::move(answer));
    dialog->open();
}

void MainWindow::showFleetFileErrors(const QString &path, const QList<Error> &errors)
{
    if (!m_fleet) {
        m_pages->setCurrentWidget(m_firstStart);
        m_firstStart->setErrors(safeText(path, 300), errors);
        return;
    }
    if (errors.isEmpty())
        return;
    Notice notice = noticeOf(errors.first(), QStringLiteral("fleet-file"));
    notice.why = notice.what;
    notice.what = tr("%1 was not opened; the fleet before it stays").arg(safeText(path, 300));
    showNotice(notice);
}

void MainWindow::requestSecret(const SecretRequest &request)
{
    for (SecretRequest &known : m_secretRequests) {
        if (known.name == request.name) {
            known = request;
            askSecretNow();
            return;
        }
    }
    m_secretRequests.append(request);
    askSecretNow();
}

void MainWindow::withdrawSecretRequest(const QString &name)
{
    m_secretRequests.removeIf([&name](const SecretRequest &request) { return request.name == name; });
    askSecretNow();
}

// One question at a time: the first that is open.
void MainWindow::askSecretNow()
{
    if (m_secretRequests.isEmpty()) {
        if (m_secretForm)
            m_secretForm->hide();
        m_inline->setContentsMargins(24, 0, 24, 0);
        return;
    }
    if (!m_secretForm) {
        m_secretForm = new SecretForm;
        m_inline->addWidget(m_secretForm);
        // By value: the form asks for the next secret while the name of this one is still needed.
        connect(m_secretForm, &SecretForm::provided, this, [this](QString name, const Secret &value) {
            withdrawSecretRequest(name);
            Q_EMIT secretProvided(name, value);
        });
        connect(m_secretForm, &SecretForm::declined, this, [this](QString name) {
            withdrawSecretRequest(name);
            Q_EMIT secretDeclined(name);
        });
    }
    m_inline->setContentsMargins(24, 16, 24, 0);
    m_secretForm->ask(m_secretRequests.first(), int(m_secretRequests.size()) - 1);
    m_secretForm->show();
}

void MainWindow::chooseFile()
{
    auto *dialog = new QFileDialog(this, tr("Open a fleet file"), {}, tr("Fleet files (*.json);;All files (*)"));
    dialog->setObjectName(QStringLiteral("fleetFileDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::fleetFileChosen);
    dialog->open();
}

} // namespace hybridge
