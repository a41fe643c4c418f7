// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"

#include <QCoreApplication>
#include <QEventLoop>
#include <QTimer>

#include <memory>
#include <optional>

namespace hybridge {

/// A started task whose result a test looks at later. The result may arrive after this object has gone.
template <class T>
class Pending {
public:
    explicit Pending(Task<T> task) { run(std::move(task), m_box); }
    [[nodiscard]] bool isDone() const { return m_box->has_value(); }
    /// Runs the event loop until the result is there, a minute at most; false when it is not.
    [[nodiscard]] bool finishes(int ms = 60000) const
    {
        // Wakes with each event: QTest::qWaitFor looks only every 10 ms.
        QTimer limit;
        limit.setSingleShot(true);
        limit.start(ms);
        while (!isDone() && limit.isActive())
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        return isDone();
    }
    [[nodiscard]] const T &result() const { return **m_box; }

private:
    static Task<void> run(Task<T> task, std::shared_ptr<std::optional<T>> box)
    {
        box->emplace(co_await std::move(task));
    }
    std::shared_ptr<std::optional<T>> m_box = std::make_shared<std::optional<T>>();
};

/// The result of a task, or an abort of the test program when it does not come within a minute.
template <class T>
[[nodiscard]] T await(Task<T> task)
{
    const Pending<T> pending(std::move(task));
    if (!pending.finishes())
        qFatal("the task did not finish");
    return pending.result();
}

} // namespace hybridge
