// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfile.h"

#include <nlohmann/json.hpp>

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

const QString home = u"/home/op"_s;

QByteArray read(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool write(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size();
}

QByteArray data(const QString &name)
{
    return read(QStringLiteral(HYBRIDGE_SOURCE_DIR) + u"/tests/data/fleet/"_s + name);
}

mode_t modeOf(const QString &path)
{
    struct stat info { };
    return ::stat(QFile::encodeName(path).constData(), &info) == 0 ? info.st_mode & 07777 : 0;
}

nlohmann::ordered_json json(const QByteArray &bytes)
{
    return nlohmann::ordered_json::parse(bytes.cbegin(), bytes.cend(), nullptr, false);
}

} // namespace

class TestFleetFileSave : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void writesBackWhatItRead_data();
    void writesBackWhatItRead();
    void changesOnlyWhatChanged();
    void keepsExtensionsOfMovedNodes();
    void writesAConfigFromNothing();
    void removesSections();
    void savesWithMode0600();
    void savesThroughALink();
    void refusesWhenChangedOnDisk();
    void refusesWhenRemoved();
    void refusesToReplaceWhenCreating();
    void neverWritesWhatWouldNotLoad();
    void leavesTheFileWhenTheDiskSaysNo();
    void loadErrors_data();
    void loadErrors();
    void expandsTheHome();
    void defaultPathFollowsXdg();
};

void TestFleetFileSave::writesBackWhatItRead_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("design's example") << u"whole.json"_s;
    QTest::newRow("extensions everywhere") << u"extensions.json"_s;
}

void TestFleetFileSave::writesBackWhatItRead()
{
    QFETCH(QString, name);
    const QByteArray before = data(name);
    const FleetParse parse = parseFleet(before, home);
    QVERIFY(parse.config);
    const QByteArray after = writeFleet(*parse.config, before, home);
    // Not only the same values: the same keys, the same order, "~" and nulls as they were.
    QCOMPARE(QByteArray::fromStdString(json(after).dump()), QByteArray::fromStdString(json(before).dump()));
    QVERIFY(parseFleet(after, home).config == parse.config);
    QCOMPARE(writeFleet(*parse.config, after, home), after);
}

void TestFleetFileSave::changesOnlyWhatChanged()
{
    const QByteArray before = data(u"extensions.json"_s);
    FleetConfig config = *parseFleet(before, home).config;
    config.nodes[0].ssh->port = 22;
    config.nodes[0].label = u"Bastion"_s;
    config.nodes[1].engine->models = QStringList{u"llama3:8b"_s};
    const QByteArray after = writeFleet(config, before, home);
    nlohmann::ordered_json expected = json(before);
    expected["nodes"][0]["ssh"].erase("port");
    expected["nodes"][0]["label"] = "Bastion";
    expected["nodes"][1]["engine"]["models"] = {"llama3:8b"};
    QCOMPARE(QByteArray::fromStdString(json(after).dump()), QByteArray::fromStdString(expected.dump()));
    QVERIFY(parseFleet(after, home).config == config);
}

void TestFleetFileSave::keepsExtensionsOfMovedNodes()
{
    const QByteArray before = data(u"extensions.json"_s);
    FleetConfig config = *parseFleet(before, home).config;
    NodeConfig added;
    added.id = u"new"_s;
    added.label = u"new"_s;
    added.access = config.endpoint->access;
    config.nodes.prepend(added);
    config.nodes.swapItemsAt(1, 2);
    const nlohmann::ordered_json after = json(writeFleet(config, before, home));
    QCOMPARE(after["nodes"][0].dump(), std::string(R"({"id":"new"})"));
    QCOMPARE(after["nodes"][1]["machine"]["alternatives"][0]["x-alternative"].dump(), std::string("\"a\""));
    QCOMPARE(after["nodes"][2]["ssh"]["proxyEnv"]["x-env"].dump(), std::string("1"));
}

void TestFleetFileSave::writesAConfigFromNothing()
{
    for (const QString &name : {u"whole.json"_s, u"extensions.json"_s}) {
        const FleetConfig config = *parseFleet(data(name), home).config;
        const QByteArray bytes = writeFleet(config, {}, home);
        const FleetParse again = parseFleet(bytes, home);
        QVERIFY2(again.config, bytes.constData());
        QVERIFY(*again.config == config);
    }
    QCOMPARE(writeFleet(FleetConfig(), {}, home), QByteArray("{\n  \"version\": 1\n}\n"));
}

void TestFleetFileSave::removesSections()
{
    const QByteArray before = data(u"whole.json"_s);
    FleetConfig config = *parseFleet(before, home).config;
    config.gcp.reset();
    config.routing.reset();
    config.nodes[0].ssh.reset();
    config.nodes[1].price.reset();
    const FleetParse again = parseFleet(writeFleet(config, before, home), home);
    QVERIFY(again.config);
    QVERIFY(*again.config == config);
}

void TestFleetFileSave::savesWithMode0600()
{
    QTemporaryDir dir;
    const QString path = dir.filePath(u"a b/fleet.json"_s);
    FleetConfig config;
    config.name = u"mine"_s;
    FleetFile file = FleetFile::create(path, config);
    QVERIFY(file.hash().isEmpty());
    QVERIFY(file.save());
    QCOMPARE(modeOf(path), mode_t(0600));
    QCOMPARE(modeOf(QFileInfo(path).path()), mode_t(0700));
    QVERIFY(!file.hash().isEmpty());

    QVERIFY(QFile::setPermissions(path, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ReadOther));
    Result<FleetFile> loaded = FleetFile::load(path);
    QVERIFY(loaded);
    QCOMPARE(loaded->hash(), file.hash());
    config.name = u"other"_s;
    loaded->setConfig(config);
    QVERIFY(loaded->save());
    QCOMPARE(modeOf(path), mode_t(0600)); // an open one is closed
    QVERIFY(loaded->hash() != file.hash());
    QCOMPARE(FleetFile::load(path)->config().name, u"other"_s);
    QCOMPARE(QDir(QFileInfo(path).path()).entryList(QDir::Files | QDir::Hidden).size(), 1); // nothing is left beside it
}

void TestFleetFileSave::savesThroughALink()
{
    QTemporaryDir dir;
    const QString real = dir.filePath(u"real.json"_s);
    const QString link = dir.filePath(u"fleet.json"_s);
    QVERIFY(write(real, "{\"version\":1}"));
    QVERIFY(QFile::link(real, link));
    Result<FleetFile> file = FleetFile::load(link);
    QVERIFY(file);
    FleetConfig config;
    config.name = u"n"_s;
    file->setConfig(config);
    QVERIFY(file->save());
    QVERIFY(QFileInfo(link).isSymLink());
    QVERIFY(read(real).contains("\"n\""));
}

void TestFleetFileSave::refusesWhenChangedOnDisk()
{
    QTemporaryDir dir;
    const QString path = dir.filePath(u"fleet.json"_s);
    QVERIFY(write(path, "{\"version\":1,\"name\":\"a\"}"));
    Result<FleetFile> file = FleetFile::load(path);
    QVERIFY(file);
    QVERIFY(file->isUnchangedOnDisk());
    const QByteArray theirs = "{\"version\":1,\"name\":\"theirs\"}";
    QVERIFY(write(path, theirs));
    QVERIFY(!file->isUnchangedOnDisk());
    const Result<void> saved = file->save();
    QVERIFY(!saved);
    QCOMPARE(saved.error().kind, Error::Kind::Refused);
    QVERIFY(saved.error().summary.contains(u"changed by somebody else"_s));
    QCOMPARE(read(path), theirs);
    QCOMPARE(QDir(dir.path()).entryList(QDir::Files | QDir::Hidden).size(), 1);
}

void TestFleetFileSave::refusesWhenRemoved()
{
    QTemporaryDir dir;
    const QString path = dir.filePath(u"fleet.json"_s);
    QVERIFY(write(path, "{\"version\":1}"));
    Result<FleetFile> file = FleetFile::load(path);
    QVERIFY(file);
    QVERIFY(QFile::remove(path));
    QCOMPARE(file->save().error().kind, Error::Kind::Refused);
    QVERIFY(!QFile::exists(path));
}

void TestFleetFileSave::refusesToReplaceWhenCreating()
{
    QTemporaryDir dir;
    const QString path = dir.filePath(u"fleet.json"_s);
    QVERIFY(write(path, "mine"));
    FleetFile file = FleetFile::create(path, FleetConfig());
    const Result<void> saved = file.save();
    QVERIFY(!saved);
    QCOMPARE(saved.error().kind, Error::Kind::Refused);
    QCOMPARE(read(path), QByteArray("mine"));
}

void TestFleetFileSave::neverWritesWhatWouldNotLoad()
{
    QTemporaryDir dir;
    const QString path = dir.filePath(u"fleet.json"_s);
    FleetConfig config;
    NodeConfig node;
    node.id = u"--all"_s;
    config.nodes.append(node);
    FleetFile file = FleetFile::create(path, config);
    const Result<void> saved = file.save();
    QVERIFY(!saved);
    QCOMPARE(saved.error().kind, Error::Kind::Invalid);
    QVERIFY(saved.error().summary.contains(u"/nodes/0/id"_s));
    QVERIFY(!QFile::exists(path));
}

void TestFleetFileSave::leavesTheFileWhenTheDiskSaysNo()
{
    QTemporaryDir dir;
    const QString path = dir.filePath(u"file/fleet.json"_s);
    QVERIFY(write(dir.filePath(u"file"_s), "in the way"));
    FleetFile file = FleetFile::create(path, FleetConfig());
    const Result<void> saved = file.save();
    QVERIFY(!saved);
    QCOMPARE(saved.error().kind, Error::Kind::Unavailable);
    QCOMPARE(read(dir.filePath(u"file"_s)), QByteArray("in the way"));
}

void TestFleetFileSave::loadErrors_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("text");
    QTest::newRow("absent") << u"absent"_s << int(Error::Kind::NotFound) << u"There is no fleet file"_s;
    QTest::newRow("folder") << u"folder"_s << int(Error::Kind::Unavailable) << u"a folder"_s;
    QTest::newRow("pipe") << u"pipe"_s << int(Error::Kind::Unavailable) << u"no regular file"_s;
    QTest::newRow("wrong") << u"wrong"_s << int(Error::Kind::Invalid) << u"/nodes"_s;
    QTest::newRow("large") << u"large"_s << int(Error::Kind::Invalid) << u"4 MiB"_s;
}

void TestFleetFileSave::loadErrors()
{
    QFETCH(QString, what);
    QFETCH(int, kind);
    QFETCH(QString, text);
    QTemporaryDir dir;
    QVERIFY(QDir(dir.path()).mkdir(u"folder"_s));
    QCOMPARE(::mkfifo(QFile::encodeName(dir.filePath(u"pipe"_s)).constData(), 0600), 0);
    QVERIFY(write(dir.filePath(u"wrong"_s), "{\"version\":1,\"nodes\":7}"));
    QVERIFY(write(dir.filePath(u"large"_s), QByteArray(fleetFileLimit + 10, ' ')));
    const Result<FleetFile> file = FleetFile::load(dir.filePath(what));
    QVERIFY(!file);
    QCOMPARE(int(file.error().kind), kind);
    QVERIFY2(file.error().summary.contains(text), qPrintable(file.error().summary));
}

void TestFleetFileSave::expandsTheHome()
{
    const Result<FleetFile> file = FleetFile::load(u"~/surely-not-there/fleet.json"_s);
    QVERIFY(!file);
    QVERIFY(file.error().summary.contains(QDir::homePath() + u"/surely-not-there/fleet.json"_s));
}

void TestFleetFileSave::defaultPathFollowsXdg()
{
    QVERIFY(FleetFile::defaultPath().endsWith(u"/hybridge/fleet.json"_s));
}

QTEST_GUILESS_MAIN(TestFleetFileSave)
#include "tst_fleetfilesave.moc"
