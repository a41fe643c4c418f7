// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"

#include <QCoroSignal>
#include <QThreadPool>

#include <functional>
#include <memory>
#include <optional>

namespace hybridge {

/// Runs @p work on a thread of @p pool and resumes on the calling (GUI) thread with what it returned. Cannot be
/// cancelled by itself: @p work must end by its own limits. The pool must be waited for before the event loop goes.
template <class R>
Task<R> runInPool(QThreadPool *pool, std::function<R()> work)
{
    struct Answer {
        std::optional<R> value;
        Latch latch;
    };
    auto answer = std::make_shared<Answer>();
    // The last reference must go on this thread, where the latch lives: the pool's own moves into the posted call.
    pool->start([held = answer, work = std::move(work)]() mutable {
        held->value.emplace(work());
        work = {};
        Latch *const latch = &held->latch;
        QMetaObject::invokeMethod(
            latch, [kept = std::move(held)] { kept->latch.release(); }, Qt::QueuedConnection);
    });
    if (!answer->latch.isReleased())
        co_await qCoro(&answer->latch, &Latch::released);
    co_return std::move(*answer->value);
}

} // namespace hybridge
