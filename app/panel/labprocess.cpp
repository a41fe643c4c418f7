// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panel/labprocess.h"

#include "backend/base/units.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QTimer>

namespace hybridge {

LabProcess::LabProcess(QObject *parent) : QObject(parent), m_process(this)
{
    connect(&m_process, &QProcess::readyReadStandardOutput, this, &LabProcess::readLine);
    connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError) { fail(m_process.errorString()); });
    connect(&m_process, &QProcess::finished, this, [this](int code) {
        fail(tr("It ended with code %1. %2").arg(code).arg(safeText(QString::fromUtf8(m_process.readAllStandardError()))));
    });
}

LabProcess::~LabProcess()
{
    m_process.disconnect(this);
    m_process.closeWriteChannel(); // the lab ends by itself when its stdin closes
    m_process.terminate();
}

void LabProcess::start(int nodes)
{
    const QString program = QCoreApplication::applicationDirPath() + QStringLiteral("/hybridge-lab");
    m_process.start(program, {QStringLiteral("--state-dir"), m_state.path(), QStringLiteral("--nodes"), QString::number(nodes)});
    QTimer::singleShot(30000, this, [this] { fail(tr("It said nothing within 30 s.")); });
}

void LabProcess::end(const std::function<void()> &done)
{
    m_process.disconnect(this);
    if (m_process.state() == QProcess::NotRunning) {
        done();
        return;
    }
    connect(&m_process, &QProcess::finished, this, done);
    m_process.closeWriteChannel();
    m_process.terminate();
    QTimer::singleShot(3000, &m_process, &QProcess::kill);
}

void LabProcess::readLine()
{
    m_output += m_process.readAllStandardOutput();
    const qsizetype end = m_output.indexOf('\n');
    if (m_answered || end < 0)
        return;
    const Result<nlohmann::json> json = parseJson(m_output.left(end));
    if (!json || !json->is_object() || !json->contains("fleet") || !(*json)["fleet"].is_string())
        return fail(tr("Its first line could not be understood."));
    m_answered = true;
    Q_EMIT ready(QString::fromStdString((*json)["fleet"].get<std::string>()));
}

void LabProcess::fail(const QString &why)
{
    if (m_answered && m_process.state() == QProcess::Running)
        return;
    m_answered = true;
    m_process.disconnect(this);
    Q_EMIT failed(Error(Error::Kind::Unavailable, tr("The demo cloud did not start."), why)
                      .withRemedy(tr("Look whether the program hybridge-lab lies beside this one.")));
}

} // namespace hybridge
