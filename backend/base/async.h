// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCoroTask>

#include <QObject>

#include <chrono>
#include <stop_token>

namespace hybridge {

/// Every asynchronous operation: starts when called, resumes on the calling (GUI) thread. Dropping a task does not
/// cancel it; a std::stop_token does.
template<class T>
using Task = QCoro::Task<T>;

/// Waits @p duration. False as soon as @p stop is requested (at once if it already was). GUI thread.
Task<bool> pause(std::chrono::milliseconds duration, std::stop_token stop);

/// A one-shot latch that a coroutine can await and that anybody on the same thread can release.
/// The awaiter must keep the latch alive until it resumes (a local variable of the coroutine does).
class Latch final : public QObject {
    Q_OBJECT
public:
    explicit Latch(QObject *parent = nullptr) : QObject(parent) { }
    void release()
    {
        if (!m_released) {
            m_released = true;
            Q_EMIT released();
        }
    }
    [[nodiscard]] bool isReleased() const { return m_released; }
Q_SIGNALS:
    void released();

private:
    bool m_released = false;
};

} // namespace hybridge
