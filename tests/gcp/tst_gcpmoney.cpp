// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/budgets.h"
#include "backend/gcp/pricecatalogue.h"
#include "tests/support/faketransport.h"
#include "tests/support/pending.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using namespace hybridge::gcp;
using Kind = Error::Kind;

namespace {
const QString region = QStringLiteral("us-central1");

Sku sku(const char *description, const char *usage, const char *unit, double price, const char *where = "us-central1")
{
    Sku out;
    out.description = QString::fromLatin1(description);
    out.usage = QString::fromLatin1(usage);
    out.unit = QString::fromLatin1(unit);
    out.perUnit = price;
    out.regions = {QString::fromLatin1(where)};
    out.currency = QStringLiteral("USD");
    return out;
}

QList<Sku> list()
{
    return {sku("G2 Instance Core running in Americas", "OnDemand", "h", 0.024988),
        sku("G2 Instance Ram running in Americas", "OnDemand", "GiBy.h", 0.002927),
        sku("Nvidia L4 GPU running in Americas", "OnDemand", "h", 0.56004),
        sku("Spot Preemptible G2 Instance Core running in Americas", "Preemptible", "h", 0.01),
        sku("Spot Preemptible G2 Instance Ram running in Americas", "Preemptible", "GiBy.h", 0.001),
        sku("Nvidia L4 GPU attached to Spot Preemptible VMs running in Americas", "Preemptible", "h", 0.2),
        sku("G2 Sole Tenancy Instance Core running in Americas", "OnDemand", "h", 9),
        sku("G2 Instance Core running in Netherlands", "OnDemand", "h", 9, "europe-west4"),
        sku("Commitment v1: G2 Cpu in Americas for 1 Year", "Commit1Yr", "h", 9),
        sku("Balanced PD Capacity", "OnDemand", "GiBy.mo", 0.1)};
}

HttpResponse answer(const QByteArray &body, int status = 200)
{
    HttpResponse response;
    response.status = status;
    response.body = body;
    return response;
}

Budget gpu()
{
    Budget budget;
    budget.displayName = QStringLiteral("gpu");
    budget.amount = 100.5;
    budget.currency = QStringLiteral("USD");
    budget.thresholds = {BudgetThreshold{0.5, false}, BudgetThreshold{0.9, true}};
    budget.projects = {QStringLiteral("p1")};
    return budget;
}

const QByteArray budgetBody = "{\"name\":\"billingAccounts/A/budgets/b1\",\"displayName\":\"gpu\",\"amount\":{"
                              "\"specifiedAmount\":{\"currencyCode\":\"USD\",\"units\":\"100\",\"nanos\":500000000}},"
                              "\"thresholdRules\":[{\"thresholdPercent\":0.5},{\"thresholdPercent\":0.9,"
                              "\"spendBasis\":\"FORECASTED_SPEND\"}],\"budgetFilter\":{\"projects\":[\"projects/12\"]}}";
} // namespace

class TestGcpMoney : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void shapes_data()
    {
        QTest::addColumn<QString>("type");
        QTest::addColumn<int>("cores"); // 0: not known
        QTest::addColumn<int>("gpus");
        QTest::newRow("4") << "g2-standard-4" << 4 << 1;
        QTest::newRow("8") << "g2-standard-8" << 8 << 1;
        QTest::newRow("24") << "g2-standard-24" << 24 << 2;
        QTest::newRow("32") << "g2-standard-32" << 32 << 1;
        QTest::newRow("48") << "g2-standard-48" << 48 << 4;
        QTest::newRow("96") << "g2-standard-96" << 96 << 8;
        QTest::newRow("none such") << "g2-standard-7" << 0 << 0;
        QTest::newRow("custom") << "g2-custom-4-20480" << 0 << 0;
        QTest::newRow("other") << "n1-standard-8" << 0 << 0;
        QTest::newRow("empty") << "" << 0 << 0;
    }
    void shapes()
    {
        QFETCH(QString, type);
        QFETCH(int, cores);
        QFETCH(int, gpus);
        const std::optional<MachineShape> shape = shapeOf(type);
        QCOMPARE(shape.has_value(), cores > 0);
        if (!shape)
            return;
        QCOMPARE(shape->cores, cores);
        QCOMPARE(shape->gpus, gpus);
        QCOMPARE(shape->memoryGiB, cores * 4.0);
    }

    void prices()
    {
        const MachineShape shape = *shapeOf(QStringLiteral("g2-standard-8"));
        const Result<MachinePrice> demand = machinePrice(list(), region, shape, false);
        QVERIFY(demand);
        QCOMPARE(demand->perHour(), 8 * 0.024988 + 32 * 0.002927 + 0.56004); // 0.8536
        QCOMPARE(demand->currency, QStringLiteral("USD"));
        const Result<MachinePrice> spot = machinePrice(list(), region, shape, true);
        QCOMPARE(spot->perHour(), 8 * 0.01 + 32 * 0.001 + 0.2);
        QVERIFY(spot->spot);
        QCOMPARE(*diskPerMonth(list(), region, QStringLiteral("pd-balanced"), 200), 20.0);
    }

    void missingIsNeverZero()
    {
        const MachineShape shape = *shapeOf(QStringLiteral("g2-standard-8"));
        for (qsizetype gone = 0; gone < 6; ++gone) {
            QList<Sku> skus = list();
            skus.removeAt(gone);
            const Result<MachinePrice> price = machinePrice(skus, region, shape, gone >= 3);
            QCOMPARE(int(price.error().kind), int(Kind::NotFound));
            QVERIFY(!price.error().remedy.isEmpty());
        }
        QCOMPARE(int(machinePrice(list(), QStringLiteral("mars-1"), shape, false).error().kind), int(Kind::NotFound));
        QCOMPARE(int(diskPerMonth(list(), region, QStringLiteral("pd-ssd"), 1).error().kind), int(Kind::NotFound));
        QCOMPARE(int(diskPerMonth(list(), region, QStringLiteral("floppy"), 1).error().kind), int(Kind::NotFound));
        QList<Sku> twice = list();
        twice.append(sku("G2 Instance Core running in Iowa", "OnDemand", "h", 0.03));
        QCOMPARE(int(machinePrice(twice, region, shape, false).error().kind), int(Kind::Protocol));
        twice.last().perUnit = 0.024988; // the same price twice is one price
        QVERIFY(machinePrice(twice, region, shape, false));
    }

    void skuParsing()
    {
        const Result<SkuPage> page = parseSkus(answer(
            "{\"skus\":[{\"skuId\":\"A\",\"description\":\"d\",\"category\":{\"resourceGroup\":\"GPU\",\"usageType\":"
            "\"OnDemand\"},\"serviceRegions\":[\"us-central1\"],\"pricingInfo\":[{\"pricingExpression\":{\"usageUnit\":"
            "\"h\",\"tieredRates\":[{\"unitPrice\":{\"units\":\"0\",\"nanos\":0}},{\"unitPrice\":{\"currencyCode\":"
            "\"USD\",\"units\":\"1\",\"nanos\":250000000}}]}}]},"
            "{\"skuId\":\"free of any price\"},{\"pricingInfo\":[{\"pricingExpression\":{\"tieredRates\":[{\"unitPrice\":"
            "{\"units\":\"-1\"}}]}}]}],\"nextPageToken\":\"n\"}"));
        QVERIFY(page);
        QCOMPARE(page->skus.size(), 1);
        QCOMPARE(page->skus.first().perUnit, 1.25);
        QCOMPARE(page->nextPageToken, QStringLiteral("n"));
        for (const char *bad : {"", "[]", "{\"skus\":7}", "{\"skus\":[{\"serviceRegions\":7}]}",
                 "{\"skus\":[{\"serviceRegions\":[7]}]}", "{\"skus\":[{\"description\":7}]}"})
            QVERIFY2(!parseSkus(answer(bad)), bad);
        QCOMPARE(int(parseSkus(answer("{}", 403)).error().kind), int(Kind::Unauthorized));
    }

    void cataloguePagesAreWalked()
    {
        FakeTransport api;
        PriceCatalogue catalogue(api);
        const QByteArray line = "{\"description\":\"d\",\"category\":{\"usageType\":\"OnDemand\"},\"serviceRegions\":["
                                "\"us-central1\"],\"pricingInfo\":[{\"pricingExpression\":{\"usageUnit\":\"h\","
                                "\"tieredRates\":[{\"unitPrice\":{\"units\":\"1\"}}]}}]}";
        QByteArray elsewhere = line;
        elsewhere.replace("us-central1", "europe-west4");
        QByteArray committed = line;
        committed.replace("OnDemand", "Commit1Yr");
        api.answer(200, "{\"skus\":[" + line + ',' + elsewhere + "],\"nextPageToken\":\"2\"}");
        api.answer(200, "{\"skus\":[" + line + ',' + committed + "],\"nextPageToken\":\"\"}");
        const Result<QList<Sku>> got = await(catalogue.skus(region, QStringLiteral("USD"), {}));
        QVERIFY(got);
        QCOMPARE(got->size(), 2);
        QCOMPARE(api.requests().last().queryValue(QStringLiteral("pageToken")), QStringLiteral("2"));
        QCOMPARE(api.requests().first().path(), QStringLiteral("services/6F81-5844-456A/skus"));
        api.fail(Error(Kind::Network, QStringLiteral("No connection.")));
        QCOMPARE(int(await(catalogue.skus(region, QStringLiteral("USD"), {})).error().kind), int(Kind::Network));
    }

    void budgetsAreMadeAndReadBack()
    {
        FakeTransport api;
        Budgets budgets(api, QStringLiteral("A"), QStringLiteral("quota-project"));
        api.answer(200, "{}");
        api.answer(200, budgetBody);
        api.answer(200, "{\"budgets\":[" + budgetBody + "]}");
        const Result<Budget> made = await(budgets.create(gpu(), {}));
        QVERIFY2(made, made ? "" : qPrintable(made.error().summary));
        QCOMPARE(made->id, QStringLiteral("b1"));
        QCOMPARE(*made->amount, 100.5);
        QVERIFY(made->thresholds.last().forecasted);
        QCOMPARE(made->projects, QStringList{QStringLiteral("12")});
        const ApiRequest post = api.requests().at(1);
        QCOMPARE(post.path(), QStringLiteral("billingAccounts/A/budgets"));
        QCOMPARE(post.body(),
            QByteArray("{\"amount\":{\"specifiedAmount\":{\"currencyCode\":\"USD\",\"nanos\":500000000,\"units\":"
                       "\"100\"}},\"budgetFilter\":{\"calendarPeriod\":\"MONTH\",\"creditTypesTreatment\":"
                       "\"INCLUDE_ALL_CREDITS\",\"projects\":[\"projects/p1\"]},\"displayName\":\"gpu\","
                       "\"thresholdRules\":[{\"thresholdPercent\":0.5},{\"spendBasis\":\"FORECASTED_SPEND\","
                       "\"thresholdPercent\":0.9}]}"));
        for (const ApiRequest &request : api.requests())
            QVERIFY(request.headers().contains({"x-goog-user-project", "quota-project"}));
        api.answer(200, "{\"budgets\":[" + budgetBody + "]}"); // one of that name is there
        QCOMPARE(int(await(budgets.create(gpu(), {})).error().kind), int(Kind::Refused));
        QVERIFY(budgetOnlyNotifies().contains(QStringLiteral("only notifies")));
    }

    void noAnswerIsReadBack()
    {
        for (const bool made : {true, false}) {
            FakeTransport api;
            Budgets budgets(api, QStringLiteral("A"), {});
            api.answer(200, "{}");
            api.fail(Error(Kind::OutcomeUnknown, QStringLiteral("No answer.")));
            api.answer(200, made ? "{\"budgets\":[" + budgetBody + "]}" : QByteArray("{}"));
            const Result<Budget> got = await(budgets.create(gpu(), {}));
            QCOMPARE(bool(got), made);
            if (!made)
                QCOMPARE(int(got.error().kind), int(Kind::OutcomeUnknown));
            QCOMPARE(api.requests().size(), 3); // and it was sent once
        }
    }

    void wrongBudgets()
    {
        FakeTransport api;
        const auto kindOf = [&api](const Budget &budget) {
            Budgets budgets(api, QStringLiteral("A"), {});
            return int(await(budgets.create(budget, {})).error().kind);
        };
        Budget budget = gpu();
        budget.displayName = QString(61, QLatin1Char('x'));
        QCOMPARE(kindOf(budget), int(Kind::Invalid));
        budget = gpu();
        budget.amount = 0;
        QCOMPARE(kindOf(budget), int(Kind::Invalid));
        budget = gpu();
        budget.thresholds.clear();
        QCOMPARE(kindOf(budget), int(Kind::Invalid));
        budget = gpu();
        budget.thresholds.first().fraction = -1;
        QCOMPARE(kindOf(budget), int(Kind::Invalid));
        budget = gpu();
        budget.projects = {QStringLiteral("a/b")};
        QCOMPARE(kindOf(budget), int(Kind::Invalid));
        Budgets nowhere(api, {}, {});
        QCOMPARE(int(await(nowhere.list({})).error().kind), int(Kind::Invalid));
        QVERIFY(api.requests().isEmpty());
    }

    void budgetParsing()
    {
        const Result<BudgetPage> page = parseBudgets(answer("{\"budgets\":[" + budgetBody
            + ",{\"name\":\"billingAccounts/A/budgets/b2\",\"amount\":{\"lastPeriodAmount\":{}}}],\"nextPageToken\":"
              "\"n\"}"));
        QVERIFY(page);
        QCOMPARE(page->budgets.size(), 2);
        QVERIFY(!page->budgets.last().amount);
        for (const char *bad : {"", "[]", "{\"budgets\":7}", "{\"budgets\":[{}]}", "{\"budgets\":[7]}",
                 "{\"budgets\":[{\"name\":\"b\",\"thresholdRules\":7}]}"})
            QVERIFY2(!parseBudgets(answer(bad)), bad);
        QVERIFY(!parseBudget(answer("{}")));
    }
};

QTEST_GUILESS_MAIN(TestGcpMoney)
#include "tst_gcpmoney.moc"
