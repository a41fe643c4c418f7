// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The panel as a person starts it: on the demo cloud, in a real window under Xvfb and offscreen, one picture of each page.
#include "tests/system/labfixture.h"

#include <QDir>
#include <QImage>
#include <QStandardPaths>
#include <QTest>

using namespace hybridge::test;

namespace {

/// A display of its own for as long as it lives.
class VirtualDisplay {
public:
    ~VirtualDisplay()
    {
        m_process.terminate();
        m_process.waitForFinished(5000);
    }
    /// ":N", or empty when there is no Xvfb.
    QString start()
    {
        const QString program = QStandardPaths::findExecutable(QStringLiteral("Xvfb"));
        if (program.isEmpty())
            return {};
        // -displayfd: the server picks a free number and tells it; a fixed one would clash with parallel tests.
        m_process.start(program, {QStringLiteral("-displayfd"), QStringLiteral("1"), QStringLiteral("-screen"), QStringLiteral("0"),
                                     QStringLiteral("1400x900x24"), QStringLiteral("-nolisten"), QStringLiteral("tcp")});
        if (!m_process.waitForReadyRead(20000))
            return {};
        return QLatin1Char(':') + QString::fromLatin1(m_process.readLine().trimmed());
    }

private:
    QProcess m_process;
};

} // namespace

class TestPanel : public QObject {
    Q_OBJECT

    static QStringList pictures(const QString &folder)
    {
        return QDir(folder).entryList({QStringLiteral("*.png")}, QDir::Files);
    }
    /// More than one colour in it: a window that painted something.
    static bool isPainted(const QString &file)
    {
        const QImage image(file);
        if (image.isNull())
            return false;
        QSet<QRgb> colours;
        for (int y = 0; y < image.height(); y += 7)
            for (int x = 0; x < image.width(); x += 7)
                colours.insert(image.pixel(x, y));
        return colours.size() > 8;
    }
    void run(const QString &platform, const QString &display)
    {
        QTemporaryDir home;
        QTemporaryDir out;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("HOME"), home.path());
        for (const char *name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"})
            environment.insert(QString::fromLatin1(name), home.filePath(QString::fromLatin1(name)));
        environment.insert(QStringLiteral("QT_QPA_PLATFORM"), platform);
        environment.insert(QStringLiteral("DISPLAY"), display);
        QProcess panel;
        panel.setProcessEnvironment(environment);
        panel.setStandardInputFile(QProcess::nullDevice());
        panel.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridge"), {QStringLiteral("--demo"), QStringLiteral("--screenshots"), out.path()});
        const bool ended = panel.waitForFinished(150000);
        const QByteArray said = panel.readAllStandardError() + panel.readAllStandardOutput();
        QVERIFY2(ended, said);
        QVERIFY2(panel.exitStatus() == QProcess::NormalExit && panel.exitCode() == 0, said);
        QVERIFY2(!said.contains("QProcess"), said); // the demo cloud has ended before it
        const QStringList files = pictures(out.path());
        QVERIFY2(files.size() >= 4, said);
        for (const QString &file : files)
            QVERIFY2(isPainted(out.filePath(file)), qPrintable(file));
    }

private Q_SLOTS:
    void offscreen() { run(QStringLiteral("offscreen"), {}); }

    void inARealWindow()
    {
        VirtualDisplay display;
        const QString number = display.start();
        if (number.isEmpty())
            QSKIP("Xvfb is not installed, so there is no screen to open a window on");
        run(QStringLiteral("xcb"), number);
    }

    void badArguments()
    {
        QProcess panel;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
        panel.setProcessEnvironment(environment);
        panel.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridge"), {QStringLiteral("--fly")});
        QVERIFY(panel.waitForFinished(20000));
        QCOMPARE(panel.exitCode(), 2);
    }
};

QTEST_GUILESS_MAIN(TestPanel)
#include "tst_panel.moc"
