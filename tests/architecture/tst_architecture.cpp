// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The house rules that a compiler does not check: who may include whom, which words may not stand where, and how big a
// file may grow. Reads the source tree.
#include <QDirIterator>
#include <QFile>
#include <QHash>
#include <QRegularExpression>
#include <QTest>

namespace {

/// Floors of the house, lowest first; rooms on one floor do not see each other.
const QHash<QString, int> &floors()
{
    static const QHash<QString, int> table {
        {QStringLiteral("base"), 0},
        {QStringLiteral("http"), 1}, {QStringLiteral("ssh"), 1}, {QStringLiteral("store"), 1},
        {QStringLiteral("cloudflare"), 2}, {QStringLiteral("gcp"), 2}, {QStringLiteral("host"), 2},
        {QStringLiteral("inference"), 2},
        {QStringLiteral("fleet"), 3}, {QStringLiteral("activity"), 4},
        {QStringLiteral("routing"), 5}, {QStringLiteral("chat"), 5},
        {QStringLiteral("lifecycle"), 6}, {QStringLiteral("checklist"), 6},
        {QStringLiteral("drill"), 7}, {QStringLiteral("provision"), 8}};
    return table;
}

struct Source {
    QString path; ///< relative to the root
    QString text;
};

QList<Source> sources(const QStringList &folders)
{
    QList<Source> found;
    const QDir root(QStringLiteral(HYBRIDGE_SOURCE_DIR));
    for (const QString &folder : folders) {
        QDirIterator it(root.filePath(folder), {QStringLiteral("*.cpp"), QStringLiteral("*.h")}, QDir::Files,
            QDirIterator::Subdirectories);
        while (it.hasNext()) {
            const QString path = it.next();
            QFile file(path);
            if (file.open(QIODevice::ReadOnly))
                found.append({root.relativeFilePath(path), QString::fromUtf8(file.readAll())});
        }
    }
    return found;
}

QStringList includes(const QString &text)
{
    static const QRegularExpression line(QStringLiteral("^\\s*#include\\s+[<\"]([^>\"]+)[>\"]"),
        QRegularExpression::MultilineOption);
    QStringList found;
    for (auto it = line.globalMatch(text); it.hasNext();)
        found.append(it.next().captured(1));
    return found;
}

/// Why @p source may not include @p header; empty when it may.
QString includeFault(const QString &source, const QString &header)
{
    const QStringList from = source.split(QLatin1Char('/'));
    const QStringList to = header.split(QLatin1Char('/'));
    if (from.at(0) == QLatin1String("backend")) {
        static const QRegularExpression gui(
            QStringLiteral("^(Q(Widget|Painter|Color|Image|Pixmap|Icon|Font|Palette|Chart|GuiApplication|Application$|Window).*|Qt(Widgets|Gui|Charts)/.*)"));
        if (gui.match(header).hasMatch())
            return QStringLiteral("backend stays free of widgets");
        if (to.at(0) == QLatin1String("ui") || to.at(0) == QLatin1String("app"))
            return QStringLiteral("backend does not look upwards");
        if (to.at(0) == QLatin1String("backend") && to.size() > 2 && from.at(1) != to.at(1)) {
            const int mine = floors().value(from.at(1), -1);
            const int other = floors().value(to.at(1), -1);
            if (mine < 0 || other < 0)
                return QStringLiteral("a room without a floor");
            if (other >= mine)
                return QStringLiteral("floor %1 may not include floor %2").arg(mine).arg(other);
        }
    }
    if (from.at(0) == QLatin1String("ui")) {
        static const QRegularExpression low(
            QStringLiteral("^(libssh/.*|nlohmann/.*|QNetwork.*|QTcp.*|QSsl.*|QSql.*|QtNetwork/.*|QtSql/.*|httplib.*)"));
        if (low.match(header).hasMatch())
            return QStringLiteral("ui speaks to services, not to the wire");
        if (to.at(0) == QLatin1String("app"))
            return QStringLiteral("ui does not look upwards");
    }
    return {};
}

} // namespace

class TestArchitecture : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void ruleCatches_data()
    {
        QTest::addColumn<QString>("source");
        QTest::addColumn<QString>("header");
        QTest::addColumn<bool>("allowed");
        QTest::newRow("down") << "backend/fleet/a.cpp" << "backend/base/result.h" << true;
        QTest::newRow("own room") << "backend/http/a.cpp" << "backend/http/b.h" << true;
        QTest::newRow("sideways") << "backend/http/a.cpp" << "backend/ssh/shell.h" << false;
        QTest::newRow("up") << "backend/base/a.cpp" << "backend/fleet/fleetstate.h" << false;
        QTest::newRow("widget in backend") << "backend/fleet/a.cpp" << "QWidget" << false;
        QTest::newRow("painter in backend") << "backend/fleet/a.cpp" << "QPainter" << false;
        QTest::newRow("ui to backend") << "ui/fleet/a.cpp" << "backend/fleet/fleetstate.h" << true;
        QTest::newRow("ui to libssh") << "ui/fleet/a.cpp" << "libssh/libssh.h" << false;
        QTest::newRow("ui to network") << "ui/fleet/a.cpp" << "QNetworkReply" << false;
        QTest::newRow("backend to ui") << "backend/fleet/a.cpp" << "ui/widgets/lamp.h" << false;
    }
    void ruleCatches()
    {
        QFETCH(QString, source);
        QFETCH(QString, header);
        QFETCH(bool, allowed);
        QCOMPARE(includeFault(source, header).isEmpty(), allowed);
    }

    void includesStayOnTheirFloor()
    {
        QStringList faults;
        const QList<Source> all = sources({QStringLiteral("backend"), QStringLiteral("ui")});
        QVERIFY(all.size() > 20);
        for (const Source &source : all) {
            for (const QString &header : includes(source.text)) {
                const QString fault = includeFault(source.path, header);
                if (!fault.isEmpty())
                    faults.append(QStringLiteral("%1 includes %2: %3").arg(source.path, header, fault));
            }
        }
        QVERIFY2(faults.isEmpty(), qPrintable(faults.join(QLatin1Char('\n'))));
    }

    void wordsStayOut_data()
    {
        QTest::addColumn<QStringList>("folders");
        QTest::addColumn<QString>("pattern");
        const QStringList own {QStringLiteral("backend"), QStringLiteral("ui"), QStringLiteral("app")};
        const QStringList qt {QStringLiteral("backend"), QStringLiteral("ui"), QStringLiteral("app/panel"), QStringLiteral("app/ctl")};
        QTest::newRow("blocking waits") << qt << QStringLiteral("\\b(QEventLoop|QCoro::waitFor|waitFor(Finished|Started|ReadyRead|Connected|BytesWritten)\\(|processEvents\\()");
        // GCC 12 destroys an aggregate written inside a co_await twice.
        QTest::newRow("aggregate in co_await") << own << QStringLiteral("co_await[^;{]*\\w\\{[^}]");
        QTest::newRow("capturing coroutine lambda") << own << QStringLiteral("\\[[^\\]\\n]+\\]\\s*\\([^)]*\\)\\s*(mutable)?\\s*->\\s*(QCoro::)?Task<");
        QTest::newRow("left unfinished") << own << QStringLiteral("\\b(TODO|FIXME|XXX|HACK)\\b");
        QTest::newRow("shell out") << own << QStringLiteral("\\b(std::system|popen)\\(");
        QTest::newRow("singletons") << qt << QStringLiteral("::instance\\(\\)");
    }
    void wordsStayOut()
    {
        QFETCH(QStringList, folders);
        QFETCH(QString, pattern);
        const QRegularExpression word(pattern);
        QVERIFY(word.isValid());
        QStringList faults;
        for (const Source &source : sources(folders)) {
            // "--screenshots" renders one picture after the other for nobody: there is no operator to keep waiting.
            if (source.path == QLatin1String("ui/shell/screenshots.cpp") && qstrcmp(QTest::currentDataTag(), "blocking waits") == 0)
                continue;
            const QStringList lines = source.text.split(QLatin1Char('\n'));
            for (int i = 0; i < lines.size(); ++i) {
                QString code = lines.at(i);
                const qsizetype comment = code.indexOf(QLatin1String("//"));
                if (comment >= 0)
                    code.truncate(comment);
                if (word.match(code).hasMatch() && !code.contains(QLatin1String("QCoreApplication::instance()")))
                    faults.append(QStringLiteral("%1:%2 %3").arg(source.path).arg(i + 1).arg(code.trimmed()));
            }
        }
        QVERIFY2(faults.isEmpty(), qPrintable(faults.join(QLatin1Char('\n'))));
    }

    void filesHaveOneIdea()
    {
        QStringList faults;
        for (const Source &source : sources({QStringLiteral("backend"), QStringLiteral("ui"), QStringLiteral("app")})) {
            const qsizetype lines = source.text.count(QLatin1Char('\n'));
            if (lines > 560)
                faults.append(QStringLiteral("%1 has %2 lines").arg(source.path).arg(lines));
            static const QRegularExpression name(QStringLiteral("(manager|helper|util)s?\\.(h|cpp)$"));
            if (name.match(source.path).hasMatch())
                faults.append(QStringLiteral("%1: a name that says nothing").arg(source.path));
        }
        QVERIFY2(faults.isEmpty(), qPrintable(faults.join(QLatin1Char('\n'))));
    }

    void everyFileNamesItsLicence()
    {
        QStringList faults;
        for (const Source &source : sources({QStringLiteral("backend"), QStringLiteral("ui"), QStringLiteral("app"), QStringLiteral("tests")}))
            if (!source.text.startsWith(QLatin1String("// SPDX-FileCopyrightText: The Hybridge authors\n// SPDX-License-Identifier: GPL-3.0-or-later\n")))
                faults.append(source.path);
        QVERIFY2(faults.isEmpty(), qPrintable(faults.join(QLatin1Char('\n'))));
    }
};

QTEST_APPLESS_MAIN(TestArchitecture)
#include "tst_architecture.moc"
